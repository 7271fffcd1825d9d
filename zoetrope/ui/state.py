"""What is chosen, in the address and in the session, and how a link reproduces it.

The URL is the truth that a person can share; the session remembers it while they change pages
(Streamlit empties the URL's query on a page change).
"""

import json
from typing import NoReturn

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint, list_checkpoints
from ae_core.data.catalogue import (
    about_data_set,
    is_ready,
    list_data_sets,
    load_data_set,
    preview_data_set,
)
from ae_core.data.item_search import whole_number
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, CheckpointError
from ae_core.processes.failures import Remedy, explain_known_error, print_traceback
from zoetrope.ui import keys
from zoetrope.ui.plain_text import message

_REMEDY = Remedy("reload the page", log="the server's output")


def remember(name: str, value: str | None) -> None:
    """Put a value into the URL and keep it over page changes; None takes it out."""
    if value is None:
        st.query_params.pop(name, None)
        st.session_state.pop(keys.KEPT.format(name), None)
        return
    if st.query_params.get(name) != value:
        st.query_params[name] = value
    st.session_state[keys.KEPT.format(name)] = value


def recall(name: str) -> str | None:
    """The URL's value, kept over page changes from now on; else what was kept, put back there."""
    session_key = keys.KEPT.format(name)
    value = st.query_params.get(name) or st.session_state.get(session_key)
    if not value:
        return None
    remember(name, str(value))
    return str(value)


def is_on(name: str) -> bool:
    """Whether the switch of this name is on; also before it is drawn."""
    if name not in st.session_state:
        st.session_state[name] = recall(name) == "1"
    return bool(st.session_state[name])


def switch(label: str, name: str, *, help: str | None = None) -> bool:
    """A switch that the URL holds, off unless it says otherwise."""
    is_on(name)
    is_switched_on = st.toggle(label, key=name, help=help)
    remember(name, "1" if is_switched_on else None)
    return is_switched_on


def remember_numbers(name: str, values: dict[str, float]) -> None:
    """Slider positions in the URL, short: three decimals, zeros left out."""
    rounded = {key: round(float(value), 3) for key, value in values.items()}
    moved = {key: value for key, value in rounded.items() if value}
    remember(name, json.dumps(moved, separators=(",", ":")) if moved else None)


def recall_numbers(name: str) -> dict[str, float]:
    """Slider positions from the URL; a value that is no finite number is left out."""
    try:
        raw = json.loads(recall(name) or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict):
        return {}
    return {
        str(key): float(value)
        for key, value in raw.items()
        if isinstance(value, int | float) and abs(value) < 1e6
    }


def recall_integer(name: str) -> int | None:
    """The whole number in the URL, if it is one."""
    return whole_number(recall(name) or "")


def recall_integers(name: str, *, n_items: int) -> list[int]:
    """Item indices from the URL ("3,17"), those that exist among `n_items`."""
    indices = map(whole_number, (recall(name) or "").split(","))
    return [index for index in indices if index is not None and index < n_items]


def chosen_data_name() -> str:
    """Name of the data set that the sidebar shows."""
    name = recall(keys.DATA)
    return name if name in list_data_sets() else list_data_sets()[0]


def data_is_preview() -> bool:
    """Whether `current_data` is the quick stand-in: the whole set is still being made."""
    return not is_ready(chosen_data_name()) and chosen_data_name() == "faces"


def current_data() -> DataSet:
    """The chosen data set; until an embedded one is made, its first items.

    Raises:
        DataError: Its files are broken.
    """
    return preview() if data_is_preview() else load_data_set(chosen_data_name())


def preview() -> DataSet:
    """The first items of the chosen data set, at once."""
    return preview_data_set(chosen_data_name())


def current_checkpoint() -> Checkpoint:
    """The chosen checkpoint.

    Raises:
        CheckpointError: There is none that fits the data.
    """
    fitting = fitting_checkpoints()
    name = recall(keys.CHECKPOINT)
    if name is not None and name not in {checkpoint.name for checkpoint in fitting}:
        find_checkpoint(name)  # says what is wrong, where that name is known to be broken
    for checkpoint in fitting:
        if checkpoint.name == name:
            return checkpoint
    if not fitting:
        raise CheckpointError(
            f"No checkpoint fits the data set {chosen_data_name()!r} yet: train one on the Train "
            "page, or choose other data in the sidebar."
        )
    return fitting[0]


def choose(*, data: str, checkpoint: str | None = None) -> None:
    """Move the sidebar to other data and, if given, another checkpoint."""
    if data != chosen_data_name():
        for name in keys.OF_ITEMS:
            remember(name, None)
    remember(keys.DATA, data)
    remember(keys.CHECKPOINT, checkpoint)  # None: the old one need not fit


def fitting_checkpoints() -> list[Checkpoint]:
    """Checkpoints for such items as the chosen data's; those fitted on that very data first."""
    about = about_data_set(chosen_data_name())
    fitting = [
        checkpoint for checkpoint in list_checkpoints() if checkpoint.config.item == about.item
    ]
    return sorted(fitting, key=lambda checkpoint: checkpoint.config.data != about.name)


class PageEnded(Exception):  # noqa: N818  it is no error
    """The page has no more to show; the shell goes on."""


def end_page() -> NoReturn:
    """Stop the page but, unlike `st.stop`, not the shell: the tray of long work comes after it."""
    raise PageEnded


def say_error(error: Exception) -> None:
    """What a person sees instead of a traceback; an error of the program itself is raised again.

    A full disk, a folder that may not be written and a lack of memory are no errors of the program;
    where they met it is in the server's output.
    """
    words = explain_known_error(error, _REMEDY)
    if words is None:
        raise error
    if not isinstance(error, AeCoreError):
        print_traceback()
    st.error(message(words), icon=":material/error:")
