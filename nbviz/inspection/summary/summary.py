"""`summary`: a model's modules as a table of shapes, parameters, multiply-adds, memory and time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from nbviz.errors import (
    ConfigurationError,
    NbvizError,
    TraceError,
    attribute_of,
    optional_module,
)
from nbviz.inspection.graph.overlays.timing import call_seconds
from nbviz.inspection.graph.trace.building import error_text
from nbviz.inspection.graph.trace.modules import all_parameters
from nbviz.inspection.graph.trace.pass_memory import activation_bytes, tensor_bytes
from nbviz.inspection.graph.trace.trace import trace, trace_for_real
from nbviz.inspection.summary.rows import SummaryRow, SummaryRows
from nbviz.inspection.summary.text import as_html, as_text, readable_depth
from nbviz.text import encodable_row

if TYPE_CHECKING:
    import torch

    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.structure import ModuleCall


_COLUMNS = tuple(field.name for field in fields(SummaryRow))


@dataclass(frozen=True, repr=False)
class Summary(SummaryRows):
    """A model's modules as rows, in the order in which they are called; made by `summary`.

    Printed it is a table of text, in a notebook one of HTML.

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

    def sorted_by(self, column: str, *, descending: bool = True) -> Summary:
        """Return the summary with its rows in the order of one column, below the model's own.

        Args:
            column: A field of `SummaryRow`, such as "mult_adds", "seconds" or "path".
            descending: Whether the largest comes first.

        Raises:
            ConfigurationError: There is no such column.
        """
        if column not in _COLUMNS:
            raise ConfigurationError(
                f"column must be one of {', '.join(_COLUMNS)}; got {column!r}."
            )

        def key(row: SummaryRow) -> Any:
            value = getattr(row, column)
            return -1.0 if value is None else value

        whole, *rest = self.rows
        # Outside of the tree a module needs its whole path for a name.
        flat = [replace(row, name=row.path or row.name, depth=1) for row in rest]
        ordered = sorted(flat, key=key, reverse=descending)
        return replace(self, rows=(whole, *ordered))

    def to_text(self, depth: int | None = None) -> str:
        """Return the table as text.

        Args:
            depth: How many levels of modules are shown; None for all.
        """
        return as_text(self, depth)

    def to_html(self, depth: int | None = None) -> str:
        """Return the table as HTML without script and style sheet; all names are escaped.

        Args:
            depth: How many levels of modules are shown at once; None for all. The whole table
                opens below.
        """
        return as_html(self, depth)

    def to_pandas(self) -> Any:
        """Return the rows as a `pandas.DataFrame` with the fields of `SummaryRow` as columns.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        pandas = optional_module("pandas", "all")
        rows = [{name: getattr(row, name) for name in _COLUMNS} for row in self.rows]
        return pandas.DataFrame([encodable_row(row) for row in rows], columns=list(_COLUMNS))

    def __str__(self) -> str:
        return as_text(self, readable_depth(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self, readable_depth(self))


def summary(model: torch.nn.Module, *inputs: Any, **kwargs: Any) -> Summary:
    """Return a model's modules as a table of shapes, parameters, multiply-adds, memory and time.

    The shapes come from a trace as of `nbviz.trace`. For the times the model is then run, at most
    six times, without gradients; a model on the meta device is not. All is afterwards as it was.

    Args:
        model: The model, in the mode (train or eval) in which it is to be summed up.
        *inputs: What its forward takes: tensors, or containers and objects that hold tensors.
        **kwargs: The same by name.

    Raises:
        TraceError: The model cannot be run with these inputs; the model's own error is chained, and
            what ran before it is the error's `graph` and `summary`.
    """
    try:
        return summary_of(trace(model, *inputs, **kwargs), model, inputs, kwargs)
    except TraceError as error:
        if error.graph is not None:
            error.summary = _summary(error.graph, model, {}, "")
        raise


def summary_of(
    graph: Graph, model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Summary:
    """Return the summary of a model that was traced before, timed with these inputs.

    Raises:
        TraceError: The model cannot be run with these inputs, although their shapes fit.
    """
    seconds, note = _times(model, inputs, kwargs)
    return _summary(graph, model, seconds, note)


def _summary(graph: Graph, model: torch.nn.Module, seconds: dict[str, float], note: str) -> Summary:
    device = next((str(parameter.device) for parameter in all_parameters(model)), "cpu")
    return Summary(
        rows=tuple(_rows(graph, seconds)),
        parameter_count=graph.parameter_count,
        trainable_count=graph.trainable_count,
        parameter_bytes=sum(parameter.byte_count for parameter in graph.parameters),
        input_bytes=sum(
            tensor_bytes(node.outputs[0]) for node in graph.nodes if node.kind == "input"
        ),
        device=device,
        is_training=attribute_of(model, "training", default=False),  # a frozen one has none
        note=" ".join(part for part in (graph.note, note) if part),
    )


def _times(
    model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[dict[str, float], str]:
    if any(parameter.device.type == "meta" for parameter in all_parameters(model)):
        return {}, ""
    try:
        return call_seconds(model, inputs, kwargs), ""
    except NbvizError:
        raise
    except Exception as error:  # noqa: BLE001  shapes are known; the times are left out
        trace_for_real(model, inputs, kwargs)  # says where it fails, if it does so again
        return {}, f"Not timed: {error_text(error)}"


def _rows(graph: Graph, seconds: dict[str, float]) -> list[SummaryRow]:
    calls = {call.call_id: call for call in graph.module_calls}
    held = _parameters_inside(graph.module_calls)
    memory = activation_bytes(graph)
    rows: list[SummaryRow] = []

    def add(call: ModuleCall, depth: int) -> None:
        parameters = [graph.parameters[number] for number in held[call.call_id]]
        rows.append(
            SummaryRow(
                name=_name(call, calls.get(call.parent) if call.parent is not None else None),
                path=call.path or "",
                call=call.call,
                depth=depth,
                type=call.type,
                detail=call.detail,
                output_shapes=tuple(tensor.shape for tensor in call.outputs),
                dtype=call.outputs[0].dtype if call.outputs else "",
                parameter_count=sum(parameter.size for parameter in parameters),
                trainable_count=sum(p.size for p in parameters if p.is_trainable),
                mult_adds=call.flops // 2,
                memory_bytes=memory[call.call_id],
                seconds=seconds.get(call.call_id),
            )
        )
        for child in call.children:
            if child in calls:
                add(calls[child], depth + 1)

    add(graph.module_calls[0], 0)
    return rows


def _name(call: ModuleCall, around: ModuleCall | None) -> str:
    if around is None or not call.path:
        return call.type
    return call.path.removeprefix(f"{around.path}.") if around.path else call.path


def _parameters_inside(calls: list[ModuleCall]) -> dict[str, set[int]]:
    """Return the numbers of the parameters in each call, those of calls in it included."""
    held = {call.call_id: set(call.parameters) for call in calls}
    for call in reversed(calls):  # each call began after the one around it
        if call.parent is not None:
            held[call.parent] |= held[call.call_id]
    return held
