"""Which compositions fit which items; known without torch, before a run is started."""

from collections.abc import Sequence

from ae_core.config import ModelConfig
from ae_core.data.items import ItemKind
from ae_core.errors import ConfigError


def check_composition(model: ModelConfig, item: ItemKind) -> None:
    """Refuse a composition that cannot take such items.

    Raises:
        ConfigError: A part does not suit the kind of item, or the item is too small.
    """
    for setting, value, suitable in (
        ("architecture", model.architecture, item.architectures),
        ("loss", model.loss, item.losses),
        ("corruption", model.corruption, item.corruptions),
    ):
        if value not in suitable:
            raise ConfigError(
                f"`{setting}` {value} does not suit items of {item.words()}: choose "
                f"{' or '.join(suitable)}."
            )
    if model.architecture == "convolutional":
        check_stages(model, item.shape)


def check_stages(model: ModelConfig, item_shape: Sequence[int]) -> None:
    """Refuse more stages, each halving the sides, than an item (C, H, W) can take.

    Raises:
        ConfigError: The item is too small to be halved that often.
    """
    height, width = item_shape[1:]
    n_stages = len(model.widths)
    if min(height, width) < 2**n_stages:
        raise ConfigError(
            f"`widths` has {n_stages} stages, each halving the item, which is {height} x {width}: "
            f"use at most {min(height, width).bit_length() - 1} or architecture dense."
        )
