"""Codecs on disk: one folder each, weights as safetensors, settings as JSON; never pickle.

    config.json         everything needed to rebuild the codec, with a schema version
    model.safetensors   the weights; written last, so that a folder without it is no checkpoint
    history.jsonl       one line an epoch
    card.md             data, seed, command, scores

Listing needs no torch: pages paint before it is imported.
"""

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from ae_core.config import SCHEMA_VERSION, CheckpointConfig, ModelConfig, explain
from ae_core.data.catalogue import about_data_set, is_ready, load_data_set
from ae_core.errors import CheckpointError, DataError
from ae_core.locations import (
    atomic_folder,
    cache_dir,
    checkpoints_dir,
    shipped_checkpoints_dir,
    write_atomically,
)
from ae_core.processes.progress import Progress, silent

if TYPE_CHECKING:
    from torch import Tensor

    from ae_core.codecs.codec import Codec


CONFIG, WEIGHTS, HISTORY, CARD = "config.json", "model.safetensors", "history.jsonl", "card.md"


@dataclass(frozen=True)
class Checkpoint:
    """A trained codec on disk.

    Attributes:
        name: The folder's name, and what a person calls it.
        folder: Where it lies.
        config: What it is.
    """

    name: str
    folder: Path
    config: CheckpointConfig

    @property
    def fingerprint(self) -> str:
        """BLAKE2b (16 bytes, hex) of weights and settings; read again when a file changes."""
        return _fingerprint(
            self.folder, *(self._stamp(self.folder / file) for file in (WEIGHTS, CONFIG))
        )

    @staticmethod
    def _stamp(path: Path) -> tuple[int, int]:
        try:
            status = path.stat()
        except FileNotFoundError as error:
            raise CheckpointError(
                f"Checkpoint {path.parent.name!r} has lost its {path.name}: choose another one."
            ) from error
        return status.st_size, status.st_mtime_ns

    def card(self) -> str:
        """The card's Markdown, empty if there is none."""
        path = self.folder / CARD
        return path.read_text() if path.is_file() else ""

    def history(self) -> list[dict[str, object]]:
        """One entry an epoch; a last line cut short by a crash is left out."""
        return read_history(self.folder)

    def summary(self) -> str:
        """One line for the picker: kind, code size, data."""
        config = self.config
        size = f"{config.latent_dim} numbers a code"
        if config.model is None:
            return f"PCA, {size}, on {config.data}"
        kind = "VAE" if config.model.bottleneck == "variational" else "autoencoder"
        return f"{config.model.architecture} {kind}, {size}, on {config.data}"


