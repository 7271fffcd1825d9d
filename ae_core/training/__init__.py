"""Fitting codecs: the loop, and runs of it in processes of their own.

- `runs`: start, watch, cancel and resume a run; its state is files. Without torch.
- `watch`: the frames by which a run is seen while it learns. Without torch.
- `loop`: `Training`, what happens in a step and an epoch; `state` saves and restores it.
- `fits`: how each kind of codec is fitted in a run; a new kind is one function and one entry.
- `worker`, `reporter`: the process behind a run, and what it says of itself.
- `batches`, `optimisers`, `pretraining`, `distributed`: parts of the loop.
"""

__all__ = ["fits", "loop", "runs", "state", "watch"]
