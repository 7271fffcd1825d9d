"""Codes of up to a million items from disk: is the time linear, and the memory bounded?

    python -m benchmarks.encoding [--items 250000 500000 1000000]

Random 28 x 28 items lie in a file, are opened as any stored data set is, and are encoded by the
dense preset (untrained: speed is the same) into the cache. Every size is a process of its own on
one thread; its peak memory counts all it held, pages of the file and all libraries included.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ae_core.data.items import Picture
from ae_core.locations import data_dir, home

SHAPE = (1, 28, 28)
PICTURE = Picture(size=SHAPE)
CHECKPOINT = "encoding-dense"
_CHUNK = 10_000


def make_data(name: str, n_items: int) -> None:
    """Write a data set of random items, piece by piece."""
    import pandas as pd

    from ae_core.data.store import About, fingerprint_items

    folder = data_dir() / name
    folder.mkdir(parents=True)
    items = np.lib.format.open_memmap(folder / "items.npy", "w+", np.uint8, (n_items, *SHAPE))
    random = np.random.default_rng(0)
    for start in range(0, n_items, _CHUNK):
        part = items[start : start + _CHUNK]
        part[:] = random.integers(0, 256, part.shape, dtype=np.uint8)
    items.flush()
    about = About(
        name=name,
        title=name,
        n_items=n_items,
        item=PICTURE,
        fingerprint=fingerprint_items(items),
        has_split=False,
    )
    (folder / "about.json").write_text(about.model_dump_json())
    pd.DataFrame(index=range(n_items)).to_parquet(folder / "attributes.parquet")


def encode(name: str) -> dict[str, float]:
    """Seconds that the codes of a data set take, and this process's peak memory in MB."""
    import torch

    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.codecs.checkpoints import save_checkpoint
    from ae_core.codecs.codes import codes_for
    from ae_core.codecs.config import CheckpointConfig
    from ae_core.data.catalogue import load_data_set
    from ae_core.models.presets import PRESETS

    torch.set_num_threads(1)
    data_set = load_data_set(name)
    model = PRESETS["dense"].model
    config = CheckpointConfig(
        name=CHECKPOINT,
        data=name,
        item=PICTURE,
        latent_dim=model.latent_dim,
        model=model,
    )
    checkpoint = save_checkpoint(home() / CHECKPOINT, config, build_autoencoder(model, PICTURE))
    began = time.perf_counter()
    codes = codes_for(checkpoint, data_set)
    seconds = time.perf_counter() - began
    if codes.shape != (len(data_set.items), model.latent_dim) or not np.isfinite(codes[-1]).all():
        raise AssertionError(f"The codes are not whole: {codes.shape}.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"items": len(codes), "seconds": seconds, "peak_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoding", description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[250_000, 500_000, 1_000_000])
    parser.add_argument("--one", help=argparse.SUPPRESS)  # how it calls itself
    options = parser.parse_args()
    if options.one:
        print(json.dumps(encode(options.one)))
        return
    rows = []
    print(f"{'items':>10}{'seconds':>10}{'items/s':>10}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOETROPE_HOME"] = str(Path(folder).resolve())
        for n_items in options.items:
            name = f"random-{n_items}"
            make_data(name, n_items)
            command = [sys.executable, "-m", "benchmarks.encoding", "--one", name]
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            row = json.loads(ran.stdout.splitlines()[-1])
            speed = row["items"] / row["seconds"]
            print(f"{row['items']:10,}{row['seconds']:10.1f}{speed:10,.0f}{row['peak_mb']:10,.0f}")
            rows.append(row)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
