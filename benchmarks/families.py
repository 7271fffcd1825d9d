"""Which models `benchmarks.results` compares, and how long each is trained on each data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import EMBEDDED, list_data_sets, load_data_set
from ae_core.data.own_files import add_file
from ae_core.data.store import DataSet
from ae_core.errors import DataError
from ae_core.models.presets import PRESETS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PCA = "pca"
SIZES = (32, 8, 2)
SEEDS = (0, 1, 2)
BETA = 1.0  # of the beta-VAE: four times that of the preset it starts from


@dataclass(frozen=True)
class Subject:
    """A data set in the table.

    Attributes:
        title: For people.
        label: Attribute that the nearest codes are to tell.
        file: Where it comes from, under `SHARED`; empty for an embedded one.
    """

    title: str
    label: str
    file: str = ""


SUBJECTS = {
    "mnist": Subject("MNIST, 28 x 28 grey, 60,000 + 10,000", "label", "mnist.npz"),
    "faces": Subject("Embedded faces, 64 x 64 colour, 18,000 + 2,000", "woman"),
    "celeba-10k": Subject("CelebA-10k, 64 x 64 colour, 9,000 + 1,000", "Male", "celeba10k.zip"),
}


@dataclass(frozen=True)
class Family:
    """A row of the table.

    Attributes:
        title: For people.
        preset: Where its settings come from; "" for PCA.
        epochs: On MNIST, and on the colour pictures.
        colour_widths: Widths for colour pictures where the preset's are sized for MNIST.
        beta: Replaces the preset's.
        is_extra: A relative of another row: one seed, at the largest code size only.
    """

    title: str
    preset: str = ""
    epochs: tuple[int, int] = (0, 0)
    colour_widths: tuple[int, ...] = ()
    beta: float | None = None
    is_extra: bool = False


FAMILIES = {
    PCA: Family("PCA"),
    "dense": Family("dense", "dense", (12, 8)),
    "deep": Family("deep", "deep", (8, 5), (512, 256)),
    "stacked": Family("deep, layer-wise pre-trained", "stacked", (6, 5), (256, 128), is_extra=True),
    "sparse": Family("sparse (L1)", "sparse-l1", (12, 8)),
    "sparse-kl": Family("sparse (KL, 128 units)", "sparse-kl", (12, 8), is_extra=True),
    "contractive": Family("contractive", "contractive", (12, 6)),
    "denoising": Family("denoising", "denoising", (12, 8), (256,)),
    "dense-vae": Family("dense VAE", "dense-vae", (16, 10), (256,)),
    "convolutional": Family("convolutional", "convolutional", (4, 5)),
    "convolutional-vae": Family("convolutional VAE", "convolutional-vae", (4, 6)),
    "beta-vae": Family("beta-VAE", "convolutional-vae", (4, 6), beta=BETA),
    "denoising-convolutional-vae": Family(
        "denoising conv. VAE", "denoising-convolutional-vae", (4, 5), is_extra=True
    ),
}


@dataclass(frozen=True)
class Cell:
    """One model to train and measure."""

    data: str
    family: str
    latent_dim: int
    seed: int

    @property
    def name(self) -> str:
        """Of its checkpoint and of its file of figures."""
        return f"{self.data}-{self.family}-{self.latent_dim}-{self.seed}"


def list_cells(data: str, families: tuple[str, ...] = tuple(FAMILIES)) -> list[Cell]:
    """Cells of a data set, in the order in which they are worth having."""
    cells = []
    for latent_dim in SIZES:
        for seed in SEEDS if latent_dim == SIZES[0] else SEEDS[:1]:
            is_first = (latent_dim, seed) == (SIZES[0], SEEDS[0])
            for family in families:
                is_repeat = seed != SEEDS[0] and family == PCA  # PCA has no seed
                if not is_repeat and (is_first or not FAMILIES[family].is_extra):
                    cells.append(Cell(data, family, latent_dim, seed))
    return cells


def settings(cell: Cell) -> tuple[ModelConfig, TrainingConfig]:
    """What a cell trains, from its family's preset."""
    family = FAMILIES[cell.family]
    preset, is_colour = PRESETS[family.preset], cell.data != "mnist"
    model: dict[str, object] = {}
    # the KL-sparse one is overcomplete at heart: as many units as its preset
    if preset.model.penalty != "kl_sparsity":
        model["latent_dim"] = cell.latent_dim
    if is_colour and family.colour_widths:
        model["widths"] = family.colour_widths
    if family.beta is not None:
        model["beta"] = family.beta
    training: dict[str, object] = {"epochs": family.epochs[is_colour], "seed": cell.seed}
    if not is_colour:
        training["batch_size"] = 128
    return preset.model.model_copy(update=model), preset.training.model_copy(update=training)


def load_subject(data: str) -> DataSet:
    """Open a data set, adding it from its file the first time.

    Raises:
        DataError: Its file is not there.
    """
    if data not in EMBEDDED and data not in list_data_sets():
        path = SHARED / SUBJECTS[data].file
        if not path.is_file():
            raise DataError(f"`--data {data}` needs {path}: leave it out, or put the file there.")
        add_file(path, data, size=64)
    return load_data_set(data)
