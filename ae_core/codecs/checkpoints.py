"""Codecs on disk: one folder each, weights as safetensors, settings as JSON; never pickle.

    config.json         everything needed to rebuild the codec, with a schema version
    model.safetensors   the weights (`CodecKind.weights` says the file's name); written last, so
                        that a folder without it is no checkpoint
    history.jsonl       one line an epoch
    card.md             data, seed, command, scores

Listing needs no torch: pages paint before it is imported.
"""

import functools
import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from ae_core.codecs.config import SCHEMA_VERSION, CheckpointConfig
from ae_core.codecs.kinds import CODECS
from ae_core.errors import CheckpointError, MissingFileError, UnreadableFileError
from ae_core.locations import (
    atomic_folder,
    checkpoints_dir,
    shipped_checkpoints_dir,
    write_atomically,
)
from ae_core.reading import (
    checksum_of,
    open_plain_file,
    read_each,
    read_json,
    read_json_lines,
    read_once,
    read_text,
    require_plain_file,
    require_printable,
    settings_of,
    subfolders,
)
from ae_core.words import count_of

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec

CONFIG, HISTORY, CARD = "config.json", "history.jsonl", "card.md"
_BLOCK_BYTES = 1 << 20


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
        """BLAKE2b (16 bytes, hex) of weights and settings; read again when a file changes.

        The settings hold the weights' checksum, so that these need not be read; old ones do not.
        """
        paths = [self.folder / CONFIG]
        if not self.config.weights_checksum:
            paths.append(self.folder / self.config.kind.weights)
        return _fingerprint(tuple(paths), tuple(map(self._stamp, paths)))

    @staticmethod
    def _stamp(path: Path) -> tuple[int, int]:
        try:
            require_plain_file(path)
            status = path.stat()
        except (UnreadableFileError, FileNotFoundError) as error:
            raise CheckpointError(
                f"Checkpoint {path.parent.name!r} has lost its {path.name}: choose another one."
            ) from error
        return status.st_size, status.st_mtime_ns

    def card(self) -> str:
        """The card's Markdown; empty if there is none, and why where it cannot be read."""
        try:
            return read_text(self.folder / CARD)
        except MissingFileError:
            return ""
        except UnreadableFileError as error:
            return f"The card cannot be read: {error}."

    def history(self) -> list[dict[str, object]]:
        """One entry an epoch; a last line cut short by a crash is left out."""
        return read_history(self.folder)

    def summary(self) -> str:
        """One line for the picker: kind, code size, data."""
        config = self.config
        size = count_of(config.latent_dim, "number")
        return f"{config.kind.words(config)}, {size} a code, on {config.data}"

    @property
    def caption(self) -> str:
        """What stands under its pictures: its name; of PCA the number of axes."""
        return self.name if self.has_partner else f"PCA, {count_of(self.config.latent_dim, 'axis')}"

    @property
    def has_partner(self) -> bool:
        """Whether PCA stands beside it: not beside PCA itself."""
        return self.config.kind.has_partner

    @property
    def has_normal_prior(self) -> bool:
        """Whether codes can be drawn from a standard normal."""
        return self.config.kind.has_normal_prior(self.config)


