"""What linear probes read off decoded pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.item_search import named_attributes
from ae_core.data.store import DataSet
from ae_core.steering.probes import AttributeProbes, fit_probes
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.steer.space import Side, Space

GOOD_FLAG, GOOD_NUMBER = 0.85, 0.5  # AUC and R^2 below which a reading is not worth showing


def probes_of(side: Side, data_set: DataSet) -> AttributeProbes:
    """Linear probes of all attributes, fitted on one codec's codes."""
    kinds = tuple((str(name), str(kind)) for name, kind in data_set.attributes.dtypes.items())
    return _probes(codes_key(side.checkpoint, data_set), kinds, side.codes, data_set)


@st.cache_resource(max_entries=8, show_spinner="Learning to read attributes off codes")
def _probes(
    key: str, kinds: tuple[tuple[str, str], ...], _codes: np.ndarray, _data_set: DataSet
) -> AttributeProbes:
    train, held_out = _data_set.split()
    visible = _data_set.attributes[_data_set.visible_attributes()]
    return fit_probes(_codes, visible, train, held_out)


def round_trip(side: Side, codes: np.ndarray) -> np.ndarray:
    """Codes of the pictures that these codes decode to, float32 (n, latent_dim)."""
    engine = get_engine()
    return engine.encode(side.key, engine.decode(side.key, codes.astype(np.float32)))


def is_good(probes: AttributeProbes) -> np.ndarray:
    """Which attributes can be read well enough to show, bool (n_attributes,)."""
    limit = np.where(probes.is_flag, GOOD_FLAG, GOOD_NUMBER)
    return np.nan_to_num(probes.quality, nan=-1.0) >= limit


def is_steered(probes: AttributeProbes, questions: Iterable[str], data_set: DataSet) -> np.ndarray:
    """Which attributes these questions are about, bool (n_attributes,)."""
    named: set[str] = set()
    for question in questions:
        named |= named_attributes(question, data_set.attributes)
    return np.array([name in named for name in probes.names])


def change_table(
    side: Side, space: Space, before: np.ndarray, after: np.ndarray, questions: Iterable[str]
) -> pd.DataFrame:
    """What is read off two decoded pictures: first what `questions` steer, however well it can be
    read, then the largest change of what can be read well."""
    probes = probes_of(side, space.data_set)
    steered = is_steered(probes, questions, space.data_set)
    codes = round_trip(side, np.stack([before, after]))
    readings, scores = probes.read(codes), probes.scores(codes)
    table = pd.DataFrame(
        {
            "attribute": probes.names,
            "before": readings[0],
            "after": readings[1],
            "change": (scores[1] - scores[0]) / probes.sigmas,
            "quality": probes.quality,
        }
    )
    order = np.lexsort((-table["change"].abs().fillna(0).to_numpy(), ~steered))
    return table.iloc[[place for place in order if steered[place] or is_good(probes)[place]]]


def change_sentence(table: pd.DataFrame, n_shown: int = 5) -> str:
    """The largest changes in one line: "woman 0.02 → 0.91, smile 0.40 → 0.42"."""
    parts = []
    for row in table.head(n_shown).itertuples():
        before, after = f"{row.before:.2f}", f"{row.after:.2f}"
        parts.append(f"{row.attribute} {after if before == after else f'{before} → {after}'}")
    return ", ".join(parts)
