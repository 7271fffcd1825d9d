"""Page tests see whole pages, not the first seconds of a server."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def warm_engine() -> None:
    """Import torch, as the server does in the background."""
    import zoetrope.live.engine.decoders  # noqa: F401
