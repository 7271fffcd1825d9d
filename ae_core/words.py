"""Words that sentences are put together from."""

from collections.abc import Sequence

_IRREGULAR = {"axis": "axes"}


def count_of(n: int, noun: str) -> str:
    """How many there are: "1 item", "2,000 items", "0 groups", "2 axes"."""
    return f"{n:,} {noun if n == 1 else _IRREGULAR.get(noun, f'{noun}s')}"


def some_of(names: Sequence[str], n_named: int = 3) -> str:
    """The first names, the rest counted: "a, b, c and 2 more"."""
    named = ", ".join(names[:n_named])
    n_more = len(names) - n_named
    return f"{named} and {n_more:,} more" if n_more > 0 else named
