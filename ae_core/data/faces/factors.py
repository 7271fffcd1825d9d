"""What a drawn face is made of: its factors, how likely they are, and their sampling.

A face is one row of factors. `faces_drawing` turns rows into pictures and knows nothing of
chance; this module knows nothing of pixels. Factors are independent of each other, except where
`FaceProbabilities` and `LOOKS` say that they go with `woman`.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.errors import DataError

GLASSES: Final = ("none", "round", "square", "sun")
HAIR_STYLES: Final = ("parted", "curtain", "fringe", "swept", "curly", "bun", "bald")
HAIR_COLOURS: Final = ("black", "brown", "chestnut", "blond", "red", "grey")
EYE_COLOURS: Final = ("brown", "hazel", "green", "blue", "grey")
BACKGROUNDS: Final = ("sand", "sage", "sky", "rose", "lilac", "slate", "teal", "ochre")
CLOTHES: Final = ("navy", "rust", "forest", "plum", "cream", "mustard", "denim", "charcoal")
NECKLINES: Final = ("round", "v", "collar")
FRAMES: Final = ("black", "tortoise", "navy", "burgundy")

HAIR_COLOUR_SHARES: Final = (0.24, 0.24, 0.18, 0.15, 0.10, 0.09)
EYE_COLOUR_SHARES: Final = (0.40, 0.15, 0.15, 0.20, 0.10)

LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "glasses": GLASSES,
    "hair_style": HAIR_STYLES,
    "hair_colour": HAIR_COLOURS,
    "eye_colour": EYE_COLOURS,
    "background": BACKGROUNDS,
    "clothes": CLOTHES,
    "neckline": NECKLINES,
    "frame": FRAMES,
}

RANGES: Final[dict[str, tuple[float, float]]] = {
    "smile": (-1.0, 1.0),
    "eye_open": (0.0, 1.0),
    "gaze": (-1.0, 1.0),
    "hair_length": (0.0, 1.0),
    "hair_volume": (0.0, 1.0),
    "hair_part": (-1.0, 1.0),
    "skin_tone": (0.0, 1.0),
    "face_width": (-1.0, 1.0),
    "jaw": (-1.0, 1.0),
    "brow": (0.0, 1.0),
    "brow_raise": (-1.0, 1.0),
    "lashes": (0.0, 1.0),
    "lips": (0.0, 1.0),
    "blush": (0.0, 1.0),
    "shift_x": (-4.0, 4.0),
    "shift_y": (-4.0, 4.0),
    "tilt": (-12.0, 12.0),
    "light": (-1.0, 1.0),
    "light_strength": (0.0, 1.0),
}

FLAGS: Final = ("woman", "beard", "moustache")

# Looks that go with the person's sex but vary within it: (range if woman, range if man), uniform.
# The ranges of lashes, lips and brow do not meet, so that `woman` can be read from a picture
# whatever the hair does.
LOOKS: Final[dict[str, tuple[tuple[float, float], tuple[float, float]]]] = {
    "jaw": ((-1.0, -0.1), (0.1, 1.0)),
    "brow": ((0.0, 0.4), (0.55, 1.0)),
    "lashes": ((0.6, 1.0), (0.0, 0.15)),
    "lips": ((0.4, 1.0), (0.0, 0.15)),
    "blush": ((0.3, 1.0), (0.0, 0.5)),
}
HAIR_LENGTH_IF_LONG: Final = (0.5, 1.0)
HAIR_LENGTH_IF_SHORT: Final = (0.0, 0.3)

# Every factor reads its own lane of a face's random numbers, so that changing the probability of
# one factor leaves all others of that face as they were. Append only: the order is the data set.
_LANES: Final = (
    "woman", "eyeglasses", "glasses", "frame", "beard", "moustache", "hair_style", "long_hair",
    "hair_length", "hair_colour", "hair_volume", "hair_part", "eye_colour", "eye_open", "gaze",
    "smile", "skin_tone", "face_width", "jaw", "brow", "brow_raise", "lashes", "lips", "blush",
    "shift_x", "shift_y", "tilt", "light", "light_strength", "background", "clothes", "neckline",
)  # fmt: skip
_DRAWS_PER_COUNTER_STEP: Final = 4  # Philox 4x64 gives four doubles a step


@dataclasses.dataclass(frozen=True)
class FaceProbabilities:
    """How often the looks occur that may go with `woman`; all numbers lie in [0, 1].

    The default makes eyeglasses independent of `woman`. `replace` makes correlated samples, for
    example `DEFAULT.replace(eyeglasses_given_woman=0.176, eyeglasses_given_man=0.624)`: the same
    share of glasses, but 78 % of those who wear them are men.

    Attributes:
        glasses_kind: Shares of round, square and sun glasses among those who wear any.
        long_hair_given_woman: Long is a `hair_length` of at least 0.5.
        hair_style_given_woman: Shares in the order of `HAIR_STYLES`; likewise for men.

    Raises:
        DataError: A number is outside [0, 1], or shares are too few, too many or do not sum to 1.
    """

    woman: float = 0.5
    eyeglasses_given_woman: float = 0.4
    eyeglasses_given_man: float = 0.4
    glasses_kind: tuple[float, ...] = (0.36, 0.36, 0.28)
    beard_given_woman: float = 0.0
    beard_given_man: float = 0.35
    moustache_given_woman: float = 0.0
    moustache_given_man: float = 0.30
    long_hair_given_woman: float = 0.80
    long_hair_given_man: float = 0.12
    hair_style_given_woman: tuple[float, ...] = (0.20, 0.23, 0.20, 0.09, 0.16, 0.12, 0.0)
    hair_style_given_man: tuple[float, ...] = (0.28, 0.14, 0.12, 0.20, 0.15, 0.02, 0.09)

    def __post_init__(self) -> None:
        n_shares = {"glasses_kind": len(GLASSES) - 1}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                _require_shares(field.name, value, n_shares.get(field.name, len(HAIR_STYLES)))
            elif not 0 <= value <= 1:
                raise DataError(f"`{field.name}` is a probability in [0, 1]; got {value}.")

    def replace(self, **overrides: float | tuple[float, ...]) -> FaceProbabilities:
        """The same probabilities with some overridden.

        Raises:
            DataError: A name is not a probability of faces, or its value is not one.
        """
        known = {field.name for field in dataclasses.fields(self)}
        if unknown := sorted(set(overrides) - known):
            raise DataError(
                f"Unknown face probabilities: {', '.join(unknown)}. "
                f"Known are: {', '.join(sorted(known))}."
            )
        return dataclasses.replace(self, **overrides)  # type: ignore[arg-type]


def _require_shares(name: str, shares: tuple[float, ...], n_shares: int) -> None:
    if len(shares) != n_shares or min(shares) < 0 or not math.isclose(sum(shares), 1):
        raise DataError(
            f"`{name}` must be {n_shares} shares of at least 0 that sum to 1; got {shares}."
        )


DEFAULT: Final = FaceProbabilities()


def sample_factors(
    indices: NDArray[np.integer] | range, *, seed: int, probabilities: FaceProbabilities = DEFAULT
) -> pd.DataFrame:
    """Draw by lot the factors of some faces of the endless series that `seed` names.

    Args:
        indices: Which faces, whole numbers of at least 0, shape (n,). Row i depends on `seed`,
            `indices[i]` and `probabilities` only.
        seed: At least 0.
        probabilities: How likely the looks are that may go with `woman`.

    Returns:
        One row a face: bools for `FLAGS`, strings for `LEVELS`, float32 for `RANGES`.

    Raises:
        DataError: `seed` or an index is negative.
    """
    draws = _uniform_draws(np.asarray(indices, dtype=np.int64), seed)
    lane = {name: draws[:, position] for position, name in enumerate(_LANES)}
    woman = lane["woman"] < probabilities.woman
    columns: dict[str, NDArray[np.generic]] = {"woman": woman}
    columns |= _worn(lane, woman, probabilities)
    columns |= _hair(lane, woman, probabilities)
    columns |= _pose_and_scene(lane)
    for name, (if_woman, if_man) in LOOKS.items():
        columns[name] = np.where(
            woman, _uniform(lane[name], *if_woman), _uniform(lane[name], *if_man)
        )
    floats = {name: np.asarray(columns[name], dtype=np.float32) for name in RANGES}
    return pd.DataFrame({name: columns[name] for name in (*FLAGS, *LEVELS)} | floats)


def _uniform_draws(indices: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Numbers in [0, 1), shape (n, len(_LANES)); row i is a function of (seed, indices[i])."""
    if seed < 0:
        raise DataError(f"`seed` must be at least 0; got {seed}.")
    if indices.size and indices.min() < 0:
        raise DataError(f"`indices` must be at least 0; got {indices.min()}.")
    draws = np.empty((len(indices), len(_LANES)))
    # A counter-based generator can start at any face; neighbouring faces come from one start.
    run_starts = np.flatnonzero(np.diff(indices, prepend=-2) != 1)
    for first, stop in zip(run_starts, [*run_starts[1:], len(indices)], strict=True):
        steps = int(indices[first]) * len(_LANES) // _DRAWS_PER_COUNTER_STEP
        stream = np.random.Philox(np.random.SeedSequence(seed)).advance(steps)
        draws[first:stop] = np.random.Generator(stream).random((stop - first, len(_LANES)))
    return draws


