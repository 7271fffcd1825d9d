"""The PCA codec that stands beside a checkpoint: same data, same code size."""

import hashlib
from collections.abc import Callable
from pathlib import Path
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
from ae_core.data.store import DataSet
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

    def open_data() -> DataSet:
        data_set = load_data_set(config.data)
        if data_set.about.item != config.item:
            raise CheckpointError(
                f"Data set {config.data!r} has items of {data_set.about.item.words()} now; "
                f"checkpoint {checkpoint.name!r} was made for others, of {config.item.words()}: "
                "PCA cannot be fitted."
            )
        return data_set

    wanted = CheckpointConfig(
        codec=PcaKind.name,
        name=f"{config.data}-pca-{latent_dim}"[:60],
        data=config.data,
        data_fingerprint=data_fingerprint_now(config),
        item=config.item,
        latent_dim=latent_dim,
    )
    return kept_pca(wanted) or make_pca(wanted, open_data, on_progress=on_progress)


def kept_pca(wanted: CheckpointConfig) -> Checkpoint | None:
    """The PCA codec of these settings, if it lies in the cache; without torch."""
    folder = _folder(wanted)
    return read_checkpoint(folder) if (folder / PcaKind.weights).is_file() else None


def make_pca(
    wanted: CheckpointConfig,
    open_data: Callable[[], DataSet],
    *,
    on_progress: Progress = silent,
) -> Checkpoint:
    """Cut it from a PCA checkpoint of the same data that has as many axes, else fit it; kept.

    Args:
        wanted: Settings of a PCA codec; fewer axes where there are too few items for them.
        open_data: Opens the data it is fitted on, if it must be.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: There are fewer than two items to fit on, or the data cannot be opened.
    """
    from ae_core.codecs.pca import PcaCodec, fit_pca  # torch: only where there is work for it

    latent_dim = wanted.latent_dim
    bigger = _pca_with_axes(wanted, wanted.data_fingerprint, latent_dim)
    codec: PcaCodec
    if bigger is not None:
        codec = cast(PcaCodec, load_codec(bigger)).truncated(latent_dim)
    else:
        data_set = open_data()
        train, _ = data_set.split()
        if len(train) < 2:
            raise DataError(
                f"PCA needs at least 2 items to fit on; data set {wanted.data!r} has "
                f"{len(train)}: add more items."
            )
        latent_dim = min(latent_dim, len(train) - 1)  # as many axes as there are
        codec = fit_pca(data_set, train, latent_dim, on_progress=on_progress)
    made = {"latent_dim": latent_dim, "name": f"{wanted.data}-pca-{latent_dim}"[:60]}
    return save_checkpoint(_folder(wanted), wanted.model_copy(update=made), codec)


def _folder(wanted: CheckpointConfig) -> Path:
    data, latent_dim = wanted.data, wanted.latent_dim
    text = f"{data}/{wanted.data_fingerprint}/{latent_dim}"
    key = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return cache_dir() / "pca" / f"{data}-{latent_dim}-{key}"


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
