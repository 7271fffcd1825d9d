"""A number that is a label, such as a person's, kept as a category; and back."""

from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np
from filelock import FileLock, Timeout

from ae_core.data.catalogue import is_embedded, load_data_set
from ae_core.data.item_search import is_number
from ae_core.data.store import ATTRIBUTES
from ae_core.errors import DataError
from ae_core.locations import cache_dir, data_dir, write_atomically

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["category", "number"]
_LOCK_TIMEOUT_S = 10.0


def other_kind(values: "pd.Series") -> Kind | None:
    """What an attribute can be made: a number a category, numerals a number; None: neither."""
    if is_number(values):
        return "category"
    return "number" if is_text(values) and _numbers(values) is not None else None


def is_text(values: "pd.Series") -> bool:
    """Whether an attribute is a category written as text."""
    import pandas as pd

    return not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_dtype(values))


def set_kind(data: str, attribute: str, kind: Kind) -> None:
    """Keep an attribute of a data set of one's own as a category, or as a number again.

    Raises:
        DataError: The data set is embedded or not there, has no such attribute, it holds texts that
            are no numbers, or somebody else is changing its attributes.
    """
    if is_embedded(data):
        raise DataError(f"`data`: {data!r} comes with Zoetrope and stays as it is: add a copy.")
    lock = cache_dir() / "attributes" / f"{data}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=_LOCK_TIMEOUT_S):
            attributes = load_data_set(data).attributes.copy()
            if attribute not in attributes:
                raise DataError(f"`attribute`: data set {data!r} has no attribute {attribute!r}.")
            attributes[attribute] = _converted(attributes[attribute], kind)
            content = BytesIO()
            attributes.to_parquet(content)
            write_atomically(data_dir() / data / ATTRIBUTES, content.getvalue(), make_folder=False)
    except Timeout as error:
        raise DataError(
            f"Somebody else is changing the attributes of {data!r}: try again in a moment."
        ) from error


def _converted(values: "pd.Series", kind: Kind) -> "pd.Series":
    if kind == "number":
        numbers = _numbers(values)
        if numbers is None:
            raise DataError(
                f"`attribute`: {values.name!r} holds texts that are no numbers, so it stays one."
            )
        return numbers
    return values.map(_as_text, na_action="ignore").astype("object")


def _as_text(value: object) -> str:
    """A number as a label: 3.0 is "3"."""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]


def _numbers(values: "pd.Series") -> "pd.Series | None":
    """The numbers that texts are; None where one of them is none."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(values.dtype) or not values.notna().any():
        return None
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if (numbers.notna() == values.notna()).all() else None
