"""Where things lie on disk, and how they are written so that a crash leaves no half file."""

import contextlib
import errno
import os
import shutil
import stat
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
def atomic_file(path: Path, *, make_folder: bool = True) -> Iterator[BinaryIO]:
    """A file to write that appears as `path` when it is whole, or not at all.

    Written under a temporary name beside it, flushed to disk, then renamed.

    Args:
        path: The file.
        make_folder: Whether its folder is made where there is none. Not for a process that works in
            a folder which a person may remove meanwhile: it would come back, half empty.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is then untouched.
    """
    if make_folder:
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


def write_atomically(path: Path, content: bytes | str, *, make_folder: bool = True) -> None:
    """Write a whole file or nothing; see `atomic_file`.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is then untouched.
    """
    with atomic_file(path, make_folder=make_folder) as file:
        file.write(content.encode() if isinstance(content, str) else content)


# One block of most file systems; the state of a run or a task is shorter.
STATE_BYTES = 4096


def write_state(path: Path, content: str) -> None:
    """Write a small file that says how something stands, also when the disk is full.

    It is filled up with spaces: where no new file can be made, there is room in the old one's
    blocks for other words. Its folder must be there.

    Raises:
        OSError: Neither could be written; `path` is then untouched.
    """
    whole = content.encode().ljust(STATE_BYTES)
    try:
        write_atomically(path, whole, make_folder=False)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not _overwrite(path, whole):
            raise


def _overwrite(path: Path, content: bytes) -> bool:
    """Write into the blocks that a plain file has; whether it has as many."""
    try:
        file = open_to_write(path)
    except OSError:
        return False
    with file:
        n_bytes = os.fstat(file.fileno()).st_size
        if n_bytes < len(content):
            return False
        file.write(content.ljust(n_bytes))
        return True


def open_to_write(path: Path, flags: int = 0) -> BinaryIO:
    """A plain file to write into: no link is followed, and a pipe's reader not waited for.

    Args:
        path: The file.
        flags: Of `os.open` beside those: O_CREAT, O_APPEND.

    Raises:
        OSError: It cannot be opened, or is no plain file.
    """
    flags |= os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return os.fdopen(descriptor, "wb")


class OwnFolder:
    """A folder that this process works in, told from another one that has taken its name since."""

    def __init__(self, path: Path) -> None:
        """The folder that lies there now.

        Raises:
            FileNotFoundError: There is none.
        """
        self._path, self._status = path, path.stat()
        self._descriptor: int | None = None
        # open from now on, or the number of a deleted folder would be given out again
        with contextlib.suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY)

    @property
    def is_there(self) -> bool:
        """Whether it was neither removed nor replaced; so it is believed to be without access."""
        try:
            return os.path.samestat(self._path.stat(), self._status)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Look at it no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
