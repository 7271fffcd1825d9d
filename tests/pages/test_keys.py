"""Names in the address and in the session are declared in one place, `zoetrope/ui/keys.py`."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.pages.steering_world import open_page, save_digits_vae
from tests.sources import python_files, short, tree_of
from zoetrope.ui import keys

# Functions of `state` and what stands beside them, with the place of the name among the arguments.
BY_NAME = {
    **dict.fromkeys(("remember", "remember_numbers", "recall", "recall_numbers"), 0),
    **dict.fromkeys(("recall_integer", "recall_integers", "is_on", "UrlChoice"), 0),
    **{"switch": 1, "opening_positions": 1},
}
FILES = [*python_files("zoetrope/ui"), *python_files("zoetrope/pages")]
# Explore's number of axes and Dimensions' kind of axes have always shared one.
SHARED = {"axes"}


def key_expressions(tree: ast.AST) -> list[ast.expr]:
    """What a file gives as the name of something in the address or the session."""
    expressions = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and is_store(node.value):
            expressions.append(node.slice)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            of_store = isinstance(node.func, ast.Attribute) and is_store(node.func.value)
            place = 0 if of_store else BY_NAME.get(name, len(node.args))
            expressions += node.args[place : place + 1]
    return expressions


def is_store(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("session_state", "query_params")


def is_declared_here(expression: ast.expr) -> bool:
    """Whether a name is spelt out, or a constant of the file itself."""
    parts = list(ast.walk(expression))
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts
    ) or (any(isinstance(part, ast.Name) and part.id.isupper() for part in parts))


@pytest.mark.parametrize("path", FILES, ids=short)
def test_names_come_from_the_one_place(path: Path) -> None:
    spelt = [each for each in key_expressions(tree_of(path)) if is_declared_here(each)]
    assert not [f"line {each.lineno}: {ast.unparse(each)}" for each in spelt]


@pytest.mark.parametrize(
    "code",
    [
        'state.recall("find")',
        "state.remember(FIND, None)",
        'state.switch("Lines", "lines")',
        'st.session_state["a"] = 1',
        'st.session_state.get(f"{key}_more")',
    ],
)
def test_a_name_declared_elsewhere_would_be_seen(code: str) -> None:
    assert any(map(is_declared_here, key_expressions(ast.parse(code))))


def test_no_name_means_two_things() -> None:
    declared = [
        target
        for path in FILES
        if path.name == "keys.py"
        for node in tree_of(path).body
        if isinstance(node, ast.Assign)
        for target in ast.walk(node.targets[0])
        if isinstance(target, ast.Name) and target.id != "OF_ITEMS"
    ]
    values = Counter(getattr(keys, target.id) for target in declared)
    assert len(values) > 30
    assert {value for value, n in values.items() if n > 1} == SHARED


@pytest.mark.parametrize(
    ("axes", "kind"), [("principal", "Principal axes"), ("3", "Code dimensions")]
)
def test_axes_of_a_map_are_not_those_of_the_sliders(axes: str, kind: str) -> None:
    save_digits_vae()
    app = open_page("dimensions.py", {"axes": axes})
    assert app.segmented_control(key="dimensions_kind").value == kind
