"""Nothing is pickled or unpickled: a pickle runs code when it is opened."""

import ast
from pathlib import Path

import pytest

from tests import sources
from tests.sources import PACKAGES, ROOT, python_files, short, tree_of

PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
# Calls that pickle whatever they are given.
ALWAYS = {"torch.save", "torch.jit.load", "numpy.ndarray.dump", "pandas.read_pickle"}
PICKLING_METHODS = {"to_pickle", "read_pickle"}


def pickling(tree: ast.Module) -> list[str]:
    """Imports and calls that pickle or unpickle, as "line: name"."""
    known = sources.aliases(tree)
    roots = {name.split(".")[0] for name in sources.imported_names(tree)}
    problems = [f"import: {name}" for name in sorted(roots & PICKLERS)]
    return problems + [
        f"{node.lineno}: {sources.dotted(node.func, known)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and is_pickling(node, known)
    ]


def is_pickling(call: ast.Call, known: dict[str, str]) -> bool:
    """Whether a call can pickle or unpickle.

    `torch.load` may with `weights_only=True`, numpy's readers and writers unless `allow_pickle` is
    anything but False.
    """
    name = sources.dotted(call.func, known)
    if name == "torch.load":
        return not is_constant(call, "weights_only", True)
    if any(keyword.arg == "allow_pickle" for keyword in call.keywords):
        return not is_constant(call, "allow_pickle", False)
    return (
        name in ALWAYS
        or name.split(".")[0] in PICKLERS
        or name.rpartition(".")[2] in PICKLING_METHODS
    )


def is_constant(call: ast.Call, name: str, value: bool) -> bool:
    """Whether the keyword `name` is there, as this very value and no variable."""
    values = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return bool(values) and isinstance(values[0], ast.Constant) and values[0].value is value


def test_the_project_holds_no_pickle() -> None:
    files = [ROOT / "app.py", *python_files(*PACKAGES)]
    problems = {short(path): pickling(tree_of(path)) for path in files}
    assert not {path: calls for path, calls in problems.items() if calls}


def test_no_shipped_file_is_a_pickle() -> None:
    endings = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npz"}
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*")]
    assert not [short(path) for path in files if path.suffix in endings]


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import dump",
        "def f():\n    import cloudpickle",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=False)",
        "import torch\ntorch.load(path, weights_only=safe)",
        "from torch import load\nload(path)",
        "import torch as t\nt.save(model, path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path, allow_pickle=flag)",
        "import numpy as np\nnp.save(path, array, allow_pickle=True)",
        "import pandas as pd\npd.read_pickle(path)",
        "table.to_pickle(path)",
        "from pandas import read_pickle as read\nread(path)",
    ],
)
def test_such_a_call_would_be_seen(code: str) -> None:
    assert len(pickling(ast.parse(code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load(path, weights_only=True)",
        "import numpy as np\nnp.load(path)",
        "import numpy as np\nnp.load(path, mmap_mode='r', allow_pickle=False)",
        "from safetensors.torch import load, save\nload(save(weights))",
        "import json\njson.load(file)",
        "import multiprocessing\nqueue = multiprocessing.Queue()",
    ],
)
def test_what_does_not_pickle_is_let_pass(code: str) -> None:
    assert pickling(ast.parse(code)) == []


def test_numpy_refuses_pickles_where_nothing_is_said(tmp_path: Path) -> None:
    """The rule above lets `np.load(path)` pass because of this."""
    import numpy as np

    path = tmp_path / "objects.npy"
    np.save(path, np.array([{}], object))  # which pickles it, unasked
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(path)
