"""Stepping back: seen from outside, in a session of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ae_core.locations import project_root
from ae_core.processes.priority import NICENESS_VARIABLE, USUAL_NICENESS

REPORT = """
import os
from pathlib import Path
from ae_core.processes.priority import lower_priority
lower_priority()
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text().split()[-1] if group.exists() else "none")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="autogroups are Linux's")
@pytest.mark.parametrize(
    ("wish", "expected"), [("", USUAL_NICENESS), ("3", 3), ("x", USUAL_NICENESS)]
)
def test_a_detached_process_lowers_itself_and_its_group(wish: str, expected: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REPORT],
        cwd=project_root(), capture_output=True, text=True, check=True, start_new_session=True,
        env={**os.environ, NICENESS_VARIABLE: wish},
    )  # fmt: skip
    own, group = ran.stdout.split()
    assert int(own) == expected
    if Path("/proc/self/autogroup").exists():
        assert int(group) == expected
