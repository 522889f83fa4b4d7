"""What a model's summary consists of: a row for each module call, and what is said of the whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One call of a module, with all that is in it.

    Attributes:
        name: Its path as seen from the module call around it; the class's name for the model.
        path: Its dotted path; "" for the model, and for what is no module of the model's.
        call: 1 for its first call.
        depth: How many module calls are around it.
        type: The name of its class.
        detail: Its settings in a few words.
        output_shapes: The shapes of the tensors that it returned.
        dtype: The first one's dtype, "" if it returned no tensor.
        parameter_count: Numbers in its parameters, each parameter once.
        trainable_count: How many of them are trained.
        mult_adds: Multiply-adds of its matrix products, convolutions and attention.
        memory_bytes: Of the tensors that operations in it make; views take none.
        seconds: How long its call takes, None if that was not measured.
    """

    name: str
    path: str
    call: int
    depth: int
    type: str
    detail: str
    output_shapes: tuple[tuple[int, ...], ...]
    dtype: str
    parameter_count: int
    trainable_count: int
    mult_adds: int
    memory_bytes: int
    seconds: float | None


@dataclass(frozen=True)
class SummaryRows:
    """A model's modules as rows, in the order in which they are called; with their totals.

    Attributes:
        rows: One for each module call, that of the model first.
        parameter_count: Numbers in the model's parameters, tied ones once.
        trainable_count: How many of them are trained.
        parameter_bytes: The memory of the parameters.
        input_bytes: The memory of the inputs.
        device: Where the model is, such as `cpu`.
        is_training: Whether it was in training mode.
        note: How it was traced or why it was not timed, where that matters.
    """

    rows: tuple[SummaryRow, ...]
    parameter_count: int
    trainable_count: int
    parameter_bytes: int
    input_bytes: int
    device: str
    is_training: bool
    note: str

    @property
    def mult_adds(self) -> int:
        """Multiply-adds of one pass: matrix products, convolutions and attention."""
        return self.rows[0].mult_adds

    @property
    def memory_bytes(self) -> int:
        """The memory of the tensors that one pass makes."""
        return self.rows[0].memory_bytes

    @property
    def seconds(self) -> float | None:
        """How long a pass takes, None if that was not measured."""
        return self.rows[0].seconds
