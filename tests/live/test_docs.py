"""What `docs/formats.md` says of live frames is what the code does."""

import re

import pytest

from ae_core.locations import project_root
from zoetrope.live.engine import pixels
from zoetrope.live.wire import connection, guard, protocol, tokens


@pytest.fixture(scope="module")
def section() -> str:
    text = (project_root() / "docs" / "formats.md").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text.split("## Live frames")[1])


def test_the_documented_limits_are_those_of_the_code(section: str) -> None:
    sentences = [
        f"number of parts, 1 to {protocol.MAX_PARTS}",
        f"channel, 0 to {protocol.MAX_CHANNELS_OF_A_CONNECTION - 1}",
        f"all parts together at most {protocol.MAX_ROWS}",
        f"numbers a row, 1 to {protocol.MAX_LATENT_DIM}",
        f"A message has at most {protocol.MAX_MESSAGE_BYTES} bytes",
        f"magic, 0x{protocol.MAGIC:X}",
        f"version, {protocol.VERSION}",
        f"parts up to {pixels.RAW_LIMIT_BYTES} bytes travel raw",
        f"quality {pixels.JPEG_QUALITY}",
        f"within {connection.HELLO_TIMEOUT_S:.0f} s",
        f"at most {guard.MESSAGES_PER_S:.0f} messages a second",
        f"({guard.MESSAGES_AT_ONCE:.0f} at once)",
        f"{guard.MAX_REFUSALS:,} refusals in a row",
        f'"renewAfterS": {tokens.SLOT_S}',
        f"valid for {(tokens.LIFETIME_S - tokens.SLOT_S) // 60} to {tokens.LIFETIME_S // 60} min",
    ]
    assert [sentence for sentence in sentences if sentence not in section] == []


def test_the_documented_layout_is_that_of_the_structs(section: str) -> None:
    sizes = [
        ("Request", protocol._REQUEST_HEADER, protocol._REQUEST_PART),
        ("Answer", protocol._ANSWER_HEADER, protocol._ANSWER_PART),
    ]
    for name, header, part in sizes:
        described = section.split(f"**{name}**")[1]
        found = [int(size) for size in re.findall(r"a header of (\d+) bytes", described)[:2]]
        assert found == [header.size, part.size]
