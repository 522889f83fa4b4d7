"""Operators that take functions: `torch.cond`, `while_loop`, `scan`, `map`, attention with a score.

They refuse to run under a mode that does not know them, and would run functions of their own tracer
in place of the author's. The four that are control flow are run here as plain Python, each function
in a scope of its own, so that gradients reach what the functions close over, and so that both
branches are seen where there are no values to choose one. The others are run as they are.
"""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import importlib
from contextlib import nullcontext
from types import CellType
from typing import TYPE_CHECKING, Any

import torch
from torch._ops import HigherOrderOperator
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from nbviz.inspection.graph.trace.modules import all_parameters
from nbviz.inspection.graph.trace.nested_tensors import describe, tensors_in, with_tensors
from nbviz.inspection.graph.trace.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from nbviz.inspection.graph.trace.recorder import Recorded, Recorder, Scope

_CONDITION, _BODY, _STEP = "condition", "body", "step"


def is_higher_order(func: Any) -> bool:
    """Whether a torch function takes functions, and is none of the operators on tensors alone."""
    return isinstance(func, HigherOrderOperator)


def admit(func: Any, mode: type[Any]) -> None:
    """Let an operator that takes functions run below a dispatch mode, in any version of PyTorch."""
    if mode not in func.python_key_table:

        def run(_mode: Any, *args: Any, **kwargs: Any) -> Any:
            return func(*args, **kwargs)  # the mode is taken off while it handles an operator

        func.py_impl(mode)(run)


