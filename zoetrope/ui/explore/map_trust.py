"""How far to trust a map: measured by itself where the worker runs anyway, else when asked for."""

from __future__ import annotations

import streamlit as st

from ae_core.maps.quality import load_quality, quality_key
from ae_core.processes.worker_client import RequestState
from zoetrope.live.projections import service
from zoetrope.ui.explore.first_map import FirstMap
from zoetrope.ui.explore.map_words import trust_words
from zoetrope.ui.plain_text import message


def show(first: FirstMap) -> RequestState | None:
    """The scores in one line, or the job that measures them; nothing of an unfinished map."""
    if first.job.state != "done":
        return None
    quality = load_quality(quality_key(first.job.key))
    if quality is not None:
        st.markdown(trust_words(quality))
        return None
    job = service().state(quality_key(first.job.key))
    is_lost = job is not None and job.state == "done"  # somebody has deleted the cache
    if (job is None or is_lost) and (service().pid or st.button("How far to trust this map?")):
        job = service().request_quality(first.mapped.codes, first.job.key)
    if job is not None:
        waiting = "Measuring how far to trust this map." if job.is_active else message(job.message)
        st.markdown(f":gray[{waiting}]")
    return job
