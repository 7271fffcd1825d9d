"""Many users who drag at once: real sockets from another process than the server's.

    python -m benchmarks.live_load --users 20 --hz 30 --seconds 60

Every user moves `--hz` times a second and behaves as the browser does: one request in flight,
then the newest position. A move that a newer one has overtaken is counted, not timed. With
`--fuzz`, somebody sends broken frames on an open socket meanwhile, as fast as they are read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.figures import quantile
from benchmarks.serving import Server, serve
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType

# The server has reached its working size by then: codecs loaded, every buffer used.
SETTLED_SHARE = 0.2


@dataclass
class Tally:
    """What all users saw."""

    latencies_ms: list[float] = field(default_factory=list)
    moves: int = 0
    errors: int = 0
    refusals: int = 0


async def open_socket(url: str, session: str, codecs: list[str]) -> ClientConnection:
    """A socket that has said hello."""
    address = f"{url}/api/benchmark-token?session={session}"
    answer = await asyncio.to_thread(urllib.request.urlopen, address)
    token = answer.read().decode()
    live = url.replace("http", "ws") + "/api/live"
    socket = await connect(live, compression=None, max_size=None).__aenter__()
    entries = [{"key": key} for key in codecs]
    hello = {"type": "hello", "version": protocol.VERSION, "token": token, "codecs": entries}
    await socket.send(json.dumps(hello))
    ready = json.loads(await socket.recv())
    if ready["type"] != "ready" or any("error" in entry for entry in ready["codecs"]):
        raise RuntimeError(f"The server did not agree: {ready}")
    return socket


async def user(number: int, url: str, options: argparse.Namespace, tally: Tally) -> None:
    """Drag for the given time."""
    socket = await open_socket(url, f"user-{number}", options.codecs)
    hand = np.random.default_rng(number)
    codes = hand.normal(size=(len(options.codecs), 1, options.latent_dim)).astype(np.float32)
    arrived = asyncio.Event()
    await asyncio.sleep(hand.uniform(0, 1 / options.hz))
    began_s = time.perf_counter()
    newest_s = began_s

    async def ask() -> None:
        request_id = 0
        while True:
            await arrived.wait()
            arrived.clear()
            moved_s, request_id = newest_s, request_id + 1
            parts = tuple(Part.of(PartType.CODES, i, rows) for i, rows in enumerate(codes))
            await socket.send(protocol.pack_request(protocol.Request(request_id, parts)))
            answer = await socket.recv()
            if isinstance(answer, str) or protocol.read_answer(answer).id != request_id:
                tally.errors += 1
            else:
                tally.latencies_ms.append(1e3 * (time.perf_counter() - moved_s))

    asking = asyncio.create_task(ask())
    for move in range(int(options.hz * options.seconds)):
        await asyncio.sleep(max(0.0, began_s + move / options.hz - time.perf_counter()))
        newest_s = time.perf_counter()
        codes[:, 0, move % options.latent_dim] += 0.05
        tally.moves += 1
        arrived.set()
        if asking.done():
            tally.errors += 1
            break
    asking.cancel()
    with suppress(asyncio.CancelledError, ConnectionClosed):
        await asking
    await socket.close()


async def vandal(url: str, options: argparse.Namespace, tally: Tally) -> None:
    """Send mutated frames until cancelled."""
    chance = random.Random(0)
    codes = np.zeros((1, options.latent_dim), np.float32)
    good = protocol.pack_request(protocol.Request(1, (Part.of(PartType.CODES, 0, codes),)))
    socket = await open_socket(url, "vandal", options.codecs)

    async def count() -> None:
        async for _ in socket:
            tally.refusals += 1

    counting = asyncio.create_task(count())
    while True:
        frame = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        await socket.send(bytes(frame))
        await asyncio.sleep(0)
        if counting.done():
            raise RuntimeError("The server closed the socket.")


async def load(server: Server, options: argparse.Namespace, n_users: int) -> dict[str, Any]:
    """All users at once; the figures of the run."""
    process = psutil.Process(server.pid)
    tally = Tally()
    vandals = [asyncio.create_task(vandal(server.url, options, tally))] if options.fuzz else []
    users = [asyncio.create_task(user(n, server.url, options, tally)) for n in range(n_users)]
    await asyncio.sleep(SETTLED_SHARE * options.seconds)
    settled = process.memory_info().rss
    await asyncio.gather(*users)
    grown = process.memory_info().rss - settled
    for task in vandals:
        task.cancel()
    return {
        "users": n_users,
        "p50_ms": round(quantile(tally.latencies_ms, 0.5), 1),
        "p95_ms": round(quantile(tally.latencies_ms, 0.95), 1),
        "errors": tally.errors,
        "rss_growth_mb": round(grown / 2**20, 1),
        "answered_per_move": round(len(tally.latencies_ms) / tally.moves, 3),
        "pictures_per_s": round(len(tally.latencies_ms) * len(options.codecs) / options.seconds),
        **({"refused_frames": tally.refusals} if options.fuzz else {}),
    }


def main() -> None:
    """Run with every number of users, print a table, and last one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[20])
    parser.add_argument("--hz", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--codecs", nargs="+", default=["stand-in-64", "pca:stand-in-64"])
    parser.add_argument("--latent-dim", type=int, default=32)
    parser.add_argument("--fuzz", action="store_true")
    options = parser.parse_args()
    with serve("benchmarks/apps/live_app.py") as server:
        rows = [asyncio.run(load(server, options, n_users)) for n_users in options.users]
    print("  ".join(f"{name:>17}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{value:>17}" for value in row.values()))
    print(json.dumps({**rows[-1], "by_users": rows}))


if __name__ == "__main__":
    main()
