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
        f"a hello, JSON text of at most {limits.MAX_HELLO_BYTES} bytes",
        f"these are JSON text of at most {limits.MAX_TEXT_BYTES} bytes",
        f'"maxRequestBytes": {limits.MAX_REQUEST_BYTES}',
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


@pytest.fixture(scope="module")
def tables() -> str:
    text = (project_root() / "docs" / "formats.md").read_text(encoding="utf-8")
    return text.split("## Limits of what")[1].split("\n## ")[0]


def test_the_tables_of_limits_are_those_of_the_code(tables: str) -> None:
    documented = {
        "path of an address": f"{limits.MAX_PATH_BYTES} bytes",
        "query of an address": f"{limits.MAX_QUERY_BYTES} bytes",
        "sockets at once, pages' and live ones": f"{limits.MAX_SOCKETS}",
        "message of a page's own socket": f"{limits.MAX_PAGE_MESSAGE_BYTES} bytes",
        "files of Streamlit's uploader under way at once": f"{limits.MAX_PAGE_UPLOADS}",
        "files that it holds in memory": f"{limits.MAX_KEPT_UPLOAD_BYTES} bytes",
        "message of the live socket, before the hello": f"{limits.MAX_HELLO_BYTES} bytes",
        "message of the live socket, after it": f"{limits.MAX_REQUEST_BYTES} bytes",
        "live sockets without a hello": f"{limits.MAX_SOCKETS_WITHOUT_HELLO}",
        "time until the hello": f"{limits.HELLO_TIMEOUT_S:.0f} s",
        "items of one request": f"{limits.MAX_ITEMS}",
        "side of small pictures": f"{limits.MAX_SIDE_PX} pixels",
        "pictures of one answer": f"{limits.MAX_PIXEL_BYTES} bytes",
        "codes of one answer": f"{limits.MAX_CODES_BYTES} bytes",
        "answers being sent at once, everybody's": f"{limits.MAX_ROUTE_ANSWERS}",
        "requests that wait for a thread, everybody's": f"{limits.MAX_ROUTE_REQUESTS}",
        "the same of scans": f"{limits.MAX_SCANS}",
        f"time for a reader to take a block of {limits.BLOCK_BYTES} bytes": (
            f"{limits.BLOCK_TIMEOUT_S:.0f} s"
        ),
    }
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", tables, re.MULTILINE))
    assert {name: rows.get(name) for name in documented} == documented
    assert len(rows) == len(documented) + 2  # head and line
    assert f"{limits.ROUTE_THREADS} threads" in re.sub(r"\s+", " ", tables)


def test_the_table_of_routes_is_that_of_the_code(tables: str) -> None:
    rows = [
        f"| `/api/{name}` | {one.at_once} | {one.per_s:g} | {one.burst} | "
        + ("scan |" if one.is_scan else "|")
        for name, one in limits.ROUTE_LIMITS.items()
    ]
    assert [line for line in tables.splitlines() if line.startswith("| `/api/")] == rows


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
