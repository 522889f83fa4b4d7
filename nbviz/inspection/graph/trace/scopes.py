"""Which module is running: calls of modules and autograd functions, on this thread only."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import Module

from nbviz.inspection.graph.trace.modules import type_name, wrapped_module
from nbviz.inspection.graph.trace.nested_tensors import describe, tensors_in, with_tensors
from nbviz.inspection.graph.trace.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.inspection.graph.trace.recorder import Recorder, Scope

_active: dict[int, ScopeTracker] = {}
_lock = threading.Lock()
_original: dict[str, Any] = {}


class ScopeTracker:
    """Opens and closes a scope of the recorder around each call.

    Args:
        recorder: Where scopes go.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def call(self, module: Module, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run a module's forward inside a scope of its own."""
        recorder = self._recorder
        inner = wrapped_module(module)
        if inner is not None:
            recorder.modules[id(inner)] = recorder.modules.get(id(module), "")
            return inner(*args, **kwargs)
        if module is recorder.model and not recorder.has_begun:
            recorder.has_begun = True
            return run(module, *args, **kwargs)
        scope = recorder.enter(module, type_name(module))
        try:
            result = run(module, *args, **kwargs)
            result = self._pass_through(scope, result, (args, kwargs))
            scope.outputs = [describe(tensor) for tensor in tensors_in(result)]
        finally:
            recorder.leave(scope)
        return result

    def apply(self, function: Any, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run an autograd function inside a scope of its own."""
        recorder = self._recorder
        given = [o for tensor in tensors_in((args, kwargs)) if (o := recorder.tensors.get(tensor))]
        scope = recorder.enter(None, function.__name__)
        try:
            result = run(*args, **kwargs)
            unknown = [t for t in tensors_in(result) if recorder.tensors.get(t) is None]
            if unknown:
                node = recorder.begin(function.__name__)
                number = recorder.finish(node, given, unknown)
                for tensor in unknown:
                    recorder.tensors.set(tensor, Origin(number, describe(tensor)))
            scope.outputs = [describe(tensor) for tensor in tensors_in(result)]
        finally:
            recorder.leave(scope)
        return result

    def _pass_through(self, scope: Scope, result: Any, given: Any) -> Any:
        """Give a module that hands its input on (`nn.Identity`) an operation to be seen by."""
        recorder = self._recorder
        if scope.operations or scope.calls or scope.parent is None:
            return result
        known = {id(tensor) for tensor in tensors_in(given)}
        handed = [t for t in tensors_in(result) if id(t) in known]
        if not handed:
            return result
        renewed: dict[int, torch.Tensor] = {}
        for tensor in handed:
            origin = recorder.tensors.get(tensor)
            node = recorder.begin("identity")
            own = renewed[id(tensor)] = recorder.renewed(tensor)
            number = recorder.finish(node, [origin] if origin else [], [own])
            recorder.tensors.set(own, Origin(number, describe(own)))

        def renew(tensor: torch.Tensor) -> torch.Tensor:
            return renewed.get(id(tensor), tensor)

        return with_tensors(result, renew)


@contextmanager
def tracking(recorder: Recorder) -> Generator[None]:
    """Record the scopes of this thread's calls. Other threads run as before."""
    thread = threading.get_ident()
    with _lock:
        if not _active:
            _install()
        before = _active.get(thread)
        _active[thread] = ScopeTracker(recorder)
    try:
        yield
    finally:
        with _lock:
            if before is None:
                del _active[thread]
            else:
                _active[thread] = before
            if not _active:
                _uninstall()


def _install() -> None:
    _original["__call__"] = Module.__call__
    _original["_call_impl"] = Module._call_impl
    _original["apply"] = torch.autograd.Function.__dict__["apply"]

    def call_compiled(self: Module, *args: Any, **kwargs: Any) -> Any:
        # A module compiled in place would run a method that was bound before ours was installed.
        if threading.get_ident() in _active:
            return cast("Any", self)._call_impl(*args, **kwargs)
        return _original["__call__"](self, *args, **kwargs)

    def call(self: Module, *args: Any, **kwargs: Any) -> Any:
        tracker = _active.get(threading.get_ident())
        if tracker is None:
            return _original["_call_impl"](self, *args, **kwargs)
        return tracker.call(self, _original["_call_impl"], args, kwargs)

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        run = _original["apply"].__get__(None, cls)
        tracker = _active.get(threading.get_ident())
        return run(*args, **kwargs) if tracker is None else tracker.apply(cls, run, args, kwargs)

    Module.__call__ = call_compiled
    Module._call_impl = call
    torch.autograd.Function.apply = classmethod(apply)  # pyright: ignore[reportAttributeAccessIssue]


def _uninstall() -> None:
    Module.__call__ = _original["__call__"]
    Module._call_impl = _original["_call_impl"]
    torch.autograd.Function.apply = _original["apply"]
