"""How many files this process may have open, and so how many connections.

The usual 1,024 are used up by a stranger who opens connections and says nothing, for which uvicorn
has no deadline; then nobody gets in.
"""

from contextlib import suppress

# Enough for every port of two strangers; one costs some kilobytes.
MOST = 65_536


def allow_many_open_files() -> None:
    """Raise this process's own limit as far as the system lets it; on Windows there is none."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
