"""Parts of every type at random, for property tests here and in the browser."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoetrope.live.wire.parts import JPEG, RAW, WEBP, Part, PartType

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
ANY_FLOAT = st.floats(width=32)
CODECS = st.integers(0, 65535)


@st.composite
def raw_parts(draw: st.DrawFn, floats: st.SearchStrategy[float] = FINITE) -> Part:
    """A part of any type, its numbers as they are."""
    kind = draw(st.sampled_from(PartType))
    n_dims = draw(st.sampled_from(kind.dims))
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=n_dims, max_size=n_dims)))
    elements = {"u": st.integers(0, 255), "i": st.integers(-(2**31), 2**31 - 1), "f": floats}
    array = draw(arrays.arrays(kind.dtype, shape, elements=elements[kind.dtype.kind]))
    return Part.of(kind, draw(CODECS), array)


@st.composite
def packed_pictures(draw: st.DrawFn) -> Part:
    """Pixels in a compressed file; for a frame its bytes mean nothing."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=4, max_size=4)))
    data = draw(st.binary(max_size=50))
    return Part(PartType.PIXELS, draw(CODECS), shape, data, draw(st.sampled_from([JPEG, WEBP])))


def random_part(chance: np.random.Generator, kind: PartType) -> Part:
    """A small part of one type with random numbers."""
    n_dims = int(chance.choice(list(kind.dims)))
    shape = tuple(int(n) for n in chance.integers(1, 6, n_dims))
    if kind.dtype.kind == "f":
        array = chance.normal(size=shape).astype(np.float32)
    else:
        limits = np.iinfo(kind.dtype)
        array = chance.integers(limits.min, limits.max, shape, kind.dtype, endpoint=True)
    return Part.of(kind, int(chance.integers(0, 65536)), array)


__all__ = ["ANY_FLOAT", "FINITE", "RAW", "packed_pictures", "random_part", "raw_parts"]
