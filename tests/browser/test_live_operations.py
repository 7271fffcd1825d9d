"""Operations that take long, as the browser's decoder asks for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from benchmarks.serving import Server

pytestmark = pytest.mark.browser

# A decoder of its own; `codes(x)` are 32 times x, `seen` all answers in order, `until` waits.
OPEN = """async (token) => {
  const wire = (name) => import(new URL(`api/static/now/wire/${name}.js`, document.baseURI).href);
  const [{ openDecoder }, { CODES }] = [await wire("decoder"), await wire("parts")];
  window.seen = [];
  window.refusals = [];
  const filled = (x) => new Float32Array(32).fill(x);
  window.codes = (x) => ({ type: CODES, codec: 0, shape: [1, 32], values: filled(x) });
  window.until = async (isSo) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await new Promise((onReady) => {
    window.decoder = openDecoder({ token, codecs: [{ key: "faces-16" }], onReady,
      onRefusal: (reason) => window.refusals.push(reason),
      onAnswer: ({ id, isFinal, parts }, { operation, channel }) => {
        const [types, first] = [parts.map(({ type }) => type), parts[0].values[0]];
        window.seen.push({ id, isFinal, operation, channel, types, first });
      } });
  });
}"""


@pytest.fixture(scope="session")
def live_url(serve: Callable[..., Server]) -> str:
    return serve("tests/browser/apps/live_app.py").url


@pytest.fixture
def tab(page: Page, live_url: str) -> Page:
    page.goto(f"{live_url}/?show=token")
    token = page.locator("[data-testid=stText]").first.text_content(timeout=60_000)
    page.evaluate(OPEN, token)
    return page


def test_answers_on_the_way_and_the_last_one_reach_the_browser(tab: Page) -> None:
    seen = tab.evaluate("""async () => {
      decoder.request("shrink", [codes(8)], { channel: 2 });
      await until(() => seen.at(-1)?.isFinal);
      return seen;
    }""")
    assert [(one["first"], one["isFinal"]) for one in seen][:1] == [(4, False)]
    assert (seen[-1]["first"], seen[-1]["isFinal"]) == (0, True)
    assert all(one["types"] == [1, 3] and one["channel"] == 2 for one in seen)


def test_a_newer_request_ends_it_once_it_has_answered(tab: Page) -> None:
    seen = tab.evaluate("""async () => {
      decoder.request("shrink for ever", [codes(8)], { channel: 1 });
      decoder.request("shrink", [codes(8)], { channel: 1 });
      await until(() => seen.at(-1)?.isFinal);
      return seen;
    }""")
    assert seen[0]["operation"] == "shrink for ever"
    assert seen[-1]["operation"] == "shrink"
    first = seen[0]["id"]
    ids = [one["id"] for one in seen]
    assert ids == sorted(ids)
    assert ids.count(first) == 1


def test_sliders_go_on_beside_it_and_a_cancel_ends_it(tab: Page) -> None:
    """What was under way at the cancel arrives before the first answer after it."""
    seen = tab.evaluate("""async () => {
      const answers = (channel) => seen.filter((one) => one.channel === channel).length;
      const move = async (value) => {
        const before = answers(0);
        decoder.decode([{ codec: 0, rows: 1, codes: new Float32Array(32).fill(value) }]);
        await until(() => answers(0) > before);
      };
      decoder.request("shrink for ever", [codes(8)], { channel: 1 });
      await until(() => answers(1) > 0);
      for (let i = 0; i < 20; i++) await move(i);
      const wasBusy = !decoder.idle(1);
      decoder.cancel(1);
      const atCancel = answers(1);
      for (let i = 0; i < 20; i++) await move(i);
      return { wasBusy, isIdle: decoder.idle(1), atCancel, after: answers(1) };
    }""")
    assert seen["wasBusy"]
    assert seen["isIdle"]
    assert seen["atCancel"] == seen["after"]


def test_an_operation_that_the_server_has_not_is_refused(tab: Page) -> None:
    refusals = tab.evaluate("""async () => {
      decoder.request("no such thing", [codes(1)]);
      await until(() => refusals.length);
      return refusals;
    }""")
    assert "unknown" in refusals[0]
