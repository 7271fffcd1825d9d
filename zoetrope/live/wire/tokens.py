"""Short-lived signed tokens: the page gives one to its own components, the socket asks for it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from zoetrope.live.shared import process_wide

LIFETIME_S = 900
# Tokens issued within one slot are equal, so that a rerun does not change a component's data.
SLOT_S = 300


class TokenError(Exception):
    """A token that is missing, malformed, forged or expired; the text says which."""


def issue_token(session: str, *, now_s: float | None = None) -> str:
    """Sign a token for one browser session.

    Args:
        session: Any identifier of the session; only its hash travels.
        now_s: Unix time; the clock's if None.

    Returns:
        `EXPIRY.SESSION.SIGNATURE`, valid between `LIFETIME_S - SLOT_S` and `LIFETIME_S` seconds.
    """
    return renew_token(hashlib.sha256(session.encode()).hexdigest()[:16], now_s=now_s)


def renew_token(holder: str, *, now_s: float | None = None) -> str:
    """A token for the session hash that `read_token` gave: an open socket keeps its session."""
    now = time.time() if now_s is None else now_s
    expiry = int(now // SLOT_S) * SLOT_S + LIFETIME_S
    return f"{expiry}.{holder}.{_signature(expiry, holder)}"


def read_token(token: str, *, now_s: float | None = None) -> str:
    """Check a token and return the hash of the session that holds it.

    Raises:
        TokenError: It is malformed, was not signed by this process, or has expired.
    """
    parts = token.split(".")
    if len(parts) != 3 or not (parts[0].isascii() and parts[0].isdigit()) or len(parts[0]) > 15:
        raise TokenError("The token is malformed: reload the page.")
    expiry, holder, signature = int(parts[0]), parts[1], parts[2]
    if not hmac.compare_digest(signature.encode(), _signature(expiry, holder).encode()):
        raise TokenError("The token was not issued by this server: reload the page.")
    if expiry < (time.time() if now_s is None else now_s):
        raise TokenError("The token has expired: reload the page.")
    return holder


def _signature(expiry: int, holder: str) -> str:
    secret = process_wide("token secret", lambda: secrets.token_bytes(32))
    return hmac.new(secret, f"{expiry}.{holder}".encode(), hashlib.sha256).hexdigest()
