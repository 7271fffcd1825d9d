"""What is in the data?"""

from pathlib import Path

import streamlit as st

from ae_core import long_work
from ae_core.data.attribute_columns import column_of
from ae_core.data.catalogue import EMBEDDED, remove_data_set
from ae_core.data.contact_sheet import contact_sheet
from ae_core.data.own_files import LARGEST_SIDE, SMALLEST_SIDE, check_new_name, uploads_dir
from ae_core.data.store import DataSet
from zoetrope.ui import attribute_filter, page, state
from zoetrope.ui.plain_text import as_written

N_SHOWN = 48
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


def browse(data_set: DataSet) -> None:
    """A sheet of items, filtered by an attribute, and what is known about each attribute."""
    rows = attribute_filter.choose_rows(data_set)
    st.caption(f"{len(rows):,} of {len(data_set.items):,} items")
    if not len(rows):
        st.info("No item is like that: choose another value.")
        return
    n_pages = -(-len(rows) // N_SHOWN)
    number = st.number_input("Sheet", 1, n_pages, help=f"1 to {n_pages}") if n_pages > 1 else 1
    shown = rows[(number - 1) * N_SHOWN : number * N_SHOWN]
    caption = f"Items {shown[0]} to {shown[-1]}"
    if data_set.about.item.is_tabular:
        st.dataframe(data_set.attributes.iloc[shown], width="stretch")
        st.caption(caption)
        return
    sheet = contact_sheet(data_set.drawn(shown), n_columns=16)
    st.image(page.crisp(sheet, 1280), width="stretch", caption=caption)


def table(data_set: DataSet) -> None:
    """What each attribute says: its kind, its values, how many."""
    rows = []
    for name in data_set.visible_attributes():
        column = data_set.attributes[name]
        kind = column_of(column).kind
        if kind == "number":
            known = column[attribute_filter.has_value(column)]
            values = f"{known.min():.3g} to {known.max():.3g}" if len(known) else ""
        else:
            counts = column.value_counts()
            values = ", ".join(f"{value} {n:,}" for value, n in counts.head(6).items())
        rows.append({"attribute": name, "kind": kind, "values": values})
    st.dataframe(rows, hide_index=True, width="stretch")


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
    long_work.start("add", title, fresh=True, path=str(path), name=name, size=size)
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
        browse(data_set)
        st.caption(as_written(f"Source: {about.source}. Terms: {about.licence}."))
        if data_set.name not in EMBEDDED:
            remove(data_set.name)
    with tab_attributes:
        if data_set.visible_attributes():
            table(data_set)
        else:
            st.info("This data set has no attributes: add a metadata.csv to its zip.")
