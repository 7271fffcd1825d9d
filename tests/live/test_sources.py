"""The engine over real checkpoints: every architecture, PCA partners, names from the browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import find_checkpoint, load_codec, save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.partner import pca_partner
from ae_core.config import ModelConfig
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Picture
from ae_core.errors import CheckpointError
from ae_core.locations import checkpoints_dir
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.sources import checkpoint_name

MODELS = {
    "dense": ModelConfig(latent_dim=4, widths=(20,)),
    "convolutional": ModelConfig(architecture="convolutional", latent_dim=4, widths=(8, 8)),
    "residual": ModelConfig(
        architecture="convolutional", latent_dim=4, widths=(8, 8), residual=True
    ),
    "variational": ModelConfig(
        architecture="convolutional", latent_dim=4, widths=(8, 8), bottleneck="variational"
    ),
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(device="cpu")
    yield made
    made.close()


def save(name: str, model: ModelConfig) -> None:
    data_set = load_data_set("digits")
    config = CheckpointConfig.model_validate(
        {
            **{"name": name, "data": "digits", "item": Picture(size=(1, 8, 8)), "model": model},
            **{"latent_dim": model.latent_dim, "data_fingerprint": data_set.about.fingerprint},
        }
    )
    codec = build_autoencoder(model, Picture(size=(1, 8, 8)))
    save_checkpoint(checkpoints_dir() / name, config, codec, history=[], card="")


def expected_pictures(codec: torch.nn.Module, codes: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        items = codec.decode(torch.from_numpy(codes))  # type: ignore[operator]
    pixels: np.ndarray = (items * 255).round().numpy()
    return pixels


@pytest.mark.parametrize("name", list(MODELS))
def test_every_architecture_decodes_and_encodes_as_its_checkpoint(
    engine: Engine, name: str
) -> None:
    save(name, MODELS[name])
    codec = load_codec(find_checkpoint(name))
    codes = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    found = engine.decode(name, codes)
    assert np.abs(found - expected_pictures(codec, codes)).max() <= 1
    items = np.random.default_rng(1).integers(0, 256, (2, 1, 8, 8)).astype(np.uint8)
    with torch.no_grad():
        expected = codec.encode(torch.from_numpy(items).float() / 255).numpy()
    np.testing.assert_allclose(engine.encode(name, items), expected, atol=1e-5)


def test_pca_stands_beside_a_checkpoint_at_the_same_code_size(engine: Engine) -> None:
    save("model", MODELS["dense"])
    codes = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    pca = load_codec(pca_partner(find_checkpoint("model")))
    found = engine.decode("pca:model", codes)
    assert np.abs(found - expected_pictures(pca, codes)).max() <= 1


def test_a_checkpoint_that_is_gone_is_named(engine: Engine) -> None:
    with pytest.raises(CheckpointError, match="gone"):
        engine.decode("gone", np.zeros((1, 4), np.float32))


@pytest.mark.parametrize(
    "key", ["../x", "pca:../x", "a/b", "a\\b", "", "pca:", "..", "x\0", "é" * 200]
)
def test_names_that_could_leave_the_folder_are_refused(key: str) -> None:
    with pytest.raises(CheckpointError, match="must be the name"):
        checkpoint_name(key)


def test_the_routes_import_no_torch() -> None:
    """The first page must not wait for torch."""
    check = "import sys; from zoetrope import live; live.routes(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=120)
