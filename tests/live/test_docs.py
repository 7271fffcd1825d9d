"""What `docs/formats.md` says of live frames is what the code does."""

import json
import re

import pytest

from ae_core.locations import project_root
from zoetrope.live.engine import pixels, worker
from zoetrope.live.engine.operations import OPERATIONS
from zoetrope.live.wire import limits, parts, protocol, tokens


@pytest.fixture(scope="module")
def section() -> str:
    text = (project_root() / "docs" / "formats.md").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text.split("## Live frames")[1])


def test_the_documented_limits_are_those_of_the_code(section: str) -> None:
    sentences = [
        f"number of parts, 1 to {limits.MAX_PARTS}",
        f"channel, 0 to {limits.MAX_CHANNELS - 1}",
        f"all parts together, at most {limits.MAX_ROWS} rows",
        f"A request has at most {limits.MAX_REQUEST_BYTES} bytes",
        f"An answer may have at most {limits.MAX_ANSWER_BYTES} bytes",
        f"the newest {limits.MAX_UNSENT_BYTES} bytes are kept",
        f"JSON text of at most {limits.MAX_TEXT_BYTES} bytes",
        f"at most {limits.MAX_GAUGES}.",
        f"magic, 0x{protocol.MAGIC:X}",
        f"version, {protocol.VERSION}",
        f"parts up to {pixels.RAW_LIMIT_BYTES} bytes travel raw",
        f"quality {pixels.JPEG_QUALITY}",
        f"within {limits.HELLO_TIMEOUT_S:.0f} s",
        f"at most {limits.MESSAGES_PER_S:.0f} messages a second",
        f"({limits.MESSAGES_AT_ONCE:.0f} at once)",
        f"{limits.MAX_REFUSALS:,} refusals in a row",
        f"at most {1 / worker.INTERMEDIATE_S:.0f} times a second",
        f'"renewAfterS": {tokens.SLOT_S}',
        f"valid for {(tokens.LIFETIME_S - tokens.SLOT_S) // 60} to {tokens.LIFETIME_S // 60} min",
        f'"operations": {json.dumps(list(OPERATIONS))}',
    ]
    assert [sentence for sentence in sentences if sentence not in section] == []


def test_the_documented_layout_is_that_of_the_structs(section: str) -> None:
    headers = {
        "Request": protocol.REQUEST_HEADER,
        "Answer": protocol.ANSWER_HEADER,
        "Part": parts.HEADER,
    }
    for name, header in headers.items():
        described = section.split(f"**{name}**")[1]
        found = re.search(r"a header of (\d+) bytes", described)
        assert found is not None
        assert int(found[1]) == header.size


def test_every_type_of_part_is_documented_with_its_numbers(section: str) -> None:
    letters = {"u": "u8", "i": "i32", "f": "f32"}
    rows = [
        f"| {kind:d} {kind.name.lower()} | {letters[kind.dtype.kind]} |" for kind in parts.PartType
    ]
    assert [row for row in rows if row not in section] == []