@functools.lru_cache(maxsize=64)
def _fingerprint(folder: Path, *_stamps: tuple[int, int]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in (WEIGHTS, CONFIG):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def list_checkpoints() -> list[Checkpoint]:
    """All usable checkpoints: shipped ones first, then a person's, the newest first."""
    return [*_usable(shipped_checkpoints_dir()), *_own()]


def _own() -> list[Checkpoint]:
    shipped = {path.name for path in _folders(shipped_checkpoints_dir())}
    same = checkpoints_dir() == shipped_checkpoints_dir()
    own = _usable(checkpoints_dir())
    return [] if same else [checkpoint for checkpoint in own if checkpoint.name not in shipped]


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [
        path
        for path in root.iterdir()
        if not path.name.startswith(".") and (path / WEIGHTS).is_file()
    ]


# Shipped ones in the order in which a newcomer should meet them.
_FIRST = ("faces-vae", "faces-ae", "faces-pca", "digits-vae")


def _order(path: Path) -> tuple[int, float]:
    first = _FIRST.index(path.name) if path.name in _FIRST else len(_FIRST)
    return first, -(path / WEIGHTS).stat().st_mtime


def _usable(root: Path) -> list[Checkpoint]:
    found = []
    for folder in sorted(_folders(root), key=_order):
        try:
            found.append(read_checkpoint(folder))
        except CheckpointError:
            continue  # list_broken() says what is wrong with it
    return found


def list_broken() -> dict[str, str]:
    """Folders that look like checkpoints but cannot be used: name to what is wrong."""
    broken = {}
    for root in {shipped_checkpoints_dir(), checkpoints_dir()}:
        for folder in _folders(root):
            try:
                read_checkpoint(folder)
            except CheckpointError as error:
                broken[folder.name] = str(error)
    return broken


def find_checkpoint(name: str) -> Checkpoint:
    """The checkpoint of that name.

    Raises:
        CheckpointError: There is none, or it cannot be used.
    """
    for root in (checkpoints_dir(), shipped_checkpoints_dir()):
        # asked of the list, not of the disk: an address may hold any name, of any length
        if root / name in _folders(root):
            return read_checkpoint(root / name)
    known = ", ".join(checkpoint.name for checkpoint in list_checkpoints()) or "none yet"
    raise CheckpointError(
        f"`checkpoint`: there is no checkpoint {name!r}; there are: {known}. Choose one of these, "
        "or train one."
    )


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's settings (not its weights).

    Raises:
        CheckpointError: A file is missing, broken, or of a newer schema.
    """
    config = read_config(folder)
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(
            f"Checkpoint {folder.name!r} has no {WEIGHTS}: its run has not finished; resume it on "
            "the Train page."
        )
    return Checkpoint(folder.name, folder, config)


def read_config(folder: Path) -> CheckpointConfig:
    """Read `config.json`.

    Raises:
        CheckpointError: It is missing, broken, or of a newer schema.
    """
    try:
        raw = json.loads((folder / CONFIG).read_text())
        version = raw.get("schema_version") if isinstance(raw, dict) else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise CheckpointError(
                f"Checkpoint {folder.name!r} has schema version {version}; this Zoetrope reads up "
                f"to {SCHEMA_VERSION}: update Zoetrope to open it."
            )
        return CheckpointConfig.model_validate(raw)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"Checkpoint {folder.name!r} has no {CONFIG}: copy the folder again, whole."
        ) from error
    except ValidationError as error:
        raise CheckpointError(
            f"{CONFIG} of checkpoint {folder.name!r} is not valid: {explain(error)} Copy the "
            "folder again, or train it anew."
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{CONFIG} of checkpoint {folder.name!r} cannot be read ({error}): copy the folder "
            "again, whole."
        ) from error


def read_history(folder: Path) -> list[dict[str, object]]:
    """Lines of `history.jsonl`; a last line cut short by a crash is left out."""
    path = folder / HISTORY
    entries = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    return entries


def load_codec(checkpoint: Checkpoint, *, device: str = "cpu") -> "Codec":
    """Rebuild a codec and load its weights.

    Args:
        checkpoint: From `find_checkpoint` or `list_checkpoints`.
        device: Torch's name of a device.

    Returns:
        The codec in evaluation mode, parameters frozen.

    Raises:
        CheckpointError: The weights are broken, or do not fit the settings: the message names the
            tensor, the expected and the found shape.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    codec = build_codec(checkpoint.config)
    try:
        weights = load((checkpoint.folder / WEIGHTS).read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{WEIGHTS} of checkpoint {checkpoint.name!r} cannot be read ({error}): copy the "
            "folder again, or train it anew."
        ) from error
    _check_weights(checkpoint.name, codec.state_dict(), weights)
    codec.load_state_dict(weights)
    return codec.to(device).eval().requires_grad_(False)


def build_codec(config: CheckpointConfig) -> "Codec":
    """An untrained codec of these settings."""
    if config.codec == "pca":
        from ae_core.codecs.pca import PcaCodec

        return PcaCodec(config.item_shape, config.latent_dim)
    from ae_core.codecs.autoencoder import build_autoencoder

    assert isinstance(config.model, ModelConfig)  # CheckpointConfig's own rule
    return build_autoencoder(config.model, config.item_shape)


def _check_weights(
    name: str, expected: Mapping[str, "Tensor"], found: Mapping[str, "Tensor"]
) -> None:
    problems = [f"{key} is missing" for key in expected.keys() - found.keys()]
    problems += [f"{key} is not part of the model" for key in found.keys() - expected.keys()]
    problems += [
        f"{key} should be {tuple(expected[key].shape)} {expected[key].dtype}, is "
        f"{tuple(found[key].shape)} {found[key].dtype}"
        for key in expected.keys() & found.keys()
        if expected[key].shape != found[key].shape or expected[key].dtype != found[key].dtype
    ]
    if not problems:
        broken = [key for key, tensor in found.items() if not tensor.isfinite().all()]
        if broken:
            raise CheckpointError(
                f"{WEIGHTS} of checkpoint {name!r} holds NaN or infinity in "
                f"{', '.join(sorted(broken)[:3])}: copy the folder again, or train it anew."
            )
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise CheckpointError(
            f"{WEIGHTS} of checkpoint {name!r} does not fit its {CONFIG}: "
            f"{'; '.join(sorted(problems)[:3])}{more}. The two files come from different models: "
            "copy the folder again, whole."
        )


def save_checkpoint(
    folder: Path,
    config: CheckpointConfig,
    codec: "Codec",
    *,
    history: Sequence[Mapping[str, object]] = (),
    card: str = "",
) -> Checkpoint:
    """Write a checkpoint so that a crash at any moment leaves a whole one or none.

    A new folder appears by one rename. Into a folder that exists (a run's), each file is replaced
    whole, the weights last.
    """
    from safetensors.torch import save

    weights = {key: value.cpu().contiguous() for key, value in codec.state_dict().items()}
    files = {
        CONFIG: config.model_dump_json(indent=2).encode(),
        HISTORY: "".join(json.dumps(entry) + "\n" for entry in history).encode(),
        CARD: card.encode(),
        WEIGHTS: save(weights),
    }
    try:
        with atomic_folder(folder) as new:
            _write_files(new, files)
    except FileExistsError:
        _write_files(folder, files)
    return read_checkpoint(folder)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write_atomically(folder / name, content)


def pca_partner(
    checkpoint: Checkpoint,
    *,
    latent_dim: int | None = None,
    on_progress: Progress = silent,
) -> Checkpoint:
    """The PCA codec that stands beside a checkpoint: same data, same code size.

    Of the data as it is now: a data set of that name may have been replaced since.

    `latent_dim` asks for another number of axes, for example to draw PCA's curve. There are fewer
    where the data has fewer pixels or training items.

    Cut from a PCA checkpoint of the same data that has at least as many axes, else fitted on the
    training split; kept under the cache either way.

    Raises:
        CheckpointError: The data set's items have another shape.
        DataError: The data set is not there any more, or is broken.
    """
    config = checkpoint.config
    latent_dim = min(latent_dim or config.latent_dim, _n_pixels(config))
    if config.codec == "pca" and latent_dim == config.latent_dim:
        return checkpoint
    fingerprint = data_fingerprint_now(config)
    key = hashlib.blake2b(
        f"{config.data}/{fingerprint}/{latent_dim}".encode(), digest_size=8
    ).hexdigest()
    folder = cache_dir() / "pca" / f"{config.data}-{latent_dim}-{key}"
    if (folder / WEIGHTS).is_file():
        return read_checkpoint(folder)

    from ae_core.codecs.pca import PcaCodec, fit_pca  # torch: only where there is work for it

    bigger = _pca_with_axes(config, fingerprint, latent_dim)
    codec: PcaCodec
    if bigger is not None:
        codec = cast(PcaCodec, load_codec(bigger)).truncated(latent_dim)
    else:
        data_set = load_data_set(config.data)
        if data_set.about.item_shape != config.item_shape:
            raise CheckpointError(
                f"Data set {config.data!r} has items of {data_set.about.item_shape}; checkpoint "
                f"{checkpoint.name!r} was made for {config.item_shape}: PCA cannot be fitted."
            )
        train, _ = data_set.split()
        latent_dim = min(latent_dim, len(train) - 1)  # as many axes as there are
        codec = fit_pca(data_set.items, train, latent_dim, on_progress=on_progress)
    partner = CheckpointConfig(
        codec="pca",
        name=f"{config.data}-pca-{latent_dim}"[:60],
        data=config.data,
        data_fingerprint=fingerprint,
        item_shape=config.item_shape,
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


def _n_pixels(config: CheckpointConfig) -> int:
    channels, height, width = config.item_shape
    return channels * height * width


def _pca_with_axes(
    config: CheckpointConfig, fingerprint: str, latent_dim: int
) -> Checkpoint | None:
    for checkpoint in list_checkpoints():
        other = checkpoint.config
        if (
            other.codec == "pca"
            and other.latent_dim >= latent_dim
            and (other.data, other.item_shape) == (config.data, config.item_shape)
            and other.data_fingerprint == fingerprint
        ):
            return checkpoint
    return None
