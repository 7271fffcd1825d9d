"""JSON lines between the app and a worker, bounded; one that is no message hurts only itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import IO, Any

Message = dict[str, Any]

# A request names files and settings; what is longer is no request.
LONGEST_LINE = 1 << 20


def to_line(message: Message) -> bytes:
    """A message as it travels.

    Raises:
        ValueError: It is no JSON, or longer than the other side reads.
    """
    try:
        line = json.dumps(message).encode() + b"\n"
    except (TypeError, RecursionError) as error:
        raise ValueError(f"It is no JSON ({error}).") from error
    if len(line) > LONGEST_LINE:
        raise ValueError(f"It has {len(line):,} bytes, above the {LONGEST_LINE:,} of a message.")
    return line


def read_messages(stream: IO[bytes], on_bad: Callable[[str], None]) -> Iterator[Message]:
    """The messages of a stream until it closes, in memory bounded by the longest line.

    Args:
        stream: What the other side writes.
        on_bad: Told why a line was passed over.
    """
    while line := stream.readline(LONGEST_LINE):
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
            _skip_rest_of_line(stream)
            on_bad(f"it is longer than {LONGEST_LINE:,} bytes")
            continue
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or nested too deep
            on_bad(f"it is no JSON ({error})")
            continue
        if isinstance(message, dict):
            yield message
        else:
            on_bad("it is no JSON object")


def _skip_rest_of_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass
