"""Levels: what is in a box, what enters and leaves it, what is folded."""

from __future__ import annotations

import pytest
import torch
from awkward_models import CASES
from torch import nn

from nbviz.inspection.graph import Graph, trace


def traced(name: str) -> Graph:
    case = CASES[name]
    return trace(case.make(), *case.inputs(), **case.kwargs())


def ids(graph: Graph, scope: str = "") -> list[str]:
    return [node["node_id"] for node in graph.level(scope)["nodes"]]


def by_id(graph: Graph, scope: str = "") -> dict:
    return {node["node_id"]: node for node in graph.level(scope)["nodes"]}


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        return x + self.fc2(self.act(self.fc1(x)))


def test_the_root_names_the_model_and_its_size() -> None:
    graph = trace(nn.Sequential(nn.Linear(4, 3)), torch.zeros(2, 4))
    level = graph.level("")
    assert level["title"] == "Sequential, 15 parameters, 48 FLOP"
    assert level["edges"] == [
        {"source": "/input", "target": "0", "shape": [2, 4]},
        {"source": "0", "target": "/output", "shape": [2, 3]},
    ]
    node = by_id(graph)["0"]
    assert (node["label"], node["type"], node["detail"]) == ("0", "Linear", "4→3")
    assert node["child_count"] == 0
    assert (node["parameter_count"], node["trainable_count"], node["flops"]) == (15, 15, 48)


def test_a_residual_block_takes_its_input_twice() -> None:
    graph = trace(nn.Sequential(Block(4), nn.Linear(4, 2)), torch.zeros(2, 4))
    level = graph.level("0")
    assert ids(graph, "0") == ["0.fc1", "0.act", "0.fc2", "0/add"]
    assert set(map(tuple, level["inputs"])) == {("0.fc1", "/input"), ("0/add", "/input")}
    assert list(map(tuple, level["outputs"])) == [("0/add", "1")]


def test_three_equal_blocks_in_a_row_are_folded_and_two_are_not() -> None:
    graph = trace(nn.Sequential(*(Block(4) for _ in range(5)), nn.ReLU()), torch.zeros(2, 4))
    assert ids(graph) == ["/input", "0+5", "5", "/output"]
    fold = by_id(graph)["0+5"]
    assert (fold["repeat"], fold["child_count"], fold["detail"]) == (5, 5, "5 × Block")
    assert fold["parameter_count"] == 5 * 40
    assert ids(graph, "0+5") == ["0", "1", "2", "3", "4"]
    assert graph.level("0+5")["inputs"] == [("0", "/input")]
    two = trace(nn.Sequential(*(Block(4) for _ in range(2))), torch.zeros(2, 4))
    assert ids(two) == ["/input", "0", "1", "/output"]


def test_groups_that_follow_each_other_are_folded_and_open_to_each_group() -> None:
    layers = [layer for _ in range(6) for layer in (nn.Linear(4, 4), nn.ReLU())]
    graph = trace(nn.Sequential(*layers, nn.Linear(4, 1)), torch.zeros(2, 4))
    assert ids(graph) == ["/input", "0+12", "12", "/output"]
    fold = by_id(graph)["0+12"]
    assert (fold["repeat"], fold["detail"]) == (6, "6 × (Linear, ReLU)")
    assert fold["parameter_count"] == 6 * 20
    groups = ids(graph, "0+12")
    assert groups == [f"{i}…2" for i in range(0, 12, 2)]
    assert ids(graph, groups[1]) == ["2", "3"]
    assert graph.level(groups[1])["inputs"] == [("2", groups[0])]


