"""Held-out errors of a model and of PCA beside it: in one number, over code sizes, by column."""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.comparison import Comparison
from ae_core.words import count_of
from zoetrope.palette import PCA_COLOUR
from zoetrope.ui import cached, figures
from zoetrope.ui.plain_text import as_written


def scores(comparison: Comparison, checkpoint: Checkpoint) -> None:
    """The two errors, what their ratio means, and PCA's curve."""
    n_axes = cached.pca_partner(checkpoint).config.latent_dim
    size = checkpoint.config.latent_dim
    is_less, equal = n_axes < size, comparison.equal_axes
    with st.container(horizontal=True, gap="medium"):  # breaks where there is no room for three
        st.metric(
            f"{as_written(checkpoint.name)}, held-out MSE",
            f"{comparison.model_mse:.5f}",
            help=f"Standard error {comparison.model_standard_error:.5f}",
            width="content",
        )
        st.metric(
            f"PCA at all axes there are, {n_axes}" if is_less else "PCA at the same size",
            f"{comparison.pca_mse:.5f}",
            help=f"Standard error {comparison.pca_standard_error:.5f}",
            width="content",
        )
        st.metric(
            "PCA needs for the same error",
            count_of(equal, "axis")
            if equal is not None
            else f"over {count_of(len(comparison.curve) - 1, 'axis')}",
            help=f"The model's code has {count_of(size, 'number')}.",
            width="content",
        )
    name = as_written(checkpoint.name)
    figure = figures.pca_curve(comparison, size, checkpoint.name)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "PCA's held-out error against its number of axes, on "
        f"{count_of(comparison.n_items, 'item')}; the point is {name} at "
        f"{count_of(size, 'number')} a code, {comparison.model_mse:.5f}."
    )
    if comparison.model_parts:
        by_part(comparison, checkpoint)


def scores_of_pca_alone(comparison: Comparison, size: int) -> None:
    """PCA's error beside that of the mean item, and its curve; `size` numbers a code."""
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            f"PCA, {count_of(size, 'axis')}, held-out MSE",
            f"{comparison.pca_mse:.5f}",
            help=f"Standard error {comparison.pca_standard_error:.5f}",
            width="content",
        )
        mean_error = comparison.curve[0]
        st.metric("The mean item for every item", f"{mean_error:.5f}", width="content")
    label = count_of(size, "axis")
    figure = figures.pca_curve(comparison, size, label, colour=PCA_COLOUR)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "PCA's held-out error against its number of axes, on "
        f"{count_of(comparison.n_items, 'item')}: what a network must lie below."
    )
    if comparison.pca_parts:
        _chart_by_part(comparison, None)


def by_part(comparison: Comparison, checkpoint: Checkpoint) -> None:
    """Both errors of each named part of the items: a table's columns."""
    _chart_by_part(comparison, checkpoint.name)
    with st.expander("The same as a table, in the columns' own units"):
        pairs = zip(comparison.model_parts, comparison.pca_parts, strict=True)
        st.dataframe(
            [
                {"column": model.name, checkpoint.name: model.words, "PCA": pca.words}
                for model, pca in pairs
            ],
            hide_index=True,
            width="stretch",
        )


def _chart_by_part(comparison: Comparison, name: str | None) -> None:
    """The errors of each part as a chart; `name` is the model's, None for PCA alone."""
    figure = figures.errors_by_part(comparison, name)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "Held-out error of each column: root mean squared error over the column's standard "
        "deviation; 1 is no better than the mean."
    )
