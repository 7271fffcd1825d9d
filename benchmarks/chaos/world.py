"""What all actors share: the server, the home, what was acknowledged, and what went wrong."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ae_core.errors import AeCoreError
from benchmarks.serving import Server, free_port, start_server, wait_until_healthy

APP = "benchmarks/apps/chaos_app.py"
# After a restart: torch is imported and the codec loaded.
SETTLING_S = 20.0


@dataclass
class Ledger:
    """What the product has acknowledged, and must therefore still have at the end.

    Attributes:
        data_sets: Name to fingerprint.
        groups: Name to items.
        runs: Name to epochs that its history has been seen to hold.
    """

    data_sets: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)

    @property
    def n_things(self) -> int:
        return len(self.data_sets) + len(self.groups) + len(self.runs)


class World:
    """One server that is killed and started again, and everything around it."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.seed, self.port = home, seed, free_port()
        self.ledger, self.counts = Ledger(), Counter[str]()
        self.without_words: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.over = threading.Event()
        self.in_company, self.calm_over = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.restarts_s: list[tuple[float, float]] = []
        self.peaks: dict[str, float] = {"memory_mb": 0, "descriptors": 0, "threads": 0}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server_pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start_server(self) -> None:
        """Start the app, and return when it answers."""
        down_s = time.monotonic()
        log_path = self.home / "server.log"
        with log_path.open("ab") as log:
            self._process = start_server(APP, self.port, log)
        server = Server(self.url, self._process.pid, log_path)
        wait_until_healthy(server, self._process, timeout_s=120)
        self.restarts_s.append((down_s, time.monotonic() + SETTLING_S))

    def kill_server(self) -> None:
        """kill -9; whoever uses it sees a closed connection."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop_server(self) -> None:
        """SIGTERM, at the end."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)
            self._process.kill()

    def is_disturbed(self, asked_s: float, answered_s: float) -> bool:
        """Whether the server was down between these moments, or had just come back."""
        return any(asked_s < until and answered_s > since for since, until in self.restarts_s)

    def watch_server(self) -> None:
        """Keep the peaks of what the server takes, until all is over."""
        while not self.over.wait(1.0):
            with suppress(psutil.Error):
                process = psutil.Process(self.server_pid)
                seen = {
                    "memory_mb": process.memory_info().rss / 2**20,
                    "descriptors": process.num_fds(),
                    "threads": process.num_threads(),
                }
                self.peaks = {name: max(value, seen[name]) for name, value in self.peaks.items()}

    def rng(self, actor: str) -> random.Random:
        return random.Random(f"{self.seed} {actor}")

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Count a refusal in words as one; anything else that is raised has no words."""
        try:
            yield
            with self.lock:
                self.counts[what] += 1
        except AeCoreError as error:
            with self.lock:
                self.refusals[f"{what}: {str(error)[:90]}"] += 1
        except Exception as error:
            with self.lock:
                self.without_words[f"{what}: {type(error).__name__}: {str(error)[:200]}"] += 1

    def act(self, name: str, act: Callable[[random.Random], None], pause_s: float) -> None:
        """Do something again and again at random moments, once it is no longer calm."""
        rng = self.rng(name)
        self.calm_over.wait()
        while not self.over.wait(rng.uniform(0.3, 1.7) * pause_s):
            with self.told(name):
                act(rng)
