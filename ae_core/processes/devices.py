"""Where to compute, and whether things fit there."""

import os

import psutil
import torch


def best_device() -> str:
    """Torch's name of the fastest device there is: a GPU, Apple's, else the CPU."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def n_cores() -> int:
    """CPU cores this process may use (not all cores of a shared machine)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fits(n_bytes: int, device: torch.device) -> bool:
    """Whether so much data may be held on a device: up to half of what is free there."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    return n_bytes <= free / 2


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on any device.

    On the CPU torch raises a plain RuntimeError; only its text tells.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
    )
