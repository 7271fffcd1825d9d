"""The table of sums by family: what is averaged, and what is missing is named."""

import numpy as np
import pytest

from benchmarks import algebra_families
from benchmarks.algebra import FACES
from benchmarks.families import Cell


def figures(success: float, side: float) -> dict:
    rows = [
        {"sum": "a sum", "method": "means of 16", "success": success, "side_effects": side},
        {"sum": "another", "method": "means of 16", "success": 0.0, "side_effects": 0.0},
    ]
    return {"rows": rows, "rebuilt": [success] * len(FACES.heads)}


def test_a_cell_of_the_table_is_the_mean_over_seeds() -> None:
    found = {
        Cell("faces", "pca", 32, 0): figures(0.25, 0.5),
        Cell("faces", "dense", 32, 0): figures(0.9, 0.1),
        Cell("faces", "dense", 32, 1): figures(0.8, 0.3),
    }
    head, _, line = algebra_families.table("a sum", found).splitlines()
    assert head == "| groups or direction | PCA | dense |"
    assert line == "| means of 16 | 0.25 (0.50) | 0.85 (0.20) |"
    assert "dense: beard 0.85" in algebra_families.rebuilt_line(FACES, found)


def test_a_missing_checkpoint_is_named_with_the_remedy(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    cell = Cell("faces", "dense", 32, 2)
    assert algebra_families.measured(cell, FACES, 10, judge=None) is None
    said = capsys.readouterr().err
    assert "faces-dense-32-2 is missing" in said and "--families dense" in said
    assert np.all([not path.is_file() for path in tmp_path.rglob("*")])
