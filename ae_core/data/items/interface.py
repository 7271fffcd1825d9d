"""What every kind of item says of itself."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ae_core.config import Architecture, Corruption, Loss, Measure, Settings

if TYPE_CHECKING:
    from torch import Tensor


class NamedError(Settings):
    """Error of one named part of items, such as a table's column."""

    name: str = Field(description="Name of the part.")
    share: float = Field(description="Root mean squared error over the part's standard deviation.")
    words: str = Field(description="The same in the user's units.")


class ItemKind(Settings):
    """A kind of item, and what all items of one data set have in common.

    An instance lies in a data set's `about.json` and in a checkpoint's `config.json`, and is part
    of every codec. Three forms of an item: *stored* (NumPy, on disk), *floats* (float32, what
    codecs take and give), and what the browser's painter gets (`wire_values`).

    Attributes:
        kind: Name of the kind, the discriminator in JSON.
        unit: What one number of an item is called; errors are means over these.
        losses: Reconstruction losses that suit it; so `corruptions`, `architectures`.
        measures: Held-out measures of reconstructions (`ae_core.codecs.metrics.MEASURES`).
        file_types: Endings of files that hold one item, for an item of one's own; may be none.
        is_tabular: Whether people read items as rows of a table, not as pictures.
    """

    kind: str

    unit: ClassVar[str]
    losses: ClassVar[tuple[Loss, ...]]
    corruptions: ClassVar[tuple[Corruption, ...]]
    architectures: ClassVar[tuple[Architecture, ...]]
    measures: ClassVar[tuple[Measure, ...]]
    file_types: ClassVar[tuple[str, ...]] = ()
    is_tabular: ClassVar[bool] = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one item's tensor."""

    @property
    @abstractmethod
    def stored_dtype(self) -> np.dtype[Any]:
        """Number format on disk; the stored shape is that of the tensor."""

    @property
    def n_numbers(self) -> int:
        """Numbers of one item."""
        return math.prod(self.shape)

    @property
    @abstractmethod
    def places(self) -> tuple[int, ...]:
        """Shape of the places that can be damaged independently; broadcasts to `shape`."""

    @property
    @abstractmethod
    def default_preset(self) -> str:
        """Name of the preset that is offered first."""

    @abstractmethod
    def words(self) -> str:
        """What an item is, for people: "64 x 64 pixels, colour"."""

    @abstractmethod
    def to_floats(self, stored: "Tensor") -> "Tensor":
        """Stored items, already a tensor on its device, as float32 (N, *shape)."""

    @abstractmethod
    def stored(self, floats: "Tensor") -> np.ndarray:
        """Decoded items (N, *shape) in their stored form; out of range is clipped."""

    @abstractmethod
    def link(self, outputs: "Tensor") -> "Tensor":
        """What a decoder's last layer gives, (N, *shape), as items in their range."""

    @abstractmethod
    def unlink(self, item: "Tensor") -> "Tensor":
        """Outputs that `link` turns into about this item, (*shape,); finite."""

    @abstractmethod
    def clip(self, floats: "Tensor") -> "Tensor":
        """Floats brought into the range that items can have."""

    @abstractmethod
    def thumbnails(self, stored: np.ndarray, px: int) -> np.ndarray:
        """Items drawn small: uint8 (N, C, h, w) with C 1 or 3, at most `px` on a side."""

    @abstractmethod
    def drawn(self, stored: np.ndarray) -> np.ndarray:
        """Items drawn for reading: uint8 (N, C, h, w) with C 1 or 3."""

    @abstractmethod
    def wire_part(self) -> Mapping[str, Any]:
        """What the browser's painter has to know, ready for JSON; "painter" names it."""

    @abstractmethod
    def wire_values(self, floats: "Tensor") -> "Tensor":
        """Decoded items as the painter gets them: uint8 (N, H, W, C), or float32 (N, F)."""

    @abstractmethod
    def floats_of_wire(self, values: "Tensor") -> "Tensor":
        """What `wire_values` gave, or what a browser sent in that form, as float32 (N, *shape)."""

    def floats(self, stored: np.ndarray) -> "Tensor":
        """Stored items (N, *shape), perhaps memory-mapped, as float32 (N, *shape)."""
        import torch

        return self.to_floats(torch.from_numpy(np.array(stored)))

    def values(self, stored: np.ndarray) -> list[tuple[str, str]]:
        """Names and values of one stored item in the user's units; none where a picture says it."""
        return []

    def mean(self, stored: np.ndarray) -> np.ndarray:
        """The mean of stored items (N, *shape), in stored form, (*shape,)."""
        mean = stored.mean(axis=0, dtype=np.float64)
        whole = np.issubdtype(self.stored_dtype, np.integer)
        return np.asarray(np.rint(mean) if whole else mean, dtype=self.stored_dtype)

    def named_errors(self, squares: np.ndarray) -> list[NamedError]:
        """Errors of named parts, if any, from mean squared errors of each number, (*shape,)."""
        return []

    def read_file(self, content: bytes, name: str) -> np.ndarray:
        """One item of one's own from a file of `file_types`, in stored form.

        Raises:
            DataError: It cannot be read.
        """
        raise NotImplementedError(f"no files hold one {self.kind}")
