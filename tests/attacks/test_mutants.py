"""Damaged files of every kind are refused in words or read, and hurt no neighbour.

The same attack with many more mutants: `python -m benchmarks.mutants`.
"""

from pathlib import Path

import pytest

from benchmarks.mutants import attack, make_cases

N_MUTANTS = 120
KINDS = (
    *("config.json", "model.safetensors", "history.jsonl", "card.md", "request.json"),
    *(
        "status.json",
        "rows.npy",
        "epoch-00001.npy",
        "epoch-00001.webp",
        "items.webp",
        "about.json",
        "items.npy",
        "attributes.parquet",
    ),
    *("groups.json", "task.json", "codes.npy"),
)
# What cannot be read of these is left out, or made again.
LEFT_OUT = ("history.jsonl", "card.md", "rows.npy", "task.json", "codes.npy")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_hurts_only_itself(kind: str, tmp_path: Path, home: Path) -> None:
    cases = make_cases(home)
    assert set(cases) == set(KINDS)
    outcome = attack(cases[kind], N_MUTANTS, seed=KINDS.index(kind))
    assert not outcome.escapes
    assert outcome.n_neighbours_lost == 0
    assert outcome.n_refused > 0 or kind in LEFT_OUT
