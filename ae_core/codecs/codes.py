"""Codes of a whole data set: made once, kept as a memory-mapped array under a key of all inputs."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core.codecs.checkpoints import Checkpoint, load_codec
from ae_core.codecs.data_pca import find_codec
from ae_core.codecs.partner import pca_partner
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.errors import DataError, MissingFileError, UnreadableFileError
from ae_core.locations import atomic_file, cache_dir, discard
from ae_core.processes.progress import Progress, silent, stretch
from ae_core.reading import map_array

if TYPE_CHECKING:
    from torch import Tensor

    from ae_core.codecs.codec import Codec


BATCH = 512
# Of the task "encode": drawing, encoding, PCA, by the time they take of the faces.
_ENDS = ((0.0, 0.65), (0.65, 0.95), (0.95, 1.0))
# Encoding whole data sets: so few that a batch's features stay in the processor's own memory
# (measured on faces-vae, 2,000 items: 0.75 s in batches of 64, 1.02 s in batches of 512).
_ENCODED_AT_ONCE = 64


def codes_key(checkpoint: Checkpoint, data_set: DataSet) -> str:
    """Fingerprint of what codes depend on: the weights, the settings, the items."""
    parts = f"{checkpoint.fingerprint}/{data_set.about.fingerprint}"
    return hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()


def _path(checkpoint: Checkpoint, data_set: DataSet) -> Path:
    return cache_dir() / "codes" / f"{codes_key(checkpoint, data_set)}.npy"


def check_items(checkpoint: Checkpoint, data_set: DataSet) -> None:
    """Refuse a data set whose items the codec was not made for.

    Raises:
        DataError: They are of another kind, shape, or table.
    """
    expected, present = checkpoint.config.item, data_set.about.item
    if expected != present:
        raise DataError(
            f"Checkpoint {checkpoint.name!r} was made for items of {expected.words()}; data set "
            f"{data_set.name!r} has {'others of ' if expected.words() == present.words() else ''}"
            f"{present.words()}: choose a data set of such items, or train a model on this one."
        )


def cached_codes(checkpoint: Checkpoint, data_set: DataSet) -> np.ndarray | None:
    """Codes that were made before: float32 (N, latent_dim), memory-mapped; else nothing."""
    path = _path(checkpoint, data_set)
    try:
        codes = map_array(path)
    except MissingFileError:
        return None
    except UnreadableFileError:
        discard(path)  # broken by a crash of another kind: made anew
        return None
    expected = (len(data_set.items), checkpoint.config.latent_dim)
    return codes if codes.shape == expected else None


def codes_for(
    checkpoint: Checkpoint, data_set: DataSet, *, on_progress: Progress = silent
) -> np.ndarray:
    """Codes of all items of a data set, from the cache or made now.

    Args:
        checkpoint: Whose codec encodes.
        data_set: Items of the codec's shape.
        on_progress: Told how far it is; may raise to stop it.

    Returns:
        float32 (N, latent_dim), memory-mapped and read-only; row i is item i's code, for a
        variational codec the posterior mean.

    Raises:
        DataError: The items have another shape than the codec's.
        CheckpointError: The checkpoint cannot be loaded.
    """
    check_items(checkpoint, data_set)
    found = cached_codes(checkpoint, data_set)
    if found is not None:
        return found
    _encode_to(_path(checkpoint, data_set), load_codec(checkpoint), data_set, on_progress)
    made = cached_codes(checkpoint, data_set)
    if made is None:
        raise DataError(
            "The codes vanished while they were made: was the cache deleted? Try again."
        )
    return made


def encode_with_partner(on_progress: Progress, *, checkpoint: str, data: str) -> None:
    """Task "encode": codes of a data set by a checkpoint and by PCA beside it."""
    drawing, encoding, pca = (stretch(on_progress, n / 3, (n + 1) / 3) for n in range(3))
    data_set = load_data_set(data, on_progress=drawing)
    model = find_codec(checkpoint)
    codes_for(model, data_set, on_progress=encoding)
    codes_for(pca_partner(model), data_set, on_progress=pca)


def _import_torch() -> None:
    import torch  # noqa: F401


def _encode_to(path: Path, codec: "Codec", data_set: DataSet, on_progress: Progress) -> None:
    """Encode in batches into a file that appears under its name only when it is whole."""
    shape = (len(data_set.items), codec.latent_dim)
    with atomic_file(path) as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        n_encoded = 0
        for codes in _encoded(codec, data_set):
            file.write(np.ascontiguousarray(codes, dtype="<f4").tobytes())
            n_encoded += len(codes)
            on_progress("encoding items", n_encoded / shape[0])


def _encoded(codec: "Codec", data_set: DataSet) -> Iterator[np.ndarray]:
    """Codes of all items, batch by batch in their order, each core at a batch of its own.

    Torch's own threads would share every batch and wait for each other at each layer: on a busy
    machine two of them encoded 604 items/s where one alone did 1,876.
    """
    import torch

    from ae_core.processes.devices import bound_threads, n_cores

    def encode(start: int) -> np.ndarray:
        stored = data_set.items[start : start + _ENCODED_AT_ONCE]
        with torch.inference_mode():
            return codec.encode(data_set.about.item.floats(stored)).numpy()

    n_threads = n_cores()
    pool = ThreadPoolExecutor(n_threads, "encoding", initializer=bound_threads, initargs=(1,))
    waiting: deque[Future[np.ndarray]] = deque()
    try:
        for start in range(0, len(data_set.items), _ENCODED_AT_ONCE):
            waiting.append(pool.submit(encode, start))
            if len(waiting) > 2 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def float_batches(
    data_set: DataSet,
    rows: np.ndarray | None = None,
    *,
    n_items: int = BATCH,
    on_progress: Progress = silent,
) -> "Iterator[tuple[slice, Tensor]]":
    """Items as codecs take them, batch by batch.

    Args:
        data_set: Whose items; read from disk as they are needed.
        rows: int64 indices; all items if None.
        n_items: In a batch, at most.
        on_progress: Told after each batch.

    Yields:
        The batch's places among `rows`, and float32 (n, *item.shape).
    """
    total = len(data_set.items) if rows is None else len(rows)
    for start in range(0, total, n_items):
        places = slice(start, min(start + n_items, total))
        stored = data_set.items[places if rows is None else rows[places]]
        yield places, data_set.about.item.floats(stored)
        on_progress("encoding items", places.stop / total)
