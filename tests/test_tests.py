"""Rules that the tests themselves keep."""

import ast

import pytest

from tests.sources import ROOT, aliases, dotted, python_files, short, tree_of

# The one file that may wait by time: it polls conditions.
POLLING = "tests/waiting.py"


def fixed_waits(tree: ast.Module) -> list[int]:
    """Lines with a call that waits for a time instead of for a condition."""
    known = aliases(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if is_fixed_wait(dotted(call.func, known))]


def is_fixed_wait(name: str) -> bool:
    return name in ("time.sleep", "asyncio.sleep") or name.endswith(".wait_for_timeout")


def test_no_test_waits_for_a_time() -> None:
    files = [path for path in python_files("tests") if short(path) != POLLING]
    waits = {short(path): fixed_waits(tree_of(path)) for path in files}
    assert not {path: lines for path, lines in waits.items() if lines}


def test_the_polling_file_is_the_one_that_waits() -> None:
    assert len(fixed_waits(tree_of(ROOT / POLLING))) == 3


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1)",
        "from time import sleep\nsleep(1)",
        "from time import sleep as nap\nnap(1)",
        "page.wait_for_timeout(300)",
        "def f(tab):\n    tab.first.wait_for_timeout(1)",
    ],
)
def test_a_fixed_wait_would_be_seen(code: str) -> None:
    assert len(fixed_waits(ast.parse(code))) == 1
