"""Arrays to plotly figures; no st.* in here."""

import numpy as np
import plotly.graph_objects as go

from ae_core.comparison import Comparison
from ui.palette import MODEL_COLOUR, PALETTE, PCA_COLOUR

_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


def pca_curve(comparison: Comparison, latent_dim: int, name: str) -> go.Figure:
    """PCA's held-out error over the number of axes, with the model's point in it."""
    axes = np.arange(len(comparison.curve))
    figure = go.Figure()
    figure.add_scatter(
        x=axes, y=comparison.curve, mode="lines", name="PCA", line={"color": PCA_COLOUR, "width": 2}
    )
    figure.add_scatter(
        x=[latent_dim], y=[comparison.model_mse], mode="markers+text", name=name,
        text=[f"  {name}"], textposition="middle right",
        marker={"color": MODEL_COLOUR, "size": 12},
    )  # fmt: skip
    figure.update_layout(
        height=340, margin=_MARGIN, showlegend=False, hovermode="x unified",
        xaxis={"title": "numbers a code", "rangemode": "tozero"},
        yaxis={"title": "held-out MSE", "rangemode": "tozero"},
    )  # fmt: skip
    return figure


def losses(history: list[dict[str, dict[str, float]]], terms: list[str]) -> go.Figure:
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
                    line={"color": PALETTE[index % len(PALETTE)], "dash": dash, "width": 2},
                )  # fmt: skip
    figure.update_layout(
        height=300, margin=_MARGIN, legend={"orientation": "h", "y": -0.25},
        xaxis={"title": "epoch"}, yaxis={"title": "nats or squared error an item"},
    )  # fmt: skip
    return figure
