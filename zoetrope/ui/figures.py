"""Arrays to plotly figures; no st.* in here."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ae_core.codecs.comparison import Comparison
from zoetrope.palette import CATEGORY_COLOURS, MODEL_COLOUR, PCA_COLOUR, UNKNOWN_COLOUR

_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


def pca_curve(
    comparison: Comparison, latent_dim: int, name: str, *, colour: str = MODEL_COLOUR
) -> go.Figure:
    """PCA's held-out error over the number of axes, with the point of a codec in it."""
    axes = np.arange(len(comparison.curve))
    figure = go.Figure()
    figure.add_scatter(
        x=axes, y=comparison.curve, mode="lines", name="PCA", line={"color": PCA_COLOUR, "width": 2}
    )
    figure.add_scatter(
        x=[latent_dim], y=[comparison.model_mse], mode="markers+text", name=name,
        text=[f"  {name}"], textposition="middle right",
        marker={"color": colour, "size": 12},
    )  # fmt: skip
    figure.update_layout(
        height=340, margin=_MARGIN, showlegend=False, hovermode="x unified",
        xaxis={"title": "numbers a code", "rangemode": "tozero"},
        yaxis={"title": "held-out MSE", "rangemode": "tozero"},
    )  # fmt: skip
    return figure


def errors_by_part(comparison: Comparison, name: str | None) -> go.Figure:
    """Held-out errors of each named part, model against PCA, the largest gain first.

    Args:
        comparison: The errors of both.
        name: The model's; None: PCA alone, the largest error first.
    """
    pairs = sorted(
        zip(comparison.model_parts, comparison.pca_parts, strict=True),
        key=lambda pair: pair[1].share - (pair[0].share if name else 0.0),
    )
    parts = [model.name for model, _ in pairs]
    figure = go.Figure()
    for model, pca in pairs:
        figure.add_scatter(
            x=[model.share, pca.share], y=[model.name] * 2, mode="lines", showlegend=False,
            line={"color": UNKNOWN_COLOUR, "width": 1}, hoverinfo="skip",
        )  # fmt: skip
    model_series = [(name, MODEL_COLOUR, 0)] if name else []
    for label, colour, number in [("PCA", PCA_COLOUR, 1), *model_series]:
        errors = [pair[number] for pair in pairs]
        figure.add_scatter(
            x=[error.share for error in errors], y=parts, mode="markers", name=label,
            marker={"color": colour, "size": 10}, customdata=[error.words for error in errors],
            hovertemplate="%{y}: %{x:.2f} of its deviation, %{customdata}",
        )  # fmt: skip
    figure.update_layout(
        height=90 + 24 * len(parts), margin=_MARGIN, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        xaxis={"title": "error over standard deviation", "rangemode": "tozero"},
        yaxis={"automargin": True},
    )  # fmt: skip
    return figure


def histogram(numbers: np.ndarray, colour: str) -> go.Figure:
    """How many items have how much of a number, which is in standard deviations, (N,)."""
    counts, edges = np.histogram(numbers, bins=min(40, max(5, len(numbers) // 10)))
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges), marker={"color": colour},
        hovertemplate="%{x:.1f} σ: %{y} items<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        height=250, margin=_MARGIN, bargap=0, showlegend=False,
        xaxis={"title": "standard deviations from the mean"}, yaxis={"title": "items"},
    )  # fmt: skip
    return figure


def losses(history: list[dict[str, Any]], terms: list[str]) -> go.Figure:
    """Terms of the objective over epochs: held-out drawn through, training dotted."""
    figure = go.Figure()
    epochs = [entry["epoch"] for entry in history]
    for index, term in enumerate(terms):
        for part, dash in (("held_out", "solid"), ("train", "dot")):
            values = [entry.get(part, {}).get(term) for entry in history]
            if any(value is not None for value in values):
                figure.add_scatter(
                    x=epochs, y=values, mode="lines+markers" if len(epochs) < 30 else "lines",
                    name=f"{term}, {part.replace('_', '-')}",
                    line={"color": _colour(index), "dash": dash, "width": 2},
                )  # fmt: skip
    figure.update_layout(
        height=300, margin=_MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "epoch"}, yaxis={"title": "nats or squared error"},
    )  # fmt: skip
    return figure


def small_map(points: np.ndarray, labels: np.ndarray | None) -> go.Figure:
    """Points (N, 2), coloured by label, grey where that is NaN; no hover, no axes.

    Labels beyond the colours share the last.
    """
    figure = go.Figure()
    labels = np.zeros(len(points)) if labels is None else labels
    labels = np.minimum(labels, len(CATEGORY_COLOURS) - 1)
    unknown = np.isnan(labels)
    groups = [(UNKNOWN_COLOUR, unknown)] if unknown.any() else []
    groups += [
        (_colour(index), labels == label) for index, label in enumerate(np.unique(labels[~unknown]))
    ]
    for colour, chosen in groups:
        figure.add_scattergl(
            x=points[chosen, 0], y=points[chosen, 1], mode="markers", hoverinfo="skip",
            marker={"size": 4, "color": colour, "opacity": 0.7},
        )  # fmt: skip
    hidden = {"visible": False}
    figure.update_layout(
        height=260, margin={"l": 0, "r": 0, "t": 0, "b": 0}, showlegend=False,
        xaxis=hidden, yaxis={**hidden, "scaleanchor": "x"},
    )  # fmt: skip
    return figure


def _colour(index: int) -> str:
    return CATEGORY_COLOURS[index % len(CATEGORY_COLOURS)]
