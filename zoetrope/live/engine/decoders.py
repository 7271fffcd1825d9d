"""A codec made ready for its device: codes in, what the browser paints out, as fast as it goes.

The one module of `live` that needs torch at import; the engine imports it in its own threads, so
that the first page does not wait for torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ae_core.codecs.codec import Codec
from ae_core.errors import LatentInputError
from zoetrope.live.wire.parts import PartType

# Rows decoded at a time, by device: bounds activations and how long a slice keeps others waiting.
SLICE_ROWS = {"cpu": 64, "cuda": 512}


class Decoder:
    """Decodes and encodes with one codec on one device; used by one thread at a time.

    Items have two forms here: *wire*, what the browser's painter gets (`item.wire_values`), and
    *stored*, as in a data set.

    Attributes:
        latent_dim: Numbers a code has.
        item: Kind of the codec's items.
        item_type: Type of the parts that hold items on the wire.
        wire_shape: Shape of one item on the wire.
        n_bytes: Parameters and buffers on the device, bytes.
    """

    def __init__(self, codec: Codec, device: str) -> None:
        self.latent_dim = codec.latent_dim
        self.item = codec.item
        self.item_type = PartType[self.item.wire_part()["painter"].upper()]
        self.wire_shape = tuple(self.item.wire_values(torch.zeros(1, *self.item.shape)).shape[1:])
        self.device = torch.device(device)
        # channels-last: the picture leaves as (row, height, width, channel), and models with
        # batch norm decode one or two rows a quarter faster on the CPU, others no slower.
        self._codec = codec.eval().to(self.device)
        self._codec.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        tensors = [*self._codec.parameters(), *self._codec.buffers()]
        self.n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self._graphs = _Graphs(self) if self.device.type == "cuda" else None

    def description(self) -> dict[str, Any]:
        """What the browser has to know, ready for JSON."""
        return {"latentDim": self.latent_dim, "item": dict(self.item.wire_part())}

    @torch.inference_mode()
    def decode(self, codes: NDArray[np.float32]) -> NDArray[Any]:
        """Codes float32 (n, latent_dim) to items in wire form, (n, *wire_shape)."""
        run = self._decode_eagerly if self._graphs is None else self._graphs.run
        return self._by_slices(run, codes)

    @torch.inference_mode()
    def encode(self, items: NDArray[Any]) -> NDArray[np.float32]:
        """Items in wire form, (n, *wire_shape), to codes float32 (n, latent_dim)."""
        return self._by_slices(lambda rows: self._encode(self.item.floats_of_wire(rows)), items)

    @torch.inference_mode()
    def decode_stored(self, codes: NDArray[np.float32]) -> NDArray[Any]:
        """Codes (n, latent_dim) to items in stored form.

        Raises:
            LatentInputError: They have another number of numbers.
        """
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.latent_dim:
            raise LatentInputError(
                f"`codes` must have {self.latent_dim} numbers a row for this codec; got shape "
                f"{codes.shape}: encode the items with this checkpoint."
            )
        return self._by_slices(
            lambda rows: self.item.stored(self._codec.decode(rows.to(self.device))), codes
        )

    @torch.inference_mode()
    def encode_stored(self, items: NDArray[Any]) -> NDArray[np.float32]:
        """Items in stored form, (n, *item.shape), to codes float32 (n, latent_dim).

        Raises:
            LatentInputError: They have another shape.
        """
        if items.shape[1:] != tuple(self.item.shape):
            raise LatentInputError(
                f"`items` must have shape (n, {', '.join(map(str, self.item.shape))}); got "
                f"{items.shape}: bring them to the form of the checkpoint's data."
            )
        return self._by_slices(lambda rows: self._encode(self.item.to_floats(rows)), items)

    def warm_up(self) -> None:
        """Pay one-time costs (kernel choice, memory, graphs) before the first drag."""
        for rows in (1, 2, 8):
            self.decode(np.zeros((rows, self.latent_dim), np.float32))

    def wire_values(self, codes: Tensor) -> Tensor:
        """Items of codes on the device, in wire form, contiguous."""
        return self.item.wire_values(self._codec.decode(codes)).contiguous()

    def _decode_eagerly(self, codes: Tensor) -> NDArray[Any]:
        values: NDArray[Any] = self.wire_values(codes.to(self.device)).cpu().numpy()
        return values

    def _encode(self, floats: Tensor) -> NDArray[np.float32]:
        codes: NDArray[np.float32] = self._codec.encode(floats.to(self.device)).cpu().numpy()
        return codes

    def _by_slices(self, run: Callable[[Tensor], NDArray[Any]], rows: NDArray[Any]) -> NDArray[Any]:
        step = SLICE_ROWS.get(self.device.type, 64)
        slices = [
            run(torch.from_numpy(np.array(rows[start : start + step])))
            for start in range(0, max(len(rows), 1), step)
        ]
        return np.concatenate(slices) if len(slices) != 1 else slices[0]


class _Graphs:
    """CUDA graphs of a decode, one a batch size: a replay costs one launch instead of dozens.

    A graph has fixed shapes, so rows are padded to the next power of two. A codec that cannot be
    captured (it reads a value back to the host, say) is decoded eagerly from then on.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}
        self._is_capturable = True

    def run(self, codes: Tensor) -> NDArray[Any]:
        """Items in wire form, on the host, for float32 (n, latent_dim) there."""
        rows = len(codes)
        bucket = 1 << (rows - 1).bit_length()
        if self._is_capturable and bucket not in self._graphs:
            self._capture(bucket)
        if not self._is_capturable:
            eager = self._decoder.wire_values(codes.to(self._decoder.device))
            return eager.cpu().numpy()
        graph, codes_in, values_out = self._graphs[bucket]
        codes_in[:rows].copy_(codes, non_blocking=True)
        graph.replay()
        return values_out[:rows].cpu().numpy()

    def _capture(self, bucket: int) -> None:
        device = self._decoder.device
        codes_in = torch.zeros(bucket, self._decoder.latent_dim, device=device)
        try:
            side = torch.cuda.Stream(device)
            side.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(side):  # a capture must not meet first-call set-up
                for _ in range(3):
                    self._decoder.wire_values(codes_in)
            torch.cuda.current_stream(device).wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                values_out = self._decoder.wire_values(codes_in)
        except RuntimeError:
            self._is_capturable = False
        else:
            self._graphs[bucket] = (graph, codes_in, values_out)
