"""How far to trust a direction: held-out separation, bootstrap angle, and what else it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.steering.directions import Direction, require_group_codes
from ae_core.steering.paths import Codes
from ae_core.steering.probes import AttributeProbes, auc

Estimate = Callable[[Codes, Codes], Direction]


@dataclass(frozen=True)
class Separation:
    """How well a direction tells items that it was not made from apart.

    Attributes:
        accuracy: Mean of the two groups' hit rates at `Direction.threshold`; 0.5 is chance.
        auc: Chance that an item with it lies farther along than one without; 0.5 is chance.
        cohens_d: Distance of the two means along it, in pooled standard deviations
            (Cohen 1988, eq. 2.5.1).
        n_with: Held-out items with it.
        n_without: Held-out items without.
    """

    accuracy: float
    auc: float
    cohens_d: float
    n_with: int
    n_without: int


def separation(direction: Direction, with_it: Codes, without: Codes) -> Separation:
    """Measure a direction on held-out codes, shapes (n, latent_dim) and (m, latent_dim)."""
    unit = direction.unit.astype(np.float64)
    first = require_group_codes(with_it, "with_it") @ unit
    second = require_group_codes(without, "without") @ unit
    n, m = len(first), len(second)
    hits = (first > direction.threshold).mean() + (second <= direction.threshold).mean()
    area = auc(np.concatenate([first, second]), np.arange(n + m) < n)
    pooled = (n * first.var() + m * second.var()) / max(n + m - 2, 1)
    effect = (first.mean() - second.mean()) / np.sqrt(pooled) if pooled > 0 else np.inf
    return Separation(float(hits / 2), area, float(effect), n, m)


@dataclass(frozen=True)
class BootstrapAngle:
    """How much a direction turns when its items are drawn anew, in degrees.

    Attributes:
        median: Half of the redrawn directions are nearer than this.
        p95: 95 % of them are.
        n_draws: Redrawn directions.
    """

    median: float
    p95: float
    n_draws: int


def bootstrap_angle(
    with_it: Codes, without: Codes, estimate: Estimate, *, n_draws: int = 100, seed: int = 0
) -> BootstrapAngle:
    """Draw both groups with replacement, estimate again, and measure the angles (Efron 1979).

    Args:
        with_it: Shape (n, latent_dim).
        without: Shape (m, latent_dim).
        estimate: How a direction is made from two groups.
        n_draws: Redrawn directions.
        seed: Seed of the draws.
    """
    unit = estimate(with_it, without).unit.astype(np.float64)
    rng = np.random.default_rng(seed)
    angles = []
    for _ in range(n_draws):
        drawn = [group[rng.integers(len(group), size=len(group))] for group in (with_it, without)]
        other = estimate(drawn[0], drawn[1]).unit.astype(np.float64)
        # atan2 form: arccos of a cosine near 1 would lose half its digits
        angles.append(2 * np.arctan2(np.linalg.norm(other - unit), np.linalg.norm(other + unit)))
    median, p95 = np.degrees(np.percentile(angles, [50, 95]))
    return BootstrapAngle(float(median), float(p95), n_draws)


def side_effects_in_codes(
    direction: Direction, codes: Codes, probes: AttributeProbes
) -> NDArray[np.float64]:
    """What moving one sigma along a direction does to each attribute's probe, in sigmas.

    Sigma along the direction is the spread of all codes' projections; sigma of a probe is the
    spread of its score over the same codes. Effect_a = sigma_u (w_a^T u) / sigma_a.

    Returns:
        One number an attribute of `probes`, shape (n_attributes,).
    """
    sigma = (require_group_codes(codes, "codes") @ direction.unit).std()
    return sigma * (probes.weights @ direction.unit) / probes.sigmas


def side_effects_in_pictures(
    direction: Direction,
    starts: Codes,
    codes: Codes,
    probes: AttributeProbes,
    there_and_back: Callable[[Codes], Codes],
) -> NDArray[np.float64]:
    """The same, read from the pictures: decode, encode again, and read off.

    Args:
        direction: What to move along.
        starts: Codes to start from, shape (n, latent_dim); a few hundred are enough.
        codes: Codes that set sigma along the direction, shape (N, latent_dim).
        probes: Of all attributes.
        there_and_back: Decodes codes and encodes the pictures again, (n, d) -> (n, d).

    Returns:
        Mean change of each attribute's score in sigmas, shape (n_attributes,).
    """
    if len(starts) == 0:
        raise LatentInputError("`starts` is empty: give it at least one code.")
    sigma = (require_group_codes(codes, "codes") @ direction.unit).std()
    moved = (starts + sigma * direction.unit).astype(np.float32)
    change = probes.scores(there_and_back(moved)) - probes.scores(there_and_back(starts))
    return change.mean(axis=0) / probes.sigmas
