"""What Streamlit's own uploader may hold: it keeps files in memory for as long as a session lives.

Large files have a route of their own that goes to disk; this is the door for single pictures. It
takes any number of them from everybody who has a page, whether that shows an uploader or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from zoetrope.live.wire import limits

_DOOR = "/_stcore/upload_file/"


class PageUploads:
    """Counts uploads under way; used from the event loop's thread alone."""

    def __init__(self) -> None:
        self._n_under_way = 0

    def refusal(self, scope: Scope) -> str | None:
        """Why an upload is not taken now; None where it is, and for all other requests."""
        if not _is_upload(scope):
            return None
        if self._n_under_way >= limits.MAX_PAGE_UPLOADS:
            return f"{self._n_under_way} files are being uploaded, the most at once: try again."
        if kept_bytes() >= limits.MAX_KEPT_UPLOAD_BYTES:
            most = limits.MAX_KEPT_UPLOAD_BYTES >> 20
            return f"Open pages hold {most} MiB of files, the most: close some, or try again later."
        return None

    @contextmanager
    def counted(self, scope: Scope) -> Iterator[None]:
        """Count a request while it is answered, if it is an upload."""
        n = int(_is_upload(scope))
        self._n_under_way += n
        try:
            yield
        finally:
            self._n_under_way -= n


def _is_upload(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "PUT" and _DOOR in scope["path"]


def kept_bytes() -> int:
    """Bytes of all files that Streamlit's uploader holds in this process."""
    from streamlit import runtime
    from streamlit.runtime.stats import CacheStat

    if not runtime.exists():
        return 0
    families = runtime.get_instance().uploaded_file_mgr.get_stats()
    stats = [stat for family in families.values() for stat in family]
    return sum(stat.byte_length for stat in stats if isinstance(stat, CacheStat))
