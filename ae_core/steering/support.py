"""Support: how near a code is to codes of real items, on a scale that means something.

The raw measure is the mean Euclidean distance to the k nearest codes of training items (the kNN
score of Ramaswamy, Rastogi, Shim 2000, averaged as in Angiulli and Pizzuti 2002). It is calibrated
on held-out items: percentile 97 reads "beyond 97 % of real items", and real
items that the model has not seen are spread evenly over 0..100.

What it does not say: a low percentile is no promise of a good picture. In many dimensions a mean
of codes lies nearer to all data than any single item does, so a blurred average reads as well
supported. An item that is itself among the training codes is its own nearest neighbour and reads
lower than an unseen one.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ae_core.data.store import DataSet
from ae_core.errors import LatentInputError
from ae_core.locations import atomic_file, cache_dir, discard
from ae_core.neighbours import nearest
from ae_core.steering.paths import Codes

MAX_KEPT_REFERENCE = 5_000
"""Training codes in a support that is kept: one question then takes well under a millisecond."""


@dataclass(frozen=True)
class Support:
    """Training codes to measure from, and what held-out items measured.

    Attributes:
        reference: Codes of training items, shape (n_reference, latent_dim), float32.
        calibration: Distances of held-out items, ascending, shape (n_held_out,), float32.
        n_neighbours: k of the measure.
    """

    reference: Codes
    calibration: NDArray[np.float32]
    n_neighbours: int

    def distance(self, codes: Codes) -> NDArray[np.float32]:
        """Mean distance to the k nearest training codes; (n, latent_dim) -> (n,)."""
        if codes.ndim != 2 or codes.shape[1] != self.reference.shape[1]:
            raise LatentInputError(
                f"`codes` must have shape (n, {self.reference.shape[1]}); got {codes.shape}."
            )
        if not np.isfinite(codes).all():
            raise LatentInputError("`codes` has NaN or infinite values: reset the sliders.")
        _, distances = nearest(codes, self.reference, self.n_neighbours)
        return np.asarray(distances.mean(axis=1))

    def percentile(self, codes: Codes) -> NDArray[np.float64]:
        """Share of held-out items that lie nearer to data, in percent; (n, d) -> (n,), 0..100.

        Ties count half (the mid-rank), so that a code equal to a held-out one is in its middle.
        """
        distances = self.distance(codes)
        below = np.searchsorted(self.calibration, distances, side="left")
        upto = np.searchsorted(self.calibration, distances, side="right")
        return (below + upto) / 2 / len(self.calibration) * 100


def fit_support(
    codes: Codes,
    train_items: NDArray[np.int64],
    held_out_items: NDArray[np.int64],
    *,
    n_neighbours: int = 10,
    max_reference: int = 20_000,
    max_calibration: int = 2_000,
    seed: int = 0,
) -> Support:
    """Measure held-out items against training items.

    Args:
        codes: Codes of the whole data set, shape (n_items, latent_dim); a memory map will do.
        train_items: Items to measure from.
        held_out_items: Items to calibrate on; at least 10, none of them among `train_items`.
        n_neighbours: k; lowered where there are fewer training items.
        max_reference: More training items than this are thinned, drawn with `seed`.
        max_calibration: The same for held-out items.
        seed: Seed of the draws.

    Raises:
        LatentInputError: Too few items, or the two sets overlap.
    """
    if np.intersect1d(train_items, held_out_items).size:
        raise LatentInputError("`train_items` and `held_out_items` must not overlap.")
    rng = np.random.default_rng(seed)
    reference = _finite(codes, train_items, max_reference, rng)
    held_out = _finite(codes, held_out_items, max_calibration, rng)
    if len(reference) < 2 or len(held_out) < 10:
        raise LatentInputError(
            "How far a code is from data can be told with at least 2 training and 10 held-out "
            f"items; there are {len(reference)} and {len(held_out)}: add more items."
        )
    n_neighbours = min(n_neighbours, len(reference))
    bare = Support(reference, np.empty(0, np.float32), n_neighbours)
    return Support(reference, np.sort(bare.distance(held_out)), n_neighbours)


def support_for(codes: Codes, data_set: DataSet, codes_key: str) -> Support:
    """The support of a data set's codes, fitted now or found in the cache.

    Args:
        codes: Codes of the whole data set, shape (n_items, latent_dim).
        data_set: Whose split says which items are for training.
        codes_key: Stands for the codes (`ae_core.codecs.codes.codes_key`).

    Raises:
        LatentInputError: Too few items.
    """
    path = cache_dir() / "support" / f"{codes_key}-2.npz"  # 2: of this way of fitting
    kept = _read(path, codes.shape[1])
    if kept is not None:
        return kept
    support = fit_support(codes, *data_set.split(), max_reference=MAX_KEPT_REFERENCE)
    with atomic_file(path) as file:
        np.savez(
            file,
            reference=support.reference,
            calibration=support.calibration,
            n_neighbours=support.n_neighbours,
        )
    return support


def _read(path: Path, latent_dim: int) -> Support | None:
    try:
        # Opened here: `np.load` leaves a file it cannot read open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            support = Support(kept["reference"], kept["calibration"], int(kept["n_neighbours"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile):
        discard(path)  # damaged from outside: fitted anew
        return None
    return support if support.reference.shape[1:] == (latent_dim,) else None


def _finite(
    codes: Codes, items: NDArray[np.int64], at_most: int, rng: np.random.Generator
) -> Codes:
    if len(items) > at_most:
        items = np.sort(rng.choice(items, at_most, replace=False))
    picked = np.ascontiguousarray(codes[items], dtype=np.float32)
    return picked[np.isfinite(picked).all(axis=1)]
