"""The home page: what there is, and one click to it."""

import asyncio
import os

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from ae_core.codecs.data_pca import data_pca_name
from ae_core.data.catalogue import newest_data_sets
from ae_core.locations import data_dir
from tests.core.codecs.test_data_pca import add_pictures
from tests.pages.steering_world import components, open_page, words
from zoetrope.server import HomeFirst


def opened() -> AppTest:
    app = open_page("home.py", {"checkpoint": None})
    assert not app.exception and not app.error and not app.warning
    return app


def press(app: AppTest, key: str) -> list[str]:
    """The title of the page that a button leads to."""
    app.button(key=key).click().run()
    assert not app.exception
    return [title.value for title in app.title]


def test_it_shows_a_slider_and_three_lines() -> None:
    app = opened()
    assert "home_slider" in components(app)
    assert [title.value for title in app.title] == ["Zoetrope"]
    assert "PCA stands beside every model" in words(app)


def test_own_data_comes_first_the_newest_before_the_others_and_opens_on_the_map() -> None:
    for age, name in enumerate(["newest", "older", "oldest"]):
        add_pictures(name, 20)
        os.utime(data_dir() / name / "about.json", (1e9, 1e9 - age))
    assert newest_data_sets()[:4] == ["newest", "older", "oldest", "faces"]
    app = opened()
    assert press(app, "home_data_older") == ["Explore"]
    assert app.query_params["data"] in ("older", ["older"])
    assert app.query_params["checkpoint"] in ([data_pca_name("older")], data_pca_name("older"))


@pytest.mark.parametrize(
    ("label", "title"),
    [("Train a model", "Train"), ("Add your data", "Data"), ("Steer it yourself", "Morph")],
)
def test_each_button_leads_to_its_page(label: str, title: str) -> None:
    app = opened()
    next(button for button in app.button if button.label == label).click().run()
    assert [each.value for each in app.title] == [title] and not app.exception


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("the app")(scope, receive, send)


def answer_to(path: str, query: str) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of the answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": query.encode(),
        "headers": [],
    }  # fmt: skip
    asyncio.run(HomeFirst(behind)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize(
    ("path", "query", "is_home"),
    [
        ("/", "", True),
        ("/", "data=faces", False),
        ("/", "present=1", False),
        ("/explore", "", False),
    ],
)
def test_who_asks_for_nothing_gets_the_home_page_and_old_links_open(
    path: str, query: str, is_home: bool
) -> None:
    status, headers = answer_to(path, query)
    assert status == (307 if is_home else 200)
    assert headers.get(b"location") == (b"home" if is_home else None)
