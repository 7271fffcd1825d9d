"""Optimisers, and schedules of their learning rate."""

import math
from collections.abc import Callable

import torch

OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda parameters, **settings: torch.optim.SGD(parameters, momentum=0.9, **settings),
}


def cosine(progress: float) -> float:
    """From one to zero along half a cosine (Loshchilov & Hutter 2017, equation 5)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Up in the first tenth, then down to zero along a cosine (Smith & Topin 2018)."""
    rise = 0.1
    if progress < rise:
        return 0.04 + 0.96 * progress / rise
    return cosine((progress - rise) / (1 - rise))


# Share of the run done, 0 to 1, to a factor on the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": cosine,
    "one_cycle": one_cycle,
}
