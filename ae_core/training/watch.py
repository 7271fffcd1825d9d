"""Small files by which a run can be watched while it learns, and replayed afterwards.

    watch/rows.npy           rows of the data set that are watched, the first 16 as pictures
    watch/items.webp         those 16, undamaged, as a 4 x 4 sheet
    watch/epoch-00012.webp   their reconstructions after epoch 12
    watch/epoch-00012.npy    codes of all watched rows after epoch 12, float16 (n, latent_dim)

A run keeps at most about `BUDGET_BYTES` of codes: when there are too many epochs, every second one
is dropped, then every fourth is left, and so on; the newest is always there.
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ae_core.errors import DataError
from ae_core.locations import write_atomically

FOLDER = "watch"
N_PICTURES = 16
N_CODES = 2000
BUDGET_BYTES = 4_000_000
_MIN_FRAMES, _MAX_FRAMES = 10, 60


@dataclass(frozen=True)
class Frame:
    """What the model made of the watched items after one epoch."""

    epoch: int
    picture: Path
    codes_path: Path

    def codes(self) -> np.ndarray:
        """Codes of the watched rows, float32 (n, latent_dim).

        Raises:
            DataError: The file is gone or damaged.
        """
        try:
            return np.load(self.codes_path, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError) as error:
            raise DataError(
                f"The codes of epoch {self.epoch} cannot be read: choose another epoch."
            ) from error


def watched_rows(held_out_indices: np.ndarray, latent_dim: int) -> np.ndarray:
    """Up to 2,000 held-out rows, evenly spread; fewer where codes are so long that ten epochs
    of them would not fit the budget."""
    n_rows = min(N_CODES, BUDGET_BYTES // (_MIN_FRAMES * 2 * latent_dim), len(held_out_indices))
    n_rows = max(n_rows, min(N_PICTURES, len(held_out_indices)))
    places = np.linspace(0, len(held_out_indices) - 1, n_rows).round().astype(np.int64)
    order = np.random.Generator(np.random.Philox(key=16)).permutation(n_rows)  # mixed pictures
    return held_out_indices[places][order]


def begin(folder: Path, items: np.ndarray, rows: np.ndarray) -> None:
    """Write what does not change: the rows, and the undamaged pictures.

    Args:
        folder: The run's.
        items: uint8 (n, C, H, W), the first of the watched items.
        rows: Their and the others' rows in the data set.
    """
    write_atomically(folder / FOLDER / "rows.npy", _npy(rows))
    write_atomically(folder / FOLDER / "items.webp", sheet(items[:N_PICTURES]))


def add_frame(folder: Path, epoch: int, pictures: np.ndarray, codes: np.ndarray) -> None:
    """Write one epoch's frame, and drop frames that are too many.

    Args:
        folder: The run's.
        epoch: Epochs done.
        pictures: uint8 (16, C, H, W), reconstructions.
        codes: (n, latent_dim).
    """
    write_atomically(folder / FOLDER / f"epoch-{epoch:05d}.webp", sheet(pictures))
    write_atomically(folder / FOLDER / f"epoch-{epoch:05d}.npy", _npy(codes.astype(np.float16)))
    n_most = int(np.clip(BUDGET_BYTES // (2 * codes.size), _MIN_FRAMES, _MAX_FRAMES))
    stride = 1
    while epoch / stride > n_most:
        stride *= 2
    for frame in frames(folder):
        if frame.epoch % stride and frame.epoch != epoch:
            frame.picture.unlink(missing_ok=True)
            frame.codes_path.unlink(missing_ok=True)


def frames(folder: Path) -> list[Frame]:
    """Frames of a run, by epoch."""
    found = []
    for path in sorted((folder / FOLDER).glob("epoch-*.npy")):
        match = re.fullmatch(r"epoch-(\d+)", path.stem)
        if match and path.with_suffix(".webp").is_file():
            found.append(Frame(int(match[1]), path.with_suffix(".webp"), path))
    return found


def rows_of(folder: Path) -> np.ndarray:
    """Rows of the data set that a run watches; empty before its first epoch has ended."""
    path = folder / FOLDER / "rows.npy"
    return np.load(path, allow_pickle=False) if path.is_file() else np.zeros(0, dtype=np.int64)


def items_picture(folder: Path) -> Path:
    """The sheet of undamaged pictures."""
    return folder / FOLDER / "items.webp"


def sheet(pictures: np.ndarray) -> bytes:
    """Up to 16 pictures, uint8 (n, C, H, W), as one WebP file, four in a row."""
    height, width = pictures.shape[2:]
    canvas = np.zeros((4 * height, 4 * width, 3), dtype=np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // 4 * height, place % 4 * width
        canvas[top : top + height, left : left + width] = picture[:3].transpose(1, 2, 0)
    file = io.BytesIO()
    small = max(height, width) < 64  # lossless costs little there, and blocks would show
    Image.fromarray(canvas).save(file, format="webp", lossless=small, quality=88)
    return file.getvalue()


def _npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()
