"""What counts as a good reconstruction: negative log-likelihoods, summed over an item's numbers.

Summed, not averaged, as in the papers: only then do reconstruction and KL share the unit nats.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ae_core.data.items import ItemKind


class ReconstructionLoss(nn.Module):
    """-log p(x | z), up to `log_constant` for each number of an item."""

    log_constant = 0.0

    def __init__(self, item: ItemKind) -> None:
        super().__init__()
        self.item = item

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        """Loss of each item.

        Args:
            outputs: What the decoder gave, (N, *item.shape).
            items: Same shape, in the range of their kind.

        Returns:
            (N,), summed over an item's numbers.
        """
        raise NotImplementedError

    def mean(self, outputs: Tensor, items: Tensor) -> Tensor:
        """Mean over the items: a scalar."""
        return self(outputs, items).mean()

    def items(self, outputs: Tensor) -> Tensor:
        """The items that `outputs` stand for, in the range of their kind."""
        return self.item.link(outputs)


class BernoulliLoss(ReconstructionLoss):
    """Binary cross-entropy; grey levels count as probabilities."""

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        losses = functional.binary_cross_entropy_with_logits(outputs, items, reduction="none")
        return losses.flatten(1).sum(dim=1)

    def mean(self, outputs: Tensor, items: Tensor) -> Tensor:
        """The same mean, without a pass over each item's losses."""
        total = functional.binary_cross_entropy_with_logits(outputs, items, reduction="sum")
        return total / len(items)


class SquaredLoss(ReconstructionLoss):
    """Sum of squared differences: a Gaussian likelihood of fixed variance 1/2.

    A real picture's noise is far smaller than that, so a variational model needs `beta` well
    below 1 (it stands for 2 sigma^2), or loss "gaussian", which learns the variance.
    """

    log_constant = 0.5 * math.log(math.pi)

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        return (self.items(outputs) - items).square().flatten(1).sum(dim=1)


class GaussianLoss(ReconstructionLoss):
    """Gaussian likelihood with one learnt variance (Rybkin, Daniilidis & Levine 2021).

    The best variance is the mean squared error, so that the balance with the KL term is found
    and not tuned. Can be negative: a density is not a probability.
    """

    log_constant = 0.5 * math.log(2 * math.pi)

    def __init__(self, item: ItemKind) -> None:
        super().__init__(item)
        self.log_variance = nn.Parameter(torch.tensor(-3.0))

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        squares = (self.items(outputs) - items).square().flatten(1).sum(dim=1)
        # below 1e-4 (one grey level squared) the density only rewards rounding
        log_variance = self.log_variance.clamp(min=math.log(1e-4))
        return 0.5 * (squares * torch.exp(-log_variance) + self.item.n_numbers * log_variance)


LOSSES: dict[str, Callable[[ItemKind], ReconstructionLoss]] = {
    "mse": SquaredLoss,
    "bce": BernoulliLoss,
    "gaussian": GaussianLoss,
}
