"""Damage done to an item, which a denoising model learns to undo (Vincent et al. 2008, 2010).

Each takes floats (N, *item.shape), one level an item and the kind of item, and returns damaged
copies in the range of that kind. Which suit a kind, the kind says (`ItemKind.corruptions`).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ae_core.data.items import ItemKind

Corruption = Callable[[Tensor, Tensor, ItemKind, torch.Generator | None], Tensor]


def corrupt(
    items: Tensor,
    kind: str,
    level_range: tuple[float, float],
    item: ItemKind,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Damage every item, each at its own level drawn uniformly from the range.

    Args:
        items: float32 (N, *item.shape); not changed.
        kind: A key of `CORRUPTIONS`.
        level_range: Lowest and highest level; its meaning is the corruption's.
        item: What an item is.
        generator: Source of all randomness, on the items' device.

    Returns:
        Same shape, in the range of the kind; `items` itself for "none".
    """
    if kind == "none":
        return items
    low, high = level_range
    levels = low + (high - low) * _uniform((len(items),), items, generator)
    return CORRUPTIONS[kind](items, levels, item, generator)


def _uniform(shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=like.dtype, device=like.device)


def _per_item(levels: Tensor, items: Tensor) -> Tensor:
    """One level an item, (N,), so that it broadcasts over the numbers of each."""
    return levels.view(-1, *[1] * (items.ndim - 1))


def untouched(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """No damage."""
    return items


def gaussian(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """Add noise whose standard deviation is the level, then clip to the kind's range."""
    noise = torch.randn(items.shape, generator=generator, dtype=items.dtype, device=items.device)
    return item.clip(torch.addcmul(items, noise, _per_item(levels, items)))


def masking(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """Set a share of an item's places (the level) to 0: black, or the column's mean."""
    draws = _uniform((len(items), *item.places), items, generator)
    return items * (draws >= _per_item(levels, items))


def salt_and_pepper(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """Set a share of a picture's pixels (the level) to black or white, half each."""
    draws = _uniform((len(items), *item.places), items, generator)
    levels = _per_item(levels, items)
    return torch.where(draws < levels, (draws < levels / 2).to(items.dtype), items)


def blur(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """Gaussian blur whose standard deviation in pixels is the level."""
    rows = _blur_matrix(items.shape[2], levels)[:, None]  # (N, 1, H, H)
    columns = _blur_matrix(items.shape[3], levels)[:, None]  # (N, 1, W, W)
    return (rows @ items @ columns.transpose(2, 3)).clamp_(0, 1)  # rounding may leave [0, 1]


def _blur_matrix(size: int, levels: Tensor) -> Tensor:
    """Rows of Gaussian weights, each summing to one, also at the edge: (N, size, size)."""
    places = torch.arange(size, dtype=levels.dtype, device=levels.device)
    distances = (places[:, None] - places[None, :]).square()
    widths = levels.clamp(min=1e-3)  # far below a pixel: the identity
    return torch.softmax(-distances / (2 * widths.square())[:, None, None], dim=2)


def missing_block(
    items: Tensor, levels: Tensor, item: ItemKind, generator: torch.Generator | None
) -> Tensor:
    """Black out one square whose side is the level times the shorter side, anywhere inside."""
    height, width = items.shape[2:]
    sides = (levels * min(height, width)).round().clamp(max=min(height, width))
    tops, lefts = _uniform((2, len(items)), items, generator)
    tops = (tops * (height - sides + 1)).floor()
    lefts = (lefts * (width - sides + 1)).floor()
    inside_rows = _inside(height, tops, sides)[:, None, :, None]
    inside_columns = _inside(width, lefts, sides)[:, None, None, :]
    return items * ~(inside_rows & inside_columns)


def _inside(size: int, starts: Tensor, lengths: Tensor) -> Tensor:
    places = torch.arange(size, device=starts.device)
    return (places >= starts[:, None]) & (places < (starts + lengths)[:, None])  # (N, size)


CORRUPTIONS: dict[str, Corruption] = {
    "none": untouched,
    "gaussian": gaussian,
    "masking": masking,
    "salt_and_pepper": salt_and_pepper,
    "blur": blur,
    "missing_block": missing_block,
}
