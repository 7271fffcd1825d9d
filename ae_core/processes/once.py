"""Whoever wants a result may ask at every rerun of a page: the work starts once."""

ACTIVE = ("queued", "warming", "running")


def is_to_start(state: str | None, *, fresh: bool) -> bool:
    """Whether work in this state is to be started, its result being wanted and not there.

    Args:
        state: How it stands; None: it was never started, or is forgotten.
        fresh: Somebody has said so: what failed or was cancelled is tried again only then.
    """
    if state in ACTIVE:
        return False
    return fresh or state in (None, "done")  # done, and yet the result is not there: deleted
