"""Models that are hard to trace: all modules seen, all parameters counted, nothing changed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from awkward_models import CASES, Case

from nbviz.inspection.graph.trace.trace import trace

# What comes out does not tell from which tensors it was made.
CUT = {"NumPy on the way"}


def run(case: Case) -> tuple[torch.nn.Module, Any]:
    torch.manual_seed(0)
    model = case.make()
    return model, trace(model, *case.inputs(), **case.kwargs())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_leaf_module_call_and_parameter_is_there(case: Case) -> None:
    model, graph = run(case)
    with_children = {call.parent for call in graph.module_calls}
    leaves = [call for call in graph.module_calls[1:] if call.call_id not in with_children]
    leaves = [call for call in leaves if call.path is not None or call.is_library]
    assert len(leaves) == case.leaf_calls, [call.call_id for call in leaves]
    if any(torch.nn.parameter.is_lazy(p) for p in model.parameters()):
        model(*case.inputs())
    packed = sum(size for size in map(_packed, model.modules()))
    assert graph.parameter_count == sum(p.numel() for p in model.parameters()) + packed
    assert ("real values" in graph.note) == case.needs_values, graph.note


@pytest.mark.parametrize("name", CASES)
def test_every_way_leads_from_inputs_to_outputs_on_every_level(name: str) -> None:
    _, graph = run(CASES[name])
    kinds = {node.node_id: node.kind for node in graph.nodes}
    assert "output" in kinds.values()
    seen: set[str] = set()
    for level in graph.levels():
        ids = [node["node_id"] for node in level["nodes"]]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert {end for e in level["edges"] for end in (e["source"], e["target"])} <= set(ids)
        assert {inside for inside, _ in [*level["inputs"], *level["outputs"]]} <= set(ids)
        ways = [(e["source"], e["target"]) for e in level["edges"]]
        assert _is_acyclic(ways)
        entered = {n["node_id"] for n in level["nodes"] if n["kind"] == "input"}
        entered |= {inside for inside, _ in level["inputs"]}
        left = {n["node_id"] for n in level["nodes"] if n["kind"] == "output"}
        left |= {inside for inside, _ in level["outputs"]}
        is_cut = name in CUT and level["scope"] == ""
        assert not entered or (left <= _reached(entered, ways)) is not is_cut
    inside = {level["scope"]: len(level["nodes"]) for level in graph.levels()}
    boxes = [node for level in graph.levels() for node in level["nodes"]]
    assert inside.keys() - {""} == {box["node_id"] for box in boxes if box["child_count"]}
    assert all(inside.get(box["node_id"], 0) == box["child_count"] for box in boxes)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_model_is_left_as_it_was(case: Case) -> None:
    torch.manual_seed(0)
    model = case.make()
    inputs, kwargs = case.inputs(), case.kwargs()
    lazy = any(torch.nn.parameter.is_lazy(p) for p in model.parameters())
    state = {} if lazy else {k: v.clone() for k, v in model.state_dict().items() if _plain(v)}
    attributes = {name: dict(vars(module)) for name, module in model.named_modules()}
    sizes = {
        (name, key): len(value)
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, list | dict)
    }
    before = torch.get_rng_state(), random.getstate(), _numpy_state()
    call, grad = torch.nn.Module.__call__, torch.is_grad_enabled()
    trace(model, *inputs, **kwargs)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert _numpy_state() == before[2]
    assert torch.nn.Module.__call__ is call
    assert torch.is_grad_enabled() == grad
    for name, module in model.named_modules():
        now = vars(module)
        assert now.keys() == attributes[name].keys()
        assert all(now[key] is value for key, value in attributes[name].items())
        for key, value in now.items():
            if isinstance(value, list | dict):
                assert len(value) == sizes[name, key], (name, key)
    assert all(p.grad is None for p in model.parameters())
    for key, value in () if lazy else model.state_dict().items():
        if key in state and not value.is_meta:
            assert torch.equal(value, state[key]), key


def _packed(module: torch.nn.Module) -> int:
    """How many numbers a quantised module keeps packed."""
    is_quantised = type(module).__module__.startswith("torch.ao.nn.quantized.")
    parts = [module.weight, module.bias] if is_quantised and hasattr(module, "weight") else []
    return sum(part().numel() for part in parts)


def _numpy_state() -> list[int]:
    return np.random.get_state()[1].tolist()  # noqa: NPY002 - the one that models draw from


def _plain(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and not (value.is_quantized or value.is_sparse)


def _reached(nodes: set[str], edges: list[tuple[str, str]]) -> set[str]:
    reached = set(nodes)
    while more := {target for source, target in edges if source in reached} - reached:
        reached |= more
    return reached


def _is_acyclic(edges: list[tuple[str, str]]) -> bool:
    waiting: dict[str, int] = {}
    for source, target in edges:
        waiting.setdefault(source, 0)
        waiting[target] = waiting.get(target, 0) + 1
    ready = [node for node, count in waiting.items() if count == 0]
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        for source, target in edges:
            if source == node:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
    return done == len(waiting)
