"""Loaded codecs on a device and one worker that computes for everybody.

A request waits here until its codecs are loaded (`loading.py`); then the worker (`worker.py`)
serves it. What can be asked for is listed in `operations.py`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import AeCoreError
from zoetrope.live.engine.answers import GaugeFunction
from zoetrope.live.engine.counts import Counts
from zoetrope.live.engine.loading import CodecSource, LoadedCodecs
from zoetrope.live.engine.operations import OPERATIONS, Operation, RequestPart
from zoetrope.live.engine.requests import PendingRequest, Reply, attempt, settle
from zoetrope.live.engine.worker import Worker
from zoetrope.live.shared import process_wide

if TYPE_CHECKING:
    from zoetrope.live.engine.decoders import Decoder

LOG = logging.getLogger("zoetrope.live")


def is_warm() -> bool:
    """Whether torch has been imported, so that asking the engine for pictures is quick."""
    return hasattr(sys.modules.get("zoetrope.live.engine.decoders"), "Decoder")


class Engine:
    """Decodes, encodes and searches for all users of this process.

    Args:
        source: Where codecs come from; the checkpoints of the app if None.
        device: "cpu", "cuda" or "auto".
        max_bytes: Weights of codecs kept on the device; the least recently used one goes first.
        n_threads: Threads of one decode on the CPU.
        operations: What can be asked for, by name.
    """

    def __init__(
        self,
        source: CodecSource | None = None,
        *,
        device: str = "auto",
        max_bytes: int = 1 << 30,
        n_threads: int = 1,
        operations: Mapping[str, Operation] = OPERATIONS,
    ) -> None:
        if source is None:
            from zoetrope.live.engine.sources import CheckpointSource

            source = CheckpointSource()
        self.operations = operations
        self._counts = Counts("requests", "batches", "rows", "replaced", "errors")
        self._gauges: dict[str, GaugeFunction] = {}
        self._lock = threading.RLock()  # a loaded codec may call back at once, in this thread
        self._parked: dict[str, list[tuple[Hashable, PendingRequest]]] = {}  # for a codec
        self._worker = Worker(self._gauges, n_threads, self._counts, self._report)
        self._codecs = LoadedCodecs(
            source,
            device=device,
            max_bytes=max_bytes,
            n_threads=n_threads,
            call_in_worker=self._worker.call,
        )

    # For the socket --------------------------------------------------------------------------

    def submit(
        self,
        slot: Hashable,
        request_id: int,
        parts: Sequence[RequestPart],
        reply: Reply,
        *,
        operation: str = "decode",
        compact: bool = False,
    ) -> None:
        """Have a request answered soon; ends the one of the same slot, which gets no reply.

        Args:
            slot: A connection and channel.
            request_id: Comes back in the answers.
            parts: Rows by codec.
            reply: Gets the packed answer or an error, in a thread of the engine; for a long
                operation each of its answers.
            operation: A name in `operations`.
            compact: Send pictures as JPEG also where raw pixels would be quicker to pack.
        """
        request = PendingRequest(request_id, parts, self.operations[operation], reply, compact)
        self._counts.add("requests")
        with self._lock:
            self._unpark_slot(slot)
            self._worker.end(slot)
            self._place(slot, request)

    def end(self, slot: Hashable) -> None:
        """Drop what waits or is under way in a slot: nobody wants its answer any more."""
        with self._lock:
            self._unpark_slot(slot)
            self._worker.end(slot)

    def codec(self, key: str) -> Future[Decoder]:
        """The codec called `key`, loaded anew if its checkpoint has changed, and warm."""
        return self._codecs.load(key)

    # For pages -------------------------------------------------------------------------------

    def answer(self, parts: Sequence[tuple[str, NDArray[np.float32]]]) -> bytes:
        """Packed answer for (key, codes) parts; blocks. For pages without a socket."""
        future: Future[bytes] = Future()
        asked = [
            RequestPart(key, np.asarray(codes, np.float32), codec=number)
            for number, (key, codes) in enumerate(parts)
        ]
        self.submit(object(), 0, asked, lambda result: settle(future, result))
        return future.result()

    def decode(self, key: str, codes: NDArray[np.float32]) -> NDArray[Any]:
        """Items of codes float32 (n, latent_dim), in their stored form; blocks.

        Raises:
            AeCoreError: There is no such codec, or the codes do not fit it.
        """
        decoder = self.codec(key).result()
        items: NDArray[Any] = self._worker.call(lambda: decoder.decode_stored(codes))
        return items

    def encode(self, key: str, items: NDArray[Any]) -> NDArray[np.float32]:
        """Codes float32 (n, latent_dim) of items in their stored form; blocks.

        Raises:
            AeCoreError: There is no such codec, or the items do not fit it.
        """
        decoder = self.codec(key).result()
        codes: NDArray[np.float32] = self._worker.call(lambda: decoder.encode_stored(items))
        return codes

    def register_gauge(self, name: str, compute: GaugeFunction) -> None:
        """Let pages ask for a number beside every picture, such as the support of its code.

        Args:
            name: What a page asks for (`live.Gauge(name, ...)`).
            compute: (checkpoint key, codes float32 (n, latent_dim)) -> float32 (n,). Runs in the
                worker, between two pictures: keep it under a millisecond, and return NaN where
                the number is not known (yet).
        """
        self._gauges[name] = compute

    def health(self) -> dict[str, Any]:
        """Counts since the start, for `/api/health`."""
        with self._lock:
            n_parked = sum(map(len, self._parked.values()))
        return {
            **self._counts.now(),
            "waiting": self._worker.n_waiting + n_parked,
            "codecs": len(self._codecs.keys()),
            "codec_bytes": self._codecs.n_bytes,
            "worker_alive": self._worker.is_alive,
        }

    def close(self) -> None:
        """Stop all threads; what waits is not answered."""
        self._worker.close()
        self._codecs.close()

    # Waiting for a codec ---------------------------------------------------------------------

    def _place(self, slot: Hashable, request: PendingRequest) -> None:
        """Hand on a request whose codecs are loaded; park it behind the first one that is not."""
        for part in request.parts:
            if part.key in request.decoders:
                continue
            decoder = self._codecs.get(part.key)
            if decoder is not None:
                request.decoders[part.key] = decoder
                continue
            waiting = self._parked.setdefault(part.key, [])
            waiting.append((slot, request))
            if len(waiting) == 1:
                self.codec(part.key).add_done_callback(partial(self._unpark, part.key))
            return
        self._worker.put(slot, request)

    def _unpark_slot(self, slot: Hashable) -> None:
        for entries in self._parked.values():
            entries[:] = [entry for entry in entries if entry[0] != slot]

    def _unpark(self, key: str, loaded: Future[Decoder]) -> None:
        result = attempt(loaded.result)
        with self._lock:
            entries = self._parked.pop(key, [])
            if not isinstance(result, Exception):
                for slot, request in entries:
                    # Kept by the request: it may need more codecs than fit, one after another.
                    request.decoders[key] = result
                    self._place(slot, request)
        if isinstance(result, Exception):
            self._report(result)
            for _, request in entries:
                failure = attempt(lambda request=request: request.reply(result))  # type: ignore[misc]
                if isinstance(failure, Exception):  # the others are told all the same
                    self._report(failure)

    def _report(self, error: Exception) -> None:
        self._counts.add("errors")
        if not isinstance(error, AeCoreError):
            LOG.error("live engine: %s", error, exc_info=error)


def get_engine() -> Engine:
    """The engine of this process."""
    return process_wide("engine", Engine)
