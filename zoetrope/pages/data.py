"""What is in the data?"""

from pathlib import Path

import streamlit as st

from ae_core import long_work
from ae_core.data.catalogue import EMBEDDED, is_embedded, remove_data_set
from ae_core.data.own_files import LARGEST_SIDE, SMALLEST_SIDE, check_new_name, uploads_dir
from zoetrope.ui import item_browser, page, state
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import as_written

HOW = """
Pictures are kept as unsigned bytes, rows of a table as standardised numbers, and read from disk as
they are needed. One item in ten is *held out*: never trained on, used for every score you see here.
A column `split` with the values `train` and `held_out` overrides that.

A **zip** holds pictures in any folders, and optionally `metadata.csv` with a column `file_name`,
read from the CSV's own folder; several folders may each have one. Only pictures with a row are
added, and the other columns become attributes (0 / 1 become yes / no). Without such a file, folder
names are labels. Pictures are turned upright, and what is transparent becomes white.

A **npz** holds `images` and `labels`, or `train_images`, `train_labels`, `test_images`,
`test_labels`.
"""


def add() -> None:
    """The form that makes a data set of a person's own file."""
    with st.form("add", border=False):
        upload = st.file_uploader("Pictures", type=["zip", "npz"])
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
        sent = st.form_submit_button("Add", type="primary", icon=":material/add:")
    if not sent:
        return
    if upload is None:
        st.error("Choose a .zip or .npz file first.")
        return
    check_new_name(name)
    uploads_dir().mkdir(parents=True, exist_ok=True)
    path = uploads_dir() / f"{name}{Path(upload.name).suffix.lower()}"
    path.write_bytes(upload.getbuffer())
    title = f"Adding {upload.name} as {name}"
    long_work.start(
        "add", title, owner=current_owner(), fresh=True, path=str(path), name=name, size=size
    )
    st.info(f"{as_written(upload.name)} is being added: the sidebar shows how far it is.")


def remove(name: str) -> None:
    """Delete a data set of one's own, after a second look."""
    with st.popover("Remove this data set", icon=":material/delete:"):
        st.markdown(
            f"This deletes **{as_written(name)}** from disk. Checkpoints trained on it stay."
        )
        if st.button("Delete", type="primary"):
            remove_data_set(name)
            state.choose(data=EMBEDDED[0])
            st.rerun()


page.header("Data", "What is in the data, and how is your own added?", HOW)
tab_browse, tab_attributes, tab_add = st.tabs(["Browse", "Attributes", "Add your own"])
with tab_add, page.errors_in_words(ends_page=False):
    add()
with page.errors_in_words():
    data_set = state.current_data()
    with tab_browse:
        about = data_set.about
        st.markdown(as_written(about.description))
        item_browser.show_items(data_set)
        st.caption(as_written(f"Source: {about.source}. Terms: {about.licence}."))
        if not is_embedded(data_set.name):
            remove(data_set.name)
    with tab_attributes:
        if data_set.visible_attributes():
            item_browser.show_attributes(data_set)
        else:
            st.info("This data set has no attributes: add a metadata.csv to its zip.")
