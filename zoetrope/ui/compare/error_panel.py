"""Held-out errors of a model and of PCA beside it: in one number, over code sizes, by column."""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.comparison import Comparison
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
            f"PCA, all {n_axes} axes there are" if is_less else "PCA at the same size",
            f"{comparison.pca_mse:.5f}",
            help=f"Standard error {comparison.pca_standard_error:.5f}",
            width="content",
        )
        st.metric(
            "PCA needs for the same error",
            f"{equal} axes" if equal is not None else f"over {len(comparison.curve) - 1} axes",
            help=f"The model's code has {size} numbers.",
            width="content",
        )
    name = as_written(checkpoint.name)
    figure = figures.pca_curve(comparison, size, checkpoint.name)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        f"PCA's held-out error against its number of axes, on {comparison.n_items:,} items; the "
        f"point is {name} at {size} numbers a code, {comparison.model_mse:.5f}."
    )
    if comparison.model_parts:
        by_part(comparison, checkpoint)


def by_part(comparison: Comparison, checkpoint: Checkpoint) -> None:
    """Both errors of each named part of the items: a table's columns."""
    figure = figures.errors_by_part(comparison, checkpoint.name)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "Held-out error of each column: root mean squared error over the column's standard "
        "deviation; 1 is no better than the mean."
    )
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
