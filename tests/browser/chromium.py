"""python -m tests.browser.chromium: use the Chromium that is there, or install one; say which."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def found() -> str | None:
    """Path of the browser that the tests will open, if there is one."""
    system = shutil.which("chromium")
    if system is not None:
        return system
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def install() -> bool:
    """Debian's package where this is root on Debian, else Playwright's own build."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing Debian's package chromium for the browser tests.", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        commands = [["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]]
    else:
        print("Installing Playwright's Chromium for the browser tests.", flush=True)
        environment = dict(os.environ)
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    return all(
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        == 0
        for command in commands
    )


def main() -> int:
    if found() is None:
        install()
    path = found()
    if path is None:
        print("No Chromium could be installed: install one and run `make test` again.")
        return 1
    print(f"Browser tests use {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
