"""What the README tells people to type works as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run_elsewhere(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process, in a folder that is not the checkout; warnings are errors."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, env=clean | environment,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def test_there_is_code_in_it() -> None:
    assert BLOCKS


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block {n + 1}" for n in range(len(BLOCKS))])
def test_its_code_runs_as_written(tmp_path: Path, code: str) -> None:
    done = run_elsewhere(tmp_path, code, PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr


def test_the_environment_knows_the_library_in_any_folder(tmp_path: Path) -> None:
    """`make` installs it there; else the lines above would only run in the checkout."""
    done = run_elsewhere(tmp_path, "import ae_core, zoetrope")
    assert done.returncode == 0, done.stderr


def test_its_commands_are_those_of_the_command_line() -> None:
    from ae_core.__main__ import main

    named = re.findall(r"python -m ae_core (\w+)", README)
    assert named
    for command in named:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
