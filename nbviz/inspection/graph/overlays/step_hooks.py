"""What overlays measure: hooks on modules for one step, and norms of parameters."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, cast

import torch

from nbviz.errors import attribute_of
from nbviz.inspection.graph.trace.modules import all_parameters, named_modules, wrapped_module
from nbviz.inspection.graph.trace.nested_tensors import tensors_in
from nbviz.inspection.tensors.hooks import Hook
from nbviz.training.devices.cuda_events import is_captured, mark_time, relaxed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.utils.hooks import RemovableHandle

HookMeasure = Literal["activation_mean", "activation_std", "dead_share", "nonfinite_share", "time"]

_FEATURES_LAST = 3  # up to so many dimensions the features are the last one, else the second
_SAMPLED_BYTES = 256_000_000
"""Weights of more than this are compared with a sample of themselves."""


def hookable_modules(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Return the modules that can be given hooks, by path.

    Those inside compiled or scripted ones are left out: a hook would not be called there, or make
    PyTorch compile the module anew.
    """
    if _is_compiled(model):
        return {}
    found: dict[str, torch.nn.Module] = {}
    closed: list[str] = []
    for path, module in named_modules(model):
        if any(path.startswith(f"{prefix}.") for prefix in closed):
            continue
        if _is_compiled(module):
            closed.append(path)
        else:
            found[path] = module
    return found


def _is_compiled(module: torch.nn.Module) -> bool:
    return (
        wrapped_module(module) is not None
        or isinstance(module, torch.jit.ScriptModule)
        or attribute_of(module, "_compiled_call_impl", None) is not None
    )


