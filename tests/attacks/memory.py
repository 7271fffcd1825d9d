"""What a piece of work takes in memory, measured from outside: in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.sources import ROOT

MOST_MIB = 300

_PROGRAM = """
import json, re, sys
from pathlib import Path
from ae_core.errors import AeCoreError

def peak():
    # not `ru_maxrss`: that begins with what the process had that started this one
    return int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

{imports}
before = peak()
try:
    {work}
    said = ""
except AeCoreError as error:
    said = str(error)
print(json.dumps([said, (peak() - before) / 1024]))
"""


@dataclass(frozen=True)
class Outcome:
    """What the work came to.

    Attributes:
        said: The core's error; empty where there was none.
        mib: The peak of resident memory over what was there before, in MiB.
    """

    said: str
    mib: float


def outcome_of(work: str, *arguments: str, imports: str = "") -> Outcome:
    """Run a statement in a fresh process; anything but an error of the core fails the test.

    Args:
        work: Python; `sys.argv[1:]` are the arguments.
        arguments: Such as paths.
        imports: Statements whose memory does not count.
    """
    program = _PROGRAM.format(imports=imports, work=work)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Outcome(*json.loads(done.stdout.splitlines()[-1]))


def outcome_of_adding(path: object, *, size: int = 64) -> Outcome:
    """Add a file as a data set `bomb`."""
    imports = "import pandas, pyarrow.parquet\nfrom ae_core.data.own_files import add_file"
    return outcome_of(
        f"add_file(Path(sys.argv[1]), 'bomb', size={size})", str(path), imports=imports
    )
