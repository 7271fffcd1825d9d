"""The binary routes against the arrays they serve, and against everything they must refuse."""

import json
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

from ae_core.data.attribute_columns import column_of
from ae_core.data.catalogue import load_data_set
from ae_core.data.own_files import add_arrays
from ae_core.locations import cache_dir
from ae_core.maps.map import save_array, save_map
from ae_core.maps.projection import ProjectionSettings, make_map
from ae_core.neighbours import nearest, nearest_items
from zoetrope.live import columns
from zoetrope.live.components.map import colour_of
from zoetrope.live.wire.tokens import issue_token

KEY = "a" * 32


@dataclass
class Answer:
    """What came back over HTTP."""

    status_code: int
    content: bytes
    headers: dict[str, str]

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)


@pytest.fixture
def client(live_port):
    """Ask the live server: `client(path, query, headers)`."""

    def ask(path, query=None, headers=None):
        address = f"http://127.0.0.1:{live_port}/{quote(path)}?{urlencode(query or {})}"
        try:
            with urlopen(Request(address, headers=headers or {})) as answer:
                found = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, answer.read(), found)
        except HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.read(), {})

    return ask


@pytest.fixture
def get(client):
    session = uuid4().hex  # each test has places of its own
    return lambda path, **query: client(f"api/{path}", {"token": issue_token(session), **query})


def floats(answer):
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, "<f4")


@pytest.fixture
def codes():
    array = np.random.default_rng(0).normal(size=(1797, 5)).astype(np.float32)
    save_array(cache_dir() / "codes" / f"{KEY}.npy", array)
    return array


def test_points_come_column_by_column(get, codes):
    made = make_map(codes, ProjectionSettings(n_components=3), lambda message, share: None)
    save_map(KEY, made)
    found = floats(get(f"points/{KEY}"))
    np.testing.assert_array_equal(found.reshape(3, -1), made.points.T)


def test_an_unfinished_map_is_not_kept_by_the_browser(get, codes):
    save_array(cache_dir() / "points" / f"{KEY}.partial.npy", codes[:, :2])
    answer = get(f"points/{KEY}", part=3)
    np.testing.assert_array_equal(floats(answer).reshape(2, -1), codes[:, :2].T)
    assert answer.headers["cache-control"] == "no-store"


def test_codes_come_whole_or_for_some_items(get, codes):
    np.testing.assert_array_equal(floats(get(f"codes/{KEY}")).reshape(-1, 5), codes)
    some = floats(get(f"codes/{KEY}", items="7,0,1796")).reshape(-1, 5)
    np.testing.assert_array_equal(some, codes[[7, 0, 1796]])


def test_attributes_are_positions_in_the_names(get):
    digits = load_data_set("digits").attributes["digit"]
    found = floats(get("attributes/digits/v", column="digit", n=500))
    names = np.array(column_of(digits.iloc[:500]).names)
    assert (names[found.astype(int)] == digits.iloc[:500].to_numpy()).all()


ODD = ["km/h", "..", "a?b&c#d", "50 %2F", "été ☃"]


@pytest.fixture
def odd(tmp_path):
    """Data with attributes of odd names, whose first item is beyond all numbers."""
    archive = tmp_path / "odd.npz"
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
    numbers = {
        name: np.r_[np.inf, -np.inf, np.nan, np.arange(17.0) + k] for k, name in enumerate(ODD)
    }
    np.savez(archive, images=images, **numbers)
    add_arrays(archive, "odd")
    return load_data_set("odd")


@pytest.mark.parametrize("name", ODD)
def test_attributes_of_any_name_are_found_by_the_browser(client, odd, name):
    path, _, query = colour_of(odd, name).url.partition("?")
    answer = client(path, {"token": issue_token("s"), **dict(parse_qsl(query))})
    np.testing.assert_array_equal(floats(answer)[3:], np.arange(17) + ODD.index(name))


def test_an_item_with_numbers_beyond_all_others_can_be_told(get, odd):
    told = [get(f"item/odd/v/{item}").json()["km/h"] for item in range(4)]
    assert told == ["infinite", "minus infinite", None, 0]


def test_pictures_are_the_items_pixels(get):
    answer = get("pictures/digits/v", items="5,3")
    assert np.frombuffer(answer.content, "<u4", 4).tolist() == [2, 8, 8, 1]
    pixels = np.frombuffer(answer.content, np.uint8, offset=16).reshape(2, 8, 8, 1)
    np.testing.assert_array_equal(pixels[..., 0], load_data_set("digits").items[[5, 3], 0])


