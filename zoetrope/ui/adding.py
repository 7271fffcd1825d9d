"""The form that makes a data set of a person's own file."""

import streamlit as st

from ae_core import long_work
from ae_core.data.limits import LARGEST_SIDE, SMALLEST_SIDE
from ae_core.data.new_sets import check_new_name
from ae_core.data.uploads import give_back_upload, take_upload
from ae_core.errors import TaskError
from ae_core.processes.tasks import Arguments
from zoetrope.live.components.stage import session_token
from zoetrope.live.components.upload import Upload, upload_field
from zoetrope.live.wire.tokens import read_token
from zoetrope.ui import keys
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import as_written


def show() -> None:
    """Choose a file, name it, add it; the file goes to the server while the rest is filled in."""
    upload = upload_field(
        "Pictures: a .zip or .npz file",
        key=keys.ADDED_FILE,
        used=st.session_state.get(keys.ADDED),
    )
    left, right = st.columns(2)
    name = left.text_input("Name", placeholder="my-pictures")
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
    elif keys.ADDING in st.session_state:
        title = as_written(st.session_state.pop(keys.ADDING))
        st.info(f"{title} is being added: the sidebar shows how far it is.")


def _add(upload: Upload, name: str, size: int) -> None:
    """Start the task; the field is empty in the next run."""
    check_new_name(name)
    path = take_upload(read_token(session_token()), upload.stored)
    wanted: Arguments = {"path": str(path), "name": name, "size": size, "source": upload.name}
    title = f"Adding {upload.name} as {name}"
    try:
        long_work.start("add", title, owner=current_owner(), fresh=True, **wanted)
    except TaskError:
        give_back_upload(path)
        raise
    st.session_state[keys.ADDED], st.session_state[keys.ADDING] = upload.stored, upload.name
    st.rerun()
