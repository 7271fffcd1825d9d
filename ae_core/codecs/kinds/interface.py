"""What every kind of codec says of itself; without torch, since pages list checkpoints first."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from ae_core.config import ModelConfig

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from ae_core.data.items import ItemKind

WEIGHTS = "model.safetensors"


class CodecSettings(Protocol):
    """What a kind reads of a checkpoint's `config.json`."""

    @property
    def item(self) -> "ItemKind":
        """What an item is."""

    @property
    def latent_dim(self) -> int:
        """Code size."""

    @property
    def model(self) -> ModelConfig | None:
        """Composition, where there is one."""

    @property
    def weights_checksum(self) -> str:
        """Of the weights file, as `checksum_of` gives it; empty where none was kept."""


class CodecKind(ABC):
    """How a kind of codec is described, loaded and saved.

    Attributes:
        name: `codec` in `config.json`.
        title: Name for people.
        weights: The file that is written last: a folder without it is no checkpoint.
        has_partner: Whether PCA stands beside it; not beside PCA itself.
        is_composed: Whether its settings are a `ModelConfig`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    weights: ClassVar[str] = WEIGHTS
    has_partner: ClassVar[bool] = True
    is_composed: ClassVar[bool] = False

    def check_model(self, model: ModelConfig | None) -> None:
        """Raise ValueError unless there is a composition exactly where one is needed."""
        if self.is_composed != (model is not None):
            needed = "must be given" if self.is_composed else "must not be given"
            raise ValueError(f"`model` {needed} for a codec of kind {self.name}.")

    @abstractmethod
    def words(self, config: "CodecSettings") -> str:
        """The kind in two or three words, for the picker: "dense VAE"."""

    def has_normal_prior(self, config: "CodecSettings") -> bool:
        """Whether codes were trained to follow a standard normal, from which one can draw."""
        return False

    @abstractmethod
    def build(self, config: "CodecSettings") -> "Codec":
        """An untrained codec of these settings."""

    def load(self, folder: Path, config: "CodecSettings") -> "Codec":
        """The trained codec in a checkpoint's folder, on the CPU.

        Raises:
            CheckpointError: The weights are broken, or do not fit the settings.
        """
        from ae_core.codecs.weights import load_weights

        path = folder / self.weights
        return load_weights(lambda: self.build(config), path, checksum=config.weights_checksum)

    def files(self, codec: "Codec") -> Mapping[str, bytes]:
        """Contents of the files that hold a codec, `weights` last."""
        from ae_core.codecs.weights import weights_bytes

        return {self.weights: weights_bytes(codec)}
