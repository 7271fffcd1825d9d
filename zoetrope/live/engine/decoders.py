"""A codec made ready for its device: codes in, bytes of pictures out, as fast as it goes.

The one module of `live` that needs torch at import; the engine imports it in its own threads, so
that the first page does not wait for torch.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ae_core.codecs.codec import Codec
from ae_core.errors import LatentInputError

# Rows decoded at a time, by device: bounds activations and how long a slice keeps others waiting.
SLICE_ROWS = {"cpu": 64, "cuda": 512}


class Decoder:
    """Decodes and encodes with one codec on one device; used by one thread at a time.

    Attributes:
        latent_dim: Numbers a code has.
        item_shape: (channels, height, width) of a picture.
        n_bytes: Parameters and buffers on the device, bytes.
    """

    def __init__(self, codec: Codec, device: str) -> None:
        self.latent_dim = codec.latent_dim
        self.item_shape = codec.item_shape
        self.device = torch.device(device)
        # channels-last: the picture leaves as (row, height, width, channel), and models with
        # batch norm decode one or two rows a quarter faster on the CPU, others no slower.
        self._codec = codec.eval().to(self.device)
        self._codec.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        tensors = [*self._codec.parameters(), *self._codec.buffers()]
        self.n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self._graphs = _Graphs(self) if self.device.type == "cuda" else None

    def check(self, codes: NDArray[np.float32]) -> None:
        """Raise LatentInputError unless `codes` has shape (n, latent_dim)."""
        if codes.ndim != 2 or codes.shape[1] != self.latent_dim:
            raise LatentInputError(
                f"`codes` must have {self.latent_dim} numbers a row for this codec; got shape "
                f"{codes.shape}: reload the page if the checkpoint has changed."
            )

    @torch.inference_mode()
    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Pictures of codes: float32 (n, latent_dim) to uint8 (n, height, width, channels)."""
        self.check(codes)
        step = SLICE_ROWS.get(self.device.type, 64)
        slices = [
            self._decode_slice(torch.from_numpy(codes[start : start + step].copy()))
            for start in range(0, len(codes), step)
        ]
        return np.concatenate(slices) if len(slices) != 1 else slices[0]

    @torch.inference_mode()
    def encode(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Codes of pictures: uint8 (n, height, width, channels) to float32 (n, latent_dim)."""
        channels, height, width = self.item_shape
        if pictures.ndim != 4 or pictures.shape[1:] != (height, width, channels):
            raise LatentInputError(
                f"`pictures` must have shape (n, {height}, {width}, {channels}); got "
                f"{pictures.shape}: scale them to the size of the checkpoint's data."
            )
        items = torch.from_numpy(pictures.copy()).to(self.device).permute(0, 3, 1, 2)
        codes: NDArray[np.float32] = self._codec.encode(items.float() / 255).cpu().numpy()
        return codes

    def warm_up(self) -> None:
        """Pay one-time costs (kernel choice, memory, graphs) before the first drag."""
        for rows in (1, 2, 8):
            self.decode(np.zeros((rows, self.latent_dim), np.float32))

    def _decode_slice(self, codes: torch.Tensor) -> NDArray[np.uint8]:
        if self._graphs is not None:
            return self._graphs.run(codes)
        pixels: NDArray[np.uint8] = self.decode_pixels(codes.to(self.device)).cpu().numpy()
        return pixels

    def decode_pixels(self, codes: torch.Tensor) -> torch.Tensor:
        """uint8 (n, height, width, channels), contiguous."""
        items = self._codec.decode(codes)  # (n, channels, height, width) in [0, 1]
        pixels = (items.clamp(0, 1) * 255).round_().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous()


class _Graphs:
    """CUDA graphs of a decode, one a batch size: a replay costs one launch instead of dozens.

    A graph has fixed shapes, so rows are padded to the next power of two. A codec that cannot be
    captured (it reads a value back to the host, say) is decoded eagerly from then on.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]] = {}
        self._capturable = True

    def run(self, codes: torch.Tensor) -> NDArray[np.uint8]:
        """uint8 (n, height, width, channels) on the host for float32 (n, latent_dim) there."""
        rows = len(codes)
        bucket = 1 << (rows - 1).bit_length()
        if self._capturable and bucket not in self._graphs:
            self._capture(bucket)
        if not self._capturable:
            eager = self._decoder.decode_pixels(codes.to(self._decoder.device))
            return eager.cpu().numpy()
        graph, codes_in, pixels_out = self._graphs[bucket]
        codes_in[:rows].copy_(codes, non_blocking=True)
        graph.replay()
        return pixels_out[:rows].cpu().numpy()

    def _capture(self, bucket: int) -> None:
        device = self._decoder.device
        codes_in = torch.zeros(bucket, self._decoder.latent_dim, device=device)
        try:
            side = torch.cuda.Stream(device)
            side.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(side):  # a capture must not meet first-call set-up
                for _ in range(3):
                    self._decoder.decode_pixels(codes_in)
            torch.cuda.current_stream(device).wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                pixels_out = self._decoder.decode_pixels(codes_in)
        except RuntimeError:
            self._capturable = False
        else:
            self._graphs[bucket] = (graph, codes_in, pixels_out)


def best_device() -> str:
    """ "cuda" where there is one, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def bound_threads(n_threads: int) -> None:
    """Threads that torch may use for work called from this thread.

    One is best for a few rows on a busy machine: with two, a barrier waits for a thread that a
    training or another page has displaced (measured: 0.6 ms becomes 150 ms).
    """
    torch.set_num_threads(n_threads)
