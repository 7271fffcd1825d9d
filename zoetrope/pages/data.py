"""What is in the data?"""

import streamlit as st

from ae_core.data.catalogue import is_embedded
from zoetrope.ui import adding, item_browser, keys, page, removing, state
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

page.header("Data", "What is in the data, and how is your own added?", HOW, shows_codec=False)
with page.errors_in_words(ends_page=False):
    removing.show_removed()
with page.errors_in_words(ends_page=False):
    adding.go_to_new_set()
# Other tabs when a set has come in: the first one is open again.
tab_browse, tab_attributes, tab_add = st.tabs(
    ["Browse", "Attributes", "Add your own"],
    key=f"data_tabs_{st.session_state.get(keys.CAME_IN) or ''}",
)
with tab_add, page.errors_in_words(ends_page=False):
    adding.show()
with tab_browse:
    items = st.container()
    if not is_embedded(state.chosen_data_name()):
        removing.show(state.chosen_data_name())
    removing.show_broken()
with page.errors_in_words():
    data_set = state.current_data()
    with items:
        about = data_set.about
        st.markdown(as_written(about.description))
        item_browser.show_items(data_set)
        st.caption(as_written(f"Source: {about.source}. Terms: {about.licence}."))
    with tab_attributes:
        if data_set.visible_attributes():
            item_browser.show_attributes(data_set)
        else:
            st.info("This data set has no attributes: add a metadata.csv to its zip.")
