"""Which module is running: calls of modules and autograd functions, on this thread only."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import functools
import os
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch._higher_order_ops.cond import cond_op
from torch.nn import DataParallel, Module
from torch.utils import _pytree as pytree

from nbviz.inspection.graph.trace.modules import type_name, wrapped_module
from nbviz.inspection.graph.trace.nested_tensors import describe, tensors_in, with_tensors
from nbviz.inspection.graph.trace.origins import Origin
from nbviz.inspection.tensors.hooks import hooks_run
from nbviz.training.overlapping import uncompiled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

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
        self._context = ExitStack()
        self._is_eager = False

    def force_eager(self) -> None:
        """Have compiled functions run operator by operator until `close`."""
        # Asked for earlier it would import the compiler, which takes seconds.
        if not self._is_eager and "torch._dynamo" in sys.modules:
            self._is_eager = True
            self._context.enter_context(uncompiled())

    def close(self) -> None:
        """End what `force_eager` began."""
        self._context.close()

    def call(self, module: Module, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run a module's forward inside a scope of its own."""
        recorder = self._recorder
        # A torch call may call modules, as a backward pass does that computes them again.
        if recorder.current is not None or recorder.failure is not None:
            return run(module, *args, **kwargs)
        inner = self._inside(module)
        if inner is not None:
            return inner(*args, **kwargs)
        is_model = module is recorder.model and not recorder.has_begun
        recorder.has_begun = recorder.has_begun or is_model
        scope = None if is_model else self._enter(module, lambda: type_name(module))
        return self._run(scope, lambda: run(module, *args, **kwargs), (args, kwargs))

    def apply(self, function: Any, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run an autograd function inside a scope of its own."""
        recorder = self._recorder
        if recorder.current is not None or recorder.failure is not None:
            return run(*args, **kwargs)
        origins = recorder.origins_of(tensors_in((args, kwargs)))  # before it writes into them
        scope = self._enter(None, lambda: function.__name__)
        return self._run(scope, lambda: run(*args, **kwargs), (args, kwargs), origins)

    def swap(self, run: Callable[..., None], one: torch.Tensor, other: torch.Tensor) -> None:
        """Swap two tensors, which PyTorch does only to those that have no weak reference."""
        recorder = self._recorder
        if recorder.keeps_tensors:
            raise RuntimeError("torch.utils.swap_tensors changes the tensors themselves")
        if recorder.kept is not None:
            recorder.kept.keep_written((one, other))
        origins = [recorder.tensors.get(tensor) for tensor in (one, other)]
        for tensor in (one, other):
            recorder.tensors.forget(tensor)
        run(one, other)
        for tensor, origin in zip((other, one), origins, strict=True):
            if origin is not None:
                recorder.tensors.set(tensor, origin)

    def _inside(self, module: Module) -> Module | None:
        """Return the module to be called in place of one that only changes how it is run."""
        recorder = self._recorder
        inner = wrapped_module(module)
        if inner is None or (recorder.is_users_pass and isinstance(module, DataParallel)):
            return None
        recorder.modules[id(inner)] = recorder.modules.get(id(module), "")
        return inner

    def _enter(self, module: Module | None, name: Callable[[], str]) -> Scope | None:
        try:
            return self._recorder.enter(module, name())
        except Exception as error:  # noqa: BLE001  raised where the pass is ours
            self._recorder.fail(error)
            return None

    def _run(
        self,
        scope: Scope | None,
        run: Callable[[], Any],
        given: Any,
        origins: Sequence[Origin] = (),
    ) -> Any:
        """Run what is called, in a scope that has been entered unless it is the model's own."""
        recorder = self._recorder
        try:
            result = run()
            if scope is not None:
                result = self._end(scope, result, given, origins)
        except BaseException as error:
            if recorder.stack:
                recorder.note_raised(error)
            raise
        finally:
            if scope is not None:
                recorder.leave(scope)
        return result

    def _end(self, scope: Scope, result: Any, given: Any, origins: Sequence[Origin]) -> Any:
        """Note what a call returned; returns it."""
        try:
            if scope.module is None:
                self._add_function(scope, result, origins)
            else:
                result = self._pass_through(scope, result, given)
            scope.outputs = [describe(tensor) for tensor in tensors_in(result)]
        except Exception as error:  # noqa: BLE001
            self._recorder.fail(error)
        return result

    def _add_function(self, scope: Scope, result: Any, origins: Sequence[Origin]) -> None:
        """Add a node for an autograd function whose results no recorded operation made."""
        recorder = self._recorder
        unknown = [t for t in tensors_in(result) if recorder.tensors.get(t) is None]
        if unknown:
            node = recorder.begin(scope.type)
            number = recorder.finish(node, list(origins), unknown)
            for tensor in unknown:
                recorder.tensors.set(tensor, Origin(number, describe(tensor)))

    def _pass_through(self, scope: Scope, result: Any, given: Any) -> Any:
        """Give a module that hands on its input, or a tensor of its own, an operation."""
        recorder = self._recorder
        if scope.operations or scope.calls or scope.parent is None:
            return result
        known = {id(tensor) for tensor in tensors_in(given)}
        renewed: dict[int, torch.Tensor] = {}
        for tensor in tensors_in(result):
            origin = recorder.tensors.get(tensor)
            if id(tensor) not in known and origin is not None:
                continue
            node = recorder.begin("identity" if id(tensor) in known else _own_name(scope, tensor))
            own = tensor if recorder.is_users_pass else recorder.renewed(tensor)
            renewed[id(tensor)] = own
            number = recorder.finish(node, [origin] if origin else [], [own])
            recorder.tensors.set(own, Origin(number, describe(own)))
        if recorder.is_users_pass or not renewed:
            return result
        return with_tensors(result, lambda tensor: renewed.get(id(tensor), tensor))


def _own_name(scope: Scope, tensor: torch.Tensor) -> str:
    """Return what a module calls one of its tensors."""
    module: Any = scope.module
    held = {**module.__dict__, **module._buffers, **module._parameters}
    return next((name for name, value in held.items() if value is tensor), "constant")


@contextmanager
def tracking(recorder: Recorder) -> Generator[None]:
    """Record the scopes of this thread's calls. Other threads run as before.

    Compiled functions run meanwhile as they were written.
    """
    thread = threading.get_ident()
    tracker = ScopeTracker(recorder)
    tracker.force_eager()
    hooks = hooks_run(recorder.unrecorded if recorder.is_users_pass else None)
    with _lock:
        if not _active:
            _install()
        before = _active.get(thread)
        _active[thread] = tracker
    try:
        with hooks:
            yield
    finally:
        tracker.close()
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
    _original["compile"] = torch.compile
    _original["swap"] = torch.utils.swap_tensors
    _original["cond"] = type(cond_op).__call__

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

    @functools.wraps(torch.compile)
    def compile_later(*args: Any, **kwargs: Any) -> Any:
        # In a pass that is the first to compile anything; so do `torch.cond` and its kin.
        compiled = _original["compile"](*args, **kwargs)
        tracker = _active.get(threading.get_ident())
        if tracker is not None:
            tracker.force_eager()
        return compiled

    torch.compile = compile_later
    torch.utils.swap_tensors = _swap
    cast("Any", type(cond_op)).__call__ = _call_cond
    Module.__call__ = call_compiled
    Module._call_impl = call
    torch.autograd.Function.apply = classmethod(apply)  # pyright: ignore[reportAttributeAccessIssue]


def _uninstall() -> None:
    Module.__call__ = _original["__call__"]
    Module._call_impl = _original["_call_impl"]
    torch.autograd.Function.apply = _original["apply"]
    torch.compile = _original["compile"]
    torch.utils.swap_tensors = _original["swap"]
    type(cond_op).__call__ = _original["cond"]


def _swap(one: torch.Tensor, other: torch.Tensor) -> None:
    tracker = _active.get(threading.get_ident())
    if tracker is None:
        _original["swap"](one, other)
    else:
        tracker.swap(_original["swap"], one, other)


def _call_cond(self: Any, condition: Any, if_true: Any, if_false: Any, operands: Any) -> Any:
    # The compiler, which does not run here, is what takes containers among them apart.
    if threading.get_ident() in _active:
        flat, spec = pytree.tree_flatten(operands)
        if_true, if_false = (
            functools.partial(_unflattened, branch, spec) for branch in (if_true, if_false)
        )
        operands = tuple(flat)
    return _original["cond"](self, condition, if_true, if_false, operands)


def _unflattened(branch: Callable[..., Any], spec: Any, *flat: Any) -> Any:
    return branch(*pytree.tree_unflatten(flat, spec))


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  held, perhaps, by a thread that a forked child does not have
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
