"""The project's own source files as data: what they import, call and define."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ae_core", "zoetrope", "benchmarks", "tests")


def python_files(*packages: str) -> list[Path]:
    """All Python files of these packages, sorted."""
    return sorted(path for name in packages for path in (ROOT / name).rglob("*.py"))


def short(path: Path) -> str:
    """A file's name as people call it, relative to the checkout."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def module_name(path: Path) -> str:
    """Dotted name of a file's module; a package's for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_names(tree: ast.AST) -> set[str]:
    """Dotted names of what a tree imports anywhere, inside functions too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


class _WithoutTypes(ast.NodeTransformer):
    """Takes out `if TYPE_CHECKING:`, which no program ever enters."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        is_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if is_types else self.generic_visit(node)


def at_run_time(path: Path) -> ast.Module:
    """A file's tree without the imports that only type checkers see."""
    tree: ast.Module = _WithoutTypes().visit(ast.parse(path.read_text(encoding="utf-8")))
    return tree


def aliases(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: `import numpy as np` gives {"np": "numpy"}."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                known[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return known


def dotted(node: ast.expr, known: dict[str, str]) -> str:
    """`np.load` as `numpy.load`; "" for what is no chain of names. A method keeps its own name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    first = known.get(node.id, node.id) if isinstance(node, ast.Name) else ""
    return ".".join([first, *reversed(parts)])


@dataclass(frozen=True)
class Function:
    """A function or method: where it stands, and its lines without the docstring."""

    path: Path
    name: str
    line: int
    n_lines: int


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                text = node.body[0]
                n_lines -= (text.end_lineno or text.lineno) - text.lineno + 1
            yield Function(path, node.name, node.lineno, n_lines)
