"""What a person should know of the codec that a page shows: that it is not what they may think."""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint
from ae_core.codecs.data_pca import data_of
from ae_core.data.catalogue import about_data_set, is_ready
from ae_core.errors import AeCoreError
from zoetrope.ui import keys, state
from zoetrope.ui.plain_text import as_written, message

_MOST_CHARACTERS = 60


def show() -> None:
    """Say that a link names what cannot be shown, or that the codec was not trained on this data.

    With one click to train one that is.
    """
    show_refused(keys.CHECKPOINT)
    try:
        sentence = _sentence()
    except AeCoreError:  # the page says it
        return
    if not sentence:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="codec_notice"):
        st.markdown(f":material/info: {sentence}", width="content")
        if st.button("Train one", icon=":material/model_training:", type="tertiary"):
            st.switch_page("train.py")


def show_refused(name: str) -> None:
    """Say why something is shown in place of what the address asks for."""
    why = state.refusal(name)
    if why:
        st.warning(message(why))


def _sentence() -> str:
    """Markdown; empty where the codec was trained on the data that is shown."""
    name, title = state.chosen_codec_name(), as_written(title_of(state.chosen_data_name()))
    models = {model.name: model for model in state.fitting_checkpoints()}
    if name not in models:
        if any(map(state.is_of_chosen_data, models.values())):
            return ""
        return f"No model was trained on {title} yet: this is PCA of it."
    model = models[name]
    shown = f"**{as_written(name)}** was trained on"
    if not state.is_of_chosen_data(model):
        return f"{shown} {as_written(title_of(model.config.data))} and is shown on {title}."
    if _is_of_other_items(model):
        return f"{shown} another {title}: its items have been replaced since."
    return ""


def _is_of_other_items(model: Checkpoint) -> bool:
    """Whether the items under the name of the data it was trained on are others now."""
    fitted_on, data = model.config.data_fingerprint, state.chosen_data_name()
    return bool(fitted_on) and is_ready(data) and fitted_on != about_data_set(data).fingerprint


def why_not(name: str) -> str:
    """Why a codec that the address names is not one of those for the chosen data: a sentence."""
    other = data_of(name)
    if other is not None:
        return f"The address asks for PCA of {shortened(other)}, which is other data."
    if len(name) > _MOST_CHARACTERS:
        return f"There is no checkpoint {shortened(name)}."
    try:
        made_for = find_checkpoint(name).config.item
    except AeCoreError as error:
        return str(error)
    data = state.chosen_data_name()
    present = about_data_set(data).item
    others = "others of " if made_for.words() == present.words() else ""
    return (
        f"Checkpoint {name!r} was made for items of {made_for.words()}; data set {data!r} has "
        f"{others}{present.words()}."
    )


def words(name: str) -> str:
    """A codec as people call it."""
    return name if data_of(name) is None else "PCA of this data"


def title_of(data: str) -> str:
    """A data set's title; its name where it is not there."""
    try:
        return about_data_set(data).title
    except AeCoreError:
        return data


def shortened(name: str) -> str:
    """A name from the address, which may be of any length, in quotes."""
    return repr(name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}...")
