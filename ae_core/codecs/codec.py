"""The one interface of everything that turns items into codes and back."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Codec(nn.Module, ABC):
    """Turns items into codes and back; an autoencoder is one, PCA is one.

    Attributes:
        latent_dim: Numbers a code has.
        item_shape: Channels, height and width of an item.
    """

    latent_dim: int
    item_shape: tuple[int, int, int]

    @abstractmethod
    def encode(self, items: Tensor) -> Tensor:
        """Codes of items.

        Args:
            items: float32 (N, C, H, W) in [0, 1].

        Returns:
            float32 (N, latent_dim). Deterministic: a variational codec gives the posterior mean.
        """

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Items of codes: float32 (N, latent_dim) to float32 (N, C, H, W) in [0, 1]."""

    def reconstruct(self, items: Tensor) -> Tensor:
        """What is left of items after a code: `decode(encode(items))`."""
        return self.decode(self.encode(items))
