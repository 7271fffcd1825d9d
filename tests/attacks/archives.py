"""Archives made to harm, written by the tests that use them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

ZEROS = bytes(2**20)


def small_picture(index: int = 0) -> bytes:
    """A PNG of 16 x 16 pixels, all of one grey."""
    buffer = io.BytesIO()
    Image.new("L", (16, 16), index % 256).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(n: int = 24) -> dict[str, bytes]:
    return {f"{index:03}.png": small_picture(index) for index in range(n)}


def write_zip(
    path: Path, files: dict[str, bytes | Iterable[bytes]], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    """A zip; a file's content may come in pieces, so that none is held whole."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in [content] if isinstance(content, bytes) else content:
                    file.write(piece)
    return path


def npy_header(shape: tuple[int, ...], dtype: str = "|u1") -> bytes:
    buffer = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zeros(n_bytes: int, head: bytes = b"") -> Iterable[bytes]:
    """`head`, then so many bytes of zero."""
    yield head
    for _ in range(n_bytes // len(ZEROS)):
        yield ZEROS
    yield ZEROS[: n_bytes % len(ZEROS)]


def entry(name: bytes, content: bytes, place: int, **lies: int) -> bytes:
    """A stored file's line in the list at an archive's end; `lies` replace what is true."""
    told = {
        "flags": 0, "method": 0, "checksum": zlib.crc32(content), "packed": len(content),
        "size": len(content), "offset": place, **lies,
    }  # fmt: skip
    return (
        struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\x01\x02", 20, 20, told["flags"], told["method"], 0, 0),
            *(told["checksum"], told["packed"], told["size"]),
            *(len(name), 0, 0, 0, 0, 0, told["offset"]),
        )
        + name
    )


def local(name: bytes, content: bytes) -> bytes:
    """A stored file with the header before it."""
    fixed = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, 0, 0, 0, 0, zlib.crc32(content), len(content), len(content)),
        *(len(name), 0),
    )
    return fixed + name + content


def end(n_files: int, n_bytes: int, offset: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, n_files, n_files, n_bytes, offset, 0)


def by_hand(path: Path, body: bytes, entries: list[bytes], **lies: int) -> Path:
    """An archive of these bytes and lines."""
    lines = b"".join(entries)
    told = {
        "n_files": min(len(entries), 65_535),
        "n_bytes": len(lines),
        "offset": len(body),
        **lies,
    }
    path.write_bytes(body + lines + end(**told))
    return path


def honest(path: Path, files: dict[bytes, bytes], lying: bytes = b"", **lies: int) -> Path:
    """An archive of stored files that says the truth, but of the file `lying`."""
    body, entries = b"", []
    for name, content in files.items():
        entries.append(entry(name, content, len(body), **(lies if name == lying else {})))
        body += local(name, content)
    return by_hand(path, body, entries)


def long_list(path: Path, n_bytes: int) -> Path:
    """A list of as many files as so many bytes hold, each with numbers of its own to keep."""
    entries: list[bytes] = []
    while n_bytes > 0:
        number = len(entries)
        large = 2**30 + number
        numbers = {"flags": 300, "method": 300, "checksum": large, "size": large}
        entries.append(entry(b"%x.png" % number, b"", 30 * number, **numbers))
        n_bytes -= len(entries[-1])
    return by_hand(path, b"", entries)
