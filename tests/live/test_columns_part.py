"""Rows of a table through the engine: columns in the user's units out, and back to codes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from benchmarks.client import Client
from tests.live.tables import TableCodec, TableSource
from zoetrope.live.engine.engine import Engine
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType
from zoetrope.live.wire.tokens import issue_token

KEYS = ["table-10", "faces-16"]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(TableSource(), device="cpu")
    yield made
    made.close()


@pytest.fixture
def live(live_port: int) -> Iterator[Client]:
    with Client(live_port, issue_token("test"), KEYS) as client:
        yield client


def codes(n_rows: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n_rows, 32)).astype(np.float32)


def in_units(rows: np.ndarray) -> np.ndarray:
    """The codec's own arithmetic and the units of its columns, without torch or the engine."""
    shares = 1 / (1 + np.exp(-(rows @ TableCodec(10).weights.numpy())))
    return shares * [*(100.0 * (f + 1) for f in range(10)), 1, 1, 1]


def test_the_browser_is_told_names_ranges_and_values_of_columns(live: Client) -> None:
    item = live.greeting["codecs"][0]["item"]
    assert item["painter"] == "columns"
    assert item["columns"][9]["high"] == 1000
    assert item["columns"][10]["values"] == ["red", "green", "blue"]


def test_decoded_rows_travel_in_the_user_s_units_beside_pictures(live: Client) -> None:
    rows, pictures = live.ask([codes(3), codes(3)]).parts
    assert (rows.type, pictures.type) == (PartType.COLUMNS, PartType.PIXELS)
    np.testing.assert_allclose(rows.array, in_units(codes(3)), rtol=1e-4)


def test_a_row_in_the_user_s_units_becomes_the_code_of_the_codec(live: Client) -> None:
    values = in_units(codes(2)).astype(np.float32)
    number = live.greeting["operations"].index("encode")
    part = Part.of(PartType.COLUMNS, 0, values)
    live.socket.send(protocol.pack_request(protocol.Request(1, (part,), 0, number)))
    found = live.frame().parts[0]
    shares = torch.sigmoid(torch.from_numpy(codes(2)) @ TableCodec(10).weights)
    np.testing.assert_allclose(found.array, TableCodec(10).encode(shares).numpy(), atol=1e-3)


def test_pages_get_rows_in_their_stored_form(engine: Engine) -> None:
    items = engine.decode("table-10", codes(3))
    assert items.dtype == np.float32
    np.testing.assert_allclose(items[:, 9] * 1000, in_units(codes(3))[:, 9], rtol=1e-4)
    np.testing.assert_allclose(
        engine.decode("table-10", engine.encode("table-10", items)), items, atol=1e-4
    )