@functools.lru_cache(maxsize=64)
def _fingerprint(paths: tuple[Path, ...], _stamps: tuple[tuple[int, int], ...]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        with open_plain_file(path) as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def list_checkpoints() -> list[Checkpoint]:
    """All usable checkpoints: shipped ones first, then a person's, the newest first."""
    return read_checkpoints()[0]


def list_broken() -> dict[str, str]:
    """Folders that look like checkpoints but cannot be used: name to what is wrong."""
    return read_checkpoints()[1]


def read_checkpoints() -> tuple[list[Checkpoint], dict[str, str]]:
    """What `list_checkpoints` and `list_broken` tell, read once."""
    shipped, broken = read_each(_folders(shipped_checkpoints_dir()), read_checkpoint)
    names = {checkpoint.name for checkpoint in shipped}
    own, broken_own = read_each(_folders(checkpoints_dir()), read_checkpoint)
    return [*shipped, *(one for one in own if one.name not in names)], broken | broken_own


def _folders(root: Path) -> list[Path]:
    """Folders that hold weights, in the order in which they are listed."""
    return sorted((path for path in subfolders(root) if _weights(path) is not None), key=_order)


def _weights(folder: Path) -> Path | None:
    """The file that makes a folder a checkpoint, whichever kind of codec it holds."""
    paths = (folder / kind.weights for kind in CODECS.values())
    return next((path for path in paths if _time_of(path) is not None), None)


def _time_of(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


# Shipped ones in the order in which a newcomer should meet them.
_FIRST = ("faces-vae", "faces-ae", "faces-pca", "digits-vae")


def _order(folder: Path) -> tuple[int, float]:
    first = _FIRST.index(folder.name) if folder.name in _FIRST else len(_FIRST)
    weights = _weights(folder)
    return first, -((weights and _time_of(weights)) or 0.0)


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
        f"`checkpoint`: there is no checkpoint {name[:60]!r}; there are: {known}. Choose one of "
        "these, or train one."
    )


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's settings (not its weights).

    Raises:
        CheckpointError: A file is missing, broken, or of a newer schema.
    """
    config = read_config(folder)
    try:
        require_printable(folder)
        require_plain_file(folder / config.kind.weights)
    except MissingFileError as error:
        raise CheckpointError(
            f"Checkpoint {folder.name!r} has no {config.kind.weights}: its run has not finished; "
            "resume it on the Train page."
        ) from error
    except UnreadableFileError as error:
        raise _cannot_be_read(folder, error) from error
    return Checkpoint(folder.name, folder, config)


def read_config(folder: Path) -> CheckpointConfig:
    """Read `config.json`.

    Raises:
        CheckpointError: It is missing, broken, or of a newer schema.
    """
    try:
        return read_once(folder / CONFIG, _config_of)
    except UnreadableFileError as error:
        raise _cannot_be_read(folder, error) from error


def _config_of(path: Path) -> CheckpointConfig:
    raw = read_json(path)
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise CheckpointError(
            f"Checkpoint {path.parent.name!r} has schema version {version}; this Zoetrope reads up "
            f"to {SCHEMA_VERSION}: update Zoetrope to open it."
        )
    return settings_of(path, CheckpointConfig, raw)


def _cannot_be_read(folder: Path, error: UnreadableFileError) -> CheckpointError:
    return CheckpointError(
        f"Checkpoint {folder.name!r} cannot be opened: {error}. Copy its folder again, whole, or "
        "train it anew."
    )


def read_history(folder: Path) -> list[dict[str, object]]:
    """Lines of `history.jsonl`; what comes after a broken line, or one cut by a crash, is left out.

    Raises:
        CheckpointError: The file cannot be read.
    """
    try:
        lines = read_json_lines(folder / HISTORY)
    except MissingFileError:
        return []
    except UnreadableFileError as error:
        raise _cannot_be_read(folder, error) from error
    entries = list(itertools.takewhile(_is_entry, lines))
    return [*itertools.takewhile(lambda entry: _terms(entry) == _terms(entries[0]), entries)]


def _is_entry(line: object) -> TypeGuard[dict[str, Any]]:
    """{"epoch", "seconds", "train": terms, "held_out": terms}, as a run writes it."""
    if not isinstance(line, dict) or type(line.get("epoch")) is not int:
        return False
    numbers = [line.get("seconds", 0.0)]
    for part in (line.get("train"), line.get("held_out")):
        if not isinstance(part, dict):
            return False
        numbers += part.values()
    return all(type(number) in (int, float) for number in numbers)


def _terms(entry: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    return set(entry["train"]), set(entry["held_out"])


def load_codec(checkpoint: Checkpoint, *, device: str = "cpu") -> "Codec":
    """Rebuild a codec and load its weights.

    Args:
        checkpoint: From `find_checkpoint` or `list_checkpoints`.
        device: Torch's name of a device.

    Returns:
        The codec in evaluation mode, parameters frozen.

    Raises:
        CheckpointError: The weights are broken, or do not fit the settings.
    """
    codec = checkpoint.config.kind.load(checkpoint.folder, checkpoint.config)
    return codec.to(device).eval().requires_grad_(False)


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
    weights = config.kind.files(codec)
    checksum = checksum_of(weights[config.kind.weights])
    config = config.model_copy(update={"weights_checksum": checksum})
    files = {
        CONFIG: config.model_dump_json(indent=2).encode(),
        HISTORY: "".join(json.dumps(entry) + "\n" for entry in history).encode(),
        CARD: card.encode(),
        **weights,
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
