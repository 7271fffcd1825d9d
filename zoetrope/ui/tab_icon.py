"""The icon of the browser's tab."""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.PageConfig_pb2 import PageConfig
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx


def show_tab_icon(url: str) -> None:
    """What `st.set_page_config(page_icon=url)` does, without importing PIL before the first page.

    Without any icon Streamlit would show the page's own from the menu, fetched from the internet.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    message = ForwardMsg()
    message.page_config_changed.favicon = url
    message.page_config_changed.layout = PageConfig.LAYOUT_UNSET
    message.page_config_changed.initial_sidebar_state = PageConfig.SIDEBAR_UNSET
    context.enqueue(message)
