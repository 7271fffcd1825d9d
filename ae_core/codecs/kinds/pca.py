"""PCA, which stands beside every other kind."""

from typing import TYPE_CHECKING, ClassVar

from ae_core.codecs.kinds.interface import CodecKind

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from ae_core.codecs.config import CheckpointConfig


class PcaKind(CodecKind):
    name: ClassVar[str] = "pca"
    title: ClassVar[str] = "PCA"
    has_partner: ClassVar[bool] = False

    def words(self, config: "CheckpointConfig") -> str:
        return self.title

    def build(self, config: "CheckpointConfig") -> "Codec":
        from ae_core.codecs.pca import PcaCodec

        return PcaCodec(config.item, config.latent_dim)
