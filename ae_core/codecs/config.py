"""`config.json` of a checkpoint."""

from typing import Self

from pydantic import Field, model_validator

from ae_core.codecs.kinds import CodecKind, codec_kind
from ae_core.config import ModelConfig, Settings, TrainingConfig, check_name
from ae_core.data.items import AnyItem, with_item

# 1: pictures only, their shape as `item_shape`. 2: `item` says which kind of item. 3: a checksum of
# the weights; older checkpoints have none.
SCHEMA_VERSION = 3


class CheckpointConfig(Settings):
    """Everything needed to rebuild a codec."""

    schema_version: int = Field(SCHEMA_VERSION, description="Version of this format.")
    codec: str = Field("autoencoder", description="Kind of codec.")
    name: str = Field(description="Name of the checkpoint, and of its folder.")
    data: str = Field(description="Data set it was fitted on.")
    data_fingerprint: str = Field("", description="Fingerprint of that data set's items.")
    item: AnyItem = Field(description="What an item is.")
    latent_dim: int = Field(ge=1, description="Code size.")
    model: ModelConfig | None = Field(None, description="Composition, where there is one.")
    training: TrainingConfig | None = Field(None, description="How it was fitted.")
    preset: str = Field("", description="Preset it started from.")
    weights_checksum: str = Field("", description="BLAKE2b (16 bytes, hex) of the weights file.")

    @model_validator(mode="before")
    @classmethod
    def _with_item(cls, values: object) -> object:
        return with_item(values)

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_name(self.name)
        self.kind.check_model(self.model)
        if self.model is not None and self.model.latent_dim != self.latent_dim:
            raise ValueError(
                f"`latent_dim` ({self.latent_dim}) differs from the model's "
                f"({self.model.latent_dim})."
            )
        return self

    @property
    def kind(self) -> CodecKind:
        """How this kind of codec is described, loaded and saved."""
        return codec_kind(self.codec)
