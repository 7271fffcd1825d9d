"""The table of families: which cells, what is measured, how it is written."""

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch

from ae_core.codecs.checkpoints import find_checkpoint, list_checkpoints, load_codec
from ae_core.data.catalogue import load_data_set
from ae_core.errors import DataError
from ae_core.models.presets import PRESETS
from benchmarks import families, results, results_table
from benchmarks.families import FAMILIES, SIZES, Cell, list_cells, settings


def test_three_seeds_at_the_largest_size_and_one_at_others() -> None:
    seeds: dict[tuple[str, int], list[int]] = {}
    for cell in list_cells("mnist"):
        seeds.setdefault((cell.family, cell.latent_dim), []).append(cell.seed)
    assert seeds["dense", 32] == [0, 1, 2]
    assert seeds["dense", 2] == seeds["dense", 8] == [0]
    assert seeds["pca", 32] == [0]
    assert seeds["stacked", 32] == [0] and ("stacked", 8) not in seeds


@pytest.mark.parametrize("data", families.SUBJECTS)
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "pca"])
def test_every_cell_has_valid_settings(data: str, family: str) -> None:
    cell = Cell(data, family, SIZES[-1], 2)
    model, training = settings(cell)
    assert type(model).model_validate(model.model_dump()) == model
    assert training.seed == 2 and training.epochs > 0
    assert model.penalty == PRESETS[FAMILIES[family].preset].model.penalty


def test_the_beta_vae_differs_from_the_vae_by_beta_only() -> None:
    vae, _ = settings(Cell("faces", "convolutional-vae", 32, 0))
    beta_vae, _ = settings(Cell("faces", "beta-vae", 32, 0))
    assert beta_vae.beta == 4 * vae.beta
    assert beta_vae.model_copy(update={"beta": vae.beta}) == vae


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    monkeypatch.setattr(families, "SHARED", tmp_path)
    with pytest.raises(DataError, match=r"mnist\.npz"):
        families.load_subject("mnist")


def test_the_written_figure_is_mean_and_standard_deviation() -> None:
    found = {
        Cell("mnist", "pca", 32, 0): {"mse": 0.02},
        **{Cell("mnist", "dense", 32, seed): {"mse": mse} for seed, mse in enumerate((1, 2, 4))},
    }
    (_, pca, *_), (title, dense, of_pca, bce, *_) = results_table.table_rows(found, "mnist", 32)
    assert (title, pca) == ("dense", "0.02000")
    spread = statistics.stdev((1, 2, 4))
    assert dense == f"{7 / 3:.5f} ± {spread:.5f}"
    assert of_pca == f"{7 / 3 / 0.02:.2f} ± {spread / 0.02:.2f}"
    assert bce == results_table.NOTHING


def test_only_the_section_changes(tmp_path: Path) -> None:
    document = tmp_path / "results.md"
    document.write_text("above\n<!-- families: begin -->\nold\n<!-- families: end -->\nbelow\n")
    for _ in range(2):
        results_table.replace_section(document, "families", "| new |\n")
    assert document.read_text() == (
        "above\n<!-- families: begin -->\n\n| new |\n\n<!-- families: end -->\nbelow\n"
    )
    with pytest.raises(ValueError, match="other: begin"):
        results_table.replace_section(document, "other", "")


def test_a_cell_is_kept_until_its_settings_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    cell = Cell("mnist", "dense", 32, 1)
    path = results.figures_path(cell)
    assert results.read_row(cell) is None
    path.parent.mkdir()
    path.write_text(json.dumps({"settings": results.asked(cell), "figures": {"mse": 1.0}}))
    assert results.read_row(cell) == {"mse": 1.0}
    monkeypatch.setitem(FAMILIES, "dense", families.Family("dense", "dense", (99, 99)))
    assert results.read_row(cell) is None


def test_it_trains_saves_and_measures(
    tmp_path: Path,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", "")  # `main` sets it: restored after the test
    monkeypatch.setattr(results, "results_home", lambda *, is_quick: tmp_path)
    results.main(["--quick", "--data", "mnist", "--families", "pca", "sparse", "dense-vae"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {checkpoint.name for checkpoint in list_checkpoints()} >= set(last)
    pca, sparse, vae = (last[f"mnist-{family}-32-0"] for family in ("pca", "sparse", "dense-vae"))
    # rows of PCA's Jacobian are orthonormal: its norm is the root of the code size
    assert pca["jacobian"] == pytest.approx(32**0.5, rel=1e-4)
    assert pca["zeros"] == 0 and sparse["mean_code"] > 1 > pca["mean_code"]
    data = load_data_set("mnist").head(results.QUICK_ITEMS)
    codec = load_codec(find_checkpoint("mnist-sparse-32-0"))
    with torch.inference_mode():
        codes = codec.encode(torch.from_numpy(data.items[data.split()[1]] / np.float32(255)))
    assert sparse["zeros"] == pytest.approx(float((codes == 0).float().mean()), abs=1e-6)
    assert sparse["mean_code"] == pytest.approx(float(codes.abs().mean()), rel=1e-4)
    assert vae["importance_weighted"] < vae["negative_elbo"]
    assert "negative_elbo" not in sparse
    assert 0.5 < pca["knn"] <= 1