class ControlFlow:
    """Runs control flow as its author wrote it.

    Args:
        recorder: Where scopes and nodes go.
        recording: What records the calls of a function; entered around each that is recorded.
        has_values: Whether the pass is a real one; without values both branches are taken, and a
            loop is run once.
    """

    def __init__(
        self, recorder: Recorder, recording: AbstractContextManager[Any], *, has_values: bool
    ) -> None:
        self._recorder = recorder
        self._recording = recording
        self._has_values = has_values
        self._drawn: Scope | None = None  # what a function was called in last

    def run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operator; NotImplemented for those that are no control flow known here."""
        runs = {
            ("cond", 4): self._cond,
            ("while_loop", 4): self._while_loop,
            ("scan", 4): self._scan,
            ("scan", 6): self._scan_along,
            ("map_impl", 3): self._map,
        }
        if func.__name__ == "scan" and "additional_inputs" in kwargs:
            args, kwargs = (*args, kwargs["additional_inputs"]), {}
        run = runs.get((func.__name__, len(args)))
        is_empty = func.__name__ in ("scan", "map_impl") and _length(args) == 0
        if run is None or is_empty or kwargs.keys() - {"mutated_arg_indices"}:
            return NotImplemented
        name = func.__name__.removesuffix("_impl")
        recorder = self._recorder
        scope = recorder.enter(None, name)
        try:
            result = run(recorder.begin(name), *args)
            scope.outputs = [describe(tensor) for tensor in tensors_in(result)]
        finally:
            recorder.leave(scope)
        return result

    def _cond(
        self,
        node: Recorded,
        condition: Any,
        if_true: Callable[..., Any],
        if_false: Callable[..., Any],
        operands: Sequence[Any],
    ) -> Any:
        branches = {"true branch": if_true, "false branch": if_false}
        if self._has_values:
            chosen = "true branch" if condition else "false branch"
            branches = {chosen: branches[chosen]}
        results = [self._call(name, branch, operands) for name, branch in branches.items()]
        result = results[0]
        if self._recorder.is_users_pass and torch.is_grad_enabled():
            other = if_false if condition else if_true
            with self._quiet(node), _disable_current_modes():
                result = _hung_on(result, [*operands, *_leaves_used(other, operands)])
        return self._join(node, (condition, results), result)

    def _while_loop(
        self,
        node: Recorded,
        condition: Callable[..., Any],
        body: Callable[..., Any],
        carried: Sequence[Any],
        others: Sequence[Any],
    ) -> Any:
        goes_on = self._call(_CONDITION, condition, (*carried, *others))
        first = (*carried, goes_on)
        if self._has_values and not goes_on:
            copies = with_tensors(tuple(carried), lambda tensor: tensor.clone())
            return self._join(node, first, copies)
        values = tuple(self._call(_BODY, body, (*carried, *others)))
        given, passes = (goes_on, values), 1
        drawn = self._drawn
        while self._has_values and self._quietly(node, condition, (*values, *others)):
            values = tuple(self._quietly(node, body, (*values, *others)))
            passes += 1
        if self._has_values:
            _say_first(drawn, passes)
        elif drawn is not None:
            drawn.detail = "counted once"
            self._recorder.counted_once["while_loop"] = None
        return self._join(node, given, values)

    def _scan(
        self,
        node: Recorded,
        step: Callable[..., Any],
        first: Sequence[Any],
        sequences: Sequence[torch.Tensor],
        others: Sequence[Any],
    ) -> Any:
        carried, given = tuple(first), None
        results: list[tuple[Any, ...]] = []
        for number in range(len(sequences[0])):
            with self._quiet(node) if number else nullcontext():
                items = (*carried, *(sequence[number] for sequence in sequences), *others)
            if given is None:
                given = values = tuple(self._call(_STEP, step, items))
                _say_first(self._drawn, len(sequences[0]))
            else:
                values = tuple(self._quietly(node, step, items))
            carried, result = values[: len(first)], values[len(first) :]
            results.append(result)
        with self._quiet(node):
            stacked = _stacked(results)
        return self._join(node, given, (*carried, *stacked))

    def _scan_along(
        self,
        node: Recorded,
        step: Callable[..., Any],
        first: Sequence[Any],
        sequences: Sequence[torch.Tensor],
        *more: Any,
    ) -> Any:
        """Scan as PyTorch 2.6 does: its operator is told along what; later ones only know axis 0.

        They turn what they give, and are given, round by themselves.
        """
        dim, is_reversed, others = more
        with self._quiet(node):
            along = [sequence.movedim(dim, 0) for sequence in sequences]
            along = [sequence.flip(0) for sequence in along] if is_reversed else along
        found = self._scan(node, step, first, along, others)
        if not is_reversed:
            return found
        carried, stacked = found[: len(first)], found[len(first) :]
        with self._recording:
            return (*carried, *with_tensors(stacked, lambda tensor: tensor.flip(0)))

    def _map(
        self,
        node: Recorded,
        function: Callable[..., Any],
        sequences: Sequence[torch.Tensor],
        others: Sequence[Any],
    ) -> Any:
        given: Any = None
        results: list[Any] = []
        for number in range(len(sequences[0])):
            with self._quiet(node) if number else nullcontext():
                items = (*(sequence[number] for sequence in sequences), *others)
            if given is None:
                given = value = self._call(_STEP, function, items)
                _say_first(self._drawn, len(sequences[0]))
            else:
                value = self._quietly(node, function, items)
            results.append(value)
        with self._quiet(node):
            is_one = isinstance(results[0], torch.Tensor)
            stacked = _stacked([(one,) for one in results] if is_one else results)
        return self._join(node, given, stacked[0] if is_one else type(results[0])(stacked))

    # ------------------------------------------------------------ functions and results

    def _call(self, name: str, function: Callable[..., Any], given: Sequence[Any]) -> Any:
        """Call a function in a scope of its own, and record what it does."""
        recorder = self._recorder
        scope: Scope = recorder.enter(None, name)
        try:
            with self._recording:
                result = function(*given)
            scope.outputs = [describe(tensor) for tensor in tensors_in(result)]
        finally:
            recorder.leave(scope)
        self._drawn = scope
        return result

    def _quietly(self, node: Recorded, function: Callable[..., Any], given: Sequence[Any]) -> Any:
        """Call a function again; what it does counts as the operator's own."""
        with self._quiet(node):
            return function(*given)

    def _quiet(self, node: Recorded) -> AbstractContextManager[None]:
        return self._recorder.within(node)

    def _join(self, node: Recorded, given: Any, result: Any) -> Any:
        """Add the operator's own node, from which its results come."""
        recorder = self._recorder
        origins = recorder.origins_of(tensors_in(given))
        if not recorder.is_users_pass:  # a branch may hand on what it was given
            result = with_tensors(result, recorder.renewed)
        made = tensors_in(result)
        number = recorder.finish(node, origins, made)
        for tensor in made:
            recorder.tensors.set(tensor, Origin(number, describe(tensor)))
        return result


