"""A field for one large file: it goes to the server's disk while a bar shows how far it is.

upload = upload_field("Pictures", key="file")
if upload is not None:
    ...                                  # upload.name, what the person calls it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from ae_core.data.limits import MAX_UPLOAD_BYTES
from ae_core.data.uploads import FILE_TYPES
from zoetrope.live.assets import loader
from zoetrope.live.components.packing import do_nothing, static_text
from zoetrope.live.components.stage import session_token
from zoetrope.live.shared import process_wide
from zoetrope.live.uploads import ADDRESS

_MAX_NAME_CHARACTERS = 255


@dataclass(frozen=True)
class Upload:
    """A file that this session has uploaded.

    Attributes:
        stored: What the server calls it: `ae_core.data.uploads.take_upload` finds it.
        name: What the person calls it.
    """

    stored: str
    name: str


def upload_field(label: str, *, key: str, used: str | None = None) -> Upload | None:
    """Show the field.

    Args:
        label: What the file is.
        key: Stable name on the page.
        used: `stored` of the upload that is no longer wanted here; the field is then empty again.

    Returns:
        The file that lies on the server, else None.
    """
    told = st.session_state.get(key) or {}
    data = {
        "label": label,
        "types": [f".{ending}" for ending in FILE_TYPES],
        "address": ADDRESS,
        "maxBytes": MAX_UPLOAD_BYTES,
        "token": session_token(),
        "renewals": told.get("renewals", 0),
        "used": used,
    }
    result = _component()(
        key=key, data=[data], on_file_change=do_nothing, on_renewals_change=do_nothing
    )
    return _read(getattr(result, "file", None), used)


def _read(told: Any, used: str | None) -> Upload | None:
    """What the browser says, which may be anything."""
    if not isinstance(told, dict) or told.get("upload") in (None, used):
        return None
    return Upload(str(told["upload"]), str(told.get("name", ""))[:_MAX_NAME_CHARACTERS])


def _component() -> Any:
    return process_wide(
        "upload component",
        lambda: st.components.v2.component(
            "zoetrope_upload", css=static_text("page/upload.css"), js=loader("page/upload.js")
        ),
    )
