"""Directions in code space that mean something, by three estimators and without labels.

- `mean_difference`: from the mean code of one group to that of the other (Radford et al. 2016,
  sec. 6.3). It carries whatever else differs between the groups.
- `linear_probe`: unit normal of the plane that separates the groups (Shen et al. 2020, sec. 2.1:
  the boundary's normal n with d(n, z) = n^T z, eq. 1), by logistic regression here.
- `conditional`: a direction without its part along others (Shen et al. 2020, "conditional
  manipulation": n1 - (n1^T n2) n2), so that what those measure stays as it is.

A probe's normal is a filter (what to read) and a mean difference a pattern (what to add); they
agree only where codes spread equally in all directions (Haufe et al. 2014, eq. 6). So to *move* a
code, project the mean difference against the *probes* of what should stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaln

from ae_core import arrays
from ae_core.arrays import PrincipalAxes
from ae_core.errors import LatentInputError
from ae_core.steering.paths import Codes

Estimator = Literal["mean difference", "linear probe", "conditional", "principal axis"]


@dataclass(frozen=True)
class Direction:
    """A unit vector in code space, with the scale on which it matters.

    Attributes:
        unit: Shape (latent_dim,), float32, length 1; points from "without" to "with".
        step: Distance along `unit` from the mean of the items without to that of those with.
        threshold: Where along `unit` the two are told apart (with: `codes @ unit > threshold`).
        estimator: How it was found.
    """

    unit: Codes
    step: float
    threshold: float
    estimator: Estimator


def require_group_codes(codes: Codes, name: str) -> NDArray[np.float64]:
    """Refuse what is not a non-empty, finite array (n, latent_dim); give it as float64."""
    if codes.ndim != 2 or len(codes) == 0:
        raise LatentInputError(
            f"`{name}` must have shape (n >= 1, latent_dim); got {codes.shape}: "
            "choose a group with items in it."
        )
    if not np.isfinite(codes).all():
        raise LatentInputError(f"`{name}` has NaN or infinite codes: leave those items out.")
    return np.asarray(codes, dtype=np.float64)


def _pair(with_it: Codes, without: Codes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = (
        require_group_codes(with_it, "with_it"), require_group_codes(without, "without")
    )  # fmt: skip
    if first.shape[1] != second.shape[1]:
        raise LatentInputError(
            f"`with_it` has {first.shape[1]} dimensions and `without` {second.shape[1]}: "
            "take both from the same checkpoint."
        )
    return first, second


def _direction(
    vector: NDArray[np.float64],
    with_it: NDArray[np.float64],
    without: NDArray[np.float64],
    estimator: Estimator,
    threshold: float | None = None,
) -> Direction:
    """Scale a vector to a unit and find the groups' means along it."""
    length = np.linalg.norm(vector)
    spread = np.sqrt(np.concatenate([with_it, without]).var(axis=0).sum())
    if length <= 1e-6 * spread or length == 0:
        raise LatentInputError(
            f"the {estimator} has length {length:.2g}: the two groups do not differ; choose others."
        )
    unit = vector / length
    means = float((with_it @ unit).mean()), float((without @ unit).mean())
    middle = (means[0] + means[1]) / 2 if threshold is None else threshold / float(length)
    return Direction(unit.astype(np.float32), means[0] - means[1], middle, estimator)


def mean_difference(with_it: Codes, without: Codes) -> Direction:
    """Point from one group's mean code to another's.

    Args:
        with_it: Codes of items that have it, shape (n, latent_dim), float32.
        without: Codes of items that do not, shape (m, latent_dim).

    Raises:
        LatentInputError: A group is empty, not finite, or both have the same mean.
    """
    first, second = _pair(with_it, without)
    return _direction(first.mean(axis=0) - second.mean(axis=0), first, second, "mean difference")


def linear_probe(with_it: Codes, without: Codes, *, strength: float = 1.0) -> Direction:
    """Point straight away from the plane that best tells two groups apart.

    Logistic regression on codes scaled to unit variance in each dimension, both groups weighing
    the same whatever their sizes; its normal is scaled back to code space.

    Args:
        with_it: Codes of items that have it, shape (n, latent_dim), float32.
        without: Codes of items that do not, shape (m, latent_dim).
        strength: scikit-learn's C, the inverse of the L2 penalty.

    Raises:
        LatentInputError: As `mean_difference`.
    """
    from sklearn.linear_model import LogisticRegression

    first, second = _pair(with_it, without)
    both = np.concatenate([first, second])
    mean, scale = both.mean(axis=0), both.std(axis=0)
    scale = np.where(scale > 1e-8 * max(scale.max(), 1e-30), scale, 1.0)
    labels = np.repeat([1, 0], [len(first), len(second)])
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2_000)
    model.fit((both - mean) / scale, labels)
    normal = model.coef_[0] / scale  # w^T (z - mean) / scale + b = normal^T z - threshold
    threshold = float(normal @ mean - model.intercept_[0])
    return _direction(normal, first, second, "linear probe", threshold)


