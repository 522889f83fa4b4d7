"""What a trace has seen so far: module calls, operations and the tensors between them."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import os
import sys
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nbviz.inspection.graph.trace.modules import named_modules, named_parameters, packed_parameters
from nbviz.inspection.graph.trace.nested_tensors import TensorInfo, describe
from nbviz.inspection.graph.trace.origins import Memory, Origin, TensorMap
from nbviz.training.present_line import authors_frame

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

    from nbviz.inspection.graph.trace.preserved import KeptTensors

_OWN_FOLDER = str(Path(__file__).parents[1]) + os.sep
_TORCH_FOLDER = str(Path(torch.__file__).parent) + os.sep
_PLACES_KEPT = 5_000


@dataclass(slots=True, eq=False)
class Scope:
    """A call of a module, or of a `torch.autograd.Function`, while and after it runs."""

    scope_id: str
    path: str | None  # None if the module is not in the model's tree
    call: int
    module: torch.nn.Module | None
    type: str
    parent: Scope | None
    order: int
    outputs: list[TensorInfo] = field(default_factory=list[TensorInfo])
    flops: int = 0
    source: str = ""
    functions: tuple[str, ...] = ()
    operations: int = 0
    calls: int = 0
    error: str = ""
    detail: str = ""  # what is to be known of one that is no module's


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that the model raised in the pass.

    Attributes:
        error: The error.
        scope: The innermost call in which it was raised.
        node: The operation that raised it, None if it was none.
    """

    error: BaseException
    scope: Scope
    node: Recorded | None


@dataclass(slots=True, eq=False)
class Recorded:
    """One operation, input or output."""

    node_id: str
    kind: str
    name: str
    scope: Scope
    order: int
    outputs: list[TensorInfo] = field(default_factory=list[TensorInfo])
    inputs: list[Origin] = field(default_factory=list[Origin])
    own_parameters: list[int] = field(default_factory=list[int])  # their ids
    flops: int = 0
    kernels: list[str] = field(default_factory=list[str])
    source: str = ""
    functions: tuple[str, ...] = ()
    is_constant: bool = False
    error: str = ""
    written: set[int] = field(default_factory=set[int])  # addresses, where tensors do not count it
    # The memory that it made on its way, which it may keep, as tangents and gradients are kept.
    hidden: list[tuple[Memory, TensorInfo]] = field(
        default_factory=list["tuple[Memory, TensorInfo]"]
    )


