"""Groups alike: pairs of items, one of either group, that differ in little but the group.

    matching = fit_matching(codes, men, women)
    first, second = matching.pairs(codes[[12]])     # 16 men and 16 women, all much like item 12

The mean of 16 random items still carries a quarter of what makes single items differ, and the
difference of two such means changes hair and background along with what was meant. Here the items
are those nearest to where the sum starts (Upchurch et al. 2017, section 3.1, interpolate towards
such neighbours), each is paired with the item of the other group that is nearest to it apart from
the groups' mean difference, and the best pairs are kept (nearest available matching with a caliper:
Rosenbaum & Rubin 1985, section 3). What the partners share cancels.

Any codes can be matched in; Algebra matches in those of the model, also for PCA's picture
(`zoetrope.ui.steer.terms.match_groups`), so that both codecs add up the same items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.neighbours import nearest
from ae_core.steering.paths import Codes

N_PAIRS = 16
N_NEAR = 128
"""Items of the first group looked at for each start; the best of their pairs are kept."""

Items = NDArray[np.int64]


@dataclass(frozen=True)
class Matching:
    """Two groups, with codes in which their mean difference does not show.

    Attributes:
        first, second: Items of the groups.
        codes: Codes of the data set, float32 (n_items, latent_dim).
        unit: Unit vector of the difference of the groups' means; zeros where there is none.
    """

    first: Items
    second: Items
    codes: Codes
    unit: Codes

    def pairs(
        self, starts: Codes, *, n_pairs: int = N_PAIRS, n_near: int = N_NEAR
    ) -> tuple[Items, Items]:
        """For each start, the pairs nearest to it that match best, best first.

        Args:
            starts: Codes to start from, (n, latent_dim).
            n_pairs: Pairs a start; fewer where the first group is smaller.
            n_near: Items of the first group to choose among.

        Returns:
            Items of the first group and their partners of the second, both int64 (n, n_pairs).
            An item of the second group may be the partner of several.

        Raises:
            LatentInputError: Fewer than one pair is asked for, or fewer candidates than pairs.
        """
        if not 1 <= n_pairs <= n_near:
            raise LatentInputError(
                f"`n_pairs` must be 1 to `n_near` ({n_near}); got {n_pairs}: ask for fewer pairs."
            )
        around = self._flat(self.codes[self.first])
        near, _ = nearest(self._flat(starts), around, min(n_near, len(self.first)))
        # (n, n_near), places in `first`
        candidates, places = np.unique(near, return_inverse=True)
        others = self._flat(self.codes[self.second])
        partners, distances = nearest(around[candidates], others, 1)
        places = places.reshape(near.shape)
        best = np.argsort(distances[places, 0], axis=1, kind="stable")[:, :n_pairs]
        chosen = np.take_along_axis(places, best, axis=1)
        return self.first[candidates[chosen]], self.second[partners[chosen, 0]]

    def _flat(self, codes: Codes) -> Codes:
        """Codes without their part along the difference."""
        return codes - np.outer(codes @ self.unit, self.unit)


def fit_matching(codes: Codes, first: Items, second: Items) -> Matching:
    """Prepare to pair items of two groups.

    Args:
        codes: float32 (n_items, latent_dim), finite.
        first: Items to pair, at least one.
        second: Items to find partners among, at least one; none of them in `first`.

    Raises:
        LatentInputError: A group is empty, or both share items.
    """
    for name, group in (("first", first), ("second", second)):
        if len(group) == 0:
            raise LatentInputError(f"`{name}` has no items to match: choose another group.")
    n_shared = len(np.intersect1d(first, second))
    if n_shared:
        raise LatentInputError(
            f"the two groups share {n_shared:,} items, which cannot be told apart: ask for less."
        )
    difference = codes[second].mean(axis=0, dtype=np.float64) - codes[first].mean(
        axis=0, dtype=np.float64
    )
    length = np.linalg.norm(difference)
    unit = difference / length if length > 0 else np.zeros_like(difference)
    return Matching(first, second, codes, unit.astype(codes.dtype))
