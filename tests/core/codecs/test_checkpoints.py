"""Checkpoints: bit-exact round trips, and refusals that name what is wrong."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.cards import held_out_scores
from ae_core.codecs.checkpoints import (
    find_checkpoint,
    list_broken,
    list_checkpoints,
    load_codec,
    save_checkpoint,
)
from ae_core.codecs.comparison import compare_with_pca
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.partner import pca_partner
from ae_core.codecs.pca import fit_pca
from ae_core.config import ModelConfig
from ae_core.data.catalogue import list_data_sets, load_data_set, remove_data_set
from ae_core.data.items import Picture
from ae_core.data.own_files import add_arrays
from ae_core.errors import CheckpointError
from ae_core.locations import checkpoints_dir
from tests.pictures import as_floats

PICTURE = Picture(size=(1, 8, 8))


def save_dense(name: str = "mine", **changes: object) -> Path:
    """An untrained dense autoencoder for digits, as a checkpoint."""
    model = ModelConfig(latent_dim=6, widths=(20,))
    settings = {
        **{"name": name, "data": "digits", "item": PICTURE, "latent_dim": 6},
        **{"model": model, "data_fingerprint": load_data_set("digits").about.fingerprint},
    }
    config = CheckpointConfig.model_validate({**settings, **changes})
    torch.manual_seed(3)
    codec = build_autoencoder(model, PICTURE)
    history = [{"epoch": 1, "train": {"loss": 0.5}, "held_out": {}}]
    return save_checkpoint(
        checkpoints_dir() / name, config, codec, history=history, card="# Mine"
    ).folder


def edit_config(folder: Path, **changes: object) -> None:
    raw = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**raw, **changes}))


def test_a_checkpoint_round_trips_bit_exactly() -> None:
    save_dense()
    torch.manual_seed(3)
    original = build_autoencoder(ModelConfig(latent_dim=6, widths=(20,)), PICTURE).eval()
    checkpoint = find_checkpoint("mine")
    loaded = load_codec(checkpoint)
    items = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded.reconstruct(items), original.reconstruct(items))
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    assert checkpoint.card() == "# Mine"
    assert checkpoint.history() == [{"epoch": 1, "train": {"loss": 0.5}, "held_out": {}}]


def test_listing_finds_it_and_passes_over_runs_and_rubbish() -> None:
    save_dense()
    run = checkpoints_dir() / "unfinished"
    run.mkdir()
    (run / "config.json").write_text("{}")
    (checkpoints_dir() / ".mine.tmp").mkdir()
    names = [checkpoint.name for checkpoint in list_checkpoints()]
    assert "mine" in names and "unfinished" not in names
    assert list_broken() == {}


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", b"", "config.json is not JSON"),
        ("config.json", b"[1, 2]", "config.json is not valid"),
        ("config.json", b'{"schema_version": 1', "config.json is not JSON"),
        ("config.json", b"\xff\xfe", "config.json is not JSON"),
        ("model.safetensors", b"", "cannot be read"),
        ("model.safetensors", b"\x00" * 400, "cannot be read"),
        ("model.safetensors", b"\x80\x04\x95pickle", "cannot be read"),
    ],
)
def test_a_broken_file_is_named(file: str, content: bytes, words: str) -> None:
    folder = save_dense()
    (folder / file).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"'mine'.*{words}") as caught:
        load_codec(find_checkpoint("mine"))
    assert file in str(caught.value)


def test_a_truncated_weights_file_is_refused() -> None:
    folder = save_dense()
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors.*[Cc]opy the folder again"):
        load_codec(find_checkpoint("mine"))


def test_a_newer_schema_says_update() -> None:
    edit_config(save_dense(), schema_version=99)
    with pytest.raises(CheckpointError, match="schema version 99.*update Zoetrope"):
        find_checkpoint("mine")
    assert "update Zoetrope" in list_broken()["mine"]


def test_weights_of_another_model_name_leaf_expected_and_found() -> None:
    folder = save_dense()
    weights = load_file(folder / "model.safetensors")
    name = next(key for key, value in weights.items() if value.ndim == 2)
    weights[name] = weights[name][:-1].clone()
    save_file(weights, folder / "model.safetensors")
    rows, columns = weights[name].shape
    with pytest.raises(CheckpointError) as caught:
        load_codec(find_checkpoint("mine"))
    assert f"{name} should be ({rows + 1}, {columns})" in str(caught.value)
    assert f"is ({rows}, {columns})" in str(caught.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(number: float) -> None:
    folder = save_dense()
    weights = load_file(folder / "model.safetensors")
    name = sorted(weights)[-1]
    weights[name].view(-1)[0] = number
    save_file(weights, folder / "model.safetensors")
    edit_config(folder, weights_checksum="")  # as older checkpoints have it
    with pytest.raises(CheckpointError, match=f"holds NaN or infinity in {name}"):
        load_codec(find_checkpoint("mine"))


def test_missing_and_extra_tensors_are_named() -> None:
    folder = save_dense()
    weights = load_file(folder / "model.safetensors")
    gone = sorted(weights)[0]
    weights["surprise"] = weights.pop(gone)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match="surprise is not part") as caught:
        load_codec(find_checkpoint("mine"))
    assert f"{gone} is missing" in str(caught.value)


@pytest.mark.parametrize("name", ["gone", "../mine", "", "."])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    save_dense()
    with pytest.raises(CheckpointError, match=r"no checkpoint .*mine"):
        find_checkpoint(name)


def test_the_fingerprint_follows_weights_and_settings() -> None:
    folder = save_dense()
    first = find_checkpoint("mine").fingerprint
    edit_config(folder, preset="other")
    os.utime(folder / "config.json", ns=(time.time_ns(), time.time_ns()))
    second = find_checkpoint("mine").fingerprint
    assert first != second == find_checkpoint("mine").fingerprint


def test_a_failed_save_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ae_core.codecs.checkpoints.write_atomically", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_dense()
    assert list(checkpoints_dir().iterdir()) == []


def test_two_that_save_at_once_leave_a_whole_one(overtaken: list[Path]) -> None:
    load_data_set("digits")
    overtaken.clear()
    save_dense()
    assert overtaken == list(checkpoints_dir().iterdir())
    assert load_codec(find_checkpoint("mine")).latent_dim == 6


def test_the_pca_partner_is_pca_of_the_training_split() -> None:
    save_dense()
    partner = pca_partner(find_checkpoint("mine"))
    data_set = load_data_set("digits")
    expected = fit_pca(data_set, data_set.split()[0], 6)
    found = load_codec(partner)
    assert torch.equal(found.state_dict()["components"], expected.components)
    assert partner.config.latent_dim == 6


def test_the_pca_partner_is_cut_from_a_bigger_one() -> None:
    save_dense()
    data_set = load_data_set("digits")
    big = fit_pca(data_set, np.arange(900), 10)  # other rows: to tell the two apart
    config = CheckpointConfig(
        codec="pca", name="digits-pca", data="digits", item=PICTURE, latent_dim=10,
        data_fingerprint=data_set.about.fingerprint,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / "digits-pca", config, big)
    found = load_codec(pca_partner(find_checkpoint("mine")))
    assert torch.equal(found.state_dict()["components"], big.components[:6])


def test_the_partner_is_of_the_data_as_it_is_now(tmp_path: Path) -> None:
    """A data set is removed, another added under its name, and the first again."""
    random = np.random.default_rng(0)
    first, second = (random.integers(0, scale, (60, 8, 8), np.uint8) for scale in (256, 90))

    def errors_and_curve(images: np.ndarray) -> tuple[float, float, float]:
        if "pics" in list_data_sets():
            remove_data_set("pics")
        np.savez(tmp_path / "pics.npz", images=images)
        data = add_arrays(tmp_path / "pics.npz", "pics")
        if not (checkpoints_dir() / "mine").exists():
            save_dense(data="pics", data_fingerprint=data.about.fingerprint)
        found = compare_with_pca(find_checkpoint("mine"), data)
        train, held_out = data.split()
        codec = fit_pca(data, train, 6)
        expected = held_out_scores(codec, data, held_out)["mse"]
        return found.pca_mse, found.curve[6], expected

    for images in (first, second, first):
        point, curve, expected = errors_and_curve(images)
        assert point == pytest.approx(expected, rel=1e-4)
        assert curve == pytest.approx(expected, rel=1e-4)


def test_the_partner_has_as_many_axes_as_there_are(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8)
    np.savez(tmp_path / "few.npz", images=images)
    data = add_arrays(tmp_path / "few.npz", "few")
    folder = save_dense(data="few", data_fingerprint=data.about.fingerprint)
    large = {"latent_dim": 50, "model": {"latent_dim": 50, "widths": [20]}}
    edit_config(folder, **large)  # only its size matters here, not its weights
    partner = pca_partner(find_checkpoint("mine"))
    train, _ = data.split()
    assert partner.config.latent_dim == len(train) - 1
    codec = load_codec(partner)
    fitted = as_floats(data.items[train])
    assert torch.allclose(codec.reconstruct(fitted), fitted, atol=2e-3)  # they span the items


def test_pca_is_its_own_partner() -> None:
    save_dense()
    partner = pca_partner(find_checkpoint("mine"))
    assert pca_partner(partner) == partner


def test_a_partner_for_data_of_another_shape_is_refused() -> None:
    folder = save_dense()
    edit_config(folder, data="digits", item={"kind": "picture", "size": [1, 9, 9]})
    with pytest.raises(CheckpointError, match="made for"):
        pca_partner(find_checkpoint("mine"))
