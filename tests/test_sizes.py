"""Files and functions stay small enough to be read at once."""

from pathlib import Path

import numpy as np
import pytest

from tests.sources import PACKAGES, ROOT, functions, python_files, short

LONGEST_FILE, LONGEST_PAGE, LONGEST_FUNCTION, P90_FUNCTION = 400, 120, 45, 18


def text_files() -> list[Path]:
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*")]
    return sorted(path for path in files if path.suffix in (".py", ".js", ".css"))


def n_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_long() -> None:
    long = {short(path): n_lines(path) for path in text_files() if n_lines(path) > LONGEST_FILE}
    assert not long


def test_no_page_is_long() -> None:
    pages = {path.name: n_lines(path) for path in (ROOT / "zoetrope" / "pages").glob("*.py")}
    assert max(pages.values()) <= LONGEST_PAGE, pages


def test_no_function_is_long() -> None:
    """Lines of a function are counted without its docstring."""
    long = [
        f"{short(one.path)}:{one.line} {one.name}: {one.n_lines} lines"
        for path in python_files(*PACKAGES)
        for one in functions(path)
        if one.n_lines > LONGEST_FUNCTION
    ]
    assert not long


def test_nine_of_ten_functions_are_short() -> None:
    lengths = [
        one.n_lines for path in python_files("ae_core", "zoetrope") for one in functions(path)
    ]
    assert np.percentile(lengths, 90) <= P90_FUNCTION


def test_lines_are_counted_without_the_docstring(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text('def f():\n    """Text.\n\n    More.\n    """\n    x = 1\n    return x\n')
    assert [one.n_lines for one in functions(path)] == [3]


@pytest.mark.parametrize("path", python_files("ae_core", "zoetrope"), ids=short)
def test_every_module_says_what_it_holds(path: Path) -> None:
    is_empty = not path.read_text(encoding="utf-8").strip()
    assert is_empty or path.read_text(encoding="utf-8").lstrip().startswith('"""')
