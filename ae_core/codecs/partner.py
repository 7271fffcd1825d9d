"""The PCA codec that stands beside a checkpoint: same data, same code size."""

import hashlib
from typing import cast

from ae_core.codecs.checkpoints import (
    Checkpoint,
    list_checkpoints,
    load_codec,
    read_checkpoint,
    save_checkpoint,
)
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.kinds.pca import PcaKind
from ae_core.data.catalogue import about_data_set, is_ready, load_data_set
from ae_core.errors import CheckpointError, DataError
from ae_core.locations import cache_dir
from ae_core.processes.progress import Progress, silent


def pca_partner(
    checkpoint: Checkpoint,
    *,
    latent_dim: int | None = None,
    on_progress: Progress = silent,
) -> Checkpoint:
    """The PCA codec that stands beside a checkpoint: same data, same code size.

    Of the data as it is now: a data set of that name may have been replaced since.

    `latent_dim` asks for another number of axes, for example to draw PCA's curve. There are fewer
    where items have fewer numbers, or there are fewer of them to fit on.

    Cut from a PCA checkpoint of the same data that has at least as many axes, else fitted on the
    training split; kept under the cache either way.

    Raises:
        CheckpointError: The data set's items are of another kind or shape now.
        DataError: The data set is not there any more, or is broken.
    """
    config = checkpoint.config
    latent_dim = min(latent_dim or config.latent_dim, config.item.n_numbers)
    if not checkpoint.has_partner and latent_dim == config.latent_dim:
        return checkpoint
    fingerprint = data_fingerprint_now(config)
    key = hashlib.blake2b(
        f"{config.data}/{fingerprint}/{latent_dim}".encode(), digest_size=8
    ).hexdigest()
    folder = cache_dir() / "pca" / f"{config.data}-{latent_dim}-{key}"
    if (folder / PcaKind.weights).is_file():
        return read_checkpoint(folder)

    from ae_core.codecs.pca import PcaCodec, fit_pca  # torch: only where there is work for it

    bigger = _pca_with_axes(config, fingerprint, latent_dim)
    codec: PcaCodec
    if bigger is not None:
        codec = cast(PcaCodec, load_codec(bigger)).truncated(latent_dim)
    else:
        data_set = load_data_set(config.data)
        if data_set.about.item != config.item:
            raise CheckpointError(
                f"Data set {config.data!r} has items of {data_set.about.item.words()} now; "
                f"checkpoint {checkpoint.name!r} was made for others, of {config.item.words()}: "
                "PCA cannot be fitted."
            )
        train, _ = data_set.split()
        latent_dim = min(latent_dim, len(train) - 1)  # as many axes as there are
        codec = fit_pca(data_set, train, latent_dim, on_progress=on_progress)
    partner = CheckpointConfig(
        codec=PcaKind.name,
        name=f"{config.data}-pca-{latent_dim}"[:60],
        data=config.data,
        data_fingerprint=fingerprint,
        item=config.item,
        latent_dim=latent_dim,
    )
    return save_checkpoint(folder, partner, codec)


def data_fingerprint_now(config: CheckpointConfig) -> str:
    """Fingerprint of the data set that a checkpoint names, which may hold other items by now.

    The checkpoint's own where there is no such data set any more, or not yet.
    """
    if not is_ready(config.data):
        return config.data_fingerprint
    try:
        return about_data_set(config.data).fingerprint
    except DataError:
        return config.data_fingerprint


def _pca_with_axes(
    config: CheckpointConfig, fingerprint: str, latent_dim: int
) -> Checkpoint | None:
    for checkpoint in list_checkpoints():
        other = checkpoint.config
        if (
            not checkpoint.has_partner
            and other.latent_dim >= latent_dim
            and (other.data, other.item) == (config.data, config.item)
            and other.data_fingerprint == fingerprint
        ):
            return checkpoint
    return None
