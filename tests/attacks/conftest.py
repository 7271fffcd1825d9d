"""The whole app as a process, for attacks from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.serving import Server, serve

CHOSEN = "lab.example"


@pytest.fixture(scope="package")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started as a person does, on 127.0.0.1, with one name more than this machine's own."""
    home = tmp_path_factory.mktemp("home")
    with serve("app.py", home=home, env={"ZOETROPE_HOSTS": f"{CHOSEN}, 192.0.2.7"}) as server:
        yield server
