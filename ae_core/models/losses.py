"""What counts as a good reconstruction: negative log-likelihoods, summed over an item's pixels.

Summed, not averaged, as in the papers: only then do reconstruction and KL share the unit nats.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class ReconstructionLoss(nn.Module):
    """-log p(x | z), up to `log_constant` for each pixel."""

    log_constant = 0.0

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        """Loss of each item.

        Args:
            outputs: What the decoder gave, (N, C, H, W).
            items: Same shape, in [0, 1].

        Returns:
            (N,), summed over pixels.
        """
        raise NotImplementedError

    def mean(self, outputs: Tensor, items: Tensor) -> Tensor:
        """Mean over the items: a scalar."""
        return self(outputs, items).mean()

    def pixels(self, outputs: Tensor) -> Tensor:
        """The picture that `outputs` stands for, in [0, 1]."""
        return torch.sigmoid(outputs)


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
        return (torch.sigmoid(outputs) - items).square().flatten(1).sum(dim=1)


class GaussianLoss(ReconstructionLoss):
    """Gaussian likelihood with one learnt variance (Rybkin, Daniilidis & Levine 2021).

    The best variance is the mean squared error, so that the balance with the KL term is found
    and not tuned. Can be negative: a density is not a probability.
    """

    log_constant = 0.5 * math.log(2 * math.pi)

    def __init__(self) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.tensor(-3.0))

    def forward(self, outputs: Tensor, items: Tensor) -> Tensor:
        squares = (torch.sigmoid(outputs) - items).square().flatten(1).sum(dim=1)
        # below 1e-4 (one grey level squared) the density only rewards rounding
        log_variance = self.log_variance.clamp(min=math.log(1e-4))
        n_pixels = items[0].numel()
        return 0.5 * (squares * torch.exp(-log_variance) + n_pixels * log_variance)


LOSSES: dict[str, Callable[[], ReconstructionLoss]] = {
    "mse": SquaredLoss,
    "bce": BernoulliLoss,
    "gaussian": GaussianLoss,
}
