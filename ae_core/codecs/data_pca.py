"""PCA of a data set: the codec that is there for any data, before a model was trained on it.

It is called "pca@DATA", which no checkpoint can be called: an "@" is not allowed in their names.
"""

from dataclasses import replace

from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.kinds.pca import PcaKind
from ae_core.codecs.partner import kept_pca, make_pca
from ae_core.data.catalogue import is_ready, load_data_set
from ae_core.processes.progress import Progress, silent, stretch

PREFIX = "pca@"
MOST_AXES = 32
"""Largest code size; smaller where there are fewer items, or items of few numbers: half of them."""


def data_pca_name(data: str) -> str:
    """What PCA of a data set is called, in the address too."""
    return f"{PREFIX}{data}"


def data_of(name: str) -> str | None:
    """DATA of "pca@DATA"; None: it is the name of a checkpoint."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def kept_data_pca(data: str) -> Checkpoint | None:
    """PCA of a data set, if it has been fitted to the items as they are now; without torch.

    Raises:
        DataError: There is no such data set, or it cannot be opened.
    """
    if not is_ready(data):
        return None
    found = kept_pca(_settings(data))
    return found and replace(found, name=data_pca_name(data))


def data_pca(data: str, *, on_progress: Progress = silent) -> Checkpoint:
    """PCA of a data set, fitted on its training split now unless it has been, and kept.

    Raises:
        DataError: There is no such data set, it cannot be opened, or it has fewer than two items.
    """
    data_set = load_data_set(data, on_progress=stretch(on_progress, 0, 0.5))
    found = kept_data_pca(data)
    if found is not None:
        return found
    fitting = stretch(on_progress, 0.5, 1)
    made = make_pca(_settings(data), lambda: data_set, on_progress=fitting)
    return replace(made, name=data_pca_name(data))


def fit_data_pca(on_progress: Progress, *, data: str) -> None:
    """Task "fit-pca": `data_pca`."""
    data_pca(data, on_progress=on_progress)


def n_axes(n_numbers: int) -> int:
    """Code size for items of so many numbers: half of them, so that a code is shorter than an item.

    At least 2 where there are 2, so that there is a map; at most `MOST_AXES`.
    """
    return min(MOST_AXES, max(2, n_numbers // 2), n_numbers)


def find_codec(name: str) -> Checkpoint:
    """The checkpoint of that name, or PCA of the data set that it names.

    Raises:
        CheckpointError: There is no such checkpoint, or it cannot be used.
        DataError: The data set is not there, or PCA cannot be fitted to it.
    """
    data = data_of(name)
    return find_checkpoint(name) if data is None else data_pca(data)


def _settings(data: str) -> CheckpointConfig:
    about = load_data_set(data).about
    latent_dim = n_axes(about.item.n_numbers)
    return CheckpointConfig(
        codec=PcaKind.name,
        name=f"{about.name}-pca-{latent_dim}"[:60],
        data=data,
        data_fingerprint=about.fingerprint,
        item=about.item,
        latent_dim=latent_dim,
    )
