"""`trace`: one forward pass of a model, and the graph of what it did."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import TraceError
from nbviz.inspection.graph.trace.building import build, build_failed, error_text, own_words
from nbviz.inspection.graph.trace.compiler import without_compiler
from nbviz.inspection.graph.trace.gc_pause import gc_paused
from nbviz.inspection.graph.trace.modules import (
    all_parameters,
    copier_for,
    type_name,
    wrapped_module,
)
from nbviz.inspection.graph.trace.nested_tensors import named_tensors, tensors_in, with_tensors
from nbviz.inspection.graph.trace.operations import FunctionMode, KernelMode
from nbviz.inspection.graph.trace.preserved import preserved
from nbviz.inspection.graph.trace.recorder import Recorder
from nbviz.inspection.graph.trace.scopes import tracking
from nbviz.inspection.graph.trace.shapes import ShapesOnly
from nbviz.inspection.graph.trace.unheard import without_warnings
from nbviz.text import shortened
from nbviz.training.checks import not_a_module

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.inspection.graph.model import Graph


def trace(model: torch.nn.Module, *inputs: Any, **kwargs: Any) -> Graph:
    """Run a model once and return the graph of what it does.

    The pass computes shapes only: no arithmetic, no device memory. Where the model needs values
    (`if x.sum() > 0`, NumPy, an operator without a shape rule) it is run again for real, without
    gradients, and `Graph.note` says so. Either way the model's buffers, attributes, gradients and
    mode, the inputs and the random number generators are afterwards as they were before.

    Args:
        model: The model, in the mode (train or eval) in which it is to be shown.
        *inputs: What its forward takes: tensors, or containers and objects that hold tensors.
        **kwargs: The same by name.

    Returns:
        Its modules, operations and the tensors between them.

    Raises:
        TraceError: If the model cannot be run with these inputs; the model's own error is chained.
    """
    if not isinstance(cast("Any", model), torch.nn.Module):
        raise TraceError(
            f"trace takes a torch.nn.Module and its example inputs, got {not_a_module(model)}."
        )
    while (inner := wrapped_module(model)) is not None:
        model = inner
    recorder: Recorder | None = None
    try:
        model = _with_all_parameters(model, inputs, kwargs)
        with (
            gc_paused(),
            without_compiler(),
            preserved(model, (inputs, kwargs), runs_for_real=False) as kept,
        ):
            recorder = Recorder(model, keeps_tensors=True, kept=kept)
            return _run(recorder, inputs, kwargs, ShapesOnly(), note="")
    except Exception as error:  # noqa: BLE001 - any error of the user's model means: try for real
        reason = _with_cause(error, recorder)
    return trace_for_real(model, inputs, kwargs, _note(reason))


def _with_all_parameters(model: torch.nn.Module, inputs: Any, kwargs: Any) -> torch.nn.Module:
    """Return the model; if its first call makes parameters, a copy that was called once."""
    if not any(torch.nn.parameter.is_lazy(parameter) for parameter in all_parameters(model)):
        return model
    copied, take = copy.deepcopy(model), copier_for(model)
    with preserved(model, (inputs, kwargs), runs_for_real=True), torch.no_grad():
        copied(*with_tensors(inputs, take), **with_tensors(kwargs, take))
    return copied


def trace_for_real(
    model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any], note: str = ""
) -> Graph:
    """Run a model with data, without gradients if it allows that, and return its graph.

    Raises:
        TraceError: As `trace` does.
    """
    while (inner := wrapped_module(model)) is not None:
        model = inner
    recorder: Recorder | None = None
    failure: Exception | None = None
    for needs_gradients in (False, True):
        if needs_gradients and not torch.is_grad_enabled():
            break
        try:
            with (
                nullcontext() if needs_gradients else torch.no_grad(),
                preserved(model, (inputs, kwargs), runs_for_real=True) as kept,
            ):
                recorder = Recorder(model, keeps_tensors=False, kept=kept)
                return _run(recorder, inputs, kwargs, None, note)
        except Exception as error:  # noqa: BLE001 - whatever the model raises
            failure = _with_cause(error, recorder)
    assert failure is not None
    raise _trace_error(model, recorder, failure) from failure


def _with_cause(error: Exception, recorder: Recorder | None) -> Exception:
    """Return the error, with what an operator has raised as its cause: TorchScript drops it."""
    if "Traceback of TorchScript" in str(error) and recorder is not None:
        error.__cause__ = recorder.refused
    return error


def _trace_error(model: torch.nn.Module, recorder: Recorder | None, error: Exception) -> TraceError:
    """Return the error that says where a model failed, with the graph of what ran before."""
    graph, where = None, ""
    if recorder is not None and recorder.scopes:
        graph, where = build_failed(recorder, error)
    made = TraceError(
        f"{type_name(model)} failed{where} when called with these inputs: "
        f"{error_text(error)}. Pass nbviz.trace what model(...) itself accepts."
        + (" The error's .graph shows what ran before." if graph is not None else "")
    )
    made.graph = graph
    return made


def _run(
    recorder: Recorder,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
    shapes: ShapesOnly | None,
    note: str,
) -> Graph:
    model = recorder.model
    home = _home(model, inputs, kwargs) if shapes is not None else None
    change: Callable[[torch.Tensor], torch.Tensor] = (
        copier_for(model) if shapes is None else lambda tensor: _standin(shapes, tensor)
    )
    with ExitStack() as stack:
        stack.enter_context(_eager())
        stack.enter_context(without_warnings())
        given, named = with_tensors(inputs, change), with_tensors(kwargs, change)
        root = recorder.enter(model, type_name(model))
        for name, tensor in named_inputs(model, given, named):
            recorder.add_input(name, tensor)
        stack.enter_context(tracking(recorder))
        stack.enter_context(KernelMode(recorder, shapes))
        stack.enter_context(FunctionMode(recorder, shapes, home))
        result = model(*given, **named)
        if isinstance(result, Iterator):  # its forward yields, and runs only now
            result = list(cast("Any", result))
        assert recorder.stack == [root]
        for name, tensor in named_tensors(result, ""):
            recorder.add_output(name or "output", tensor)
    return build(recorder, note)


def _standin(shapes: ShapesOnly, tensor: torch.Tensor) -> torch.Tensor:
    """Return the input without data, as its own leaf of autograd if it is one."""
    made = shapes.standin(tensor).detach()
    return made.requires_grad_(tensor.requires_grad)


@contextmanager
def _eager() -> Generator[None]:
    """Run scripted functions as they were written, operator by operator."""
    with torch.jit.optimized_execution(False):  # pyright: ignore[reportPrivateImportUsage]
        yield


def _home(model: torch.nn.Module, inputs: Any, kwargs: Any) -> torch.device | None:
    """The device on which the model runs, which its tensors without data claim to be on."""
    tensors = itertools.chain(all_parameters(model), tensors_in((inputs, kwargs)))
    device = next((tensor.device for tensor in tensors), torch.device("cpu"))
    return None if device.type == "meta" else device


def named_inputs(
    model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[tuple[str, torch.Tensor]]:
    """The tensors among the arguments, named as in the signature of the model's forward."""
    try:
        bound = inspect.signature(model.forward).bind(*inputs, **kwargs).arguments
    except (TypeError, ValueError):
        bound = {f"input {i + 1}": value for i, value in enumerate(inputs)} | kwargs
    found: dict[int, tuple[str, torch.Tensor]] = {}
    for name, value in bound.items():
        is_star = isinstance(value, dict) and name not in kwargs and name not in _plain(model)
        for whole, tensor in named_tensors(value, "" if is_star else name):
            found.setdefault(id(tensor), (whole, tensor))
    return list(found.values())


def _plain(model: torch.nn.Module) -> set[str]:
    """Names of the parameters of `forward` other than `**kwargs`."""
    return {
        p.name
        for p in inspect.signature(model.forward).parameters.values()
        if p.kind is not inspect.Parameter.VAR_KEYWORD
    }


def _note(reason: Exception) -> str:
    said = own_words(reason).strip().splitlines()
    first = said[0] if said else type(reason).__name__
    for part, plain in _SAID_PLAINLY.items():
        if part in first:
            first = plain
    return (
        "Traced with real values, because shapes alone were not enough: "
        f"{shortened(first, _NOTE_CHARACTERS)}"
    )


_NOTE_CHARACTERS = 120
_SAID_PLAINLY = {
    "torch.nonzero()": "the size of what torch.nonzero returns depends on values",
    "Cannot copy out of meta tensor": "a tensor is copied out of PyTorch, as to NumPy",
    "on meta tensors": "a value is read, as by `.item()` or `if`",
}
"""Parts of PyTorch's messages about tensors without data, and what they mean to the author."""
