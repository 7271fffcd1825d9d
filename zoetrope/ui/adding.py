"""The form that makes a data set of a person's own file, and what is said when it is there."""

from pathlib import PurePath

import streamlit as st

from ae_core import long_work
from ae_core.data.catalogue import about_data_set, list_data_sets
from ae_core.data.limits import LARGEST_SIDE, SMALLEST_SIDE
from ae_core.data.new_sets import check_new_name, free_name
from ae_core.data.uploads import give_back_upload, take_upload
from ae_core.errors import TaskError
from ae_core.processes import tasks
from ae_core.processes.tasks import Arguments
from zoetrope.live.components.stage import session_token
from zoetrope.live.components.upload import Upload, upload_field
from zoetrope.live.wire.tokens import read_token
from zoetrope.ui import keys, state
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import as_written


def show() -> None:
    """Choose a file, name it, add it; the file goes to the server while the rest is filled in."""
    used = st.session_state.get(keys.ADDED)
    upload = upload_field("Pictures: a .zip or .npz file", key=keys.ADDED_FILE, used=used)
    _propose_name(upload)
    left, right = st.columns(2)
    name = left.text_input("Name", key=keys.NEW_NAME, help="a-z, 0-9, '.', '-' and '_'")
    size = right.slider(
        "Side in pixels (zip)",
        SMALLEST_SIDE,
        LARGEST_SIDE,
        64,
        step=4,
        help="Pictures of a zip are cropped to a centred square and resized to this.",
    )
    st.caption("Data sets are shared by everybody who uses this server.")
    if st.button("Add", type="primary", icon=":material/add:"):
        if upload is None:
            st.error("Choose a .zip or .npz file first, and wait until it is there.")
        else:
            _add(upload, name, size)


def _propose_name(upload: Upload | None) -> None:
    """Fill the empty name field from a new file's name, and empty it once that was added."""
    proposed_for = st.session_state.get(keys.PROPOSED_FOR)
    if upload is None:
        if proposed_for is not None and proposed_for == st.session_state.get(keys.ADDED):
            st.session_state[keys.NEW_NAME] = ""
            st.session_state[keys.PROPOSED_FOR] = None
    elif upload.stored != proposed_for:
        st.session_state[keys.PROPOSED_FOR] = upload.stored
        if not st.session_state.get(keys.NEW_NAME):
            st.session_state[keys.NEW_NAME] = free_name(PurePath(upload.name).stem)


def _add(upload: Upload, name: str, size: int) -> None:
    """Start the task; the form is empty in the next run."""
    check_new_name(name)
    path = take_upload(read_token(session_token()), upload.stored)
    wanted: Arguments = {"path": str(path), "name": name, "size": size, "source": upload.name}
    title = f"Adding {upload.name} as {name}"
    try:
        task = long_work.start("add", title, owner=current_owner(), fresh=True, **wanted)
    except TaskError:
        give_back_upload(path)
        raise
    st.session_state[keys.ADDED] = upload.stored
    st.session_state[keys.ADDING] = (task.task_id, upload.name, name)
    st.rerun()


def go_to_new_set() -> None:
    """On the Data page: say that a file is being added, and show the set once it is there."""
    adding = st.session_state.get(keys.ADDING)
    if adding is not None:
        _, file_name, name = adding
        if _is_running():
            title = as_written(file_name)
            st.info(f"{title} is being added: the sidebar shows how far it is.")
        elif _has_come_in():
            state.choose(data=name)
            st.rerun()
    name = st.session_state.get(keys.CAME_IN)
    if name is not None and name == state.chosen_data_name():
        description = as_written(about_data_set(name).description)
        st.success(f"**{as_written(name)}** was added. {description}", icon=":material/check:")
    else:
        st.session_state[keys.CAME_IN] = None


def tell_elsewhere() -> None:
    """On the other pages: say that a set is there, with one click to it."""
    if keys.ADDING in st.session_state and not _is_running():
        _has_come_in()
    name = st.session_state.get(keys.CAME_IN)
    if name is None or name == state.chosen_data_name():
        return
    st.success(f"**{as_written(name)}** was added.", icon=":material/check:")
    if st.button("Show it", key="show_added"):
        state.choose(data=name)
        st.switch_page("data.py")


def _is_running() -> bool:
    task = tasks.read(st.session_state[keys.ADDING][0])
    return task is not None and task.state == "running"


def _has_come_in() -> bool:
    """Whether what was being added is there; the tray says what went wrong where it is not."""
    _, _, name = st.session_state.pop(keys.ADDING)
    if name not in list_data_sets():
        return False
    st.session_state[keys.CAME_IN] = name
    return True
