"""Where to compute, and whether things fit there. Imports torch only where it is asked about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import torch


def best_device(kinds: Sequence[str] = ("cuda", "mps")) -> str:
    """Torch's name of the fastest device there is: the first of `kinds`, else "cpu".

    Args:
        kinds: What the caller can work with: "cuda", "mps" (Apple's).
    """
    import torch

    is_there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    return next((kind for kind in kinds if is_there[kind]), "cpu")


def bound_threads(n_threads: int) -> None:
    """Threads that torch may use for work called from this thread.

    One is best for a few rows on a busy machine: with two, a barrier waits for a thread that a
    training or another page has displaced (measured: 0.6 ms becomes 150 ms).
    """
    import torch

    torch.set_num_threads(n_threads)


def n_cores() -> int:
    """CPU cores this process may use (not all cores of a shared machine)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fits(n_bytes: int, device: torch.device) -> bool:
    """Whether so much data may be held on a device: up to half of what is free there."""
    if device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    return n_bytes <= free / 2


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on any device.

    On the CPU torch raises a plain RuntimeError; only its text tells.
    """
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")  # an error of torch's comes from a process that has it
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    words = ("not enough memory", "can't allocate memory", "out of memory")
    return isinstance(error, RuntimeError) and any(one in str(error) for one in words)
