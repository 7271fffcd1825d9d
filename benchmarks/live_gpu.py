"""The engine alone, without browser or Streamlit: decodes a second and latency by batch size.

    python -m benchmarks.live_gpu [--codec stand-in-64] [--device auto]

"eager" is the model as it was loaded: `codec.decode`, pictures to the host, to uint8, rows by
channel last. "ours" is the live engine's decoder (on a GPU: CUDA graphs; on the CPU:
channels-last). Both give the same pictures, which is checked.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ae_core.codecs.codec import Codec
from ae_core.processes.devices import best_device, bound_threads
from benchmarks.figures import quantile
from benchmarks.stand_ins import StandInSource
from zoetrope.live.engine.decoders import Decoder
from zoetrope.live.engine.loading import CodecSource
from zoetrope.live.engine.sources import CheckpointSource

BATCHES = (1, 8, 64, 512)
Decode = Callable[[NDArray[np.float32]], NDArray[np.uint8]]


def eager(codec: Codec, device: str) -> Decode:
    """Decode without the engine's tuning."""
    plain = codec.eval().to(device)

    @torch.no_grad()
    def decode(codes: NDArray[np.float32]) -> NDArray[np.uint8]:
        items = plain.decode(torch.from_numpy(codes).to(device)).cpu()
        pixels: NDArray[np.uint8] = (items.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))

    return decode


def one_way(decode: Decode, codes: NDArray[np.float32], seconds: float) -> list[float]:
    """Seconds of each call, for about as long as asked, after a warm-up."""
    for _ in range(5):
        decode(codes)
    taken: list[float] = []
    until_s = time.perf_counter() + seconds
    while time.perf_counter() < until_s or len(taken) < 5:
        began_s = time.perf_counter()
        decode(codes)
        taken.append(time.perf_counter() - began_s)
    return taken


def compare(
    ours: Decode, plain: Decode, latent_dim: int, rows: int, rounds: int
) -> dict[str, float]:
    """Both ways on one batch size, alternating."""
    codes = np.random.default_rng(rows).normal(size=(rows, latent_dim)).astype(np.float32)
    difference = np.abs(ours(codes).astype(int) - plain(codes).astype(int)).max()
    if difference > 2:
        raise RuntimeError(f"The pictures differ by {difference} of 255.")
    times: dict[str, list[float]] = {"ours": [], "eager": []}
    for _ in range(rounds):
        times["ours"] += one_way(ours, codes, 0.5)
        times["eager"] += one_way(plain, codes, 0.5)
    row: dict[str, float] = {"batch": rows}
    for name, taken in times.items():
        row[f"{name}_p50_ms"] = round(1e3 * statistics.median(taken), 3)
        row[f"{name}_p95_ms"] = round(1e3 * quantile(taken, 0.95), 3)
        row[f"{name}_decodes_per_s"] = round(rows / statistics.median(taken))
    row["speed_up"] = round(row["eager_p50_ms"] / row["ours_p50_ms"], 2)
    return row


def main() -> None:
    """Compare at every batch size, print a table, and last one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--codec", default="stand-in-64", help="stand-in-64, stand-in-128 or a checkpoint"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="CPU only")
    options = parser.parse_args()
    bound_threads(options.threads)
    device = best_device(("cuda",)) if options.device == "auto" else options.device
    stand_in = options.codec.startswith("stand-in-")
    source: CodecSource = StandInSource() if stand_in else CheckpointSource()
    decoder = Decoder(source.load(options.codec), device)
    plain = eager(source.load(options.codec), device)
    rows = [
        compare(decoder.decode, plain, decoder.latent_dim, batch, options.rounds)
        for batch in BATCHES
    ]
    print("  ".join(f"{name:>20}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{value:>20}" for value in row.values()))
    print(json.dumps({"device": device, "codec": options.codec, "by_batch": rows}))


if __name__ == "__main__":
    main()
