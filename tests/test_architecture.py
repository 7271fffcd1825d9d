"""Imports point one way: app -> pages -> ui, live -> ae_core -> its rooms, one above the other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {"ae_core": 0, "live": 1, "ui": 1, "pages": 2, "server": 3, "app": 4}
# Peers of one layer that may use each other, in this direction only.
SIDEWAYS = {("ui", "live")}
WEB = {"streamlit", "starlette", "uvicorn"}


def product_files() -> list[Path]:
    folders = [ROOT / "ae_core", ROOT / "zoetrope"]
    return [ROOT / "app.py", *(path for folder in folders for path in folder.rglob("*.py"))]


def layer_of(path: Path) -> str:
    """The layer a file belongs to; "" for the web package's own `__init__`."""
    return layer_of_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def layer_of_module(dotted: str) -> str:
    parts = dotted.split(".")
    layer = parts[1] if parts[0] == "zoetrope" and len(parts) > 1 else parts[0]
    return "" if layer in ("zoetrope", "__init__") else layer


def modules(path: Path) -> set[str]:
    """Dotted names of what a file imports anywhere, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports(path: Path) -> set[str]:
    """The layers and the foreign packages that a file imports."""
    return {layer_of_module(name) for name in modules(path)}


def upward(path: Path) -> set[str]:
    own = layer_of(path)
    if not own:
        return set()
    return {
        name
        for name in imports(path) & LAYERS.keys()
        if name != own and LAYERS[name] >= LAYERS[own] and (own, name) not in SIDEWAYS
    }


def test_there_are_files_in_every_layer() -> None:
    assert {layer_of(path) for path in product_files()} - {""} == LAYERS.keys()


@pytest.mark.parametrize("path", product_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_points_upwards(path: Path) -> None:
    assert not upward(path)


def test_an_upward_import_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "ae_core" / "bad.py"
    bad.parent.mkdir()
    bad.write_text("def f():\n    from zoetrope.ui import state\n    return state\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert upward(bad) == {"ui"}


@pytest.mark.parametrize("path", sorted((ROOT / "ae_core").rglob("*.py")), ids=lambda p: p.name)
def test_the_core_knows_no_web_page(path: Path) -> None:
    assert not imports(path) & WEB


@pytest.mark.parametrize("path", product_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_pickled(path: Path) -> None:
    assert not imports(path) & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve"}


@pytest.mark.parametrize(
    "module",
    [
        *(
            "ae_core.codecs.checkpoints",
            "ae_core.codecs.codes",
            "ae_core.config",
            "ae_core.processes.tasks",
        ),
        *("ae_core.data.catalogue", "ae_core.data.own_files", "ae_core.models.presets"),
        *(
            "ae_core.training.runs",
            "zoetrope.live.routes",
            "zoetrope.live.components.stage",
            "zoetrope.ui.sidebar",
            "zoetrope.ui.cached",
        ),
    ],
)
def test_the_way_to_the_first_page_imports_no_torch(module: str) -> None:
    """Torch takes seconds to import; a page must paint before that."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
