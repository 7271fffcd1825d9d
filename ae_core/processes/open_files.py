"""Which files processes have mapped into memory: in use, however long ago they were opened."""

from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def mapped_files(folder: Path) -> set[Path]:
    """Files under `folder` that a process of this user's has mapped.

    Found on Linux; elsewhere none, where a mapped file cannot be deleted (Windows) or stays
    readable for who has it (macOS).
    """
    root = f"{folder}/".encode()
    found: set[Path] = set()
    for maps in _PROCESSES.glob("[0-9]*/maps"):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            for line in maps.read_bytes().splitlines():
                start = line.find(root)
                if start >= 0:
                    found.add(Path(line[start:].decode(errors="surrogateescape")))
    return found
