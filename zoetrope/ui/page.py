"""The anatomy that all pages share: title, one sentence, the "how"; pictures of items."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import streamlit as st

from zoetrope.live.components.gallery import png_url
from zoetrope.ui import codec_notice, keys, presentation
from zoetrope.ui.state import PageEnded, end_page, say_error


def header(
    title: str, question: str, how: str, *, is_live: bool = False, shows_codec: bool = True
) -> None:
    """Title, the question the page answers, and formula and source one click away.

    Args:
        title: The page's name.
        question: One sentence.
        how: Markdown with formulas and sources.
        is_live: Whether the page has a stage, which can be presented.
        shows_codec: Whether it shows what the chosen codec makes of the data.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title(title, anchor=False, width="stretch")
        with st.popover("How", icon=":material/function:", width=112):
            st.markdown(how)
        if is_live:
            presentation.toggle_button()
    st.markdown(f":gray[{question}]")
    codec_notice.show_refused(keys.DATA)
    if shows_codec:
        codec_notice.show()


@contextmanager
def errors_in_words(*, ends_page: bool = True) -> Iterator[None]:
    """Show an error of the core or the system in words; anything else is a bug and surfaces.

    Args:
        ends_page: Whether nothing comes after it. Not in a fragment, which also runs alone.
    """
    try:
        yield
    except PageEnded:
        raise
    except Exception as error:
        say_error(error)
        if ends_page:
            end_page()


def crisp(picture: np.ndarray, px: int) -> str:
    """A picture at least `px` pixels wide, by repeating pixels, as a URL that holds it.

    Not a file on Streamlit's server: that is lossy, and dropped when the page is left or a fragment
    runs again, often before the browser has fetched it.

    Args:
        picture: uint8 (C, H, W).
        px: Width on the screen.
    """
    factor = max(1, -(-px // picture.shape[2]))
    return png_url(picture.repeat(factor, axis=1).repeat(factor, axis=2))
