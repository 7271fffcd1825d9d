"""The tables of `benchmarks.results`, and their place in a document."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from ae_core.locations import write_atomically
from benchmarks.families import FAMILIES, PCA, SEEDS, SIZES, SUBJECTS, Cell

# A cell's figures by name; those that a codec does not have are missing.
Row = dict[str, float]

# Heading, figure, how it is written.
COLUMNS = (
    ("MSE", "mse", "{:.5f}"),
    ("of PCA's", "of_pca", "{:.2f}"),
    ("BCE", "bce", "{:.4f}"),
    ("label, %", "knn", "{:.1%}"),
    ("zeros, %", "zeros", "{:.0%}"),
    ("mean code", "mean_code", "{:.2f}"),
    ("active", "active", "{:.1f}"),
    ("-ELBO", "negative_elbo", "{:.2f}"),
    ("IW bound", "importance_weighted", "{:.2f}"),
    ("Jacobian", "jacobian", "{:.2f}"),
    ("seconds", "seconds", "{:.0f}"),
)
NOTHING = "–"


def tables(found: Mapping[Cell, Row]) -> str:
    """A table for each data set and code size of which there is a row."""
    parts = []
    for data, subject in SUBJECTS.items():
        for latent_dim in SIZES:
            rows = table_rows(found, data, latent_dim)
            if rows:
                parts.append(f"**{subject.title}; code size {latent_dim}**\n\n" + as_table(rows))
    return "\n".join(parts)


def table_rows(found: Mapping[Cell, Row], data: str, latent_dim: int) -> list[list[str]]:
    """Written-out rows, one a family, in the order of `FAMILIES`."""
    pca = found.get(Cell(data, PCA, latent_dim, SEEDS[0]))
    rows = []
    for family, about in FAMILIES.items():
        runs = [
            found[cell] for seed in SEEDS if (cell := Cell(data, family, latent_dim, seed)) in found
        ]
        if pca is not None:
            runs = [{**run, "of_pca": run["mse"] / pca["mse"]} for run in runs]
        if runs:
            rows.append([about.title, *(written(runs, name, how) for _, name, how in COLUMNS)])
    return rows


def written(runs: Sequence[Row], name: str, how: str) -> str:
    """Mean, and standard deviation where there are several seeds: "0.0050 ± 0.0002"."""
    values = [run[name] for run in runs if name in run]
    if not values:
        return NOTHING
    mean = how.format(statistics.mean(values)).removesuffix("%")
    if len(values) == 1 or name == "seconds":
        return mean
    return f"{mean} ± {how.format(statistics.stdev(values)).removesuffix('%')}"


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    heads = ["family", *(head for head, _, _ in COLUMNS)]
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def replace_section(path: Path, name: str, text: str) -> None:
    """Put `text` between the two comments of that name in a Markdown file.

    Raises:
        ValueError: The file has no such comments.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found, rest = path.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{path.name} must hold the lines {begin.strip()} and {end.strip()}.")
    write_atomically(path, f"{before}{begin}\n{text}\n{end}{after}")
