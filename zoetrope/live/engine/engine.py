"""Loaded codecs on a device and one worker that decodes for everybody.

Requests wait in slots, one per connection and channel; a newer request takes the place of the
one that still waits. The worker empties all slots at once and decodes the rows of all requests
for one codec as one batch, small requests first: a grid of pictures never keeps a hand waiting
for longer than one slice. Codecs are loaded in a second thread, for the same reason.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import AeCoreError, LatentInputError
from zoetrope.live.engine.pixels import pack_pixels
from zoetrope.live.engine.requests import Job, Work, attempt, settle
from zoetrope.live.shared import process_wide
from zoetrope.live.wire import protocol

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from zoetrope.live.engine.decoders import Decoder

LOG = logging.getLogger("zoetrope.live")

ReadoutFunction = Callable[[str, NDArray[np.float32]], NDArray[np.float32]]


def is_warm() -> bool:
    """Whether torch has been imported, so that asking the engine for pictures is quick."""
    return hasattr(sys.modules.get("zoetrope.live.engine.decoders"), "Decoder")


class CodecSource(Protocol):
    """Where codecs come from; tests bring their own."""

    def load(self, key: str) -> Codec:
        """The codec called `key`; raises AeCoreError where there is none."""

    def stamp(self, key: str) -> Hashable:
        """Changes when the codec behind `key` has changed; cheap, no torch."""


class Engine:
    """Decodes and encodes for all users of this process.

    Args:
        source: Where codecs come from; the checkpoints of the app if None.
        device: "cpu", "cuda" or "auto".
        max_bytes: Weights of codecs kept on the device; the least recently used one goes first.
        n_threads: Threads of one decode on the CPU.
    """

    def __init__(
        self,
        source: CodecSource | None = None,
        *,
        device: str = "auto",
        max_bytes: int = 1 << 30,
        n_threads: int = 1,
    ) -> None:
        if source is None:
            from zoetrope.live.engine.sources import CheckpointSource

            source = CheckpointSource()
        self._source = source
        self._device = device
        self._max_bytes = max_bytes
        self._n_threads = n_threads
        self._wake = threading.Condition()
        self._slots: OrderedDict[Hashable, Job] = OrderedDict()  # waiting, ready to decode
        self._parked: dict[str, list[tuple[Hashable, Job]]] = {}  # waiting for a codec
        self._tasks: list[Callable[[], None]] = []
        self._closed = False
        self._loaded: OrderedDict[str, tuple[Hashable, Decoder]] = OrderedDict()
        self._readouts: dict[str, ReadoutFunction] = {}
        self._strip: Job | None = None
        self._counts = {"requests": 0, "batches": 0, "rows": 0, "replaced": 0, "errors": 0}
        self._loading: dict[str, Future[Decoder]] = {}
        # Two, so that a PCA that must be fitted first does not keep other codecs waiting.
        self._loader = ThreadPoolExecutor(2, thread_name_prefix="live-loader")
        self._thread = threading.Thread(target=self._run, name="live-worker", daemon=True)
        self._thread.start()

    # What callers use ------------------------------------------------------------------------

    def submit(
        self,
        slot: Hashable,
        request_id: int,
        works: Sequence[Work],
        reply: Callable[[bytes | Exception], None],
        *,
        compact: bool = False,
    ) -> None:
        """Have a request answered soon; replaces the one that waits in the same slot.

        Args:
            slot: A connection and channel. A replaced request gets no reply.
            request_id: Comes back in the answer.
            works: Parts of the request.
            reply: Gets the packed answer or an error, in a thread of the engine.
            compact: Send pictures as JPEG also where raw pixels would be quicker to pack.
        """
        job = Job(request_id, works, reply, compact)
        with self._wake:
            self._counts["requests"] += 1
            self._forget(slot)
            self._place(slot, job)

    def forget(self, slot: Hashable) -> None:
        """Drop what waits in a slot: its connection is gone."""
        with self._wake:
            self._forget(slot)

    def answer(self, parts: Sequence[tuple[str, NDArray[np.float32]]]) -> bytes:
        """Packed answer for (key, codes) parts; blocks. For pages without a socket."""
        future: Future[bytes] = Future()
        works = [
            Work(key, np.asarray(codes, np.float32), index)
            for index, (key, codes) in enumerate(parts)
        ]
        self.submit(object(), 0, works, lambda result: settle(future, result))
        return future.result()

    def decode(self, key: str, codes: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Pictures of codes, uint8 (n, height, width, channels); blocks."""
        codes = np.asarray(codes, np.float32)
        decoder = self.codec(key).result()
        decoder.check(codes)
        return self._in_worker(lambda: decoder.decode(codes))

    def encode(self, key: str, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Codes of pictures uint8 (n, height, width, channels), float32 (n, latent_dim); blocks."""
        decoder = self.codec(key).result()
        return self._in_worker(lambda: decoder.encode(pictures))

    def codec(self, key: str) -> Future[Decoder]:
        """The codec called `key`, loaded anew if its checkpoint has changed, and warm."""
        with self._wake:
            if key not in self._loading:
                self._loading[key] = self._loader.submit(self._load, key)
            return self._loading[key]

    def register_readout(self, name: str, compute: ReadoutFunction) -> None:
        """Let pages ask for a number beside every picture, such as the support of its code.

        Args:
            name: What a page asks for (`live.Readout(name, ...)`).
            compute: (checkpoint key, codes float32 (n, latent_dim)) -> float32 (n,). Runs in the
                worker, between two pictures: keep it under a millisecond, and return NaN where
                the number is not known (yet).
        """
        self._readouts[name] = compute

    def health(self) -> dict[str, Any]:
        """Counts since the start, for `/api/health`."""
        with self._wake:
            return {
                **self._counts,
                "waiting": len(self._slots) + sum(map(len, self._parked.values())),
                "codecs": len(self._loaded),
                "codec_bytes": sum(decoder.n_bytes for _, decoder in self._loaded.values()),
                "worker_alive": self._thread.is_alive(),
            }

    def close(self) -> None:
        """Stop both threads; what waits is not answered."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        self._loader.shutdown(cancel_futures=True)

    # Waiting ---------------------------------------------------------------------------------

    def _forget(self, slot: Hashable) -> None:
        if self._slots.pop(slot, None) is not None:
            self._counts["replaced"] += 1
        for jobs in self._parked.values():
            jobs[:] = [entry for entry in jobs if entry[0] != slot]

    def _place(self, slot: Hashable, job: Job) -> None:
        """Queue a job whose codecs are loaded; park it behind the first one that is not."""
        for work in job.works:
            if work.key in job.decoders:
                continue
            if work.key in self._loaded:
                self._loaded.move_to_end(work.key)
                job.decoders[work.key] = self._loaded[work.key][1]
                continue
            waiting = self._parked.setdefault(work.key, [])
            waiting.append((slot, job))
            if len(waiting) == 1:
                self.codec(work.key).add_done_callback(partial(self._unpark, work.key))
            return
        self._slots[slot] = job
        self._wake.notify()

    def _in_worker(self, call: Callable[[], Any]) -> Any:
        future: Future[Any] = Future()
        with self._wake:
            if self._closed:
                raise RuntimeError("The live engine is closed.")
            self._tasks.append(lambda: settle(future, attempt(call)))
            self._wake.notify()
        return future.result()

    # Loader thread ---------------------------------------------------------------------------

    def _load(self, key: str) -> Decoder:
        try:
            return self._load_if_changed(key)
        finally:
            with self._wake:
                self._loading.pop(key, None)

    def _load_if_changed(self, key: str) -> Decoder:
        from zoetrope.live.engine.decoders import Decoder, best_device, bound_threads

        stamp = self._source.stamp(key)
        with self._wake:
            if key in self._loaded and self._loaded[key][0] == stamp:
                self._loaded.move_to_end(key)
                return self._loaded[key][1]
        bound_threads(self._n_threads)
        device = best_device() if self._device == "auto" else self._device
        decoder = Decoder(self._source.load(key), device)
        self._in_worker(decoder.warm_up)
        with self._wake:
            self._loaded[key] = (stamp, decoder)
            self._loaded.move_to_end(key)
            while len(self._loaded) > 1 and self._bytes() > self._max_bytes:
                self._loaded.popitem(last=False)
        return decoder

    def _bytes(self) -> int:
        return sum(decoder.n_bytes for _, decoder in self._loaded.values())

    def _unpark(self, key: str, loaded: Future[Decoder]) -> None:
        result = attempt(loaded.result)
        with self._wake:
            jobs = self._parked.pop(key, [])
            if not isinstance(result, Exception):
                for slot, job in jobs:
                    # Kept by the job: it may need more codecs than fit, one after another.
                    job.decoders[key] = result
                    self._place(slot, job)
        if isinstance(result, Exception):
            self._report(result)
            for _, job in jobs:
                job.reply(result)

    # Worker thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        bounded = False
        while True:
            with self._wake:
                while not (self._slots or self._tasks or self._strip or self._closed):
                    self._wake.wait()
                tasks, self._tasks = self._tasks, []
                jobs = self._take()
                closed = self._closed
            if not bounded and (
                tasks or jobs
            ):  # in this thread, once; torch has been imported by the loader
                from zoetrope.live.engine.decoders import bound_threads

                bound_threads(self._n_threads)
                bounded = True
            for task in tasks:
                task()
            if closed:
                return
            if jobs:
                self._serve(jobs)

    def _take(self) -> list[Job]:
        """All hands that wait, and one strip, begun or new."""
        hands = [slot for slot, job in self._slots.items() if job.is_hand]
        jobs = [self._slots.pop(slot) for slot in hands]
        if self._strip is None and self._slots:
            self._strip = self._slots.popitem(last=False)[1]
        return [*jobs, *([self._strip] if self._strip else [])]

    def _serve(self, jobs: Sequence[Job]) -> None:
        """Decode every slice of the hands and the next slice of the strip; answer what is done."""
        batches: dict[Decoder, list[tuple[Job, int, NDArray[np.float32]]]] = {}
        for job in jobs:
            job.started_s = job.started_s or time.perf_counter()
            due = job.slices[: None if job.is_hand else 1]
            job.slices = job.slices[len(due) :]
            for number, start, stop in due:
                work = job.works[number]
                rows = (job, number, work.codes[start:stop])
                batches.setdefault(job.decoders[work.key], []).append(rows)
        failed: dict[int, Exception] = {}
        for decoder, rows_of_jobs in batches.items():
            self._decode_batch(decoder, rows_of_jobs, failed)
        for job in jobs:
            if job is self._strip and (id(job) in failed or not job.slices):
                self._strip = None
            if id(job) in failed:
                job.reply(failed[id(job)])
            elif not job.slices:
                job.reply(attempt(lambda job=job: self._pack(job)))  # type: ignore[misc]

    def _decode_batch(
        self,
        decoder: Decoder,
        rows_of_jobs: Sequence[tuple[Job, int, NDArray[np.float32]]],
        failed: dict[int, Exception],
    ) -> None:
        """Decode the rows of many jobs as one batch; a job whose codes do not fit fails alone."""
        fitting = []
        for job, number, codes in rows_of_jobs:
            try:
                decoder.check(codes)
                fitting.append((job, number, codes))
            except LatentInputError as error:
                failed[id(job)] = error
        if not fitting:
            return
        began_s = time.perf_counter()
        pictures = attempt(lambda: decoder.decode(np.concatenate([c for _, _, c in fitting])))
        spent_s = time.perf_counter() - began_s
        if isinstance(pictures, Exception):
            self._report(pictures)
            failed.update({id(job): pictures for job, _, _ in fitting})
            return
        self._counts["batches"] += 1
        self._counts["rows"] += len(pictures)
        first = 0
        for job, number, codes in fitting:
            job.pictures[number].append(pictures[first : first + len(codes)])
            first += len(codes)
        for job in {id(job): job for job, _, _ in fitting}.values():
            job.decode_s += spent_s

    def _pack(self, job: Job) -> bytes:
        began_s = time.perf_counter()
        parts = []
        for work, slices in zip(job.works, job.pictures, strict=True):
            pictures = slices[0] if len(slices) == 1 else np.concatenate(slices)
            pixel_format, pixels = pack_pixels(pictures, compact=job.compact)
            rows, height, width, channels = pictures.shape
            shape = (rows, height, width, channels)
            numbers = self._read_out(work)
            parts.append(protocol.AnswerPart(work.index, shape, pixel_format, pixels, numbers))
        timing = protocol.Timing(
            queue_us=int(1e6 * (job.started_s - job.arrived_s)),
            decode_us=int(1e6 * job.decode_s),
            encode_us=int(1e6 * (time.perf_counter() - began_s)),
        )
        return protocol.pack_answer(protocol.Answer(job.id, tuple(parts), timing))

    def _read_out(self, work: Work) -> NDArray[np.float32]:
        """Float32 (rows, n_readouts); NaN where a number is unknown or could not be computed."""
        numbers = np.full((len(work.codes), len(work.readouts)), np.nan, np.float32)
        for column, name in enumerate(work.readouts):
            compute = self._readouts.get(name)
            if compute is None:
                continue
            try:
                numbers[:, column] = compute(work.key, work.codes)
            except Exception as error:  # a page's extra number must not cost the picture
                self._report(error)
        return numbers

    def _report(self, error: Exception) -> None:
        self._counts["errors"] += 1
        if not isinstance(error, AeCoreError):
            LOG.error("live engine: %s", error, exc_info=error)


def get_engine() -> Engine:
    """The engine of this process."""
    return process_wide("engine", Engine)
