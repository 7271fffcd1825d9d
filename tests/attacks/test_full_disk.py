"""Pages on a full disk, and where nothing may be written: true words, no traceback."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.mutants import make_home

# The last one has nothing to compare where the checkpoint is PCA itself.
NEED_NO_FILE = ("data.py", "home.py", "train.py", "versus_pca.py")
PAGES = Path(__file__).resolve().parents[2] / "zoetrope" / "pages"


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.py")))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_every_page_says_it_in_words(
    home: Path, page: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that is written begins with a temporary file or folder (`ae_core.locations`)."""
    make_home(home)

    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    app = AppTest.from_file(str(PAGES / "shell.py"), default_timeout=120)
    if page != "shell.py":
        app.switch_page(page)
    for name in ("data", "checkpoint", "run"):
        app.query_params[name] = "second"
    app.run()
    assert not app.exception
    told = " ".join(str(each.value) for each in app.error)
    reason = "disk is full" if number == errno.ENOSPC else "refuses access"
    assert not told or reason in told or os.strerror(number) in told
    assert told or page in NEED_NO_FILE