class StepHooks:
    """Hooks on some modules, for the forward passes of one step on the present thread.

    What a module returns is measured where it is, at once, because an operation after it may write
    into it; the numbers stay on their device until they are asked for.

    Args:
        root: The model; each of its calls begins the counting of calls anew.
        modules: Which modules are measured, by path.
        measures: What is measured.
    """

    def __init__(
        self,
        root: torch.nn.Module,
        modules: Mapping[str, torch.nn.Module],
        measures: Iterable[HookMeasure],
    ) -> None:
        self.numbers: dict[tuple[HookMeasure, str], torch.Tensor | float] = {}
        self.seconds = 0.0
        self.is_listening = True
        self._thread = threading.get_ident()
        # Of modules without parameters, such as a ReLU.
        parameter = next(iter(all_parameters(root)), None)
        self._device = None if parameter is None else parameter.device
        self._measures = set(measures)
        self._calls: dict[str, int] = {}
        self._began: list[tuple[str, float, Any]] = []
        self._events: dict[str, tuple[Any, Any]] = {}
        self._handles: list[RemovableHandle] = []
        if modules:
            self._handles.append(root.register_forward_pre_hook(Hook(self._begin)))
        for path, module in modules.items():
            self._attach(path, module)

    def _attach(self, path: str, module: torch.nn.Module) -> None:
        if "time" in self._measures:
            before = Hook(functools.partial(self._enter, path))
            self._handles.append(module.register_forward_pre_hook(before))
        after = Hook(functools.partial(self._leave, path))
        self._handles.append(module.register_forward_hook(after))

    def remove(self) -> None:
        """Take the hooks off; call it while no forward pass runs."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    @property
    def is_ready(self) -> bool:
        """Whether the times can be read without waiting for a device."""
        with relaxed():
            return all(end.query() for _, end in self._events.values())

    def wait(self) -> None:
        """Wait until the times have come from their devices."""
        with relaxed():
            for _, end in self._events.values():
                end.synchronize()

    def times(self) -> dict[tuple[HookMeasure, str], float]:
        """Return the seconds of each call that were timed on a device."""
        with relaxed():
            return {
                ("time", call): start.elapsed_time(end) / 1000
                for call, (start, end) in self._events.items()
            }

    @property
    def _is_measuring(self) -> bool:
        is_ours = self.is_listening and threading.get_ident() == self._thread
        return is_ours and not is_captured()

    def _begin(self, *_: Any) -> None:
        if self._is_measuring:
            self._calls.clear()
            self._began.clear()

    def _enter(self, path: str, module: torch.nn.Module, _inputs: Any) -> None:
        if not self._is_measuring:
            return
        parameter = next(iter(all_parameters(module)), None)
        device = self._device if parameter is None else parameter.device
        event = None if device is None or device.type != "cuda" else mark_time(device)
        self._began.append((path, time.perf_counter(), event))

    def _leave(self, path: str, _module: Any, _inputs: Any, output: Any) -> None:
        if not self._is_measuring:
            return
        now = time.perf_counter()
        count = self._calls[path] = self._calls.get(path, 0) + 1
        call = path if count == 1 else f"{path}:{count}"
        if self._began and self._began[-1][0] == path:
            _, began, event = self._began.pop()
            self.numbers["time", call] = now - began
            if event is not None:
                self._events[call] = event, mark_time(event.device)
        if self._measures != {"time"}:
            with torch.no_grad():
                self._measure(call, output)
        self.seconds += time.perf_counter() - now

    def _measure(self, call: str, output: Any) -> None:
        tensor = next((t for t in tensors_in(output) if t.is_floating_point()), None)
        if tensor is None or tensor.numel() == 0 or tensor.layout is not torch.strided:
            return
        values = tensor.detach()
        if values.dtype not in (torch.float32, torch.float64):
            values = values.float()
        if "activation_std" in self._measures:
            std, mean = torch.std_mean(values)
            self.numbers["activation_std", call] = std
            self.numbers["activation_mean", call] = mean
        elif "activation_mean" in self._measures:
            self.numbers["activation_mean", call] = values.mean()
        if "dead_share" in self._measures:
            self.numbers["dead_share", call] = dead_share(values)
        if "nonfinite_share" in self._measures:
            self.numbers["nonfinite_share", call] = 1 - torch.isfinite(values).float().mean()


def dead_share(values: torch.Tensor) -> torch.Tensor:
    """Return the share of features that are above 0 nowhere in the batch, 0 to 1.

    Features are the channels of images and volumes (the second dimension), else the last dimension.
    """
    if values.ndim < 2:  # noqa: PLR2004
        return (values <= 0).float().mean()
    features = values.ndim - 1 if values.ndim <= _FEATURES_LAST else 1
    others = [dim for dim in range(values.ndim) if dim != features]
    return (values.amax(dim=others) <= 0).float().mean()


# ---------------------------------------------------------------- parameters


def norms(tensors: Mapping[Any, torch.Tensor | None]) -> dict[Any, torch.Tensor]:
    """Return the Euclidean norm of each tensor, on its device; what has none is left out."""
    found: dict[Any, torch.Tensor] = {}
    with torch.no_grad():
        for key, tensor in tensors.items():
            if tensor is None or torch.nn.parameter.is_lazy(tensor):
                continue
            values = _local(tensor)
            if values.is_sparse:
                values = values.coalesce().values()
            if values.is_floating_point() or values.is_complex():
                found[key] = torch.linalg.vector_norm(
                    values.float() if _is_small(values) else values
                )
    return found


def _is_small(values: torch.Tensor) -> bool:
    """Whether sums of squares would leave the range of a type, as of half and float8 numbers."""
    return values.is_floating_point() and values.dtype.itemsize < 4  # noqa: PLR2004


def _local(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor without its gradient; of one that is sharded over processes, the part here.

    What needs the other processes would wait for ever where they do not measure.
    """
    values = tensor.detach()
    to_local: Any = attribute_of(values, "to_local", None)
    return cast("torch.Tensor", to_local()) if callable(to_local) else values


class WeightsBefore:
    """Weights as they are now, to be compared with what the next step makes of them.

    Args:
        parameters: By any key. If they take more than 256 MB, every n-th weight stands for all.
    """

    def __init__(self, parameters: Mapping[Any, torch.Tensor]) -> None:
        size = sum(parameter.nbytes for parameter in parameters.values())
        self.stride = -(-size // _SAMPLED_BYTES) or 1
        self._kept = {key: self._sample(p).clone() for key, p in parameters.items()}

    def _sample(self, parameter: torch.Tensor) -> torch.Tensor:
        values = _local(parameter)
        return values if self.stride == 1 else values.reshape(-1)[:: self.stride]

    def compare(
        self, parameters: Mapping[Any, torch.Tensor]
    ) -> tuple[dict[Any, torch.Tensor], dict[Any, torch.Tensor]]:
        """Return the norms of the changes since then, and the norms of the weights as they were."""
        changes: dict[Any, torch.Tensor | None] = {}
        for key, before in self._kept.items():
            now = parameters.get(key)
            if now is not None and now.device == before.device:
                sample = self._sample(now)
                if sample.shape == before.shape:
                    changes[key] = sample - before
        return norms(changes), norms({key: self._kept[key] for key in changes})