def _leaves_used(function: Callable[..., Any], operands: Sequence[Any]) -> list[torch.Tensor]:
    """Return the leaves that gradients of a branch's result would reach; it is run without data.

    PyTorch traces the branch that is not taken, too, and gives zeros to what it uses.
    """
    fake = importlib.import_module("torch._subclasses.fake_tensor").FakeTensorMode
    try:
        mode = fake(allow_non_fake_inputs=True)
        given = with_tensors(tuple(operands), lambda one: mode.from_tensor(one.detach()))
        with mode, _BothBranches(mode):
            result = function(*given)
    except Exception:  # noqa: BLE001  it needs values; as if it used all that it reaches
        return _closed_over(function)
    found: dict[int, torch.Tensor] = {}
    waiting = [one.grad_fn for one in tensors_in(result) if one.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        leaf: torch.Tensor | None = getattr(node, "variable", None)
        if leaf is not None:
            found[id(leaf)] = leaf
        new = {one for one, _ in node.next_functions if one is not None} - seen
        seen |= new
        waiting += new
    return list(found.values())


def _closed_over(function: Any, depth: int = 0) -> list[torch.Tensor]:
    """Return what can be trained of the modules and tensors that a function can reach."""
    if isinstance(function, torch.Tensor):
        return [function] if function.requires_grad else []
    if isinstance(function, torch.nn.Module):
        return [p for p in all_parameters(function) if p.requires_grad]
    if depth > _DEEPEST_FUNCTION or not callable(function):
        return []
    cells = getattr(function, "__closure__", None) or ()
    reached = [cell.cell_contents for cell in cells if cell != _EMPTY]
    reached += [getattr(function, name, None) for name in ("__self__", "func", "__wrapped__")]
    reached += getattr(function, "args", ())
    return [tensor for one in reached for tensor in _closed_over(one, depth + 1)]


_DEEPEST_FUNCTION = 4
_EMPTY = CellType()


class _BothBranches(TorchFunctionMode):
    """Takes both branches of a `cond` in a pass without data, and writes into no real tensor.

    Args:
        fake: What runs it; what is trained is left to it as it is, since its leaves are looked for.
    """

    def __init__(self, fake: Any) -> None:
        super().__init__()
        self._fake = fake

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if not is_higher_order(func) or func.__name__ != "cond" or kwargs:
            named = with_tensors(kwargs or {}, self._without_data)
            return func(*with_tensors(args, self._without_data), **named)
        _, if_true, if_false, operands = args
        with self:
            result = if_true(*operands)
            return _hung_on(result, tensors_in(if_false(*operands)))

    def _without_data(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.requires_grad or getattr(tensor, "fake_mode", None) is self._fake:
            return tensor
        return self._fake.from_tensor(tensor)


_GIVES_ZEROS = torch.__version__ >= "2.7"
"""Whether the gradient of what only the branch uses that is not taken is zeros, or is none."""


class BranchResult(torch.autograd.Function):
    """Copies tensors, and gives zeros to others, on which the copies then hang."""

    @staticmethod
    def forward(ctx: Any, count: int, *tensors: torch.Tensor) -> Any:
        """Copy all tensors but the first `count`."""
        ctx.others = [(one.shape, one.dtype, one.device) for one in tensors[:count]]
        return tuple(tensor.clone() for tensor in tensors[count:])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Give zeros to the others."""
        zeros = [
            torch.zeros(shape, dtype=dtype, device=device) if needed and _GIVES_ZEROS else None
            for needed, (shape, dtype, device) in zip(
                ctx.needs_input_grad[1:], ctx.others, strict=False
            )
        ]
        return None, *zeros, *gradients


def _hung_on(result: Any, given: list[Any]) -> Any:
    """Return copies of a result whose gradients reach what is given, too: with zeros."""
    others = [one for one in tensors_in(given) if one.requires_grad]
    tensors = [t for t in tensors_in(result) if t.is_floating_point() or t.is_complex()]
    if not tensors or not others:
        return result
    copies = BranchResult.apply(len(others), *others, *tensors)
    hung = dict(zip(map(id, tensors), copies, strict=True))
    return with_tensors(result, lambda tensor: hung.get(id(tensor), tensor))


def _say_first(drawn: Scope | None, passes: int) -> None:
    """Say of a loop's function that it is drawn of its first pass; the node counts the others."""
    if drawn is not None and passes > 1:
        drawn.detail = f"first of {passes:,}"


def _length(args: tuple[Any, ...]) -> int:
    """Return over how many items a scan or a map goes."""
    sequences: Any = args[1] if len(args) == 3 else args[2]  # noqa: PLR2004
    if not sequences:
        return 0
    return sequences[0].shape[args[3]] if len(args) == 6 else len(sequences[0])  # noqa: PLR2004


def _stacked(results: list[Any]) -> tuple[Any, ...]:
    """Return for each place in the results its values one after another; None where it has none."""
    columns = zip(*results, strict=True)
    return tuple(None if column[0] is None else torch.stack(column) for column in columns)


def attention_shapes(args: tuple[Any, ...]) -> Any:
    """Return the results of `flex_attention` without data; NotImplemented if that is not known."""
    module = importlib.import_module("torch._higher_order_ops.flex_attention")
    fake: Any = getattr(module, "flex_attention_fake_impl", None)
    if fake is None:
        return NotImplemented
    try:
        return fake(*args)
    except TypeError:  # earlier versions take less
        return fake(args[0], args[2])


def attention_flops(query: Any, key: Any, value: Any) -> int:
    """Return the operations of both products of an attention, two for each multiply-add.

    The tensors have shape (batch, heads, positions, features).
    """
    batch, heads, queries, features = query.shape
    return 2 * batch * heads * queries * key.shape[2] * (features + value.shape[3])