def test_small_pictures_are_averages_of_blocks(get):
    answer = get("pictures/digits/v", items="9", px=4)
    pixels = np.frombuffer(answer.content, np.uint8, offset=16).reshape(4, 4)
    blocks = load_data_set("digits").items[9, 0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(pixels, blocks.round())


def test_an_item_tells_its_attributes(get):
    digits = load_data_set("digits").attributes["digit"]
    assert get("item/digits/v/12").json() == {"digit": digits.iloc[12]}


def test_a_row_is_drawn_by_its_kind(get):
    wine = load_data_set("wine")
    answer = get("pictures/wine/v", items="5,3", px=32)
    assert np.frombuffer(answer.content, "<u4", 4).tolist() == [2, 32, 32, 3]
    pixels = np.frombuffer(answer.content, np.uint8, offset=16).reshape(2, 32, 32, 3)
    drawn = wine.about.item.thumbnails(wine.items[[5, 3]], 32)
    np.testing.assert_array_equal(pixels.transpose(0, 3, 1, 2), drawn)
    large = np.frombuffer(get("pictures/wine/v", items="5").content, "<u4", 4)
    assert large[1] == large[2] > 32


@pytest.mark.parametrize("name", ["wine", "breast-cancer"])
def test_a_row_tells_its_columns_in_the_users_units(get, name):
    table = {"wine": load_wine, "breast-cancer": load_breast_cancer}[name](as_frame=True).data
    told = get(f"item/{name}/v/12").json()
    for column, value in table.iloc[12].items():
        assert told[column] == pytest.approx(value, rel=1e-5)


def test_neighbours_by_code_and_by_pixels(get, codes):
    found = get(f"neighbours/{KEY}/digits/v/8", n=5).json()
    by_code, _ = nearest(codes[8:9], codes, 6)
    by_pixels, _ = nearest_items(load_data_set("digits").items, 8, 5)
    assert found == {
        "nearest by code": by_code[0, 1:].tolist(),
        "nearest by pixels": by_pixels.tolist(),
    }


def test_plotly_is_the_installed_one(client):
    answer = client(columns.plotly_address())
    assert answer.status_code == 200 and b"plotly.js v" in answer.content[:400]


REFUSED = [
    ("points/../../etc", {}, (400, 404)),
    ("points/zz", {}, (400,)),
    (f"points/{'b' * 32}", {}, (404,)),
    ("pictures/digits/v", {"items": "1,x"}, (400,)),
    ("pictures/digits/v", {"items": ""}, (400,)),
    ("pictures/digits/v", {"items": "1,²"}, (400,)),
    ("pictures/digits/v", {"items": "9" * 5000}, (400,)),
    ("pictures/digits/v", {"items": "1", "px": "²"}, (400,)),
    ("pictures/digits/v", {"items": "1797"}, (404,)),
    ("pictures/digits/v", {"items": ",".join(["1"] * 601)}, (413,)),
    ("pictures/digits/v", {"items": "1", "px": "0"}, (400,)),
    ("pictures/nothing/v", {"items": "1"}, (404,)),
    ("attributes/digits/v", {"column": "no such", "n": "5"}, (404,)),
    ("attributes/digits/v", {"column": "digit"}, (400,)),
    ("item/digits/v/5000", {}, (404,)),
    ("item/digits/v/" + "9" * 5000, {}, (400, 404)),
    ("attributes/digits/v", {"column": "digit", "n": "9" * 5000}, (400,)),
    (f"neighbours/{KEY}/digits/v/3", {"n": "100000"}, (400,)),
    (f"neighbours/{KEY}/digits/v/3", {"n": "²"}, (400,)),
]


@pytest.mark.parametrize(("path", "query", "statuses"), REFUSED)
def test_bad_requests_are_refused_in_words(get, codes, path, query, statuses):
    answer = get(path, **query)
    assert answer.status_code in statuses and answer.text


def test_without_a_token_or_from_elsewhere_nothing_is_told(client, codes):
    assert client(f"api/codes/{KEY}").status_code == 403
    headers = {"origin": "http://elsewhere.example"}
    query = {"token": issue_token("s")}
    assert client(f"api/codes/{KEY}", query, headers).status_code == 403


def test_each_category_keeps_its_name_the_frequent_first():
    """Also one that is called what a merged one would be called."""
    names = ["other", *(f"v{i}" for i in range(999))]
    values = pd.Series([name for i, name in enumerate(names) for _ in range(1 + i % 7)])
    column = column_of(values.sample(frac=1, random_state=0))
    shown = np.array(column.names)[column.values.astype(int)]
    assert sorted(shown) == sorted(values) and len(column.names) == 1000
    counts = values.value_counts()[list(column.names)]
    assert counts.is_monotonic_decreasing


def test_categories_beyond_the_names_share_the_last_place():
    values = pd.Series([f"v{i}" for i in range(1005) for _ in range(1 + (i < 1000))])
    column = column_of(values)
    assert column.names[-1] == "5 rarer values" and len(column.names) == 1001
    assert (column.values[-5:] == 1000).all() and (column.values[:-5] < 1000).all()


def test_values_that_are_missing_have_no_category():
    column = column_of(pd.Series(["b", None, "a", "b"], index=[7, 7, 7, 7]))
    np.testing.assert_array_equal(column.values, [1, np.nan, 0, 1])
