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
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ae_core.codecs.config import SCHEMA_VERSION, CheckpointConfig
from ae_core.codecs.kinds import CODECS
from ae_core.config import explain
from ae_core.errors import CheckpointError
from ae_core.locations import (
    atomic_folder,
    checkpoints_dir,
    shipped_checkpoints_dir,
    write_atomically,
)

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec

CONFIG, HISTORY, CARD = "config.json", "history.jsonl", "card.md"


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
        paths = (self.folder / self.config.kind.weights, self.folder / CONFIG)
        return _fingerprint(paths, tuple(map(self._stamp, paths)))

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
        return f"{config.kind.words(config)}, {config.latent_dim} numbers a code, on {config.data}"

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
        digest.update(path.read_bytes())
    return digest.hexdigest()


def list_checkpoints() -> list[Checkpoint]:
    """All usable checkpoints: shipped ones first, then a person's, the newest first."""
    return [*_usable(shipped_checkpoints_dir()), *_own()]


def _own() -> list[Checkpoint]:
    shipped = {path.name for path in _folders(shipped_checkpoints_dir())}
    own = _usable(checkpoints_dir())
    return [checkpoint for checkpoint in own if checkpoint.name not in shipped]


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [
        path
        for path in root.iterdir()
        if not path.name.startswith(".") and _weights(path) is not None
    ]


def _weights(folder: Path) -> Path | None:
    """The file that makes a folder a checkpoint, whichever kind of codec it holds."""
    paths = (folder / kind.weights for kind in CODECS.values())
    return next((path for path in paths if path.is_file()), None)


# Shipped ones in the order in which a newcomer should meet them.
_FIRST = ("faces-vae", "faces-ae", "faces-pca", "digits-vae")


def _order(path: Path) -> tuple[int, float]:
    first = _FIRST.index(path.name) if path.name in _FIRST else len(_FIRST)
    weights = _weights(path)
    return first, -weights.stat().st_mtime if weights is not None else 0.0


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
    if not (folder / config.kind.weights).is_file():
        raise CheckpointError(
            f"Checkpoint {folder.name!r} has no {config.kind.weights}: its run has not finished; "
            "resume it on the Train page."
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
    files = {
        CONFIG: config.model_dump_json(indent=2).encode(),
        HISTORY: "".join(json.dumps(entry) + "\n" for entry in history).encode(),
        CARD: card.encode(),
        **config.kind.files(codec),
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
