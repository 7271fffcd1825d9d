"""Where things lie on disk, and how they are written so that a crash leaves no half file."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def project_root() -> Path:
    """Folder that holds the packages `ae_core` and `zoetrope`."""
    return Path(__file__).resolve().parent.parent


def home() -> Path:
    """Folder for a user's data, runs and caches: `$ZOETROPE_HOME`, else the project's root."""
    return Path(os.environ.get("ZOETROPE_HOME") or project_root()).expanduser().resolve()


def data_dir() -> Path:
    """Data sets that a person added."""
    return home() / "data"


def checkpoints_dir() -> Path:
    """Runs, and the checkpoints that they become."""
    return home() / "checkpoints"


def shipped_checkpoints_dir() -> Path:
    """Checkpoints that come with the project; never written to by the app."""
    return project_root() / "zoetrope" / "checkpoints"


def cache_dir() -> Path:
    """Derived files; may be deleted at any time."""
    return home() / ".cache"


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears as `path` when it is whole, or not at all.

    Written under a temporary name beside it, flushed to disk, then renamed.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that appears as `path` when it is whole, or not at all.

    Filled under a temporary name beside it, then renamed.

    Raises:
        FileExistsError: There is one already, or somebody else was faster; it stays as it is.
        OSError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    if path.exists():
        raise FileExistsError(f"there is already a folder {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        try:
            temporary.rename(path)
        except OSError as error:
            if path.exists():
                raise FileExistsError(f"there is already a folder {path}") from error
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def discard(path: Path) -> None:
    """Remove a file, or what lies in its place; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file or nothing; see `atomic_file`.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is then untouched.
    """
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
