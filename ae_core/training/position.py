"""Where a training stands, and what it tells whoever walks its steps."""

import math
from dataclasses import dataclass

from torch import nn

from ae_core.errors import RunError


class DivergedError(RunError):
    """The loss is not a number any more."""


@dataclass(frozen=True)
class Moment:
    """One step of a run has been taken, or an epoch has ended.

    Attributes:
        phase: "training", or "layer i of n" while pre-training.
        epoch: Epochs done in this phase.
        epoch_ended: The held-out loss has just been measured: `history` has a new entry.
        progress: Share of the whole run, 0 to 1.
    """

    phase: str
    epoch: int
    epoch_ended: bool
    progress: float


@dataclass(frozen=True)
class Phase:
    """A stretch with an objective of its own: one pair of layers, or the whole model."""

    name: str
    objective: nn.Module
    n_epochs: int


@dataclass
class Position:
    """Where a run stands."""

    phase: int = 0
    epoch: int = 0
    step: int = 0
    n_summed: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_epoch: int = 0
    n_worse: int = 0
    is_no_number: bool = False
