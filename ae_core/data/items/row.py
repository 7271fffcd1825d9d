"""Rows of a table: float32 (N, F) on disk, numbers standardised, categories as one-hot blocks."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ae_core.config import Architecture, Corruption, Loss, Measure, Settings
from ae_core.data.items.bars import draw_bars
from ae_core.data.items.interface import ItemKind, NamedError
from ae_core.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import Tensor

_DRAWN_PX = 128


class Column(Settings, allow_inf_nan=False):
    """One column of the user's table; a number, or a category with its values."""

    name: str = Field(description="As in the user's table.")
    mean: float = Field(0.0, description="Number: subtracted; mean over the items fitted on.")
    scale: float = Field(1.0, gt=0, description="Number: divided by; their standard deviation.")
    low: float = Field(0.0, description="Smallest value, in the user's unit.")
    high: float = Field(1.0, description="Largest value, in the user's unit.")
    values: tuple[str, ...] = Field((), description="Category: its values; none for a number.")

    @property
    def width(self) -> int:
        """Numbers of an item that stand for this column."""
        return len(self.values) or 1


class Row(ItemKind):
    """Rows of one table."""

    kind: Literal["row"] = "row"
    columns: tuple[Column, ...] = Field(
        min_length=1, max_length=20_000, description="In the order of the table."
    )

    unit: ClassVar[str] = "column"
    losses: ClassVar[tuple[Loss, ...]] = ("mse", "gaussian")
    corruptions: ClassVar[tuple[Corruption, ...]] = ("none", "gaussian", "masking")
    architectures: ClassVar[tuple[Architecture, ...]] = ("dense",)
    measures: ClassVar[tuple[Measure, ...]] = ("mse",)
    is_tabular: ClassVar[bool] = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("`columns` must have different names.")
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        return (sum(column.width for column in self.columns),)

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def places(self) -> tuple[int, ...]:
        return self.shape

    @property
    def default_preset(self) -> str:
        return "table"

    def words(self) -> str:
        n_columns = len(self.columns)
        return f"{n_columns} column" + ("s" if n_columns > 1 else "")

    def to_floats(self, stored: "Tensor") -> "Tensor":
        return stored.float()

    def stored(self, floats: "Tensor") -> np.ndarray:
        return self.clip(floats).cpu().numpy()

    def link(self, outputs: "Tensor") -> "Tensor":
        """Numbers as they are; a category's block by softmax, as shares of its values."""
        return self._on_blocks(outputs, lambda block: block.softmax(dim=-1))

    def unlink(self, item: "Tensor") -> "Tensor":
        return self._on_blocks(item, lambda block: block.clamp(min=1e-3).log())

    def clip(self, floats: "Tensor") -> "Tensor":
        """Numbers have no limit; shares of a category's values lie in [0, 1]."""
        return self._on_blocks(floats, lambda block: block.clamp(0, 1))

    def thumbnails(self, stored: np.ndarray, px: int) -> np.ndarray:
        return draw_bars(self._heights(stored), px)

    def drawn(self, stored: np.ndarray) -> np.ndarray:
        return draw_bars(self._heights(stored), _DRAWN_PX)

    def wire_part(self) -> Mapping[str, Any]:
        columns = [
            {"name": column.name, "values": list(column.values)}
            if column.values
            else column.model_dump(include={"name", "low", "high", "mean", "scale"})
            for column in self.columns
        ]
        return {"painter": "columns", "columns": columns}

    def wire_values(self, floats: "Tensor") -> "Tensor":
        """float32 (N, F): numbers in the user's units, a category as shares of its values."""
        clipped = self.clip(floats).double()
        scale, mean = self._scaling_on(clipped.device)
        return (clipped * scale + mean).float()

    def floats_of_wire(self, values: "Tensor") -> "Tensor":
        numbers = values.double()
        scale, mean = self._scaling_on(numbers.device)
        return ((numbers - mean) / scale).float()

    def values(self, stored: np.ndarray) -> list[tuple[str, str]]:
        scale, mean = self._scaling
        numbers = stored.astype(np.float64) * scale + mean
        named = []
        for column, place in self._placed():
            if column.values:
                named.append((column.name, column.values[int(numbers[place].argmax())]))
            else:
                named.append((column.name, f"{numbers[place][0]:.6g}"))
        return named

    def named_errors(self, squares: np.ndarray) -> list[NamedError]:
        """A column each; a category's is the mean over its values, in shares."""
        errors = []
        for column, place in self._placed():
            share = float(np.sqrt(squares[place].mean()))
            words = "in shares" if column.values else f"{share * column.scale:.3g}"
            errors.append(NamedError(name=column.name, share=share, words=words))
        return errors

    def _placed(self) -> Iterator[tuple[Column, slice]]:
        """Each column and the numbers of an item that stand for it."""
        start = 0
        for column in self.columns:
            yield column, slice(start, start + column.width)
            start += column.width

    def _on_blocks(self, floats: "Tensor", change: "Callable[[Tensor], Tensor]") -> "Tensor":
        """Categories' blocks changed, numbers as they are."""
        if not any(column.values for column in self.columns):
            return floats
        import torch

        parts = [
            change(floats[..., place]) if column.values else floats[..., place]
            for column, place in self._placed()
        ]
        return torch.cat(parts, dim=-1)

    @functools.cached_property
    def _scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Scale and mean of each number of an item, float64 (F,) each."""
        scale = [column.scale for column in self.columns for _ in range(column.width)]
        mean = [column.mean for column in self.columns for _ in range(column.width)]
        return np.array(scale), np.array(mean)

    def _scaling_on(self, device: "torch.device") -> "tuple[Tensor, Tensor]":
        """The same as tensors: made once for a device, since every decoded row needs them."""
        if device not in self._scaling_by_device:
            import torch

            scale, mean = (torch.from_numpy(part).to(device) for part in self._scaling)
            self._scaling_by_device[device] = scale, mean
        return self._scaling_by_device[device]

    @functools.cached_property
    def _scaling_by_device(self) -> "dict[torch.device, tuple[Tensor, Tensor]]":
        return {}

    def _heights(self, stored: np.ndarray) -> np.ndarray:
        """Bars in [-1, 1]: three standard deviations fill one, and so does a share of 1."""
        heights = np.array(stored, dtype=np.float32)
        for column, place in self._placed():
            if not column.values:
                heights[:, place] /= 3
        return heights.clip(-1, 1)


def rows_of_table(table: "pd.DataFrame", fitted: np.ndarray) -> tuple[Row, np.ndarray]:
    """A table as items: numbers standardised, texts and flags as one-hot blocks.

    Args:
        table: One row an item; columns of numbers, texts or flags, none missing.
        fitted: int64 rows whose mean and standard deviation count: those to be trained on.

    Returns:
        The kind, and the items, float32 (N, F). A column that is the same in all fitted rows is
        only centred.

    Raises:
        DataError: A column has missing or infinite values, or the table has no columns.
    """
    if table.columns.empty:
        raise DataError("The table has no columns: it needs at least one.")
    columns, blocks = [], []
    for name in table.columns:
        column, block = _column(str(name), table[name], fitted)
        columns.append(column)
        blocks.append(block)
    return Row(columns=tuple(columns)), np.concatenate(blocks, axis=1, dtype=np.float32)


def _column(name: str, values: "pd.Series[Any]", fitted: np.ndarray) -> tuple[Column, np.ndarray]:
    """A column and its numbers of each item, float64 (N, width)."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if values.isna().any():
        raise DataError(
            f"`{name}` has {int(values.isna().sum())} missing values: fill them, or leave the "
            "rows or the column out."
        )
    if not is_numeric_dtype(values) or is_bool_dtype(values):
        texts = values.astype(str)
        levels = tuple(sorted(texts.unique()))
        return Column(name=name, values=levels), np.stack(
            [(texts == level).to_numpy(np.float64) for level in levels], axis=1
        )
    numbers = values.to_numpy(np.float64)
    if not np.isfinite(numbers).all():
        raise DataError(f"`{name}` has infinite values: replace them, or leave their rows out.")
    mean, scale = float(numbers[fitted].mean()), float(numbers[fitted].std())
    if scale <= 1e-12 * max(1.0, abs(mean)):
        scale = 1.0
    low, high = float(numbers.min()), float(numbers.max())
    column = Column(name=name, mean=mean, scale=scale, low=low, high=high)
    return column, ((numbers - mean) / scale)[:, None]
