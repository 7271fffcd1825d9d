"""Kinds of codec: how each is described, loaded and saved.

A new kind is one file with a subclass of `CodecKind`, and one entry in `CODECS`; if it can be
fitted here, one more in `ae_core.training.fits`.
"""

from ae_core.codecs.kinds.autoencoder import AutoencoderKind
from ae_core.codecs.kinds.interface import CodecKind
from ae_core.codecs.kinds.pca import PcaKind

CODECS: dict[str, CodecKind] = {kind.name: kind for kind in (AutoencoderKind(), PcaKind())}


def codec_kind(name: str) -> CodecKind:
    """The kind of that name.

    Raises:
        ValueError: There is none; pydantic turns it into words about the setting.
    """
    if name not in CODECS:
        raise ValueError(f"`codec` must be one of {', '.join(CODECS)}; got {name!r}.")
    return CODECS[name]


__all__ = ["CODECS", "CodecKind", "codec_kind"]
