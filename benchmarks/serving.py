"""Start the app on a free port and open Chromium: for benchmarks and browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

PROJECT_ROOT = Path(__file__).resolve().parent.parent

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# Plotly's scattergl needs WebGL, which a machine without a GPU renders in software.
SOFTWARE_WEBGL_FLAGS = (
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)


@dataclass(frozen=True)
class Server:
    """A running app: where it answers, its process id and the file it logs to."""

    url: str
    pid: int
    log_path: Path

    def log(self) -> str:
        """Everything the server has written so far."""
        return self.log_path.read_text(errors="replace")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    script: str | Path, *, home: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `streamlit run SCRIPT` on a free local port; stop it on leaving.

    Args:
        script: File with `app = st.App(...)` or a plain page, absolute or below the project root.
        home: Folder for `ZOETROPE_HOME` (own data, checkpoints, caches); the caller's if None.
        env: More environment variables.
    """
    port = free_port()
    variables = dict(env or {})
    if home is not None:
        variables["ZOETROPE_HOME"] = str(home)
    with tempfile.TemporaryDirectory(prefix="zoetrope-server-") as folder:
        log_path = Path(folder) / "server.log"
        with log_path.open("wb") as log:
            process = start_server(script, port, log, variables)
        server = Server(f"http://127.0.0.1:{port}", process.pid, log_path)
        try:
            wait_until_healthy(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start_server(
    script: str | Path, port: int, log: IO[bytes], env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `streamlit run SCRIPT` on a port of 127.0.0.1, and do not wait for it.

    Args:
        script: As for `serve`.
        port: Free.
        log: For what it prints.
        env: More environment variables.
    """
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / script)),
            *("--server.port", str(port), "--server.address", "127.0.0.1"),
            *("--server.headless", "true", "--server.fileWatcherType", "none"),
            *("--browser.gatherUsageStats", "false"),
        ],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), **(env or {})},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def wait_until_healthy(
    server: Server, process: subprocess.Popen[bytes], timeout_s: float = 60.0
) -> None:
    """Return when it answers.

    Raises:
        RuntimeError: It has ended, or does not answer in time; its log says why.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped while starting:\n{server.log()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError(f"No answer from the server within {timeout_s} s:\n{server.log()}")


def launch_chromium(playwright: Playwright, *, webgl: bool = True) -> Browser:
    """Open the system's Chromium, or Playwright's own where there is none."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=[*CHROMIUM_FLAGS, *(SOFTWARE_WEBGL_FLAGS if webgl else ())],
    )


def segment(page: Page, label: str) -> Locator:
    """One choice of a segmented control, whichever role Streamlit gives it."""
    return (
        page.get_by_role("radio", name=label, exact=True)
        .or_(page.get_by_role("button", name=label, exact=True))
        .first
    )
