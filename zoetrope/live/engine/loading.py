"""Codecs on the device: loaded in threads of their own, the least recently used one released."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from ae_core.processes.devices import best_device, bound_threads

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from zoetrope.live.engine.decoders import Decoder


class CodecSource(Protocol):
    """Where codecs come from; tests bring their own."""

    def load(self, key: str) -> Codec:
        """The codec called `key`; raises AeCoreError where there is none."""

    def stamp(self, key: str) -> Hashable:
        """Changes when the codec behind `key` has changed; cheap, no torch."""


class LoadedCodecs:
    """Codecs by key, made ready for one device.

    Args:
        source: Where they come from.
        device: "cpu", "cuda" or "auto".
        max_bytes: Weights kept on the device.
        n_threads: Threads that torch may use while one is loaded.
        call_in_worker: Runs a function in the thread that will decode; for the warm-up.
    """

    def __init__(
        self,
        source: CodecSource,
        *,
        device: str,
        max_bytes: int,
        n_threads: int,
        call_in_worker: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._source = source
        self._device = device
        self._max_bytes = max_bytes
        self._n_threads = n_threads
        self._call_in_worker = call_in_worker
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, tuple[Hashable, Decoder]] = OrderedDict()
        self._loading: dict[str, Future[Decoder]] = {}
        # Two, so that a PCA that must be fitted first does not keep other codecs waiting.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="live-loader")

    def get(self, key: str) -> Decoder | None:
        """The codec, if it is here; as it was loaded, even if its checkpoint has changed since."""
        with self._lock:
            return self._touch(key)

    def load(self, key: str) -> Future[Decoder]:
        """The codec called `key`, loaded anew if its checkpoint has changed, and warm."""
        with self._lock:
            if key not in self._loading:
                self._loading[key] = self._pool.submit(self._load, key)
            return self._loading[key]

    def keys(self) -> list[str]:
        """Codecs here, the least recently used one first."""
        with self._lock:
            return list(self._loaded)

    @property
    def n_bytes(self) -> int:
        """Weights here."""
        with self._lock:
            return self._n_bytes()

    def close(self) -> None:
        """Stop loading."""
        self._pool.shutdown(cancel_futures=True)

    def _load(self, key: str) -> Decoder:
        try:
            return self._load_if_changed(key)
        finally:
            with self._lock:
                self._loading.pop(key, None)

    def _load_if_changed(self, key: str) -> Decoder:
        from zoetrope.live.engine.decoders import Decoder

        stamp = self._source.stamp(key)
        with self._lock:
            if key in self._loaded and self._loaded[key][0] == stamp:
                self._loaded.move_to_end(key)
                return self._loaded[key][1]
        bound_threads(self._n_threads)
        device = best_device(("cuda",)) if self._device == "auto" else self._device
        decoder = Decoder(self._source.load(key), device)
        self._call_in_worker(decoder.warm_up)
        with self._lock:
            self._loaded[key] = (stamp, decoder)
            self._loaded.move_to_end(key)
            while len(self._loaded) > 1 and self._n_bytes() > self._max_bytes:
                self._loaded.popitem(last=False)
        return decoder

    def _touch(self, key: str) -> Decoder | None:
        if key not in self._loaded:
            return None
        self._loaded.move_to_end(key)
        return self._loaded[key][1]

    def _n_bytes(self) -> int:
        return sum(decoder.n_bytes for _, decoder in self._loaded.values())
