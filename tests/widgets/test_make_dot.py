"""torchviz's call: the same nodes and edges, shown and saved without Graphviz's program."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter

import graphviz
import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.inspection.graph.hierarchy.autograd_levels import as_graph
from nbviz.inspection.graph.trace.autograd import autograd_graph
from nbviz.pictures.graph_picture import AUTOGRAD_COLORS, graph_picture
from nbviz.pictures.pdf import picture_to_pdf
from nbviz.pictures.shapes import Box, Fill, Label, Stroke, dark, light, mixed
from nbviz.pictures.svg import picture_to_svg

torchviz = pytest.importorskip("torchviz")


class Triple(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x, 2 * x)
        return 3 * x

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad


class Viewing(nn.Module):
    """A custom function, and an output that is a view of a view."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x):
        return Triple.apply(self.linear(x)).view(-1)[2:]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.BatchNorm2d(1), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU())

    def forward(self, x):
        x = x + self.first(x)
        return x + self.second(x)


MODELS = {
    "mlp": lambda: (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.ones(2, 3)),
    "residual": lambda: (Residual(), torch.ones(2, 1, 5, 5)),
    "lstm": lambda: (nn.LSTM(3, 4, 2), torch.ones(5, 1, 3)),
    "transformer": lambda: (nn.TransformerEncoderLayer(8, 2, 16), torch.ones(3, 1, 8)),
    "viewing": lambda: (Viewing(), torch.ones(2, 3)),
}


def parts(dot: graphviz.Digraph) -> tuple[Counter[str], Counter[str]]:
    """Return the nodes by colour and label, and the edges by style and the labels of their ends."""
    labels: dict[str, str] = {}
    for line in dot.body:
        found = re.match(r'\t(\w+) \[label="?(.*?)"?(?: fillcolor=(\w+))?\]\n', line, re.DOTALL)
        if found and "->" not in line:
            words = " ".join(re.sub(r"\\n|[\n\"]", " ", found[2]).split())
            labels[found[1]] = f"{found[3]} {words}"
    edges = Counter(
        f"{labels[found[1]]} -> {labels[found[2]]} {found[3]}"
        for line in dot.body
        if (found := re.match(r"\t(\w+) -> (\w+)(.*)\n", line))
    )
    return Counter(labels.values()), edges


