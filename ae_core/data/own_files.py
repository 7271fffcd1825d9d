"""A person's own files become data sets: archives of arrays, and zips of pictures."""

from pathlib import Path

from ae_core.data.own_arrays import add_arrays
from ae_core.data.own_pictures import add_zip
from ae_core.data.store import DataSet
from ae_core.data.uploads import check_file_name, uploads_dir
from ae_core.errors import DataError
from ae_core.processes.progress import Progress, silent

_ADDERS = {".npz": add_arrays, ".zip": add_zip}


def add_upload(on_progress: Progress, *, path: str, name: str, size: int, source: str = "") -> None:
    """Task "add": `add_file`, and the file is deleted afterwards if it is an upload."""
    file = Path(path)
    if source and not file.is_file():
        raise DataError(f"{source!r} is not on the server any more: choose the file again.")
    try:
        add_file(file, name, size=size, source=source, on_progress=on_progress)
    except OSError as error:
        if error.filename == path and source:
            error.filename = source  # what the person calls it, not what the server does
        raise
    finally:
        if file.is_relative_to(uploads_dir()):
            file.unlink(missing_ok=True)


def add_file(
    path: Path, name: str, *, size: int = 64, source: str = "", on_progress: Progress = silent
) -> DataSet:
    """Add a `.npz` or `.zip` file, whichever it is; see `add_arrays` and `add_zip`."""
    adder = _ADDERS[check_file_name(path.name)]
    return adder(path, name, size=size, source=source, on_progress=on_progress)
