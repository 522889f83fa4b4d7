"""Makes a `Graph` of what a recorder has seen."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

import torch

from nbviz.inspection.graph.model import Graph
from nbviz.inspection.graph.structure import Edge, ModuleCall, Operation, Parameter
from nbviz.inspection.graph.trace.details import detail_of
from nbviz.inspection.graph.trace.modules import type_name, unregistered_layers
from nbviz.inspection.graph.trace.recorder import Raised

_NAMED = 3  # layers that a note names
_RAISED = re.compile(r"^(?:[\w.]*(?:Error|Exception):\s*)+", re.MULTILINE)
_PLACE = re.compile(r'File "([^"]+)", line (\d+)')

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.recorder import Recorded, Recorder, Scope


def build(recorder: Recorder, note: str) -> Graph:
    """Make a graph of what a recorder has seen."""
    parameters, numbers = _parameters(recorder)
    owned = _owned(recorder, numbers, {id(scope.module) for scope in recorder.scopes})
    kept = _without_constants(recorder.nodes)
    calls = {
        scope.scope_id: ModuleCall(
            call_id=scope.scope_id,
            path=scope.path,
            call=scope.call,
            type=scope.type,
            detail=detail_of(scope.module) if scope.module is not None else scope.detail,
            parent=scope.parent.scope_id if scope.parent else None,
            outputs=tuple(scope.outputs),
            flops=scope.flops,
            source=scope.source,
            functions=scope.functions,
            parameters=owned.get(id(scope.module), ()),
            is_library=type(scope.module).__module__.startswith("torch.nn."),
            error=scope.error,
        )
        for scope in recorder.scopes
    }
    nodes = [
        Operation(
            node.node_id,
            node.kind,
            node.name,
            node.scope.scope_id,
            tuple(node.outputs),
            node.flops,
            tuple(node.kernels),
            node.source,
            node.functions,
            tuple(numbers[p] for p in node.own_parameters),
            error=node.error,
        )
        for node in kept
    ]
    calls[""].outputs = tuple(node.outputs[0] for node in kept if node.kind == "output")
    began = [(s.order, s.scope_id, s.parent.scope_id) for s in recorder.scopes if s.parent]
    began += [(n.order, n.node_id, n.scope.scope_id) for n in kept]
    for _, child, parent in sorted(began):
        calls[parent].children.append(child)
    known = {id(node) for node in kept}
    edges = [
        Edge(recorder.nodes[origin.node].node_id, node.node_id, origin.tensor)
        for node in kept
        for origin in node.inputs
        if id(recorder.nodes[origin.node]) in known
    ]
    types = {path: type_name(module) for path, module in recorder.named_modules}
    notes = [note] if note else []
    if unregistered := unregistered_layers(recorder.named_modules):
        names = ", ".join(unregistered[:_NAMED]) + (", …" if len(unregistered) > _NAMED else "")
        notes.append(f"Layers not registered, not trained: {names}. Hold them in an nn.ModuleList.")
    if isinstance(recorder.model, torch.jit.ScriptModule):
        notes.append(
            f"{type_name(recorder.model)} is a TorchScript model, which runs as a whole: its "
            "operations are shown and its modules are not. To see them give the model as it was "
            "before torch.jit.script or torch.jit.trace."
        )
    if recorder.uncounted:
        notes.append(f"Multiply-adds not counted: {', '.join(recorder.uncounted)}.")
    if recorder.counted_once:
        names = ", ".join(recorder.counted_once)
        notes.append(f"Counted once, as often as they run depends on values: {names}.")
    if len(notes) > 1 and not notes[0].endswith((".", "…")):
        notes[0] += "."
    return Graph(nodes, edges, list(calls.values()), parameters, types, " ".join(notes))


def build_failed(recorder: Recorder, error: BaseException) -> tuple[Graph, str]:
    """Make a graph of what ran before the model raised an error, and mark where it did.

    Returns:
        The graph, and the place in words: " in fc1 (Linear), net.py:12", "" if it is not known.
    """
    raised = recorder.raised
    if raised is None or raised.error is not error:
        raised = Raised(error, recorder.scopes[0], None)
    said = error_text(error)
    scope: Scope | None = raised.scope
    while scope is not None:
        scope.error = said
        scope = scope.parent
    node = raised.node
    if node is not None:
        node.error = said
        source, functions = node.source, node.functions
        recorder.stack[:] = [raised.scope]
        recorder.finish(node, node.inputs, [])
        node.source, node.functions = source, functions
    path, kind = raised.scope.path, raised.scope.type
    where = "" if path == "" else f" in {path} ({kind})" if path else f" in {kind}"
    if node is not None and node.source:
        where += f", {node.source}" if where else f" at {node.source}"
    return build(recorder, f"Failed{where}: {said}. What follows did not run."), where


def error_text(error: BaseException) -> str:
    """Return an error's type and message in one line, whatever its author's `__str__` does."""
    try:
        said = " ".join(own_words(error).split()).rstrip(".")
    except Exception:  # noqa: BLE001
        said = "its message cannot be read"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def own_words(error: BaseException) -> str:
    """Return what an error says, without the traceback that TorchScript puts into its message."""
    text = str(error)
    if "Traceback of TorchScript" not in text:
        return text
    raised = list(_RAISED.finditer(text))
    said = text[raised[-1].end() :].partition("\nAt:\n")[0].strip() if raised else ""
    place = _PLACE.search(text)
    at = f"{PurePath(place[1]).name}:{place[2]}: " if place else ""
    return f"{at}{said or error.__cause__ or text}"


def _parameters(recorder: Recorder) -> tuple[list[Parameter], dict[int, int]]:
    """Every parameter once with all its names, and its number by its `id`."""
    names: dict[int, list[str]] = {}
    found: dict[int, torch.Tensor] = {}
    for name, parameter in recorder.named_parameters:
        names.setdefault(id(parameter), []).append(name)
        found[id(parameter)] = parameter
    parameters = [_described(tuple(names[key]), found[key]) for key in found]
    return parameters, {key: number for number, key in enumerate(found)}


def _described(names: tuple[str, ...], parameter: torch.Tensor) -> Parameter:
    dtype = str(parameter.dtype).removeprefix("torch.")
    if torch.nn.parameter.is_lazy(parameter):
        return Parameter(names, 0, parameter.requires_grad, (), dtype, 0)
    shape, size = tuple(parameter.shape), parameter.numel()
    bytes_taken = size * parameter.element_size()
    return Parameter(names, size, parameter.requires_grad, shape, dtype, bytes_taken)


def _owned(
    recorder: Recorder, numbers: dict[int, int], called: set[int]
) -> dict[int, tuple[int, ...]]:
    """The parameters of each called module, with those of modules in it that are never called."""
    owned: dict[int, dict[int, None]] = {}
    owners: dict[str, int] = {"": id(recorder.model)}
    for path, module in recorder.named_modules:
        parent = owners[path.rpartition(".")[0]]
        owners[path] = id(module) if id(module) in called else parent
    for name, parameter in recorder.named_parameters:
        owner = owners[name.rpartition(".")[0]]
        owned.setdefault(owner, {})[numbers[id(parameter)]] = None
    return {owner: tuple(held) for owner, held in owned.items()}


def _is_from_module(made: Recorded, used: Recorded) -> bool:
    """Whether a constant was made in a module that the use of it is outside of."""
    scope: Scope | None = used.scope
    while scope is not None and scope is not made.scope:
        scope = scope.parent
    return made.is_constant and made.kind == "operation" and scope is None


def _without_constants(nodes: list[Recorded]) -> list[Recorded]:
    """Leave out what is the same for every input, such as the making of a mask.

    It is kept where parameters are applied to it, as to the positions of an embedding, where a
    module of its own makes it, as a rotary embedding does of its buffers, or if it is all there is.
    """
    kept_constants: set[int] = set()
    for node in nodes:
        origins = [nodes[origin.node] for origin in node.inputs]
        if not node.is_constant and origins and all(origin.is_constant for origin in origins):
            kept_constants.update(id(origin) for origin in origins)
        if not node.is_constant or node.kind == "output":
            waiting = [origin for origin in origins if _is_from_module(origin, node)]
            while waiting:
                made = waiting.pop()
                if id(made) not in kept_constants:
                    kept_constants.add(id(made))
                    before = (nodes[origin.node] for origin in made.inputs)
                    waiting.extend(origin for origin in before if _is_from_module(origin, node))
    if all(node.is_constant for node in nodes if node.kind == "operation"):
        return nodes
    return [
        node
        for node in nodes
        if node.kind != "operation"
        or not node.is_constant
        or node.error
        or id(node) in kept_constants
    ]