def test_groups_whose_wiring_differs_are_not_folded() -> None:
    class Skips(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(Block(4) for _ in range(4))

        def forward(self, x):
            first = x
            for i, block in enumerate(self.blocks):
                y = block(x).relu()
                x = y + (x if i % 2 else first)
            return x

    graph = trace(Skips(), torch.zeros(2, 4))
    assert all(node["repeat"] == 1 for level in graph.levels() for node in level["nodes"])


def test_a_level_of_over_400_boxes_is_cut_into_parts() -> None:
    class Long(nn.Module):
        def forward(self, x):
            for size in range(1000):
                x = x.new_zeros(size % 7 + size // 7 + 1) + x.sum()
            return x

    graph = trace(Long(), torch.zeros(2))
    assert max(len(level["nodes"]) for level in graph.levels()) <= 60
    first, part, *_, last = graph.level("")["nodes"]
    assert (first["kind"], last["kind"]) == ("input", "output")
    held = [node["label"] for node in graph.level(part["node_id"])["nodes"]]
    assert part["label"] == f"1 – {len(held)}"
    assert part["type"] == f"part of {len(graph.nodes) - 2:,}"
    assert f"{held.count('sum')} sum" in part["detail"].split(", ")
    assert graph.level(part["node_id"])["edges"]


def test_blocks_of_another_width_are_not_folded_together() -> None:
    model = nn.Sequential(
        *(Block(4) for _ in range(3)), nn.Linear(4, 6), *(Block(6) for _ in "123")
    )
    graph = trace(model, torch.zeros(2, 4))
    assert ids(graph) == ["/input", "0+3", "3", "4+3", "/output"]


def test_a_list_of_equal_blocks_is_one_box() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    graph = trace(nn.TransformerEncoder(layer, 4), torch.zeros(2, 3, 4))
    box = by_id(graph)["/layers.*"]
    assert (box["label"], box["type"], box["repeat"]) == ("layers", "ModuleList", 4)
    assert box["detail"] == "4 × TransformerEncoderLayer"
    assert ids(graph, "/layers.*") == [f"layers.{i}" for i in range(4)]


def test_lists_called_by_turns_get_no_box_that_would_be_a_loop() -> None:
    graph = traced("zipped lists")
    assert [i for i in ids(graph) if i[0] != "/"] == [
        *("first.0", "second.0", "first.1", "second.1", "first.2", "second.2"),
    ]


def test_operations_between_the_calls_of_a_list_go_into_its_box() -> None:
    graph = traced("U-Net")
    assert "/downs.*" in ids(graph)
    assert "/ups.*" in ids(graph)
    assert {node["type"] for node in graph.level("/ups.*")["nodes"]} >= {"Conv2d", "cat"}


def test_parameters_of_modules_that_are_never_called_count_where_they_are_used() -> None:
    graph = traced("attention with its weights")
    box = by_id(graph)["attention"]
    assert box["parameter_count"] == graph.parameter_count
    assert box["child_count"] == 0


def test_every_box_that_says_it_has_children_opens() -> None:
    for name in CASES:
        graph = traced(name)
        for level in graph.levels():
            for node in level["nodes"]:
                if node["child_count"]:
                    assert len(graph.level(node["node_id"])["nodes"]) == node["child_count"]


def test_an_unknown_box_is_refused() -> None:
    with pytest.raises(KeyError, match="no box 'nowhere'"):
        traced("tied weights").level("nowhere")


def test_shared_parameters_and_repeated_calls_are_said() -> None:
    boxes = by_id(traced("tied weights"))
    assert "tied weights" in boxes["out"]["detail"]
    assert boxes["out"]["tied"] == boxes["embed"]["tied"] == ["embed.weight, out.weight"]
    assert by_id(traced("module used four times"))["layer:3"]["detail"] == "4→4, call 3 of 4"


def test_calls_of_the_authors_functions_are_boxes_where_a_level_holds_too_much() -> None:
    def attend(x, layer):
        for _ in range(6):
            x = layer(x).relu() + x
        return x

    class Long(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            for _ in range(4):
                x = attend(x, self.fc) * 2
            return x

    graph = trace(Long(), torch.zeros(2, 4))
    labels = [node["label"] for node in graph.level("")["nodes"]]
    assert labels == ["x", *["attend()", "×"] * 4, "output"]
    box = graph.level("")["nodes"][1]
    assert (box["type"], box["child_count"]) == ("function", 18)
    assert next(e["target"] for e in graph.level(box["node_id"])["edges"]) == "/relu"