@pytest.mark.parametrize("show_saved", [False, True])
@pytest.mark.parametrize("show_attrs", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_nodes_and_edges_are_those_of_torchviz(
    name: str, *, show_attrs: bool, show_saved: bool
) -> None:
    model, inputs = MODELS[name]()
    result = model(inputs)
    var = result if isinstance(result, torch.Tensor) else (result[0], *result[1])
    params = dict(model.named_parameters())
    ours = nbviz.make_dot(var, params, show_attrs, show_saved, 30)
    theirs = torchviz.make_dot(var, params, show_attrs, show_saved, 30)
    nodes, edges = parts(ours)
    assert sum(nodes.values()) > 5
    assert (nodes, edges) == parts(theirs)
    assert ours.graph_attr.keys() == theirs.graph_attr.keys()
    assert ours.node_attr == theirs.node_attr
    assert isinstance(ours, graphviz.Digraph)


def test_what_the_backward_pass_has_freed_is_left_out() -> None:
    x = torch.ones(2, requires_grad=True)
    y = Triple.apply(x * x).sum()
    y.backward()
    kinds = Counter(node.kind for node in autograd_graph(y, show_saved=True, show_attrs=True).nodes)
    assert kinds == {"function": 4, "leaf": 1, "output": 1}


def test_a_deep_graph_needs_no_recursion() -> None:
    y = torch.ones(1, requires_grad=True)
    for _ in range(3000):
        y = y + 1
    assert len(autograd_graph(y).nodes) == 3003


def test_rendering_needs_no_program(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    model, inputs = MODELS["residual"]()
    dot = nbviz.make_dot(model(inputs), model)
    dot.directory, dot.format = str(tmp_path), "svg"
    drawn = dot.render("model", cleanup=True)
    assert drawn == str(tmp_path / "model.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["model.svg"]
    texts = [
        "".join(t.itertext())
        for t in ET.parse(drawn).getroot().iter("{http://www.w3.org/2000/svg}text")
    ]
    assert sum(text.startswith("ConvolutionBackward0") for text in texts) == 2, texts
    assert "first.0.weight" in texts
    assert dot.render("model", format="pdf") == str(tmp_path / "model.pdf")
    assert (tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "model").read_text().startswith("digraph")
    assert dot.render(outfile="net.png") == str(tmp_path / "net.png")
    assert dot.pipe(format="png").startswith(b"\x89PNG")
    assert dot.pipe(encoding="utf-8").startswith("<svg")
    assert "image/svg+xml" in dot._repr_mimebundle_(include=["image/svg+xml"])
    with pytest.raises(graphviz.ExecutableNotFound):
        dot.render("model", format="jpg")


def test_functions_stand_in_the_modules_that_the_names_tell() -> None:
    model, inputs = MODELS["residual"]()
    shown = as_graph(autograd_graph(model(inputs).sum(), model)).level()
    assert [node["label"] for node in shown["nodes"]] == [
        *("first", "ReluBackward0", "AddBackward0", "second", "ReluBackward0"),
        *("AddBackward0", "SumBackward0", "output"),
    ]
    assert shown["title"] == "Backward graph, 22 parameters"


def test_functions_stand_in_the_modules_that_a_recording_has_seen() -> None:
    model, inputs = MODELS["residual"]()
    with nbviz.record(model) as recording:
        loss = model(inputs).sum()
    found = autograd_graph(loss)
    links = {n.forward.node_id for n in found.nodes if n.forward is not None}
    assert links <= {node.node_id for node in recording.graph.nodes}
    assert {"first.0/conv2d", "first.2/relu", "/add", "second.1/relu"} <= links
    assert [node["label"] for node in as_graph(found).level()["nodes"]] == [
        *("first", "AddBackward0", "second", "AddBackward0", "SumBackward0", "output")
    ]
    loss.backward()
    assert model.first[0].weight.grad is not None


def test_the_view_has_the_kinds_and_the_attributes_of_torchviz() -> None:
    model, inputs = MODELS["mlp"]()
    dot = nbviz.make_dot(model(inputs), model, True, True, max_attr_chars=6)
    levels = list(dot.graph_view().graph.levels())
    shown = {n["label"]: n for level in levels for n in level["nodes"] if n["autograd"]}
    kinds = Counter(n["autograd"] for n in shown.values())
    assert kinds.keys() == {"function", "leaf", "saved", "output"}
    assert shown["0.weight"]["autograd"] == "leaf"
    assert shown["saved result"]["output_shapes"] == [[2, 4]]
    kept = dict(shown["AddmmBackward0"]["attributes"])
    assert kept["alpha"] == "1"
    assert kept["mat1"] == "[save…"  # cut as asked
    assert shown["0.weight"]["attributes"] == []
    model_levels = nbviz.graph(model, inputs).graph.levels()
    assert not any(n["autograd"] for level in model_levels for n in level["nodes"])


def test_a_module_of_one_function_is_drawn_as_that_function() -> None:
    model, inputs = MODELS["mlp"]()
    with nbviz.record(model):
        loss = model(inputs).sum()
    nodes = as_graph(autograd_graph(loss, show_attrs=True)).level()["nodes"]
    (tanh,) = [node for node in nodes if node["type"] == "Tanh"]
    assert tanh["kind"] == "module"
    assert tanh["autograd"] == "function"
    assert tanh["attributes"] == [("result", "[saved tensor]")]


def test_the_saved_picture_has_the_colours_and_attributes_too() -> None:
    model, inputs = MODELS["mlp"]()
    view = nbviz.make_dot(model(inputs), model, True, True).graph_view()
    shapes = graph_picture(view.graph).shapes
    fills = {shape.color for shape in shapes if isinstance(shape, Box)}
    assert {name for name in fills if "fixed" in name} == {
        mixed(AUTOGRAD_COLORS[kind], 36, "surface")
        for kind in ("function", "leaf", "saved", "output")
    }
    said = [span.text for shape in shapes if isinstance(shape, Label) for span in shape.spans]
    assert "[saved tensor]" in said
    assert picture_to_svg(graph_picture(view.graph)).count("[saved tensor]") >= 2
    view.close()


class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.linear, self.scale = nn.Linear(4, 4), scale

    def forward(self, x):
        return torch.tanh(self.linear(x) * self.scale)


def contrast(text: str, ground: str) -> float:
    """As WCAG 2 defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(text), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_all_that_a_saved_picture_says_can_be_read_on_its_colours() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    picture = graph_picture(as_graph(autograd_graph(model(torch.zeros(1, 2)).sum(), model)))
    boxes = [shape for shape in picture.shapes if isinstance(shape, Box)]
    labels = [shape for shape in picture.shapes if isinstance(shape, Label)]
    assert {"3×2", "scalar"} <= {label.text for label in labels}
    for label in labels:
        x, y = label.x, label.y - 4
        around = [b for b in boxes if b.x <= x <= b.x + b.width and b.y <= y <= b.y + b.height]
        for scheme in (light, dark):
            found = contrast(scheme(label.color), scheme(around[-1].color))
            assert found >= 4.5, (label.text, scheme.__name__, found)


def test_lines_without_a_gradient_look_as_in_torchviz() -> None:
    scale = nn.Parameter(torch.ones(4))  # which both modules save
    model, inputs = nn.Sequential(Scaled(scale), Scaled(scale)), torch.ones(2, 4)
    with nbviz.record(model):
        dot = nbviz.make_dot(model(inputs).view(-1), model, show_saved=True)
    graph = as_graph(dot.autograd)
    ties = {frozenset((edge.source, edge.target)): edge.kind for edge in dot.autograd.edges}
    levels = {level["scope"]: level for level in graph.levels()}
    drawn = [edge for level in levels.values() for edge in level["edges"]]
    for edge in drawn:
        kind = ties.get(frozenset((edge["source"], edge["target"])))
        assert kind is None or edge.get("tie", "gradient") == kind
    found = Counter(edge.get("tie") for edge in drawn)
    assert found["view"] == 1
    assert found["saved"] >= 6
    nodes = {node["node_id"]: node["label"] for at in levels.values() for node in at["nodes"]}
    for scope in ("0", "1"):
        ways = zip(levels[scope]["inputs"], levels[scope]["input_ties"], strict=True)
        found_in = {(nodes[inside], nodes[outside]): tie for (inside, outside), tie in ways}
        assert found_in.pop(("MulBackward0", "0.scale")) == "saved"
        assert set(found_in.values()) == {None}
        assert "output_ties" not in levels[scope]
    picture = graph_picture(dot.graph_view().graph, depth=5)
    lines = [shape for shape in picture.shapes if isinstance(shape, Stroke)]
    arrows = [shape for shape in picture.shapes if isinstance(shape, Fill)]
    assert [line.dotted for line in lines].count(True) == 1
    assert 0 < len(arrows) <= len(lines) - found["saved"]
    assert picture_to_svg(picture).count('stroke-dasharray="1.6 3.4"') == 1
    assert picture_to_pdf(picture).startswith(b"%PDF")
    assert graph.to_dot().count("style=dotted") == 1
    plain = [edge for level in nbviz.graph(model, inputs).graph.levels() for edge in level["edges"]]
    assert plain
    assert not any("tie" in edge for edge in plain)


def test_arguments_that_cannot_work_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"takes a tensor .* got str"):
        nbviz.make_dot("loss")
    with pytest.raises(ConfigurationError, match="got int for 'a'"):
        nbviz.make_dot(torch.ones(1), {"a": 1})
    monkeypatch.setitem(sys.modules, "graphviz", None)
    monkeypatch.delitem(sys.modules, "nbviz.widgets.autograd_digraph", raising=False)
    with pytest.raises(MissingDependencyError, match=r"nbviz\[graph\]"):
        nbviz.make_dot(torch.ones(1))


def test_pytorch_still_says_in_which_order_functions_were_made() -> None:
    """Without it backward graphs are drawn flat, and nothing else would notice."""
    x = torch.ones(1, requires_grad=True)
    orders = {n.name: n.order for n in autograd_graph((x * 2).exp()).nodes if n.kind == "function"}
    assert orders["AccumulateGrad"] is None
    assert orders["MulBackward0"] < orders["ExpBackward0"]
