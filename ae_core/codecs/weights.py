"""Weights of codecs as safetensors; never pickle."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ae_core.errors import (
    CheckpointError,
    ConfigError,
    LatentInputError,
    UnreadableFileError,
)
from ae_core.reading import checksum_of, open_plain_file, parse_json

M = TypeVar("M", bound=nn.Module)

# Thousands of tensors; more than any model that is composed here.
MAX_HEADER_BYTES = 4 << 20
_SIZE_BYTES = 8
_DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip

_Layout = Mapping[str, tuple[tuple[int, ...], torch.dtype | str]]
"""Shape and number format of each tensor."""


def weights_bytes(module: nn.Module) -> bytes:
    """A module's parameters and buffers as the content of a safetensors file."""
    return save({key: value.cpu().contiguous() for key, value in module.state_dict().items()})


def load_weights(build: Callable[[], M], path: Path, *, checksum: str = "") -> M:
    """Make a module and load a checkpoint's weights into it.

    What the file says of its tensors is compared with the settings before memory is taken for
    either: settings may ask for a thousand million units.

    Args:
        build: Makes the module of the checkpoint's settings.
        path: The safetensors file.
        checksum: BLAKE2b (16 bytes, hex) that its content must have; empty: not known.

    Raises:
        CheckpointError: The file is broken, or does not fit the settings: the message names the
            tensor, the expected and the present shape.
    """
    try:
        present = _header(path)
        _check_layout(path, _layout_of(path, build), present)
        weights = _read(path, _n_bytes(present))
        _check_content(path, weights, checksum)
        tensors = load(weights)
    except (SafetensorError, UnreadableFileError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} of checkpoint {path.parent.name!r} cannot be read ({error}): copy the "
            "folder again, or train it anew."
        ) from error
    _check_numbers(path, tensors)
    module = build()
    module.load_state_dict(tensors)
    return module


def _header(path: Path) -> _Layout:
    """What a file says of its tensors.

    Raises:
        UnreadableFileError: It is no plain file, or cannot be opened.
        ValueError: It is no header of a safetensors file.
    """
    with open_plain_file(path) as file:
        n_bytes = int.from_bytes(file.read(_SIZE_BYTES), "little")
        if n_bytes > MAX_HEADER_BYTES:
            raise ValueError(f"its header has {n_bytes:,} bytes, at most {MAX_HEADER_BYTES:,} fit")
        header = parse_json(file.read(n_bytes))
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    header.pop("__metadata__", None)
    return {key: _entry(key, value) for key, value in header.items()}


def _entry(key: str, value: Any) -> tuple[tuple[int, ...], torch.dtype | str]:
    shape = value.get("shape") if isinstance(value, dict) else None
    dtype = value.get("dtype") if isinstance(value, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise ValueError(f"its header gives no shape of {key[:60]!r}")
    return tuple(shape), _DTYPES.get(str(dtype), str(dtype)[:20])


def _layout_of(path: Path, build: Callable[[], nn.Module]) -> _Layout:
    """What the settings ask for, without taking memory for it."""
    try:
        with torch.device("meta"):
            state = build().state_dict()
    except (ConfigError, LatentInputError) as error:
        raise CheckpointError(
            f"config.json of checkpoint {path.parent.name!r} describes no model that can be made: "
            f"{error} Copy the folder again, or train it anew."
        ) from error
    return {key: (tuple(value.shape), value.dtype) for key, value in state.items()}


def _n_bytes(layout: _Layout) -> int:
    """Bytes of all tensors; they fit the settings by now, so that they are of a known format."""
    return sum(
        torch.Size(shape).numel() * dtype.itemsize
        for shape, dtype in layout.values()
        if isinstance(dtype, torch.dtype)
    )


def _read(path: Path, n_bytes: int) -> bytes:
    most = _SIZE_BYTES + MAX_HEADER_BYTES + n_bytes
    with open_plain_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError("it is longer than its tensors")
    return content


def _check_layout(path: Path, expected: _Layout, present: _Layout) -> None:
    problems = [f"{key} is missing" for key in expected.keys() - present.keys()]
    problems += [f"{key[:60]} is not part of the model" for key in present.keys() - expected.keys()]
    problems += [
        f"{key} should be {_words(expected[key])}, is {_words(present[key])}"
        for key in expected.keys() & present.keys()
        if expected[key] != present[key]
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise CheckpointError(
            f"{path.name} of checkpoint {path.parent.name!r} does not fit its config.json: "
            f"{'; '.join(sorted(problems)[:3])}{more}. The two files come from different models: "
            "copy the folder again, whole."
        )


def _words(tensor: tuple[tuple[int, ...], torch.dtype | str]) -> str:
    shape, dtype = tensor
    return f"{shape} {dtype}"


def _check_content(path: Path, content: bytes, checksum: str) -> None:
    if checksum and checksum_of(content) != checksum:
        raise CheckpointError(
            f"{path.name} of checkpoint {path.parent.name!r} is not the file that was saved: its "
            "checksum differs from the one in config.json. Copy the folder again, or train it anew."
        )


def _check_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    broken = [key for key, tensor in tensors.items() if not tensor.isfinite().all()]
    if broken:
        raise CheckpointError(
            f"{path.name} of checkpoint {path.parent.name!r} holds NaN or infinity in "
            f"{', '.join(sorted(broken)[:3])}: copy the folder again, or train it anew."
        )
