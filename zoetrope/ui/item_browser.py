"""Looking through a data set: its items, and what its attributes say."""

import streamlit as st

from ae_core.data.attribute_columns import column_of
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