def _uniform(draws: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return low + (high - low) * draws


def _triangular(draws: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Numbers in [-reach, reach], most often near 0."""
    half = np.minimum(draws, 1 - draws)
    return np.copysign(reach * (1 - np.sqrt(2 * half)), draws - 0.5)


def _level(
    draws: NDArray[np.float64], levels: tuple[str, ...], shares: tuple[float, ...] | None = None
) -> NDArray[np.object_]:
    edges = np.cumsum(shares or [1 / len(levels)] * len(levels))[:-1]
    return np.array(levels, dtype=object)[np.searchsorted(edges, draws, side="right")]


def _worn(
    lane: dict[str, NDArray[np.float64]], woman: NDArray[np.bool_], chance: FaceProbabilities
) -> dict[str, NDArray[np.generic]]:
    eyeglasses = lane["eyeglasses"] < np.where(
        woman, chance.eyeglasses_given_woman, chance.eyeglasses_given_man
    )
    kind = _level(lane["glasses"], GLASSES[1:], chance.glasses_kind)
    return {
        "glasses": np.where(eyeglasses, kind, GLASSES[0]),
        "frame": _level(lane["frame"], FRAMES),
        "beard": lane["beard"] < np.where(woman, chance.beard_given_woman, chance.beard_given_man),
        "moustache": lane["moustache"]
        < np.where(woman, chance.moustache_given_woman, chance.moustache_given_man),
        "clothes": _level(lane["clothes"], CLOTHES),
        "neckline": _level(lane["neckline"], NECKLINES),
    }


def _hair(
    lane: dict[str, NDArray[np.float64]], woman: NDArray[np.bool_], chance: FaceProbabilities
) -> dict[str, NDArray[np.generic]]:
    style = np.where(
        woman,
        _level(lane["hair_style"], HAIR_STYLES, chance.hair_style_given_woman),
        _level(lane["hair_style"], HAIR_STYLES, chance.hair_style_given_man),
    )
    long = lane["long_hair"] < np.where(
        woman, chance.long_hair_given_woman, chance.long_hair_given_man
    )
    length = np.where(
        long,
        _uniform(lane["hair_length"], *HAIR_LENGTH_IF_LONG),
        _uniform(lane["hair_length"], *HAIR_LENGTH_IF_SHORT),
    )
    # a bun gathers the hair and a bald head has none: nothing hangs down, whatever the lot said
    length = np.where((style == "bald") | (style == "bun"), 0.0, length)
    return {
        "hair_style": style,
        "hair_length": length,
        "hair_colour": _level(lane["hair_colour"], HAIR_COLOURS, HAIR_COLOUR_SHARES),
        "hair_volume": lane["hair_volume"],
        "hair_part": _uniform(lane["hair_part"], -1, 1),
    }


def _pose_and_scene(lane: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.generic]]:
    return {
        "eye_colour": _level(lane["eye_colour"], EYE_COLOURS, EYE_COLOUR_SHARES),
        "background": _level(lane["background"], BACKGROUNDS),
        "smile": _uniform(lane["smile"] ** 0.6, -1, 1),  # people who pose smile more than not
        "eye_open": 1 - 0.95 * lane["eye_open"] ** 2,
        "gaze": _triangular(lane["gaze"], 1),
        "skin_tone": lane["skin_tone"],
        "face_width": _uniform(lane["face_width"], -1, 1),
        "brow_raise": _triangular(lane["brow_raise"], 1),
        "shift_x": _triangular(lane["shift_x"], 4),
        "shift_y": _triangular(lane["shift_y"], 4),
        "tilt": _triangular(lane["tilt"], 12),
        "light": _uniform(lane["light"], -1, 1),
        "light_strength": lane["light_strength"],
    }