class Recorder:
    """Collects what happens in one forward pass.

    Args:
        model: The model that is traced.
        keeps_tensors: See `TensorMap`.
        kept: Told before the pass uses gradients or writes; None if nothing need be kept.
        is_users_pass: Whether the pass is one that the user's own code makes. Then nothing of it is
            changed, and an error of the recording ends the recording only.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        keeps_tensors: bool,
        kept: KeptTensors | None = None,
        is_users_pass: bool = False,
    ) -> None:
        self.model = model
        self.kept = kept
        self.keeps_tensors = keeps_tensors
        self.is_users_pass = is_users_pass
        self.failure: Exception | None = None  # what ended the recording before the pass ended
        self.uncounted: dict[str, None] = {}  # operators whose FLOPs are not known
        self.refused: Exception | None = None  # what an operator raised last
        self.counted_once: dict[str, None] = {}  # operators that may run a function more often
        self.raised: Raised | None = None  # by the model itself
        self.has_begun = False  # whether the model's own call, which opens no scope, was seen
        self.nodes: list[Recorded] = []
        self.scopes: list[Scope] = []
        self.current: Recorded | None = None
        self.named_modules = named_modules(model)
        self.modules = {id(module): name for name, module in reversed(self.named_modules)}
        self.named_parameters = [
            *named_parameters(self.named_modules),
            *packed_parameters(self.named_modules),
        ]
        self.parameters = {id(p) for _, p in self.named_parameters}
        buffers = (
            buffer for _, module in self.named_modules for buffer in module._buffers.values()
        )
        of_model = [t for t in (*(p for _, p in self.named_parameters), *buffers) if t is not None]
        self.tensors = TensorMap(keeps=keeps_tensors, of_model=of_model)
        self.stack: list[Scope] = []
        self._calls: defaultdict[str, int] = defaultdict(int)
        self._order = 0
        self._functions: dict[Scope | None, list[tuple[FrameType, str]]] = {}
        self._traced_at: str | None = None

    # ------------------------------------------------------------ errors

    def fail(self, error: Exception) -> None:
        """End the recording because of an error of its own; raises it where the pass is ours."""
        if not self.is_users_pass:
            raise error
        self.failure = self.failure or error

    def note_raised(self, error: BaseException, node: Recorded | None = None) -> None:
        """Remember where the model raised an error; called from the inside out."""
        if self.raised is None or self.raised.error is not error:
            self.raised = Raised(error, self.stack[-1], node)
            if node is not None:
                node.source, node.functions = self.where()

    # ------------------------------------------------------------ scopes

    def enter(self, module: torch.nn.Module | None, type_name: str) -> Scope:
        """Begin a call; operations until `leave` belong to it."""
        parent = self.stack[-1] if self.stack else None
        path = self.modules.get(id(module)) if module is not None else None
        name = path if path is not None else f"{parent.scope_id if parent else ''}/{type_name}"
        scope_id, call = self._numbered(name)
        scope = Scope(scope_id, path, call, module, type_name, parent, self._next())
        if parent:
            scope.source, scope.functions = self.where(own_calls=0 if module is None else 2)
        if parent:
            parent.calls += 1
        self.stack.append(scope)
        self.scopes.append(scope)
        return scope

    def leave(self, scope: Scope) -> None:
        """End a call, and give its FLOPs to the call around it."""
        self.stack.pop()
        self._functions.pop(scope, None)
        if scope.parent:
            scope.parent.flops += scope.flops

    # ------------------------------------------------------------ operations

    def begin(self, name: str, kind: str = "operation") -> Recorded:
        """Make a node of the current scope; it counts once it is given to `finish`."""
        scope = self.stack[-1]
        return Recorded("", kind, name, scope, 0)

    def finish(self, node: Recorded, inputs: list[Origin], outputs: list[torch.Tensor]) -> int:
        """Add a node with its edges and note that it made `outputs`. Returns its number."""
        number = len(self.nodes)
        node.order = self._next()
        node.node_id, _ = self._numbered(f"{node.scope.scope_id}/{node.name}")
        node.inputs = inputs
        node.outputs = [describe(tensor) for tensor in outputs]
        if node.kind == "operation":
            node.source, node.functions = self.where()
        node.scope.operations += 1
        node.scope.flops += node.flops
        self.nodes.append(node)
        for memory, info in node.hidden:
            self.tensors.set_maker(memory, Origin(number, info))
        node.hidden.clear()
        return number

    def add_input(self, name: str, tensor: torch.Tensor) -> None:
        """Add an input of the model."""
        node = self.begin(name, "input")
        number = self.finish(node, [], [tensor])
        node.scope.operations -= 1
        self.tensors.set(tensor, Origin(number, node.outputs[0]))

    def add_output(self, name: str, tensor: torch.Tensor) -> None:
        """Add an output of the model."""
        origin = self.tensors.get(tensor)
        node = self.begin(name, "output")
        self.finish(node, [origin] if origin else [], [tensor])
        node.scope.operations -= 1

    def renewed(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return another tensor object with the same data, without recording how."""
        with self.within(self.begin("")), torch._C.DisableTorchFunction():
            return tensor.view_as(tensor)

    @contextmanager
    def within(self, node: Recorded) -> Generator[None]:
        """Count what runs meanwhile as a part of a node, and record none of it."""
        before, self.current = self.current, node
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def unrecorded(self) -> Generator[None]:
        """Record nothing of what runs meanwhile."""
        node = Recorded("", "operation", "", self.scopes[0], 0)
        with self.within(node), torch._C.DisableTorchFunction():
            yield

    def origins_of(self, tensors: list[torch.Tensor]) -> list[Origin]:
        """Return where tensors come from, each node once; those of unknown origin are left out."""
        origins = [origin for tensor in tensors if (origin := self.tensors.get(tensor))]
        return distinct(origins)

    def _numbered(self, name: str) -> tuple[str, int]:
        self._calls[name] += 1
        call = self._calls[name]
        return (name if call == 1 else f"{name}:{call}"), call

    def _next(self) -> int:
        self._order += 1
        return self._order

    # ------------------------------------------------------------ where in the source

    def where(self, own_calls: int = 0) -> tuple[str, tuple[str, ...]]:
        """Return the line that runs, `file.py:12`, and the author's functions that it runs in.

        The line is the nearest outside of PyTorch. The functions are those between it and the
        forward of the module that is running, outermost first; each call of one has its own name.
        `own_calls` frames called `call` belong to the module that is just beginning.
        """
        source = ""
        frames: list[FrameType] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            place = _PLACES.get(code.co_filename) or _place(code.co_filename)
            if place is _OWN:
                if code.co_name == "call":
                    if own_calls == 0:  # here the module begins that is running
                        break
                    own_calls -= 1
            elif place is not _TORCH:
                source = source or f"{place}:{frame.f_lineno}"
                frames.append(frame)
            frame = frame.f_back
        return source or self._called_at(frame), self._named(frames[:-1][::-1])

    def _called_at(self, frame: FrameType | None) -> str:
        """Return the line that called the running module, whose first frame is given.

        Empty where no line of the author's did, as where a page asked for the graph.
        """
        if self.stack[-1].source:
            return self.stack[-1].source
        if self._traced_at is None:
            found = authors_frame(frame)
            place = "" if found is None else _place(found.f_code.co_filename)
            self._traced_at = "" if found is None else f"{place}:{found.f_lineno}"
        return self._traced_at

    def _named(self, frames: list[FrameType]) -> tuple[str, ...]:
        """Give each call of a function a name; frames are held until the next line is looked up."""
        depth = self.stack[-1] if self.stack else None
        if not frames:
            self._functions.pop(depth, None)
            return ()
        before = self._functions.get(depth, [])
        shared = 0
        while shared < min(len(frames), len(before)) and before[shared][0] is frames[shared]:
            shared += 1
        named = before[:shared]
        for frame in frames[shared:]:
            self._order += 1
            named.append((frame, f"{frame.f_code.co_name}#{self._order}"))
        self._functions[depth] = named
        return tuple(name for _, name in named)


def distinct(origins: list[Origin]) -> list[Origin]:
    """Return the origins, each node once."""
    if len(origins) < 2:  # noqa: PLR2004
        return origins
    return list({origin.node: origin for origin in origins}.values())


_OWN, _TORCH = "nbviz's own", "PyTorch's"
_PLACES: dict[str, str] = {}


def _place(file: str) -> str:
    """Return how a file of the author's is called, or whose else it is."""
    if file.startswith(_OWN_FOLDER):
        place = _OWN
    elif file.startswith(_TORCH_FOLDER):
        place = _TORCH
    else:
        is_cell = "ipykernel" in file or file.startswith("<ipython")
        place = "cell" if is_cell else Path(file).name
    if len(_PLACES) > _PLACES_KEPT:  # each cell that is run has a name of its own
        _PLACES.clear()
    _PLACES[file] = place
    return place
