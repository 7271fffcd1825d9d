"""Shapes as signed distances, and a canvas of many faces to paint them on.

A shape is an array of signed distances in pixels, shape (n, h, w): negative inside, 0 on the
outline. It is painted anti-aliased, because coverage follows from the distance. Only sums,
products, quotients, square roots and roundings are used on pixels: IEEE arithmetic leaves those
no freedom, so that a pixel depends neither on the chunk it was drawn in nor on the processor.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 throughout; numpy's stubs lose the width in sums with plain numbers
Floats = NDArray[np.floating[Any]]


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A rectangle of every face's picture, with the head's own coordinates for each pixel.

    Attributes:
        pixels: RGB in [0, 1], shape (n, 3, h, w), painted in place.
        x: Pixels to the right of the head's centre, along the tilted head, shape (n, h, w).
        y: Pixels below the head's centre, shape (n, h, w).
    """

    pixels: Floats
    x: Floats
    y: Floats

    def paint(self, coverage: Floats, colour: Floats) -> None:
        """Lay a colour, shape (n, 3, 1, 1), over the pixels; coverage in [0, 1], (n, h, w)."""
        layer = colour - self.pixels
        layer *= coverage[:, None]
        self.pixels[...] += layer

    def below(self, row: int) -> Canvas:
        """The part from this row down; painting it paints this canvas."""
        return Canvas(self.pixels[:, :, row:], self.x[:, row:], self.y[:, row:])

    @contextmanager
    def window(
        self, rows: NDArray[np.intp], cols: NDArray[np.intp], h: int, w: int
    ) -> Iterator[Canvas]:
        """A small canvas whose top left pixel is (rows[i], cols[i]) of face i.

        Features cover a few hundred pixels that lie elsewhere in every face: copying them out,
        painting and copying back costs far less than painting the whole picture.
        """
        places = [
            (slice(row, row + h), slice(col, col + w))
            for row, col in zip(rows.tolist(), cols.tolist(), strict=True)
        ]
        part = Canvas(
            np.stack([self.pixels[i, :, r, c] for i, (r, c) in enumerate(places)]),
            np.stack([self.x[i, r, c] for i, (r, c) in enumerate(places)]),
            np.stack([self.y[i, r, c] for i, (r, c) in enumerate(places)]),
        )
        yield part
        for i, (r, c) in enumerate(places):
            self.pixels[i, :, r, c] = part.pixels[i]


def cover(distance: Floats, softness: float | Floats = 1.0) -> Floats:
    """Coverage in [0, 1]: 1 well inside, 0 well outside, a ramp `softness` pixels wide."""
    coverage = distance / (-softness)
    coverage += 0.5
    return np.clip(coverage, 0, 1, out=coverage)


def blob(x: Floats, y: Floats, half_width: float | Floats, half_height: float | Floats) -> Floats:
    """Coverage of a soft spot that fades from 1 at (0, 0) to 0 on an ellipse."""
    spot = np.maximum(1 - np.square(x / half_width) - np.square(y / half_height), 0)
    spot *= spot
    return spot


def circle(x: Floats, y: Floats, radius: float | Floats) -> Floats:
    """Distance from a circle around (0, 0)."""
    return np.sqrt(x * x + y * y) - radius


def ellipse(
    x: Floats, y: Floats, half_width: float | Floats, half_height: float | Floats
) -> Floats:
    """Distance from an ellipse around (0, 0), exact on the outline, near it to first order."""
    u, v = x / half_width, y / half_height
    k = np.sqrt(u * u + v * v)
    u /= half_width
    v /= half_height
    slope = np.sqrt(u * u + v * v)
    return k * (k - 1) / np.maximum(slope, np.float32(1e-4))


def box(
    x: Floats,
    y: Floats,
    half_width: float | Floats,
    half_height: float | Floats,
    radius: float | Floats,
) -> Floats:
    """Distance from a box around (0, 0) with rounded corners."""
    return corner(np.abs(x) - half_width, np.abs(y) - half_height, radius)


def corner(a: Floats, b: Floats, radius: float | Floats) -> Floats:
    """Distance from where both shapes are, with their corner rounded."""
    p, q = a + radius, b + radius
    outside = np.sqrt(np.square(np.maximum(p, 0)) + np.square(np.maximum(q, 0)))
    return outside + np.minimum(np.maximum(p, q), 0) - radius


def union(a: Floats, b: Floats, smooth: float) -> Floats:
    """Distance from where either shape is, the seam filled over about `smooth` pixels."""
    h = np.clip(0.5 + 0.5 * (b - a) / smooth, 0, 1)
    return b + (a - b) * h - smooth * h * (1 - h)


def segment(
    x: Floats,
    y: Floats,
    x1: float | Floats,
    y1: float | Floats,
    x2: float | Floats,
    y2: float | Floats,
) -> Floats:
    """Distance from the straight line between two points."""
    dx, dy = x2 - x1, y2 - y1
    along = np.clip(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy), 0, 1)
    return circle(x - x1 - along * dx, y - y1 - along * dy, 0)


def wave(t: Floats) -> Floats:
    """A smooth wave of period 1 in [-1, 1], made of parabolas."""
    phase = t - np.floor(t)
    half = 2 * phase - 1
    return 4 * half * (1 - np.abs(half))


def mix(a: Floats, b: float | Floats, share: float | Floats) -> Floats:
    """From `a` (share 0) to `b` (share 1)."""
    return a + (b - a) * share
