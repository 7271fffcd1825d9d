"""Autoencoders that are trained here: composed of parts, their weights as safetensors."""

from typing import TYPE_CHECKING, ClassVar

from ae_core.codecs.kinds.interface import CodecKind, CodecSettings

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec


class AutoencoderKind(CodecKind):
    name: ClassVar[str] = "autoencoder"
    title: ClassVar[str] = "autoencoder"
    is_composed: ClassVar[bool] = True

    def words(self, config: CodecSettings) -> str:
        assert config.model is not None  # the rule of the settings
        what = "VAE" if self.has_normal_prior(config) else self.title
        return f"{config.model.architecture} {what}"

    def has_normal_prior(self, config: CodecSettings) -> bool:
        return config.model is not None and config.model.bottleneck == "variational"

    def build(self, config: CodecSettings) -> "Codec":
        from ae_core.codecs.autoencoder import build_autoencoder

        assert config.model is not None
        return build_autoencoder(config.model, config.item)
