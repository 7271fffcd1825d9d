"""Looking through a data set: its items, and what its attributes say."""

import streamlit as st

from ae_core.data.attribute_columns import column_of
from ae_core.data.attribute_kinds import other_kind, set_kind
from ae_core.data.catalogue import is_embedded
from ae_core.data.contact_sheet import contact_sheet
from ae_core.data.store import DataSet
from ae_core.words import count_of
from zoetrope.ui import attribute_filter, page

N_SHOWN = 48


def show_items(data_set: DataSet) -> None:
    """Items page by page, those that an attribute chooses: as pictures, or as rows of a table."""
    rows = attribute_filter.choose_rows(data_set)
    st.caption(f"{len(rows):,} of {count_of(len(data_set.items), 'item')}")
    if not len(rows):
        st.info("No item is like that: choose another value.")
        return
    n_pages = -(-len(rows) // N_SHOWN)
    number = st.number_input("Part", 1, n_pages, help=f"1 to {n_pages}") if n_pages > 1 else 1
    shown = rows[(number - 1) * N_SHOWN : number * N_SHOWN]
    caption = f"Items {shown[0]} to {shown[-1]}"
    if data_set.about.item.is_tabular:
        st.dataframe(data_set.attributes.iloc[shown], width="stretch")
        st.caption(caption)
        return
    sheet = contact_sheet(data_set.drawn(shown), n_columns=16)
    st.image(page.crisp(sheet, 1280), width="stretch", caption=caption)


def show_attributes(data_set: DataSet) -> None:
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
    if not is_embedded(data_set.name):
        _offer_other_kind(data_set)


def _offer_other_kind(data_set: DataSet) -> None:
    """Keep a number that is a label as a category, or numerals as a number."""
    kinds = {name: other_kind(data_set.attributes[name]) for name in data_set.visible_attributes()}
    names = [name for name, kind in kinds.items() if kind is not None]
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Change the kind of", names, width=240)
        kind = kinds[name]
        if kind is not None and st.button(f"Make it a {kind}", icon=":material/swap_horiz:"):
            with page.errors_in_words(ends_page=False):
                set_kind(data_set.name, name, kind)
                st.rerun()
    st.caption("Kept with the data, for everybody: persons 1 to 15 are a category, ages a number.")
