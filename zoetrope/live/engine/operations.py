"""What a request can ask for: one entry of `OPERATIONS` each.

A *row operation* makes one row of the result from each row given, so the rows of many requests are
computed as one batch. A *long operation* computes in steps, between which everybody else is served,
and may answer before it is done. This module imports no torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from zoetrope.live.wire.limits import MAX_ANSWER_BYTES
from zoetrope.live.wire.parts import PartType

if TYPE_CHECKING:
    from zoetrope.live.engine.decoders import Decoder


@dataclass(frozen=True)
class RequestPart:
    """Rows for one codec.

    Attributes:
        key: Checkpoint key, "NAME" or "pca:NAME".
        array: The rows, in the form and dtype that `type` names.
        type: What the rows are.
        codec: Number of the codec on the wire.
        gauges: Names of the numbers wanted with every row.
    """

    key: str
    array: NDArray[Any]
    type: PartType = PartType.CODES
    codec: int = 0
    gauges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """One array of an answer.

    Attributes:
        part: Place of the request's part that it belongs to: it has the same codec and gauges.
        type: What the rows are.
        array: The rows, in the form and dtype that `type` names.
    """

    part: int
    type: PartType
    array: NDArray[Any]


Inputs = Sequence[tuple["Decoder", RequestPart]]
Steps = Generator[Sequence[Result] | None, None, Sequence[Result]]


class RowOperation(ABC):
    """Each row of the result follows from one row of the input, alone."""

    is_long: ClassVar[bool] = False

    @abstractmethod
    def takes(self, decoder: Decoder) -> PartType:
        """The type of part that a codec's rows must have."""

    @abstractmethod
    def gives(self, decoder: Decoder) -> PartType:
        """The type of the result."""

    @abstractmethod
    def row_shapes(self, decoder: Decoder) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shape of one row that it takes, and of one that it gives."""

    @abstractmethod
    def run(self, decoder: Decoder, rows: NDArray[Any]) -> NDArray[Any]:
        """Results of rows, in the worker's thread."""

    def check(self, inputs: Inputs) -> None:
        """Refuse what does not fit before anything is computed.

        Raises:
            LatentInputError: Type or shape of a part is not the codec's, or the answer would be
                larger than `MAX_ANSWER_BYTES`.
        """
        n_bytes = 0
        for decoder, part in inputs:
            taken, given = self.row_shapes(decoder)
            require_rows(part, self.takes(decoder), taken)
            n_bytes += len(part.array) * int(np.prod(given)) * self.gives(decoder).dtype.itemsize
        require_size(n_bytes)


class Decode(RowOperation):
    """Items of codes, as the browser paints them."""

    def takes(self, decoder: Decoder) -> PartType:
        return PartType.CODES

    def gives(self, decoder: Decoder) -> PartType:
        return decoder.item_type

    def row_shapes(self, decoder: Decoder) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (decoder.latent_dim,), decoder.wire_shape

    def run(self, decoder: Decoder, rows: NDArray[Any]) -> NDArray[Any]:
        return decoder.decode(rows)


class Encode(RowOperation):
    """Codes of items that are given as the browser paints them."""

    def takes(self, decoder: Decoder) -> PartType:
        return decoder.item_type

    def gives(self, decoder: Decoder) -> PartType:
        return PartType.CODES

    def row_shapes(self, decoder: Decoder) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return decoder.wire_shape, (decoder.latent_dim,)

    def run(self, decoder: Decoder, rows: NDArray[Any]) -> NDArray[Any]:
        return decoder.encode(rows)


class LongOperation(ABC):
    """Computes in steps; a newer request of the same channel, or a cancel, ends it."""

    is_long: ClassVar[bool] = True

    @abstractmethod
    def check(self, inputs: Inputs) -> None:
        """Refuse what does not fit; raises LatentInputError."""

    @abstractmethod
    def steps(self, inputs: Inputs) -> Steps:
        """Compute in the worker's thread.

        Yields after every few milliseconds, because nobody's slider is followed until then: the
        results so far, or None. Returns the final results. Closed when nobody waits any more.
        """


Operation = RowOperation | LongOperation

# The order is that of their numbers on the wire.
OPERATIONS: Mapping[str, Operation] = {"decode": Decode(), "encode": Encode()}


def require_rows(part: RequestPart, kind: PartType, row_shape: tuple[int, ...]) -> None:
    """Refuse a part of another type, or with rows of another shape.

    Raises:
        LatentInputError: It is not what the codec takes.
    """
    if part.type is not kind or part.array.shape[1:] != row_shape or part.array.ndim < 2:
        sizes = " x ".join(map(str, row_shape))
        raise LatentInputError(
            f"`{kind.name.lower()}` must have {sizes} numbers a row for this codec; got "
            f"{part.type.name.lower()} of shape {part.array.shape}: reload the page if the "
            "checkpoint has changed."
        )


def require_size(n_bytes: int) -> None:
    """Refuse answers that are too large.

    Raises:
        LatentInputError: More than `MAX_ANSWER_BYTES`.
    """
    if n_bytes > MAX_ANSWER_BYTES:
        raise LatentInputError(
            f"The answer would have {n_bytes:,} bytes; {MAX_ANSWER_BYTES:,} are allowed: ask for "
            "fewer rows."
        )
