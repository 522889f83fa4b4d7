"""Models with many inputs or outputs: a cache is one box, and few tensors have a box each."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nbviz.inspection.graph.trace.trace import trace
from nbviz.pictures.graph_picture import graph_picture
from nbviz.widgets.graph_view import graph as graph_view

X = torch.ones(2, 4)


class Stack(nn.Module):
    """Returns what each layer made, as a transformer does."""

    def __init__(self, layers: int, *, caches: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(layers))
        self.caches = caches

    def forward(self, x: torch.Tensor, past: Any = ()) -> dict[str, Any]:
        for keys, values in past:
            x = x + keys * values
        hidden, cache = [x], []
        for layer in self.layers:
            x = layer(x)
            hidden.append(x)
            cache.append((x * 2, x + 1))
        named = {"cache": tuple(cache)} if self.caches else {}
        return {"logits": x, "hidden": hidden, **named}


def ends(model: nn.Module, *inputs: Any) -> list[str]:
    nodes = trace(model, *inputs).level("")["nodes"]
    return [node["label"] for node in nodes if node["kind"] in ("input", "output")]


def test_many_tensors_of_one_container_are_one_box() -> None:
    model = Stack(32, caches=True)
    assert ends(model, X) == ["x", "logits", "hidden: 33 tensors", "cache: 64 tensors"]
    past = tuple((X.clone(), X.clone()) for _ in range(10))
    assert ends(Stack(1), X, past) == [
        *("x", "past: 20 tensors"),
        *("logits", "hidden[0]", "hidden[1]"),
    ]


def test_few_have_a_box_each() -> None:
    assert ends(Stack(3), X) == ["x", "logits", *(f"hidden[{number}]" for number in range(4))]


class Nested(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        both = {"k": [x + n for n in range(20)], "v": [x * n for n in range(20)], "n": x - 1}
        return both, [x - n for n in range(2)]


def test_a_container_of_few_containers_is_looked_into() -> None:
    assert ends(Nested(), X) == [
        *("x", "[0].k: 20 tensors", "[0].v: 20 tensors", "[0].n", "[1][0]", "[1][1]")
    ]


class Plain(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return [x + n for n in range(30)]


def test_a_list_of_many_is_one_output() -> None:
    assert ends(Plain(), X) == ["x", "output: 30 tensors"]


def test_operations_that_only_fill_a_cache_stand_as_one() -> None:
    """32 × and 32 + side by side would be a picture of 3,700 pixels."""
    model = Stack(32, caches=True)
    level = trace(model, X).level("")
    folded = {node["label"]: node for node in level["nodes"] if node["repeat"] > 1}
    assert {(node["label"], node["detail"]) for node in folded.values()} == {
        *(("layers", "32 × Linear"), ("×", "32 × mul"), ("+", "32 × add"))
    }
    cache = next(node for node in level["nodes"] if node["label"].startswith("cache"))
    into = {edge["source"] for edge in level["edges"] if edge["target"] == cache["node_id"]}
    assert into == {folded["×"]["node_id"], folded["+"]["node_id"]}
    assert cache["output_shapes"] == [[2, 4]]
    inside = trace(model, X).level(folded["×"]["node_id"])
    assert len(inside["nodes"]) == 32
    assert graph_picture(trace(model, X), depth=0).width < 900


def test_the_page_without_a_kernel_opens_them(tmp_path: Any) -> None:
    view = graph_view(Stack(32, caches=True), X)
    written = view.save(tmp_path / "stack.html")
    assert "cache: 64 tensors" in written.read_text(encoding="utf-8")
    view.close()
