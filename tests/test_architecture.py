"""Imports point one way: app -> server -> pages -> ui, live -> ae_core -> its rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import sources
from tests.sources import PACKAGES, ROOT, aliases, imported_names, python_files, short, tree_of

LAYERS = {"ae_core": 0, "palette": 0, "live": 1, "ui": 1, "pages": 2, "server": 3, "app": 4}
# Peers of one layer that may use each other, in this direction only.
SIDEWAYS = {("ui", "live")}
WEB = {"streamlit", "starlette", "uvicorn"}

# The rooms of ae_core, lowest first; a room may import from those below it. Rooms that stand on one
# floor do not import each other. What lies directly in ae_core is on the ground, but for the files
# named here.
FLOORS = (
    {"errors", "locations", "config", "reading", "arrays", "neighbours", "words"},
    {"processes"},
    {"data"},
    {"models"},
    {"codecs"},
    {"steering"},
    {"maps", "training"},
    {"long_work", "removal", "cleaning"},
    {"__main__", "notebook"},
)
MOST_MODULES_IN_THE_CORE = 13


def product_files() -> list[Path]:
    return [ROOT / "app.py", *python_files("ae_core", "zoetrope")]


def layer_of(path: Path) -> str:
    """The layer a file belongs to; "" for the web package's own `__init__`."""
    return layer_of_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def layer_of_module(dotted: str) -> str:
    parts = dotted.split(".")
    layer = parts[1] if parts[0] == "zoetrope" and len(parts) > 1 else parts[0]
    return "" if layer in ("zoetrope", "__init__") else layer


def imports(path: Path) -> set[str]:
    """The layers and the foreign packages that a file imports."""
    return {layer_of_module(name) for name in imported_names(tree_of(path))}


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


@pytest.mark.parametrize("path", product_files(), ids=short)
def test_no_import_points_upwards(path: Path) -> None:
    assert not upward(path)


