"""Folders written before schema 2 still open, and give the numbers that they gave then.

`tests/fixtures/` holds a data set of 40 digits, a dense autoencoder trained on it for three epochs
and the PCA of the same data, all written by the version before items had kinds. The expected
numbers were recorded by that version.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ae_core.codecs.checkpoints import find_checkpoint, load_codec, read_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import fingerprint_items, read_data_set
from ae_core.locations import checkpoints_dir, data_dir

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
DATA_SET = FIXTURES / "data-set-schema-1"
AUTOENCODER = FIXTURES / "checkpoint-schema-1"
PCA = FIXTURES / "pca-checkpoint-schema-1"

# (folder, codes of the first two items, row 3 of the picture decoded from (0.5, -1, 2))
RECORDED = [
    (
        AUTOENCODER,
        [[-0.1178583, 0.3382818, -0.3882850], [0.2734438, -0.1200825, -0.5140462]],
        [0.0169369, 0.1177670, 0.9435510, 0.8026991, 0.9887133, 0.8416545, 0.0781672, 0.0091471],
    ),
    (
        PCA,
        [[-1.7114624, 0.4591352, 0.0220722], [1.5178308, 0.0825367, 0.2743229]],
        [0.0, 0.1913770, 0.3956525, 0.7668297, 0.9878960, 0.8593012, 0.2096859, 0.0],
    ),
]


def floats() -> torch.Tensor:
    """The fixture's pictures, float32 (40, 1, 8, 8) in [0, 1], read without the store."""
    return torch.from_numpy(np.load(DATA_SET / "items.npy").astype(np.float32) / 255)


def test_the_data_set_opens() -> None:
    data_set = read_data_set(DATA_SET)
    assert data_set.items.shape == (40, 1, 8, 8) and data_set.items.dtype == np.uint8
    assert data_set.items[7, 0, 2].tolist() == [0, 0, 0, 0, 128, 207, 16, 0]
    assert data_set.about.title == "Forty digits" and data_set.about.licence == "CC BY 4.0"
    rows = data_set.attributes.loc[[0, 7, 39]]
    assert rows["digit"].tolist() == ["0", "7", "9"]
    assert rows["ink"].tolist() == [0.2872, 0.2834, 0.3124]
    assert rows["round"].tolist() == [True, False, True]
    assert data_set.split()[1].tolist() == [4, 9, 14, 19, 24, 29, 34, 39]


def test_the_fingerprint_is_still_the_one_of_the_bytes() -> None:
    """Else checkpoints, groups and links that name it would no longer find their data."""
    data_set = read_data_set(DATA_SET)
    assert data_set.about.fingerprint == fingerprint_items(np.load(DATA_SET / "items.npy"))


@pytest.mark.parametrize(("folder", "codes", "row"), RECORDED, ids=["autoencoder", "pca"])
def test_a_checkpoint_encodes_and_decodes_as_it_did(
    folder: Path, codes: list[list[float]], row: list[float]
) -> None:
    codec = load_codec(read_checkpoint(folder))
    torch.testing.assert_close(codec.encode(floats()[:2]), torch.tensor(codes), atol=1e-5, rtol=0)
    decoded = codec.decode(torch.tensor([[0.5, -1.0, 2.0]]))
    assert decoded.shape == (1, 1, 8, 8)
    torch.testing.assert_close(decoded[0, 0, 3], torch.tensor(row), atol=1e-5, rtol=0)


@pytest.mark.parametrize("folder", [AUTOENCODER, PCA], ids=["autoencoder", "pca"])
def test_its_error_is_the_one_in_its_history(folder: Path) -> None:
    checkpoint = read_checkpoint(folder)
    scores = checkpoint.history()[-1]["held_out"]
    assert isinstance(scores, dict)
    held_out = floats()[4::5]
    errors = (load_codec(checkpoint).reconstruct(held_out) - held_out).square()
    assert errors.mean().item() == pytest.approx(scores["mse"], rel=1e-5)
    assert f"{scores['mse']:.5f}" in checkpoint.card()


def test_both_are_found_by_name_and_fit_each_other() -> None:
    shutil.copytree(DATA_SET, data_dir() / "forty-digits")
    shutil.copytree(AUTOENCODER, checkpoints_dir() / "digits-dense")
    checkpoint, data_set = find_checkpoint("digits-dense"), load_data_set("forty-digits")
    assert checkpoint.config.data_fingerprint == data_set.about.fingerprint
    expected = torch.tensor(RECORDED[0][1])
    torch.testing.assert_close(
        torch.tensor(codes_for(checkpoint, data_set)[:2]), expected, atol=1e-5, rtol=0
    )