def conditional(primal: Direction, others: Sequence[Direction], codes: Codes) -> Direction:
    """Take out of a direction what lies along others, so that these keep their reading.

    n1 - (n1^T n2) n2 of Shen et al. (2020), and for several others the remainder of projecting
    on all they span (QR), which is the same where they are orthogonal.

    Args:
        primal: Direction to keep.
        others: Directions whose reading `codes @ unit` must not change; probes, as a rule.
        codes: Codes that set the new scale, shape (n, latent_dim), both groups together.

    Returns:
        Unit direction at right angles to each of `others`; `step` is how far to go for `primal`'s
        reading to change by its own step.

    Raises:
        LatentInputError: Nothing is left: `primal` lies within what `others` span.
    """
    unit = primal.unit.astype(np.float64)
    if not others:
        return replace(primal, estimator="conditional")
    span = np.stack([other.unit.astype(np.float64) for other in others], axis=1)
    if span.shape[0] != unit.shape[0]:
        raise LatentInputError(
            f"`others` have {span.shape[0]} dimensions, `primal` {unit.shape[0]}: "
            "take all from the same checkpoint."
        )
    basis, _ = np.linalg.qr(span)
    rest = unit - basis @ (basis.T @ unit)
    rest -= basis @ (basis.T @ rest)  # twice is enough (Kahan; Parlett 1980)
    length = np.linalg.norm(rest)
    if length < 1e-4:
        raise LatentInputError(
            f"nothing is left of the direction once {len(others)} others are taken out: "
            "hold fewer attributes fixed."
        )
    rest /= length
    step = primal.step / float(rest @ unit)
    middle = float((require_group_codes(codes, "codes") @ rest).mean())
    return Direction(rest.astype(np.float32), step, middle, "conditional")


def cosine_table(directions: Mapping[str, Direction]) -> NDArray[np.float64]:
    """Cosines of the angles between directions; shape (n, n), in the order of the mapping."""
    units = np.stack([direction.unit for direction in directions.values()]).astype(np.float64)
    return np.clip(units @ units.T, -1, 1)


def expected_random_cosine(latent_dim: int) -> tuple[float, float]:
    """What two random directions would show: mean and 95th percentile of |cosine|.

    For uniform unit vectors in d dimensions cos^2 follows Beta(1/2, (d - 1)/2) (Muirhead 1982,
    th. 1.5.7), with mean |cos| = G(d/2) / (sqrt(pi) G((d + 1)/2)).
    """
    if latent_dim < 2:
        return 1.0, 1.0
    mean = np.exp(gammaln(latent_dim / 2) - gammaln((latent_dim + 1) / 2)) / np.sqrt(np.pi)
    return float(mean), float(np.sqrt(betaincinv(0.5, (latent_dim - 1) / 2, 0.95)))


def principal_axes(codes: Codes) -> PrincipalAxes:
    """All axes along which codes (n >= 2, latent_dim) spread (GANSpace: Harkonen et al. 2020, 2.1).

    Raises:
        LatentInputError: Fewer than 2 codes, or not finite.
    """
    group = require_group_codes(codes, "codes")
    if len(group) < 2:
        raise LatentInputError("`codes` must have 2 rows at least; got 1: encode more items.")
    return arrays.principal_axes(group, group.shape[1])


@dataclass(frozen=True)
class Activity:
    """How much each code dimension is used over the data.

    Attributes:
        mean: Shape (latent_dim,), float32.
        sigma: Standard deviation over items, shape (latent_dim,), float32.
        order: Dimensions, most active first, shape (latent_dim,), int64.
        n_active: The first so many of `order` are active.
    """

    mean: Codes
    sigma: Codes
    order: NDArray[np.int64]
    n_active: int


def dimension_activity(codes: Codes, *, unit_prior: bool) -> Activity:
    """Order dimensions by the variance of their codes and find the ones that are used.

    With `unit_prior` (a variational model, whose code is the posterior mean) a dimension is active
    where Var_x(E[z | x]) > 0.01 (Burda, Grosse, Salakhutdinov 2016, eq. 12). Codes of other models
    have no scale of their own: there it must pass 0.0001 of the largest variance.
    """
    both = require_group_codes(codes, "codes")
    variance = both.var(axis=0)
    order = np.argsort(-variance, kind="stable")
    limit = 0.01 if unit_prior else 1e-4 * float(variance.max())
    return Activity(
        both.mean(axis=0).astype(np.float32),
        np.sqrt(variance).astype(np.float32),
        order.astype(np.int64),
        int((variance > limit).sum()),
    )
