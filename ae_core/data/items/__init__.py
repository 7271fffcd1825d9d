"""Kinds of item: what one is on disk, as a tensor, on the server's pictures and in the browser.

A new kind is one file with a subclass of `ItemKind`, and its name in `AnyItem`.
"""

from typing import Annotated

from pydantic import Field

from ae_core.data.items.interface import ItemKind, NamedError
from ae_core.data.items.picture import Picture
from ae_core.data.items.row import Column, Row, rows_of_table

AnyItem = Annotated[Picture | Row, Field(discriminator="kind")]


def with_item(values: object) -> object:
    """Settings of before there were kinds: their `item_shape` is that of pictures."""
    if not isinstance(values, dict) or "item_shape" not in values or "item" in values:
        return values
    rest = {name: value for name, value in values.items() if name != "item_shape"}
    return {"item": {"kind": "picture", "size": values["item_shape"]}, **rest}


__all__ = [
    "AnyItem",
    "Column",
    "ItemKind",
    "NamedError",
    "Picture",
    "Row",
    "rows_of_table",
    "with_item",
]
