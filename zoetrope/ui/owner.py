"""Who is at the page: one browser, told from others by the cookie that Streamlit gives to each.

Work that a browser asked for is shown to it alone, in all its tabs, and after a reload, at which
Streamlit begins a new session. Where a browser takes no cookies, the session stands for it.
"""

import hashlib
import secrets

import streamlit as st

from zoetrope.ui import keys

# Streamlit's own, against forged requests: a random token, masked anew in every answer.
_COOKIE = "_streamlit_xsrf"


def current_owner() -> str:
    """A name for this browser in files of ours; the token cannot be told from it."""
    token = token_of(st.context.cookies.get(_COOKIE))
    if token is None:
        token = st.session_state.setdefault(keys.OWNER, secrets.token_hex(16))
    return hashlib.blake2b(token.encode(), digest_size=8).hexdigest()


def token_of(cookie: object) -> str | None:
    """What stays the same of a cookie "2|MASK|MASKED TOKEN|TIME", in hex; None: it is no such one.

    Args:
        cookie: As the browser sent it; None if it sent none.
    """
    try:
        _, mask, masked, _ = (part.strip() for part in str(cookie).split("|"))
        mask_bytes, masked_bytes = bytes.fromhex(mask), bytes.fromhex(masked)
    except ValueError:
        return None
    if not mask_bytes or not masked_bytes:
        return None
    repeated = mask_bytes * (len(masked_bytes) // len(mask_bytes) + 1)
    return bytes(a ^ b for a, b in zip(masked_bytes, repeated, strict=False)).hex()
