"""Tensors on a simulated device: each operation becomes work of the present thread's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulated_device import Block, Simulation, Stream

HOST_LOOKS = (  # whose result, or its shape, the host must know
    "_local_scalar_dense",
    "equal",
    "is_nonzero",
    "nonzero",
    "masked_select",
    "_unique2",
)
EMPTY = ("empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided")


class SimulatedTensor(torch.Tensor):
    """A tensor whose values are in a simulated device's memory.

    To torch's C++ it is one of the host's, since autograd's engine asks the driver about any other;
    what Python sees of it is on the device.
    """

    inner: torch.Tensor
    block: Block
    __torch_function__ = torch._C._disabled_torch_function_impl
    is_cuda = True
    is_cpu = False

    @staticmethod
    def __new__(cls, inner: torch.Tensor, block: Block) -> Self:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device="cpu",
        )
        made.inner, made.block = inner, block
        return made

    def __repr__(self) -> str:
        return f"SimulatedTensor({tuple(self.shape)}, {self.dtype}, {self.device})"

    @property
    def device(self) -> torch.device:
        return self.block.stream.device

    def get_device(self) -> int:
        return self.device.index

    def data_ptr(self) -> int:
        return self.inner.data_ptr()

    def to(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        copy = kwargs.pop("copy", False)
        device, dtype, non_blocking, _ = torch._C._nn._parse_to(*args, **kwargs)
        dtype = dtype or self.dtype
        if device is not None and device.type == "cuda":
            device = None if device.index in (None, self.device.index) else device
        if device is None and dtype == self.dtype and not copy:
            return self
        if device is None:
            return torch.ops.aten._to_copy.default(self, dtype=dtype)
        return torch.ops.aten._to_copy.default(
            self, dtype=dtype, device=device, non_blocking=non_blocking
        )

    def cpu(self) -> torch.Tensor:
        return self.to("cpu")

    def cuda(self, device: Any = None) -> torch.Tensor:
        return self.to("cuda" if device is None else device)

    def numpy(self) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def record_stream(self, stream: Stream) -> None:
        self.block.simulation.count("record_stream")
        self.block.used_on.add(stream)

    @classmethod
    def __torch_dispatch__(
        cls,
        function: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        simulation = next(
            one.block.simulation
            for one in tree_leaves((args, kwargs))
            if isinstance(one, SimulatedTensor)
        )
        return dispatch(simulation, function, args, dict(kwargs or {}))


class Factories(TorchDispatchMode):
    """Has tensors made on the device of a simulation, and pinned memory, in the present thread."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__()
        self._simulation = simulation

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler at the first operation, which takes 20 s

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return dispatch(self._simulation, function, args, dict(kwargs or {}))


def to_device(simulation: Simulation, host: torch.Tensor, index: int = 0) -> SimulatedTensor:
    """Return a copy on a device, which is there when the present stream comes to it."""
    return _upload(simulation, host, torch.device("cuda", index), host.dtype)


def model_to_device(simulation: Simulation, model: torch.nn.Module) -> torch.nn.Module:
    """Put a model's parameters on a device, in place; `model.to` cannot, as their class changes."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            made = torch.nn.Parameter(to_device(simulation, parameter.detach()))
            setattr(module, name, made)
    return model


def dispatch(simulation: Simulation, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Do an operation: at once on the host, as a stream's work on a device."""
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    ours = [one for one in tensors if isinstance(one, SimulatedTensor)]
    device = kwargs.get("device")
    device = None if device is None else torch.device(device)
    goes_there = device is not None and device.type == "cuda"
    with torch._C._DisableTorchDispatch():
        if not ours and not goes_there:
            return _on_host(simulation, function, args, kwargs)
        if ours:
            index = ours[0].device.index
        else:
            assert device is not None
            index = simulation.device if device.index is None else device.index
        if goes_there and device.index is None:
            kwargs["device"] = torch.device("cuda", index)
        return _on_device(simulation, simulation.current(index), function, args, kwargs)