def test_an_upward_import_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "ae_core" / "bad.py"
    bad.parent.mkdir()
    bad.write_text("def f():\n    from zoetrope.ui import state\n    return state\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert upward(bad) == {"ui"}


@pytest.mark.parametrize("path", python_files("ae_core"), ids=short)
def test_the_core_knows_no_web_page(path: Path) -> None:
    assert not imports(path) & WEB


def room_of(dotted: str) -> str:
    """The room of ae_core that a dotted name lies in; "" for what is not in ae_core."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "ae_core" and len(parts) > 1 else ""


def floor_of(room: str) -> int:
    return next(floor for floor, rooms in enumerate(FLOORS) if room in rooms)


def against_the_floors(room: str, tree: ast.AST) -> set[str]:
    """Rooms that a file of `room` imports although they are not below it."""
    others = {room_of(name) for name in imported_names(tree)} - {"", room}
    if floor_of(room) == 0:
        return {other for other in others if floor_of(other) > 0}
    return {other for other in others if floor_of(other) >= floor_of(room)}


def test_every_room_has_a_floor_and_every_floor_is_built() -> None:
    names = {room_of(sources.module_name(path)) for path in python_files("ae_core")} - {""}
    assert names == set().union(*FLOORS)


@pytest.mark.parametrize("path", python_files("ae_core"), ids=short)
def test_rooms_import_only_what_is_below_them(path: Path) -> None:
    room = room_of(sources.module_name(path))
    assert not room or not against_the_floors(room, tree_of(path))


@pytest.mark.parametrize(
    ("room", "code", "rooms"),
    [
        ("data", "def f():\n    from ae_core.codecs import pca\n", {"codecs"}),
        ("maps", "import ae_core.training.runs\n", {"training"}),
        ("arrays", "from ae_core.data.store import DataSet\n", {"data"}),
        ("codecs", "from ae_core.data.store import DataSet\nfrom ae_core import errors\n", set()),
    ],
)
def test_an_import_against_the_floors_would_be_seen(room: str, code: str, rooms: set[str]) -> None:
    assert against_the_floors(room, ast.parse(code)) == rooms


def test_few_modules_lie_directly_in_the_core() -> None:
    modules = [path.name for path in (ROOT / "ae_core").glob("*.py")]
    assert len(modules) <= MOST_MODULES_IN_THE_CORE, modules


def import_graph() -> dict[str, set[str]]:
    """Which module of the product imports which at run time, inside functions too."""
    names = {sources.module_name(path): path for path in product_files()}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        imported = imported_names(sources.at_run_time(path))
        # `from ae_core.data import store` names a module, `from ae_core.errors import X` its part
        targets = {one if one in names else one.rpartition(".")[0] for one in imported}
        graph[name] = {target for target in targets if target in names and target != name}
    return graph


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_imports_for_types_alone_make_no_circle(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text("import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    import c\n")
    assert imported_names(sources.at_run_time(path)) == {"a", "c"}


def private_names_of_others(path: Path) -> set[str]:
    """Private names (`_x`) of another of our files that a file imports or reaches into."""
    tree, known = tree_of(path), aliases(tree_of(path))
    ours = {name: whole for name, whole in known.items() if whole.split(".")[0] in PACKAGES}
    names = {whole for whole in ours.values() if is_private(whole.rpartition(".")[2])}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            whole = sources.dotted(node, known)
            module = whole.rpartition(".")[0]
            if module in ours.values() and is_module(module):
                names.add(whole)
    return names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_module(dotted: str) -> bool:
    path = ROOT.joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@pytest.mark.parametrize("path", python_files(*PACKAGES), ids=short)
def test_no_private_name_is_used_in_another_file(path: Path) -> None:
    assert not private_names_of_others(path)


def test_a_private_name_of_another_file_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "from ae_core.config import SCHEMA_VERSION, _hidden\n"
        "from ae_core.data import store\n"
        "x = store._CHUNK + store.DataSet._own + SCHEMA_VERSION._y\n"
    )
    names = {"ae_core.config._hidden", "ae_core.data.store._CHUNK"}
    assert private_names_of_others(path) == names


# What takes seconds to import; a page must paint before that.
HEAVY = ("torch", "pandas", "scipy", "sklearn")
FIRST_PAGE = ("app.py", "zoetrope/pages/shell.py", "zoetrope/pages/morph.py")
WITHOUT_TORCH = (
    *("ae_core.codecs.checkpoints", "ae_core.codecs.codes", "ae_core.config"),
    *("ae_core.processes.tasks", "ae_core.data.catalogue", "ae_core.data.own_files"),
    *("ae_core.models.presets", "ae_core.training.runs", "zoetrope.live.routes"),
    *("zoetrope.live.components.stage", "zoetrope.ui.sidebar", "zoetrope.ui.cached"),
)
IMPORT_ONE_BY_ONE = """
import importlib, sys
heavy, modules = sys.argv[1].split(","), sys.argv[2:]
for module in modules:
    importlib.import_module(module)
    if loaded := sys.modules.keys() & set(heavy):
        sys.exit(f"{module} imports {sorted(loaded)}")
"""


def first_heavy_import(modules: Iterable[str], heavy: Iterable[str]) -> str:
    """Which of these modules is the first to import one of the heavy packages; "" if none."""
    command = [sys.executable, "-c", IMPORT_ONE_BY_ONE, ",".join(heavy), *modules]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stderr.strip()


def test_the_core_can_be_listed_without_torch() -> None:
    assert not first_heavy_import(WITHOUT_TORCH, ["torch"])


def test_nothing_on_the_path_to_the_first_page_imports_what_takes_seconds() -> None:
    modules = set()
    for file in FIRST_PAGE:
        for name in imported_names(tree_of(ROOT / file)):
            if name.split(".")[0] in PACKAGES:
                modules.add(name if is_module(name) else name.rpartition(".")[0])
    assert len(modules) > 10
    assert not first_heavy_import(sorted(modules), HEAVY)


def test_a_heavy_import_would_be_seen() -> None:
    imported = first_heavy_import(["ae_core.errors", "ae_core.config"], ["torch", "pydantic"])
    assert imported == "ae_core.config imports ['pydantic']"
