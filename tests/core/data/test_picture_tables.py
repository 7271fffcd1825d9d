"""Tables of pictures' attributes are read in stretches, and nobody sees it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ae_core.data.own_files import add_zip
from tests.core.data.test_own_files import make_zip, metadata


@pytest.mark.parametrize(
    "value",
    [
        lambda row: row if row < 12 else f"a{row}",
        lambda row: "01" if row < 12 else "x",
        lambda row: row + 0.5 if row < 12 else row,
        lambda row: row if row < 12 else "",
        lambda row: "True" if row < 12 else "",
        lambda row: "" if row < 12 else "x",
        lambda row: row if row < 12 else 2**63 + row,
        lambda row: "True" if row < 8 else 1,
        lambda row: 2**70 if row < 8 else 1,
    ],
)
def test_a_column_read_in_stretches_is_as_if_read_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Callable[[int], object]
) -> None:
    """pandas guesses a column's kind from the rows it sees, here eight at a time."""
    table = metadata([f"{row:03}.png" for row in range(24)], x=[value(row) for row in range(24)])
    path = make_zip(tmp_path / "a.zip", extra={"metadata.csv": table})
    whole = add_zip(path, "whole", size=16).attributes["x"]
    monkeypatch.setattr("ae_core.data.picture_tables._STRETCH_ROWS", 8)
    pd.testing.assert_series_equal(add_zip(path, "stretches", size=16).attributes["x"], whole)
