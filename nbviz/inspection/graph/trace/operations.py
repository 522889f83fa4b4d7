"""The operations of a forward pass, at the level at which its author wrote them.

`FunctionMode` sees the outermost torch call: `F.relu`, `view`, `+`, `scaled_dot_product_attention`.
`KernelMode` sees the operators below it, for FLOPs, for code that reaches the operators without
passing the first (TorchScript, C++), and for passes without data.
"""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import functools
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import (
    TorchDispatchMode,
    _get_current_dispatch_mode,
    _pop_mode_temporarily,
)

from nbviz.inspection.graph.trace.control_flow import (
    ControlFlow,
    admit,
    attention_flops,
    attention_shapes,
    is_higher_order,
)
from nbviz.inspection.graph.trace.flops import flops_of, formulas
from nbviz.inspection.graph.trace.nested_tensors import describe, tensors_in, with_tensors
from nbviz.inspection.graph.trace.origins import Origin, memory_of, version_of
from nbviz.inspection.graph.trace.recorder import distinct
from nbviz.inspection.graph.trace.shape_rules import attention

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.recorder import Recorded, Recorder
    from nbviz.inspection.graph.trace.shapes import ShapesOnly

SYNCHRONISING = frozenset(
    {
        "item",
        "tolist",
        "numpy",
        "__bool__",
        "__int__",
        "__float__",
        "__index__",
        "__array__",
        "equal",
    }
)
_TENSOR_PROPERTIES = frozenset({"T", "mT", "H", "mH", "real", "imag"})
_PLACE_PROPERTIES = frozenset({"device", "is_cuda", "is_cpu", "is_meta"})
_RANDOM = frozenset(
    {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"}
    | {"rand_like", "randn_like", "randint_like", "normal_", "uniform_", "bernoulli_", "random_"}
)
_BOOKKEEPING = frozenset(
    {"alias", "detach", "lift_fresh", "_local_scalar_dense", "set_", "detach_"}
)


_ASKING = frozenset(
    getattr(torch.Tensor, name).__get__
    for name in ("shape", "ndim", "dtype", "layout", "requires_grad", "is_leaf", "grad_fn")
) | frozenset(
    getattr(torch.Tensor, name)
    for name in ("size", "dim", "stride", "numel", "is_contiguous", "is_floating_point")
)
"""What asks about a tensor and makes none: the calls that are as frequent as all others."""

_CHECKED_BEFORE_DISPATCH = frozenset(
    {
        "lstm",
        "gru",
        "rnn_tanh",
        "rnn_relu",
        "lstm_cell",
        "gru_cell",
        "rnn_tanh_cell",
        "rnn_relu_cell",
    }
)
"""Functions that compare the devices of their arguments before any operator runs."""


class _Call(NamedTuple):
    """A torch call that is about to be made."""

    node: Recorded
    given: list[torch.Tensor]
    versions: list[int]
    origins: list[Origin]


class FunctionMode(TorchFunctionMode):
    """Records one node for each outermost torch call that makes or changes a tensor.

    Args:
        recorder: Where nodes go.
        shapes: What runs operators without data, None if they run for real.
        home: The device that tensors without data claim to be on, so that code which asks behaves
            as it would with data; None to leave the answer alone.
    """

    def __init__(
        self, recorder: Recorder, shapes: ShapesOnly | None, home: torch.device | None
    ) -> None:
        super().__init__()
        self._recorder = recorder
        self._shapes = shapes
        self._home = home
        self._control_flow = ControlFlow(recorder, self, has_values=shapes is None)

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one torch call and record it."""
        kwargs = kwargs or {}
        recorder = self._recorder
        if func in _ASKING:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", None) or type(func).__name__
        if name in ("__get__", "__set__", "__delete__"):
            return self._property(func, name, args)
        if recorder.current is not None or not recorder.stack or recorder.failure is not None:
            return func(*args, **kwargs)
        if is_higher_order(func):
            result = self._control_flow.run(func, args, kwargs)
            if result is not NotImplemented:
                return result
        return self._call(func, name, args, kwargs)

    def _call(self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call and record it; an error of the recording leaves the call as it is."""
        recorder = self._recorder
        try:
            call = self._begin(name, args, kwargs)
        except Exception as error:  # noqa: BLE001  raised where the pass is ours
            recorder.fail(error)
            return func(*args, **kwargs)
        recorder.current = call.node
        try:
            if self._shapes is not None and name in _CHECKED_BEFORE_DISPATCH:
                args = with_tensors(args, self._shapes.standin)
            result = self._result(func, args, kwargs, call.node)
        except BaseException as error:
            call.node.inputs = distinct(call.origins)
            recorder.note_raised(error, call.node)
            raise
        finally:
            recorder.current = None
        try:
            return self._record(call, result)
        except Exception as error:  # noqa: BLE001
            recorder.fail(error)
            return result

    def _begin(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        """Look at what a call is given before it can write into it."""
        recorder = self._recorder
        given = tensors_in(args)
        if kwargs:
            given.extend(tensors_in(tuple(kwargs.values())))
        versions = list(map(version_of, given))
        origins = [origin for tensor in given if (origin := recorder.tensors.get(tensor))]
        if self._home is not None and torch.is_autocast_enabled(self._home.type):
            raise RuntimeError("autocast changes dtypes of real tensors only")
        return _Call(recorder.begin(name), given, versions, origins)

    def _result(self, func: Any, args: Any, kwargs: Any, node: Recorded) -> Any:
        if is_higher_order(func):
            return self._call_higher_order(func, args, kwargs, node)
        if self._shapes is not None and node.name == "scaled_dot_product_attention":
            known = attention(*args, **kwargs)
            if known is not None:
                result, node.flops = known
                return result
        return func(*args, **kwargs)

    def _call_higher_order(self, func: Any, args: Any, kwargs: Any, node: Recorded) -> Any:
        result: Any = NotImplemented
        if self._shapes is not None and node.name == "flex_attention":
            result = attention_shapes(args)
        if result is NotImplemented:
            admit(func, KernelMode)
            is_top = isinstance(_get_current_dispatch_mode(), KernelMode)
            with _pop_mode_temporarily() if is_top else nullcontext():
                result = func(*args, **kwargs)
        if count := formulas().get(func):
            node.flops = int(count(*args, **kwargs, out_val=result))
        elif node.name == "flex_attention":
            node.flops = attention_flops(*args[:3])  # where PyTorch has no count
        return result

    def _record(self, call: _Call, result: Any) -> Any:
        """Add a call's node if it made or changed a tensor. Returns the call's result."""
        recorder = self._recorder
        node, given, versions, origins = call
        now = list(map(version_of, given))
        written = [t for t, a, b in zip(given, versions, now, strict=True) if a != b]
        if node.written:
            known = {id(tensor) for tensor in written}
            written += [t for t in given if _is_in(t, node.written) and id(t) not in known]
        made = tensors_in(result)
        if not made and not written:
            is_backward = node.name == "backward" and bool(node.hidden)  # it leaves gradients
            if origins and (node.name in SYNCHRONISING or is_backward):
                self._add(node, given, origins, [])
            return result
        if not written and given and result is given[0]:
            # Nothing was done (`contiguous`, `to`), or a dropout let its input through. The first
            # is not shown; the second gets a tensor of its own, so that branches stay apart.
            if "drop" not in node.name:
                return result
            if not recorder.is_users_pass:
                result = recorder.renewed(given[0])
                made = [result]
        number = self._add(node, given, origins, made)
        for tensor, shown in zip(made, node.outputs, strict=True):
            recorder.tensors.set(tensor, Origin(number, shown))
        for tensor in written:
            recorder.tensors.set_written(tensor, Origin(number, describe(tensor)))
        return result

    def _add(
        self, node: Recorded, given: list[torch.Tensor], origins: list[Origin], made: Any
    ) -> int:
        recorder = self._recorder
        node.own_parameters = [id(t) for t in given if id(t) in recorder.parameters]
        node.is_constant = (
            node.name not in _RANDOM
            and not node.own_parameters
            and all(recorder.nodes[origin.node].is_constant for origin in origins)
        )
        return recorder.finish(node, distinct(origins), made)

    def _property(self, func: Any, access: str, args: tuple[Any, ...]) -> Any:
        owner = func.__self__
        name = getattr(owner, "__name__", None) or getattr(
            getattr(owner, "fget", None), "__name__", ""
        )
        recorder = self._recorder
        if name in _PLACE_PROPERTIES and self._home is not None and access == "__get__":
            return _place(name, self._home)
        if recorder.kept is not None:
            if name == "grad":
                recorder.kept.keep_gradients()
            elif name == "data" and access == "__set__":
                recorder.kept.keep_written(args[:1])
        if recorder.current is not None or not recorder.stack or recorder.failure is not None:
            return func(*args)
        node = recorder.begin(name)
        with recorder.within(node):
            result = func(*args)
        try:
            self._record_property(node, name, access, args, result)
        except Exception as error:  # noqa: BLE001
            recorder.fail(error)
        return result

    def _record_property(
        self, node: Recorded, name: str, access: str, args: tuple[Any, ...], result: Any
    ) -> None:
        recorder = self._recorder
        if access == "__set__":
            if name == "data" and (origin := recorder.tensors.get(args[1])):
                recorder.tensors.set(args[0], origin)
        elif isinstance(result, torch.Tensor) and name in _TENSOR_PROPERTIES:
            origin = recorder.tensors.get(args[0])
            number = self._add(node, [args[0]], [origin] if origin else [], [result])
            recorder.tensors.set(result, Origin(number, describe(result)))
        elif name == "data" and (origin := recorder.tensors.get(args[0])):
            recorder.tensors.set(result, origin)


class KernelMode(TorchDispatchMode):
    """Sees every operator: counts FLOPs, runs those without data, records those without a call.

    Args:
        recorder: Where nodes go.
        shapes: Runs operators without data; None runs them for real.
    """

    def __init__(self, recorder: Recorder, shapes: ShapesOnly | None) -> None:
        super().__init__()
        self._recorder = recorder
        self._shapes = shapes

    supports_higher_order_operators = True  # in versions that ask; `admit` is for the others

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Otherwise PyTorch wraps the method below, and imports its compiler for that: 3 seconds.
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one operator."""
        kwargs = kwargs or {}
        if is_higher_order(func):
            return func(*args, **kwargs)
        shapes, recorder = self._shapes, self._recorder
        is_plain = _is_composite(func) and not any(t.is_nested for t in tensors_in(args))
        if is_plain:  # of tensors that autograd does not follow, as in inference mode
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        if recorder.kept is not None:
            if _is_backward():
                recorder.kept.keep_gradients()  # the pass back has not reached its leaves
            if func._schema.is_mutable:
                recorder.kept.keep_written(_written(func, args, kwargs))
        with torch._C.DisableTorchFunction():  # operators called here are no calls of the author's
            try:
                result = func(*args, **kwargs) if shapes is None else shapes.run(func, args, kwargs)
            except Exception as error:
                recorder.refused = error
                raise
        if recorder.failure is None:
            try:
                self._note(func, args, kwargs, result)
            except Exception as error:  # noqa: BLE001  raised where the pass is ours
                recorder.fail(error)
        return result

    def _note(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Count an operator as a part of the call that runs it, or record it."""
        recorder = self._recorder
        node = recorder.current
        packet = func._overloadpacket
        flops = flops_of(func, args, kwargs, result)
        if flops is None:
            flops = 0
            recorder.uncounted[packet.__name__] = None
        if node is not None:
            node.kernels.append(packet.__name__)
            node.flops += flops
            _note_hidden(node, args, result)
            if torch.is_inference_mode_enabled() and func._schema.is_mutable:
                # Tensors of that mode do not count what is written into them.
                written = map(memory_of, _written(func, args, kwargs))
                node.written.update(memory.address for memory in written if memory)
        elif packet.__name__ == "set_":  # reaches no function mode
            recorder.tensors.forget(args[0])
        elif recorder.stack and packet.__name__ not in _BOOKKEEPING:
            self._record_uncalled(packet.__name__, flops, args, result)

    def _record_uncalled(self, name: str, flops: int, args: tuple[Any, ...], result: Any) -> None:
        recorder = self._recorder
        given = list(tensors_in(args))
        origins = [origin for tensor in given if (origin := recorder.tensors.get(tensor))]
        made = list(tensors_in(result))
        if not made or not origins:
            return
        node = recorder.begin(name)
        node.flops = flops
        node.kernels = [name]
        node.own_parameters = [id(t) for t in given if id(t) in recorder.parameters]
        number = recorder.finish(node, distinct(origins), made)
        for tensor in made:
            setter = recorder.tensors.set_written if name.endswith("_") else recorder.tensors.set
            setter(tensor, Origin(number, describe(tensor)))


@functools.cache
def _is_composite(func: Any) -> bool:
    """Whether an operator is made of others, which are seen only where autograd takes it apart."""
    return torch._C._dispatch_has_kernel_for_dispatch_key(
        func.name(), "CompositeImplicitAutograd"
    ) and not torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CPU")


def _is_in(tensor: torch.Tensor, addresses: set[int]) -> bool:
    memory = memory_of(tensor)
    return memory is not None and memory.address in addresses


def _written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors among an operator's arguments that it writes into."""
    found: list[torch.Tensor] = []
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = args[place] if place < len(args) else kwargs.get(argument.name)
            found += tensors_in(given)
    return found


def _note_hidden(node: Recorded, args: tuple[Any, ...], result: Any) -> None:
    """Note what an operator made on a call's way, views of what it was given left out."""
    made = [(memory, tensor) for tensor in tensors_in(result) if (memory := memory_of(tensor))]
    if made:
        given = {memory.address for one in tensors_in(args) if (memory := memory_of(one))}
        node.hidden.extend((m, describe(tensor)) for m, tensor in made if m.address not in given)


def _is_backward() -> bool:
    """Whether an operator is run by a backward pass."""
    return cast("Any", torch._C._current_autograd_node()) is not None  # its stub knows of no None


def _place(name: str, home: torch.device) -> Any:
    if name == "device":
        return home
    return name.removeprefix("is_") == home.type
