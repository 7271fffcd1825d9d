"""What is chosen, in the address and in the session, and how a link reproduces it.

The URL is the truth that a person can share; the session remembers it while they change pages
(Streamlit empties the URL's query on a page change).
"""

import json
from typing import NoReturn

import streamlit as st

from ae_core import long_work
from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint, list_checkpoints
from ae_core.codecs.data_pca import data_of, data_pca, data_pca_name, kept_data_pca
from ae_core.data.catalogue import (
    about_data_set,
    is_ready,
    list_data_sets,
    load_data_set,
    preview_data_set,
)
from ae_core.data.item_search import whole_number
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.processes.failures import Remedy, explain_known_error, print_traceback
from zoetrope.ui import keys
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import message

# Up to this many numbers PCA is fitted while the page waits, about a second; more by a task.
FIT_AT_ONCE = 8_000_000
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


def refuse(name: str, shown: str, why: str) -> None:
    """Put into the URL what is shown in place of what it asks for, and keep the reason.

    Args:
        name: Of the value in the URL.
        shown: What is shown.
        why: What is wrong with what was asked for; said until something else is chosen.
    """
    st.session_state[keys.REFUSED.format(name)] = (shown, why)
    remember(name, shown)


def refusal(name: str) -> str:
    """Why the URL's value was replaced; empty if it was not, or something was chosen since."""
    shown, why = st.session_state.get(keys.REFUSED.format(name), ("", ""))
    return str(why) if shown and recall(name) == shown else ""


def pick(name: str, value: str | None) -> None:
    """Put a person's own choice into the URL; what was refused before is not spoken of again."""
    st.session_state.pop(keys.REFUSED.format(name), None)
    remember(name, value)


def chosen_data_name() -> str:
    """Name of the data set that the sidebar shows; where the URL has none, of its checkpoint's."""
    name, names = recall(keys.DATA), list_data_sets()
    if name is None:
        name = _data_of_codec(recall(keys.CHECKPOINT) or "")
    return name if name in names else names[0]


def _data_of_codec(name: str) -> str | None:
    """The data set on which a codec was fitted."""
    fitted_on = {checkpoint.name: checkpoint.config.data for checkpoint in list_checkpoints()}
    return data_of(name) or fitted_on.get(name)


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
    """The chosen codec; PCA of the data is fitted now, or the page ends while a task fits it.

    Raises:
        AeCoreError: Its files are broken, or PCA cannot be fitted.
    """
    name = chosen_codec_name()
    data = data_of(name)
    return find_checkpoint(name) if data is None else _data_pca(data)


def chosen_codec_name() -> str:
    """Name of the codec that the sidebar shows; not of one that does not fit the data."""
    name, names = recall(keys.CHECKPOINT), codec_names()
    return name if name in names else names[0]


def codec_names() -> list[str]:
    """Every codec for such items: those fitted on the data, PCA of it, those of other data."""
    fitting = fitting_checkpoints()
    own = [checkpoint.name for checkpoint in fitting if is_of_chosen_data(checkpoint)]
    others = [checkpoint.name for checkpoint in fitting if not is_of_chosen_data(checkpoint)]
    return [*own, data_pca_name(chosen_data_name()), *others]


def is_of_chosen_data(checkpoint: Checkpoint) -> bool:
    """Whether it was fitted on the chosen data: on the same items, or on a set of that name."""
    about = about_data_set(chosen_data_name())
    config = checkpoint.config
    return config.data_fingerprint == about.fingerprint or config.data == about.name


def fitting_checkpoints() -> list[Checkpoint]:
    """Checkpoints for such items as the chosen data's.

    First those fitted on the very same items, then those on a set of the same name.
    """
    about = about_data_set(chosen_data_name())
    fitting = [
        checkpoint for checkpoint in list_checkpoints() if checkpoint.config.item == about.item
    ]
    return sorted(
        fitting,
        key=lambda checkpoint: (
            checkpoint.config.data_fingerprint != about.fingerprint,
            checkpoint.config.data != about.name,
        ),
    )


def _data_pca(data: str) -> Checkpoint:
    kept = kept_data_pca(data)
    if kept is not None:
        return kept
    about = about_data_set(data)
    if is_ready(data) and about.n_items * about.item.n_numbers <= FIT_AT_ONCE:
        with st.spinner("Fitting PCA"):
            return data_pca(data)
    title = f"Fitting PCA of {about.title}"
    task = long_work.start("fit-pca", title, owner=current_owner(), data=data)
    if task.state == "running":
        st.info("PCA of this data is being fitted; the sidebar shows how far it is.")
    elif st.button("Fit PCA of this data", type="primary"):
        long_work.start("fit-pca", title, owner=current_owner(), fresh=True, data=data)
        st.rerun()
    end_page()


def choose(*, data: str, checkpoint: str | None = None) -> None:
    """Move the sidebar to other data and, if given, another checkpoint."""
    if data != chosen_data_name():
        for name in keys.OF_ITEMS:
            remember(name, None)
    pick(keys.DATA, data)
    pick(keys.CHECKPOINT, checkpoint)  # None: the old one need not fit


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
