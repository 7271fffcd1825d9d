"""The one interface of everything that turns items into codes and back."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from ae_core.data.items import ItemKind


class Codec(nn.Module, ABC):
    """Turns items into codes and back; an autoencoder is one, PCA is one.

    Attributes:
        latent_dim: Numbers a code has.
        item: What an item is.
    """

    latent_dim: int
    item: ItemKind

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one item's tensor."""
        return self.item.shape

    @abstractmethod
    def encode(self, items: Tensor) -> Tensor:
        """Codes of items.

        Args:
            items: float32 (N, *item_shape), in the range of their kind.

        Returns:
            float32 (N, latent_dim). Deterministic: a variational codec gives the posterior mean.
        """

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Items of codes: float32 (N, latent_dim) to float32 (N, *item_shape), in their range."""

    def reconstruct(self, items: Tensor) -> Tensor:
        """What is left of items after a code: `decode(encode(items))`."""
        return self.decode(self.encode(items))
