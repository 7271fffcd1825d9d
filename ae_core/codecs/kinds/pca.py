"""PCA, which stands beside every other kind."""

from typing import TYPE_CHECKING, ClassVar

from ae_core.codecs.kinds.interface import CodecKind, CodecSettings

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec


class PcaKind(CodecKind):
    name: ClassVar[str] = "pca"
    title: ClassVar[str] = "PCA"
    has_partner: ClassVar[bool] = False

    def words(self, config: CodecSettings) -> str:
        return self.title

    def build(self, config: CodecSettings) -> "Codec":
        from ae_core.codecs.pca import PcaCodec

        return PcaCodec(config.item, config.latent_dim)
