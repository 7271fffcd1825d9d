"""What a run needs to go on where it stands: bit for bit on the CPU.

save_state(path, training)           # at any moment
load_state(path, other_training)     # a new `Training` of the same model, items and settings
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ae_core.errors import RunError
from ae_core.locations import write_atomically
from ae_core.training.loop import Training
from ae_core.training.position import Position


def save_state(path: Path, training: Training) -> None:
    """Write tensors and, in the same file's header, the rest: one rename makes both current."""
    tensors, rest = state_of(training)
    write_atomically(path, save(tensors, metadata={"rest": rest}), make_folder=False)


def load_state(path: Path, training: Training) -> None:
    """Go on where `save_state` was called.

    Raises:
        RunError: The file is broken.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            restore_state(training, tensors, file.metadata()["rest"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"The last save of run {path.parent.name!r} cannot be read ({path}: {error}): bring "
            "that file back from a copy, or delete it and resume to train again from the start, "
            "or start a new run under another name."
        ) from error


def state_of(training: Training) -> tuple[dict[str, Tensor], str]:
    """Copies of all tensors that `restore_state` needs, on the CPU, and the rest as JSON."""
    tensors = {"generator": training.generator.get_state()}
    tensors |= {f"model.{name}": value for name, value in training.model.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in training.best_weights.items()}
    tensors |= {f"sum.{name}": value for name, value in training.sums.items()}
    for number, parameter in enumerate(training.parameters):
        for name, value in training.optimiser.state[parameter].items():
            tensors[f"optimiser.{number}.{name}"] = value
    rest = {"position": asdict(training.position), "history": training.history}
    return {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()
    }, json.dumps(rest)


def restore_state(training: Training, tensors: dict[str, Tensor], rest: str) -> None:
    """Let a new training go on where `state_of` was called."""
    values = json.loads(rest)
    training.position = Position(**values["position"])
    training.history = values["history"]
    training.begin_phase()
    training.generator.set_state(tensors["generator"])
    training.model.load_state_dict(_under("model.", tensors))
    training.best_weights = _under("best.", tensors, training.device)
    training.sums = _under("sum.", tensors, training.device)
    for number, parameter in enumerate(training.parameters):
        for name, value in _under(f"optimiser.{number}.", tensors).items():
            training.optimiser.state[parameter][name] = _laid_out_like(parameter, value)


def _laid_out_like(parameter: nn.Parameter, value: Tensor) -> Tensor:
    """The optimiser's state on the device and in the memory format of its parameter.

    A fused optimiser walks both by address: in another format it would mix up the weights.
    """
    if value.shape != parameter.shape:
        return value.to(parameter.device)  # the step count
    return torch.empty_like(parameter, requires_grad=False).copy_(value)


def _under(
    prefix: str, tensors: dict[str, Tensor], device: torch.device | None = None
) -> dict[str, Tensor]:
    """Tensors whose names begin so, without that beginning."""
    return {
        name.removeprefix(prefix): value.to(device)
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
