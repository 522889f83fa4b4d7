"""`Recording`: the graph of the next forward pass that the user's own code makes."""

# pyright: reportPrivateUsage=false
# `sys._getframe` is how Python itself looks at who calls.

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch

from nbviz.errors import TraceError
from nbviz.inspection.graph.trace.building import build, build_failed, error_text
from nbviz.inspection.graph.trace.links import ForwardLink, link, mark_border
from nbviz.inspection.graph.trace.modules import type_name, wrapped_module
from nbviz.inspection.graph.trace.nested_tensors import named_tensors, tensors_in
from nbviz.inspection.graph.trace.operations import FunctionMode, KernelMode
from nbviz.inspection.graph.trace.recorder import Recorder
from nbviz.inspection.graph.trace.scopes import tracking
from nbviz.inspection.graph.trace.trace import named_inputs
from nbviz.inspection.tensors.hooks import is_looked_at
from nbviz.training.checks import not_a_module
from nbviz.training.overlapping import uncompiled

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.trace.origins import Origin
    from nbviz.inspection.graph.trace.recorder import Recorded, Scope


class Recording:
    """Records the first forward pass of a model that is made within a `with` block.

    The pass is the user's own, with its values, gradients and mode; it is neither repeated nor
    changed, and the passes after it run as if nothing had been. The functions of its backward pass
    are linked to the operations, which `nbviz.make_dot` shows.

    Args:
        model: The model; called in the block by the user's own code, on any thread.

    Raises:
        TraceError: It is no `torch.nn.Module`.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        if not isinstance(cast("Any", model), torch.nn.Module):
            raise TraceError(f"record takes a torch.nn.Module, got {not_a_module(model)}.")
        while (inner := wrapped_module(model)) is not None:
            model = inner
        self._model = model
        self._graph: Graph | None = None
        self._context = ExitStack()
        self._hooks = ExitStack()
        self._is_left = False  # the block has ended
        self._pass: ExitStack | None = None
        self._recorder: Recorder | None = None
        self._failed: Recorder | None = None
        self._thread = 0

    @property
    def graph(self) -> Graph:
        """The graph of the recorded pass.

        Raises:
            TraceError: The model has not been called yet, or its call failed; what was recorded
                before is the error's `graph`.
        """
        if self._graph is None:
            raise self._error()
        return self._graph

    def _error(self) -> TraceError:
        """Return the error that says why there is no graph, with what there is of it."""
        name, recorder = type_name(self._model), self._failed
        if isinstance(self._model, torch.jit.ScriptModule):
            return TraceError(
                f"{name} is a TorchScript model, whose calls PyTorch does not show; record it as "
                "it was before torch.jit.script or torch.jit.trace, or draw it with "
                "nbviz.trace(model, inputs)."
            )
        if recorder is None:
            return TraceError(
                f"no forward pass of {name} has been recorded: call the model inside the block of "
                "nbviz.record(model)."
            )
        own, raised = recorder.failure, recorder.raised
        error = own or (raised.error if raised is not None else None)
        assert error is not None
        graph, where = build_failed(recorder, error)
        if own is not None:
            made = TraceError(
                f"the recording of {name} ended early{where}: {error_text(own)}. The pass "
                "itself was not disturbed. The error's .graph shows what was recorded before."
            )
        else:
            made = TraceError(
                f"{name} failed{where} while it was recorded: {error_text(error)}. Call it "
                "again inside the block; the error's .graph shows what ran before."
            )
        made.graph, made.__cause__ = graph, error
        return made

    def __enter__(self) -> Self:
        compiled: AbstractContextManager[Any] = nullcontext()
        if "torch._dynamo" in sys.modules:  # a compiled model runs operator by operator here
            compiled = uncompiled()
        self._context.enter_context(compiled)
        if isinstance(self._model, torch.jit.ScriptModule):
            return self  # it takes no hooks; the step is the user's, and goes on
        # Of the class: a model may have given the names another meaning.
        hooks = torch.nn.Module
        end = hooks.register_forward_hook(self._model, self._end, always_call=True)
        self._hooks.callback(end.remove)
        begin = hooks.register_forward_pre_hook(
            self._model, self._begin, prepend=True, with_kwargs=True
        )
        self._hooks.callback(begin.remove)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_left = True
        self._context.close()
        # What a pass has set belongs to its thread: one that still runs on another ends by itself.
        if self._pass is None or threading.get_ident() == self._thread:
            self._close()
            self._hooks.close()

    def _begin(
        self, model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        is_over = self._is_left or self._recorder is not None or self._graph is not None
        if is_over or is_looked_at():
            return
        recorder = self._recorder = _LinkingRecorder(model, _caller())
        self._thread = threading.get_ident()
        try:
            self._start(recorder, inputs, kwargs)
        except Exception as error:  # noqa: BLE001  the pass is the user's, and goes on
            recorder.fail(error)
            self._close()
            self._recorder, self._failed = None, recorder

    def _start(self, recorder: Recorder, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        model = recorder.model
        recorder.enter(model, type_name(model))
        recorder.has_begun = True
        for name, tensor in named_inputs(model, inputs, kwargs):
            recorder.add_input(name, tensor)
        for tensor in tensors_in((inputs, kwargs)):
            mark_border(tensor.grad_fn)
        with ExitStack() as stack:
            stack.enter_context(tracking(recorder))
            stack.enter_context(KernelMode(recorder, None))
            stack.enter_context(FunctionMode(recorder, None, None))
            self._pass = stack.pop_all()

    def _end(self, model: torch.nn.Module, inputs: Any, output: Any) -> None:
        del model, inputs
        recorder = self._recorder
        is_other_thread = threading.get_ident() != self._thread
        if recorder is None or self._pass is None or is_other_thread or len(recorder.stack) != 1:
            return
        self._close()
        if self._is_left:
            self._hooks.close()
        self._recorder = None
        raised = sys.exc_info()[1] if output is None else None
        if raised is not None:  # by its forward; the error is the user's to see
            recorder.note_raised(raised)
        if raised is not None or recorder.failure is not None:
            self._failed = recorder
            return
        try:
            for name, tensor in named_tensors(output, ""):
                recorder.add_output(name or "output", tensor)
            self._graph = build(recorder, "Recorded from a real forward pass.")
        except Exception as error:  # noqa: BLE001
            recorder.fail(error)
            self._failed = recorder

    def _close(self) -> None:
        """End the recording of a pass, if one is being made."""
        if self._pass is not None:
            self._pass.close()
        self._pass = None


class _LinkingRecorder(Recorder):
    """Links the functions of the backward pass to the operations whose results they belong to.

    Args:
        model: The model that is about to run.
        caller: The frame in which it was called.
    """

    def __init__(self, model: torch.nn.Module, caller: FrameType | None) -> None:
        super().__init__(model, keeps_tensors=False, is_users_pass=True)
        self._caller = caller

    def finish(self, node: Recorded, inputs: list[Origin], outputs: list[torch.Tensor]) -> int:
        """Add a node, and link the functions that its results hang on."""
        number = super().finish(node, inputs, outputs)
        if node.kind == "operation":
            around = _scopes(node)
            ids, types = (tuple(getattr(s, k) for s in around) for k in ("scope_id", "type"))
            forward = ForwardLink(node.node_id, node.name, node.source, ids, types)
            for tensor in outputs:
                if tensor.grad_fn is not None:
                    link(tensor.grad_fn, forward)
        return number

    def _named(self, frames: list[FrameType]) -> tuple[str, ...]:
        # A trace begins in a call of nbviz; here the user's own functions are around the model's.
        if len(self.stack) == 1:
            before = frames.index(self._caller) + 1 if self._caller in frames else 0
            frames = frames[before + 1 :]
        return super()._named(frames)


def _scopes(node: Recorded) -> list[Scope]:
    """Return the module calls in which an operation runs, but for the model's own."""
    scopes: list[Scope] = []
    scope = node.scope
    while scope.parent is not None:
        scopes.append(scope)
        scope = scope.parent
    return scopes[::-1]


def _caller() -> FrameType | None:
    """Return the frame that called the model whose hook is running."""
    frame = sys._getframe(1)
    folder = str(Path(torch.__file__).parent)
    while frame is not None and frame.f_code.co_filename.startswith((__file__, folder)):
        frame = frame.f_back
    return frame
