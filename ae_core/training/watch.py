"""Small files by which a run can be watched while it learns, and replayed afterwards.

    watch/rows.npy           rows of the data set that are watched, the first 16 to be seen
    watch/items.webp         those 16, undamaged, as a contact sheet of four in a row
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

from ae_core.data.contact_sheet import contact_sheet
from ae_core.errors import DataError, UnreadableFileError
from ae_core.locations import write_atomically
from ae_core.reading import map_array, read_bytes

FOLDER = "watch"
N_PICTURES = 16
_N_COLUMNS = 4
N_CODES = 2000
BUDGET_BYTES = 4_000_000
# What Pillow makes of a damaged file, or of one made to fill memory.
_NO_PICTURE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
# Four in a row of the largest pictures there can be.
MAX_SHEET_BYTES, MAX_SHEET_PIXELS = 64 << 20, 40_000_000
_MOST = float(np.finfo(np.float16).max)
_MIN_FRAMES, _MAX_FRAMES = 10, 60


@dataclass(frozen=True)
class Frame:
    """What the model made of the watched items after one epoch.

    Attributes:
        epoch: Epochs done.
        sheet_path: The contact sheet of the reconstructions.
        codes_path: The codes; read by `codes`.
    """

    epoch: int
    sheet_path: Path
    codes_path: Path

    def codes(self) -> np.ndarray:
        """Codes of the watched rows, float32 (n, latent_dim), finite whatever the model gave.

        Raises:
            DataError: The file is gone or damaged.
        """
        try:
            codes = map_array(self.codes_path)
            if codes.ndim != 2 or codes.dtype != np.float16 or not codes.size:
                raise UnreadableFileError(f"{self.codes_path.name} holds no codes")
        except UnreadableFileError as error:
            raise DataError(
                f"The codes of epoch {self.epoch} cannot be read ({error}): choose another epoch."
            ) from error
        return np.nan_to_num(codes.astype(np.float32), posinf=_MOST, neginf=-_MOST)


def watched_rows(held_out_indices: np.ndarray, latent_dim: int) -> np.ndarray:
    """Up to 2,000 held-out rows, evenly spread; fewer where codes are so long that ten epochs
    of them would not fit the budget."""
    n_rows = min(N_CODES, BUDGET_BYTES // (_MIN_FRAMES * 2 * latent_dim), len(held_out_indices))
    n_rows = max(n_rows, min(N_PICTURES, len(held_out_indices)))
    places = np.linspace(0, len(held_out_indices) - 1, n_rows).round().astype(np.int64)
    order = np.random.Generator(np.random.Philox(key=16)).permutation(n_rows)  # mixed pictures
    return held_out_indices[places][order]


def begin(folder: Path, pictures: np.ndarray, rows: np.ndarray) -> None:
    """Write what does not change: the rows, and the undamaged items.

    Args:
        folder: The run's.
        pictures: uint8 (n, C, H, W), the first of the watched items as they are drawn.
        rows: Their and the others' rows in the data set.
    """
    _write(folder, "rows.npy", _npy(rows))
    _write(folder, items_sheet_path(folder).name, _webp(pictures[:N_PICTURES]))


def add_frame(folder: Path, epoch: int, pictures: np.ndarray, codes: np.ndarray) -> None:
    """Write one epoch's frame, and drop frames that are too many.

    Args:
        folder: The run's.
        epoch: Epochs done.
        pictures: uint8 (16, C, H, W), reconstructions of the first watched items, drawn alike.
        codes: (n, latent_dim).
    """
    _write(folder, f"epoch-{epoch:05d}.webp", _webp(pictures))
    # a model whose loss explodes may give any number
    bounded = np.nan_to_num(codes).clip(-_MOST, _MOST).astype(np.float16)
    _write(folder, f"epoch-{epoch:05d}.npy", _npy(bounded))
    n_most = int(np.clip(BUDGET_BYTES // (2 * codes.size), _MIN_FRAMES, _MAX_FRAMES))
    stride = 1
    while epoch / stride > n_most:
        stride *= 2
    for frame in frames(folder):
        if frame.epoch % stride and frame.epoch != epoch:
            frame.sheet_path.unlink(missing_ok=True)
            frame.codes_path.unlink(missing_ok=True)


def frames(folder: Path) -> list[Frame]:
    """Frames of a run, by epoch."""
    return [
        Frame(int(match[1]), path.with_suffix(".webp"), path)
        for path in sorted((folder / FOLDER).glob("epoch-*.npy"))
        if (match := re.fullmatch(r"epoch-(\d+)", path.stem))
        and path.with_suffix(".webp").is_file()
    ]


def drop_frames_after(folder: Path, epoch: int) -> None:
    """Remove frames of later epochs, which led to no weights that were kept."""
    for frame in frames(folder):
        if frame.epoch > epoch:
            frame.sheet_path.unlink(missing_ok=True)
            frame.codes_path.unlink(missing_ok=True)


def rows_of(folder: Path, n_items: int) -> np.ndarray:
    """Rows of the data set that a run watches, int64 (n,); empty where they cannot be told.

    Args:
        folder: The run's.
        n_items: Size of the data set.
    """
    try:
        rows = np.array(map_array(folder / FOLDER / "rows.npy"))
    except UnreadableFileError:
        return np.zeros(0, dtype=np.int64)
    is_rows = rows.ndim == 1 and rows.dtype == np.int64 and ((rows >= 0) & (rows < n_items)).all()
    return rows if is_rows else np.zeros(0, dtype=np.int64)


def read_sheet(path: Path) -> np.ndarray:
    """A contact sheet as pixels, uint8 (C, H, W).

    Raises:
        DataError: It is gone, damaged, or larger than those that runs write.
    """
    try:
        with Image.open(
            io.BytesIO(read_bytes(path, max_bytes=MAX_SHEET_BYTES)), formats=["WEBP"]
        ) as picture:
            if picture.width * picture.height > MAX_SHEET_PIXELS:
                raise UnreadableFileError(
                    f"{path.name} has {picture.width} x {picture.height} pixels"
                )
            return np.atleast_3d(np.asarray(picture)).transpose(2, 0, 1)
    except (UnreadableFileError, *_NO_PICTURE) as error:
        raise DataError(f"A picture of this run cannot be read ({error}).") from error


def items_sheet_path(folder: Path) -> Path:
    """The contact sheet of the undamaged items."""
    return folder / FOLDER / "items.webp"


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file of `watch/`; the run's own folder must be there."""
    (folder / FOLDER).mkdir(exist_ok=True)
    write_atomically(folder / FOLDER / name, content, make_folder=False)


def _webp(pictures: np.ndarray) -> bytes:
    """A contact sheet of pictures, uint8 (n, C, H, W), as a WebP file."""
    sheet = contact_sheet(pictures, n_columns=_N_COLUMNS)
    colours = np.broadcast_to(sheet, (3, *sheet.shape[1:]))  # grey: the same in all three
    file = io.BytesIO()
    small = max(pictures.shape[2:]) < 64  # lossless costs little there, and blocks would show
    picture = Image.fromarray(np.ascontiguousarray(colours.transpose(1, 2, 0)))
    picture.save(file, format="webp", lossless=small, quality=88)
    return file.getvalue()


def _npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()
