"""The hooks by which a watch sees a model's passes, outputs and gradients.

Only one stays on the model, before the whole model's forward pass, and only where no engine says
when a step ends. Those of modules and parameters are put on for the pass that is sampled. None acts
while a graph is captured or traced, so that neither a CUDA graph nor a compiled model contains it.
"""

# pyright: reportPrivateUsage=false
# A model may have given `modules`, `children` and the like another meaning.

from __future__ import annotations

import weakref
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

import torch

from nbviz.errors import ConfigurationError, attribute_of, has_attribute
from nbviz.inspection.graph.trace.modules import all_modules, has_children, named_modules
from nbviz.inspection.tensors.heatmaps import plain_name
from nbviz.inspection.tensors.hooks import Hook
from nbviz.training.devices.cuda_events import is_captured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn


class PassObserver(Protocol):
    """What hooks tell what they see: a watch."""

    modules: dict[str, nn.Module]

    def pass_begins(self) -> None:
        """Called before a training pass of a user's own loop."""
        ...

    def take_activations(self, name: str, output: torch.Tensor) -> None:
        """Called with a module's output."""
        ...

    def take_gradients(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Called at the end of a backward pass."""
        ...


_SHOWN = 8  # module names in an error


def choose_modules(model: nn.Module, patterns: tuple[str, ...]) -> dict[str, nn.Module]:
    """Return the modules whose names match; "*" alone stands for all without submodules.

    A model that is a single layer has no name in itself: it goes by its class's.

    Raises:
        ConfigurationError: A pattern matches none.
    """
    paths = {id(module): path for path, module in reversed(named_modules(model))}  # of each one
    everything = {paths[id(module)]: module for module in all_modules(model)}
    named = {plain_name(name): module for name, module in everything.items() if name}
    wrapped = named.pop("_orig_mod", None) or named.pop("module", None) or model
    if not named:
        named = {type(wrapped).__name__: model}
    chosen: dict[str, nn.Module] = {}
    for pattern in patterns:
        found: dict[str, nn.Module]
        if pattern == "*":
            whole = len(named) == 1
            found = {n: one for n, one in named.items() if whole or not has_children(one)}
        else:
            found = {name: one for name, one in named.items() if fnmatchcase(name, pattern)}
        if not found:
            some = ", ".join(list(named)[:_SHOWN])
            more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
            raise ConfigurationError(
                f"no module is called {pattern!r}; there are {some or 'none'}{more}."
            )
        chosen.update(found)
    return chosen


def has_compiled_parts(model: nn.Module) -> bool:
    """Whether `torch.compile` is at work in a model."""
    return any(
        "_orig_mod" in module._modules  # noqa: SLF001
        or attribute_of(module, "_compiled_call_impl", None) is not None
        for module in all_modules(model)
    )


class Hooks:
    """The hooks of one watch.

    Args:
        watch: Given what they see; not kept alive.
        model: The model.
        is_driven: Whether an engine tells the watch when a step has ended.
    """

    def __init__(self, watch: PassObserver, model: nn.Module, *, is_driven: bool) -> None:
        self._watch = weakref.ref(watch)
        self._is_driven = is_driven
        self._handles: list[Any] = []
        self._armed: list[Any] = []
        self._gradient_handles: list[Any] = []
        self._gradients: dict[str, torch.Tensor] = {}
        self.sees_passes = is_driven
        if not is_driven:
            hook = ModelHook(self._before_forward)
            self._handles.append(torch.nn.Module.register_forward_pre_hook(model, hook))

    def remove(self) -> None:
        """Take all of them off."""
        for handle in (*self._handles, *self._armed, *self._gradient_handles):
            handle.remove()
        self._handles, self._armed, self._gradient_handles = [], [], []
        self._gradients = {}

    def arm_activations(self) -> None:
        """Have each module's next output sampled."""
        watch = self._watch()
        if watch is None:
            return
        for handle in self._armed:  # of modules that did not run
            handle.remove()
        self._armed = []
        for name, module in watch.modules.items():
            hook = _OutputHook(self._watch, name)
            hook.handle = torch.nn.Module.register_forward_hook(module, ModelHook(hook))
            self._armed.append(hook.handle)

    def arm_gradients(self, parameters: Mapping[str, nn.Parameter]) -> None:
        """Have the gradients of the next backward pass sampled."""
        for handle in self._gradient_handles:
            handle.remove()
        self._gradients = {}
        self._gradient_handles = [
            parameter.register_post_accumulate_grad_hook(ModelHook(self._collector(name)))
            for name, parameter in parameters.items()
            if parameter.requires_grad and parameter.is_leaf
        ]

    def _before_forward(self, _module: nn.Module, _arguments: Any) -> None:
        watch = self._watch()
        if watch is None or not torch.is_grad_enabled() or is_captured():
            return
        self.sees_passes = True
        watch.pass_begins()

    def _collector(self, name: str) -> Callable[[torch.Tensor], None]:
        def collect(parameter: torch.Tensor) -> None:
            watch = self._watch()
            if watch is None or parameter.grad is None or is_captured():
                return
            if self._gradients or call_after_backward(self._backward_ended):
                self._gradients[name] = parameter.grad
            else:
                watch.take_gradients({name: parameter.grad})

        return collect

    def _backward_ended(self) -> None:
        gradients, self._gradients = self._gradients, {}
        for handle in self._gradient_handles:
            handle.remove()
        self._gradient_handles = []
        watch = self._watch()
        if watch is not None and gradients:
            watch.take_gradients(gradients)


class _OutputHook:
    """Takes one output, then itself off."""

    def __init__(self, watch: weakref.ref[PassObserver], name: str) -> None:
        self._watch = watch
        self._name = name
        self.handle: Any = None

    def __call__(self, _module: nn.Module, _arguments: Any, output: Any) -> None:
        if not torch.is_grad_enabled() or is_captured():
            return
        self.handle.remove()
        watch = self._watch()
        tensor = _first_tensor(output)
        if watch is not None and tensor is not None:
            watch.take_activations(self._name, tensor)


class ModelHook(Hook):
    """A hook that does nothing while its model is compiled, nor in a copy of the model."""

    def __call__(self, *args: Any) -> None:
        """Act."""
        if not torch.compiler.is_compiling():
            self._act(*args)


def call_after_backward(callback: Callable[[], None]) -> bool:
    """Have a function called when the backward pass under way has ended; whether that works.

    PyTorch has no public way to it; its own DistributedDataParallel and FSDP use this one. Without
    it, gradients are sampled one by one as they are ready.
    """
    engine: Any = getattr(torch.autograd.Variable, "_execution_engine", None)
    try:
        engine.queue_callback(callback)
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


def _first_tensor(output: Any) -> torch.Tensor | None:
    """Return an output's first floating-point tensor, of a tuple, list or mapping too."""
    if isinstance(output, torch.Tensor):
        return output if output.is_floating_point() or output.is_complex() else None
    parts: Any = ()
    if isinstance(output, tuple | list):
        parts = output  # pyright: ignore[reportUnknownVariableType]
    elif has_attribute(output, "values") and callable(output.values):
        parts = output.values()
    for part in parts:
        found = _first_tensor(part)
        if found is not None:
            return found
    return None
