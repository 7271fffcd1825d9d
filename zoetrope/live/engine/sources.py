"""Codecs of the app's checkpoints for the live engine."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

from ae_core.errors import CheckpointError

if TYPE_CHECKING:
    from ae_core.codecs.checkpoints import Checkpoint
    from ae_core.codecs.codec import Codec

PCA_PREFIX = "pca:"
# A name comes from the browser: it must never lead out of the checkpoint folders.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,+@=-]{0,119}")


def checkpoint_name(key: str) -> str:
    """NAME of "NAME" or "pca:NAME".

    Raises:
        CheckpointError: It is no name that a checkpoint can have.
    """
    name = key.removeprefix(PCA_PREFIX)
    if not _NAME.fullmatch(name) or ".." in name:
        raise CheckpointError(f"`checkpoint` must be the name of a checkpoint; got {key[:80]!r}.")
    return name


class CheckpointSource:
    """Loads "NAME", a checkpoint; "pca:NAME", its PCA partner; "pca@DATA", PCA of a data set."""

    def load(self, key: str) -> Codec:
        """The codec, in eval mode, on the CPU."""
        from ae_core.codecs.checkpoints import load_codec

        return load_codec(self._checkpoint(key))

    def stamp(self, key: str) -> Hashable:
        """When the weights were last written, ns, and their size in bytes; for PCA its data too."""
        from ae_core.codecs.checkpoints import find_checkpoint
        from ae_core.codecs.data_pca import data_of
        from ae_core.codecs.partner import data_fingerprint_now
        from ae_core.data.catalogue import about_data_set

        name = checkpoint_name(key)
        data_name = data_of(name)
        if data_name is not None:
            return 0, 0, about_data_set(data_name).fingerprint
        checkpoint = find_checkpoint(name)
        weights = checkpoint.folder / checkpoint.config.kind.weights
        data = data_fingerprint_now(checkpoint.config) if key.startswith(PCA_PREFIX) else ""
        try:
            status = weights.stat()
        except OSError as error:
            raise CheckpointError(
                f"`checkpoint` {key!r} has no readable weights ({error.strerror}): train it again "
                "or remove its folder."
            ) from error
        return status.st_mtime_ns, status.st_size, data

    def _checkpoint(self, key: str) -> Checkpoint:
        from ae_core.codecs.data_pca import find_codec
        from ae_core.codecs.partner import pca_partner

        checkpoint = find_codec(checkpoint_name(key))
        return pca_partner(checkpoint) if key.startswith(PCA_PREFIX) else checkpoint