def _on_device(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    name = function.overloadpacket.__name__
    simulation.count(name)
    is_mutable = bool(function._schema.is_mutable)
    is_between = not all(isinstance(one, SimulatedTensor) for one in args[:2])
    ways = (
        (name in HOST_LOOKS, _looked_at),
        (name == "_to_copy" and kwargs.get("device") is not None, _moved),
        (name == "copy_" and is_between, _copied),
        (name in EMPTY and not is_mutable, _made_empty),
        (_is_view(function), _viewed),
        (is_mutable, _changed),
        (True, _computed),
    )
    way = next(way for is_it, way in ways if is_it)
    return way(simulation, stream, function, args, kwargs)


def _on_host(simulation: Simulation, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    name = function.overloadpacket.__name__
    if name == "is_pinned":
        return simulation.is_pinned(args[0])
    if name == "_pin_memory" or kwargs.pop("pin_memory", None):
        found = args[0] if name == "_pin_memory" else function(*args, **kwargs)
        memory = torch.from_numpy(simulation.pin(max(1, found.numel() * found.element_size())))
        pinned = memory[: found.numel() * found.element_size()].view(found.dtype).view(found.shape)
        if name not in EMPTY:
            pinned.copy_(found)
        return pinned
    return function(*args, **kwargs)


def _looked_at(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    _wait_for(simulation, stream, function.overloadpacket.__name__)
    return _wrapped(simulation, stream, function(*_inner(args), **_inner(kwargs)))


def _viewed(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    del simulation, stream
    block = next(one.block for one in tree_leaves(args) if isinstance(one, SimulatedTensor))
    found = function(*_inner(args), **_inner(kwargs))
    return tree_map(lambda one: _as_ours(one, block), found)


def _wait_for(simulation: Simulation, stream: Stream, what: str) -> None:
    ticket = simulation.place(stream)
    if ticket.is_done:
        return
    simulation.wait(what, lambda: ticket.is_done)


def _new(simulation: Simulation, stream: Stream, like: torch.Tensor) -> SimulatedTensor:
    """Return a tensor of the stream's memory, with whatever is in there."""
    span = 1 + sum((size - 1) * step for size, step in zip(like.shape, like.stride(), strict=True))
    nbytes = max(1, span if like.numel() else 1) * like.element_size()
    block = simulation.allocate(nbytes, stream)
    memory = block.memory[:nbytes].view(like.dtype)
    return SimulatedTensor(memory.as_strided(like.shape, like.stride()), block)


def _moved(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """`to(device)`, in either direction."""
    source, target = args[0], kwargs["device"]
    dtype = kwargs.get("dtype") or source.dtype
    if target.type == "cuda" and not isinstance(source, SimulatedTensor):
        if not kwargs.get("non_blocking"):
            _wait_for(simulation, stream, "to(device)")
        return _upload(simulation, source, target, dtype)
    if target.type != "cuda":
        _wait_for(simulation, stream, "to(host)")
        return function(*_inner(args), **kwargs)
    assert source.device == target, "from one GPU to another: not simulated"
    return _computed(simulation, stream, function, args, kwargs)


def _upload(
    simulation: Simulation, host: torch.Tensor, device: torch.device, dtype: torch.dtype
) -> SimulatedTensor:
    assert device.index is not None
    stream = simulation.current(device.index)
    like = torch.empty(host.shape, dtype=dtype, device="meta")
    made = _new(simulation, stream, like)
    inner = made.inner
    # Pinned memory is read when the stream comes to it, any other at once.
    source = host if simulation.is_pinned(host) else host.detach().clone()
    simulation.launch(stream, "memcpy to device", lambda: inner.copy_(source))
    return made


def _copied(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """`copy_` between host and device."""
    del function
    target, source = args[0], args[1]
    is_asynchronous = kwargs.get("non_blocking") or (len(args) > 2 and args[2])
    if isinstance(target, SimulatedTensor):
        inner = target.inner
        values = source if simulation.is_pinned(source) else source.detach().clone()
        simulation.launch(stream, "memcpy to device", lambda: inner.copy_(values))
        return target
    if not is_asynchronous or not simulation.is_pinned(target):
        _wait_for(simulation, stream, "copy to pageable memory")
        return target.copy_(source.inner)
    if not source.inner.is_contiguous() or target.dtype != source.dtype:
        like = torch.empty(source.shape, dtype=target.dtype, device="meta")
        between = _new(simulation, stream, like).inner
        inner = source.inner
        simulation.launch(stream, "temporary copy", lambda: between.copy_(inner))
        simulation.launch(stream, "memcpy to host", lambda: target.copy_(between))
        return target
    values = source.inner
    simulation.launch(stream, "memcpy to host", lambda: target.copy_(values))
    return target


def _made_empty(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> SimulatedTensor:
    like = function(*_zeros(args), **{**kwargs, "device": "meta"})
    made = _new(simulation, stream, like)
    if torch.are_deterministic_algorithms_enabled():
        inner = made.inner
        filler = float("nan") if inner.is_floating_point() else torch.iinfo(torch.int8).max
        simulation.launch(stream, "deterministic fill", lambda: inner.fill_(filler))
    return made


def _changed(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """An operation that writes into one of its arguments."""
    held, named = _inner(args), _inner(kwargs)
    name = function.overloadpacket.__name__
    simulation.launch(stream, name, lambda: function(*held, **named))
    if "out" in kwargs:
        return kwargs["out"]
    return args[0] if function._schema.returns else None


def _computed(
    simulation: Simulation, stream: Stream, function: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """An operation that returns new tensors."""
    on_host = {**kwargs, **_on_host_device(kwargs)}
    likes = function(*_zeros(args), **_zeros(on_host))
    made = tree_map(
        lambda one: _new(simulation, stream, one) if isinstance(one, torch.Tensor) else one, likes
    )
    targets = [one.inner for one in tree_leaves(made) if isinstance(one, SimulatedTensor)]
    held, named = _inner(args), _inner(on_host)

    def run() -> None:
        found = function(*held, **named)
        values = [one for one in tree_leaves(found) if isinstance(one, torch.Tensor)]
        for target, value in zip(targets, values, strict=True):
            target.copy_(value)

    simulation.launch(stream, function.overloadpacket.__name__, run)
    return made


def _wrapped(simulation: Simulation, stream: Stream, found: Any) -> Any:
    def wrap(one: Any) -> Any:
        if not isinstance(one, torch.Tensor):
            return one
        made = _new(simulation, stream, one.to("meta"))
        made.inner.copy_(one)
        return made

    return tree_map(wrap, found)


def _as_ours(one: Any, block: Block) -> Any:
    return SimulatedTensor(one, block) if isinstance(one, torch.Tensor) else one


def _inner(values: Any) -> Any:
    return tree_map(lambda one: one.inner if isinstance(one, SimulatedTensor) else one, values)


def _zeros(values: Any) -> Any:
    """Return arguments of the same shapes: what comes of them has the shapes of the result.

    Meta tensors would do, too, but import half of torch at the first use.
    """

    def like(one: Any) -> Any:
        if not isinstance(one, torch.Tensor):
            return one
        made = torch.empty_strided(one.shape, one.stride(), dtype=one.dtype, device="cpu")
        return made.zero_()

    return tree_map(like, values)


def _on_host_device(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"device": torch.device("cpu")} if kwargs.get("device") is not None else {}


def _is_view(function: Any) -> bool:
    returns = function._schema.returns
    return bool(returns) and all(
        one.alias_info is not None and not one.alias_info.is_write for one in returns
    )
