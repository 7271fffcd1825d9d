"""Weights of codecs as safetensors; never pickle."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ae_core.errors import CheckpointError

M = TypeVar("M", bound=nn.Module)


def weights_bytes(module: nn.Module) -> bytes:
    """A module's parameters and buffers as the content of a safetensors file."""
    return save({key: value.cpu().contiguous() for key, value in module.state_dict().items()})


def load_weights(module: M, path: Path) -> M:
    """Load a checkpoint's weights into a module of the same settings, in place.

    Raises:
        CheckpointError: The file is broken, or does not fit the settings: the message names the
            tensor, the expected and the present shape.
    """
    name = path.parent.name
    try:
        weights = load(path.read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} of checkpoint {name!r} cannot be read ({error}): copy the "
            "folder again, or train it anew."
        ) from error
    _check_weights(path, module.state_dict(), weights)
    module.load_state_dict(weights)
    return module


def _check_weights(
    path: Path, expected: Mapping[str, Tensor], present: Mapping[str, Tensor]
) -> None:
    problems = [f"{key} is missing" for key in expected.keys() - present.keys()]
    problems += [f"{key} is not part of the model" for key in present.keys() - expected.keys()]
    problems += [
        f"{key} should be {tuple(expected[key].shape)} {expected[key].dtype}, is "
        f"{tuple(present[key].shape)} {present[key].dtype}"
        for key in expected.keys() & present.keys()
        if expected[key].shape != present[key].shape or expected[key].dtype != present[key].dtype
    ]
    if not problems:
        broken = [key for key, tensor in present.items() if not tensor.isfinite().all()]
        if broken:
            raise CheckpointError(
                f"{path.name} of checkpoint {path.parent.name!r} holds NaN or infinity in "
                f"{', '.join(sorted(broken)[:3])}: copy the folder again, or train it anew."
            )
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise CheckpointError(
            f"{path.name} of checkpoint {path.parent.name!r} does not fit its config.json: "
            f"{'; '.join(sorted(problems)[:3])}{more}. The two files come from different models: "
            "copy the folder again, whole."
        )
