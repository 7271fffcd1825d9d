"""Widgets made from a settings model: label, limits and help come from the fields themselves."""

import types
import typing
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic.fields import FieldInfo

from ae_core.config import Settings
from ae_core.errors import ConfigError

# Words where the field's name, its underscores taken out, is not good enough.
_LABELS = {
    "latent_dim": "Code size",
    "widths": "Widths, from the item inwards",
    "corruption_range": "Corruption level, from and to",
    "optimiser": "Optimiser",
    "patience": "Patience in epochs",
    "save_interval_s": "Seconds between saves",
    "n_threads": "CPU threads",
}
# A setting that says nothing unless another one has (not) a value: name -> (other, idle value).
_NEEDS = {
    "corruption_range": ("corruption", "none"),
    "penalty_weight": ("penalty", "none"),
    "target_rate": ("penalty", ("none", "l1", "contractive")),
    "beta": ("bottleneck", "plain"),
    "warm_up_epochs": ("bottleneck", "plain"),
    "free_bits": ("bottleneck", "plain"),
    "centred": ("architecture", "convolutional"),
    "residual": ("architecture", "dense"),
    "dense_width": ("architecture", "dense"),
    "greedy_pretraining_epochs": ("architecture", "convolutional"),
}


def widget(start: Settings, name: str, *, key: str, options: Sequence[str] = ()) -> Any:
    """One setting as a widget that begins at its value in `start`.

    Args:
        start: Settings to begin at.
        name: The setting.
        key: Of the form.
        options: What can be chosen; all that the setting allows if empty.

    Raises:
        ConfigError: What was typed is no list of numbers.
    """
    field = type(start).model_fields[name]
    value = getattr(start, name)
    label = _LABELS.get(name, name.replace("_", " ").capitalize())
    common: dict[str, Any] = {"label": label, "help": field.description, "key": f"{key}-{name}"}
    kind = field.annotation
    if get_origin(kind) is Literal:
        options = list(options or get_args(kind))
        return st.selectbox(
            options=options, index=options.index(value), format_func=_words, **common
        )
    if kind is bool:
        return st.toggle(value=value, **common)
    if get_origin(kind) is tuple:
        return _numbers(st.text_input(value=", ".join(map(str, value)), **common), kind, label)
    return _number(field, value, common)


def is_idle(name: str, values: dict[str, Any]) -> bool:
    """Whether a setting says nothing, given the others."""
    other, idle = _NEEDS.get(name, ("", ()))
    return other in values and values[other] in (idle if isinstance(idle, tuple) else (idle,))


def _words(option: str) -> str:
    return option.replace("_", " ").upper() if len(option) < 4 else option.replace("_", " ")


def _number(field: FieldInfo, value: float, common: dict[str, Any]) -> Any:
    kind = typing.cast(type, field.annotation)
    low, high = _limits(field, kind)
    if kind is int:
        return st.number_input(value=value, min_value=low, max_value=high, step=1, **common)
    return st.number_input(
        value=value, min_value=low, max_value=high, step=value / 10 or 0.1, format="%g", **common
    )


def _limits(field: FieldInfo, kind: type) -> tuple[Any, Any]:
    low = high = None
    for limit in field.metadata:
        if isinstance(limit, annotated_types.Ge):
            low = limit.ge
        elif isinstance(limit, annotated_types.Gt):
            low = kind(limit.gt) + (1 if kind is int else 1e-9)  # type: ignore[arg-type]
        elif isinstance(limit, annotated_types.Le):
            high = limit.le
        elif isinstance(limit, annotated_types.Lt):
            high = kind(limit.lt) - (1 if kind is int else 1e-9)  # type: ignore[arg-type]
    return (None if low is None else kind(low)), (None if high is None else kind(high))


def _numbers(text: str, kind: Any, label: str) -> tuple[float, ...]:
    element = next(part for part in get_args(kind) if not isinstance(part, types.EllipsisType))
    try:
        return tuple(element(part) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(
            f"{label}: numbers between commas are expected, such as '128, 64'; got {text!r}."
        ) from error
