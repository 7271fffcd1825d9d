"""Tokens hold for their session and time, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoetrope.live.wire.tokens import (
    LIFETIME_S,
    SLOT_S,
    TokenError,
    issue_token,
    read_token,
    renew_token,
)

NOW_S = 1_700_000_000.0


def test_a_token_holds_until_it_expires() -> None:
    token = issue_token("session", now_s=NOW_S)
    holder = read_token(token, now_s=NOW_S + LIFETIME_S - SLOT_S - 1)
    assert renew_token(holder, now_s=NOW_S) == token
    with pytest.raises(TokenError, match="expired"):
        read_token(token, now_s=NOW_S + LIFETIME_S + 1)


def test_sessions_have_different_tokens_that_do_not_show_the_session() -> None:
    first, second = issue_token("alice", now_s=NOW_S), issue_token("bob", now_s=NOW_S)
    assert read_token(first, now_s=NOW_S) != read_token(second, now_s=NOW_S)
    assert "alice" not in first


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = issue_token("session", now_s=NOW_S)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != token[place]))
    with pytest.raises(TokenError):
        read_token(token[:place] + other + token[place + 1 :], now_s=NOW_S)


@given(st.text(max_size=100))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        read_token(text, now_s=NOW_S)
