"""Several processes that fit one model together, as torchrun starts them.

    torchrun --nproc-per-node 2 script.py    # a script that walks the steps of a `Training`

Each process holds the whole model and takes its share of every batch; their gradients are averaged,
so that all of them take the step of the whole batch. Started without torchrun, a process is alone
and nothing is sent.

The gradients travel in one piece after the backward pass. `DistributedDataParallel` would send
the first while the last are computed, which pays for models far larger than these; its wrapper
holds the group of processes, whose threads abort the interpreter when they outlive it.
"""

import atexit
import importlib
import os
from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn

from ae_core.processes.devices import best_device


def join_processes() -> tuple[int, int, torch.device]:
    """This process's rank, the number of processes, and the device that this one computes on.

    Reads torchrun's `WORLD_SIZE`, `RANK` and `LOCAL_RANK`; the first call waits for the others.
    """
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    if n_processes == 1:
        return 0, 1, torch.device(best_device())
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    if not distributed.is_initialized():
        # torch imports this later by itself, and its functions' defaults would then hold the group
        importlib.import_module("torch.distributed.nn.functional")
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave_group)
    return distributed.get_rank(), n_processes, device


def average_gradients(parameters: Sequence[nn.Parameter], n_processes: int) -> None:
    """Replace every gradient by its mean over the processes.

    Args:
        parameters: The same in every process; one without a gradient has none in all of them.
        n_processes: How many there are.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(together)
    together /= n_processes
    pieces = together.split([gradient.numel() for gradient in gradients])
    for gradient, piece in zip(gradients, pieces, strict=True):
        gradient.copy_(piece.view(gradient.shape))


def sum_over_processes(values: Tensor) -> None:
    """Replace values by their sum over the processes."""
    distributed.all_reduce(values)


def _leave_group() -> None:
    """End the group's threads, each of which aborts the process if it outlives the interpreter.

    They end when nothing holds the group any more. Its own handle must be the last that does:
    only there does torch release the interpreter, for which the threads may be waiting.
    """
    distributed.destroy_process_group()
