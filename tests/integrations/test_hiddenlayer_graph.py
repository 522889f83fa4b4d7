"""`hl.build_graph` on today's PyTorch: hiddenlayer's demonstration calls and a few models more."""

from __future__ import annotations

import base64
import html
import re
import shutil
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import processes
import pytest
import torch
from torch import nn
from torch.nn import functional

import nbviz.integrations.hiddenlayer as hl
from nbviz.errors import ConfigurationError, TraceError
from nbviz.integrations.hiddenlayer.onnx_names import onnx_name
from nbviz.integrations.hiddenlayer.rendering import placed_graph

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = torch.zeros([1, 3, 224, 224])


@pytest.fixture(scope="module")
def models() -> Any:
    """torchvision's; it brings PyTorch's compiler, which not every process has to import."""
    import torchvision

    return torchvision.models


def in_order(graph: hl.Graph) -> list[str]:
    """Titles along a graph that is a chain, with how often each is repeated."""
    (node,) = [n for n in graph.nodes.values() if not graph.incoming(n)]
    titles: list[str] = []
    while True:
        titles.append(node.title + (f" x{node.repeat}" if node.repeat > 1 else ""))
        after = graph.outgoing(node)
        if not after:
            return titles
        (node,) = after


def test_vgg16_folds_as_in_the_demonstration(models: Any) -> None:
    graph = hl.build_graph(models.vgg16(init_weights=False), IMAGE)
    conv = "Conv3x3 &gt; Relu"
    assert in_order(graph) == [
        *(f"{conv} x2", "MaxPool2x2", f"{conv} x2", "MaxPool2x2"),
        *(f"{conv} x3", "MaxPool2x2") * 3,
        *("AveragePool", "Flatten", "Linear &gt; Relu", "Dropout", "Linear &gt; Relu", "Dropout"),
        "Linear",
    ]
    shapes = {label for _, _, label in graph.edges}
    assert {(1, 64, 224, 224), (1, 512, 7, 7), (1, 25088), (1, 4096)} <= shapes


def test_alexnet_with_a_theme_of_its_own(models: Any) -> None:
    graph = hl.build_graph(models.alexnet(), IMAGE)
    graph.theme = hl.graph.THEMES["blue"].copy()
    titles = in_order(graph)
    assert titles[:4] == ["Conv11x11 &gt; Relu", "MaxPool3x3", "Conv5x5 &gt; Relu", "MaxPool3x3"]
    assert titles[4] == "Conv3x3 &gt; Relu x3"
    assert "#bcd6fc" in graph._repr_svg_().lower()


def test_a_graph_is_shown_light_and_dark_where_a_notebook_is_not_trusted() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    graph = hl.build_graph(model, torch.zeros(1, 2))
    bundle = graph._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == ["Linear > Relu → Linear", "Linear"]
    # JupyterLab takes an SVG out of a notebook that is not trusted, and leaves an image's address.
    found = re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)" style="max-width:100%">',
        bundle["text/html"],
        re.DOTALL,
    )
    assert found is not None
    svg = base64.b64decode(found[1]).decode()
    assert svg == bundle["image/svg+xml"]
    assert "@media (prefers-color-scheme:dark){svg>g{filter:invert" in ET.fromstring(svg)[0].text
    assert html.unescape(found[2]) == bundle["text/plain"]
    empty = hl.Graph()._repr_mimebundle_()
    assert empty["text/plain"] == "an empty graph"


def test_resnet101_folds_into_blocks(models: Any) -> None:
    transforms = [
        hl.transforms.Fold("Conv > BatchNorm > Relu", "ConvBnRelu"),
        hl.transforms.Fold("Conv > BatchNorm", "ConvBn"),
        hl.transforms.Fold(
            """
            ((ConvBnRelu > ConvBnRelu > ConvBn) | ConvBn) > Add > Relu
            """,
            "BottleneckBlock",
            "Bottleneck Block",
        ),
        hl.transforms.Fold(
            """ConvBnRelu > ConvBnRelu > ConvBn > Add > Relu""", "ResBlock", "Residual Block"
        ),
        hl.transforms.FoldDuplicates(),
    ]
    graph = hl.build_graph(models.resnet101(), IMAGE, transforms=transforms)
    blocks = [
        f"{kind}{times}"
        for times in (" x2", " x3", " x22", " x2")
        for kind, times in (("Bottleneck Block", ""), ("Residual Block", times))
    ]
    assert in_order(graph) == [
        *("Conv7x7 &gt; BatchNorm &gt; Relu", "MaxPool3x3"),
        *blocks,
        *("GlobalAveragePool", "Flatten", "Linear"),
    ]


def test_without_transforms_the_graph_is_raw_onnx(models: Any) -> None:
    model = models.resnet18().eval()
    graph = hl.build_graph(model, IMAGE, transforms=None, framework_transforms=None)
    nodes = list(graph.nodes.values())
    assert len(nodes) == 69
    assert {node.op for node in nodes} == {
        *("onnx::Conv", "onnx::BatchNormalization", "onnx::Relu", "onnx::MaxPool", "onnx::Add"),
        *("onnx::GlobalAveragePool", "onnx::Flatten", "onnx::Gemm"),
    }
    first = nodes[0]
    assert first.id == "ResNet/Conv2d[conv1]/outputs/1"
    assert first.output_shape == (1, 64, 112, 112)
    assert first.params == {
        "kernel_shape": [7, 7],
        "strides": [2, 2],
        "pads": [3, 3],
        "dilations": [1, 1],
        "group": 1,
    }
    assert any(
        node.id.startswith("ResNet/Sequential[layer1]/BasicBlock[0]/BatchNorm2d[bn1]/outputs/")
        for node in nodes
    )


def test_graph_of_a_model_keeps_what_transforms_made(models: Any) -> None:
    model = models.alexnet()
    built = hl.build_graph(model, IMAGE)
    assert len(hl.Graph(model, IMAGE).nodes) == len(built.nodes) == 13


def test_folding_by_id_groups_by_module(models: Any) -> None:
    transforms = [hl.transforms.FoldId(r"ResNet/Sequential\[(layer\d)\].*", "Stage")]
    graph = hl.build_graph(models.resnet18(), IMAGE, transforms=transforms)
    assert [key for key in graph.nodes if graph[key].op == "Stage"] == [
        *("layer1", "layer2", "layer3", "layer4")
    ]


class Net(nn.Module):
    """The network of hiddenlayer's own training test."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = functional.relu(functional.max_pool2d(self.conv1(x), 2))
        x = functional.relu(functional.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = x.view(-1, 320)
        x = functional.relu(self.fc1(x))
        x = functional.dropout(x, training=self.training)
        return functional.log_softmax(self.fc2(x), dim=1)


def test_a_users_model_in_training_and_in_use() -> None:
    def ops(model: nn.Module) -> list[str]:
        graph = hl.build_graph(model, torch.zeros(2, 1, 28, 28), transforms=[])
        return [node.op for node in graph.nodes.values()]

    trained = [
        *("Conv", "MaxPool", "Relu", "Conv", "Dropout", "MaxPool", "Relu", "Reshape"),
        *("Linear", "Relu", "Dropout", "Linear", "LogSoftmax"),
    ]
    assert ops(Net()) == trained
    used = Net().eval()
    assert ops(used) == [op for op in trained if op != "Dropout"]
    graph = hl.build_graph(used, torch.zeros(2, 1, 28, 28), transforms=[])
    assert len(in_order_ids(graph)) == len(graph.nodes)  # nothing came apart


def in_order_ids(graph: hl.Graph) -> list[str]:
    (node,) = [n for n in graph.nodes.values() if not graph.incoming(n)]
    ids = [node.id]
    while after := graph.outgoing(node):
        (node,) = after
        ids.append(node.id)
    return ids


class Speller(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 8)
        self.lstm = nn.LSTM(8, 16, 2, batch_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, letters, lengths):
        states, _ = self.lstm(self.embed(letters))
        last = states[torch.arange(len(letters)), lengths]
        return torch.softmax(self.head(last), 1)


def test_an_lstm_with_two_inputs() -> None:
    model = Speller()
    example = (torch.zeros(3, 7, dtype=torch.long), torch.tensor([1, 2, 3]))
    graph = hl.build_graph(model, example)
    ops = [node.op for node in graph.nodes.values()]
    assert ops[:2] == ["Gather", "LSTM"]
    assert ops[-2:] == ["Linear", "Softmax"]
    lstm = next(node for node in graph.nodes.values() if node.op == "LSTM")
    assert (lstm.params["hidden_size"], lstm.params["num_layers"]) == (16, 2)
    assert lstm.output_shape == (3, 7, 16)


def test_a_functional_convolution_shows_its_kernel() -> None:
    class Filter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 3, 5, 3))

        def forward(self, x):
            return functional.conv2d(x, self.weight)

    (node,) = hl.build_graph(Filter(), torch.zeros(1, 3, 8, 8)).nodes.values()
    assert node.title == "Conv5x3"


@pytest.mark.parametrize(
    ("function", "shape", "expected"),
    [
        ("relu_", (1,), "Relu"),
        ("__iadd__", (1,), "Add"),
        ("adaptive_avg_pool2d", (1, 8, 1, 1), "GlobalAveragePool"),
        ("adaptive_avg_pool2d", (1, 8, 7, 7), "AveragePool"),
        ("adaptive_max_pool1d", (1, 8, 1), "GlobalMaxPool"),
        ("cat", (1,), "Concat"),
        ("fancy_op", (1,), "FancyOp"),
        ("<lambda>", (1,), "Lambda"),
    ],
)
def test_names_are_onnx_names(function: str, shape: tuple[int, ...], expected: str) -> None:
    assert onnx_name(function, shape) == expected


def test_the_model_stays_as_it_was(models: Any) -> None:
    model = models.resnet18()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    hl.build_graph(model, IMAGE)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="args is missing"):
        hl.build_graph(nn.Linear(2, 1))
    with pytest.raises(ConfigurationError, match=r"takes a torch\.nn\.Module, got dict"):
        hl.build_graph({}, IMAGE)
    with pytest.raises(TraceError, match="Linear failed"):
        hl.build_graph(nn.Linear(2, 1), torch.zeros(1, 3))


# ------------------------------------------------------------ files


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)


STARTS = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml", "dot": b"digraph"}


@pytest.mark.usefixtures("no_dot")
def test_saves_without_graphviz(models: Any, tmp_path: Path) -> None:
    graph = hl.build_graph(models.resnet18(), IMAGE)
    graph.save(str(tmp_path / "new" / "resnet"))
    graph.save(tmp_path / "resnet.png", format="png")
    graph.save(tmp_path / "v1.2", format="svg")
    graph.save(tmp_path / "resnet", format="dot")
    files = ("new/resnet.pdf", "resnet.png", "v1.2.svg", "resnet.dot")
    for name in files:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(STARTS[name.rpartition(".")[2]])
    with pytest.raises(ConfigurationError, match=r"'xdot' needs Graphviz.*apt install graphviz"):
        graph.save(tmp_path / "resnet", format="xdot")


@pytest.mark.usefixtures("no_dot")
def test_the_svg_without_graphviz_names_every_node(models: Any) -> None:
    graph = hl.build_graph(models.resnet18(), IMAGE)
    root = ET.fromstring(graph._repr_svg_())
    shown = " ".join("".join(text.itertext()) for text in root.iter() if text.tag.endswith("text"))
    words = {word for node in graph.nodes.values() for word in node.title.split(" &gt; ")}
    assert {word for word in words if word not in shown} == set()


@pytest.mark.usefixtures("no_dot")
def test_an_empty_graph_is_shown_as_nothing() -> None:
    assert "<svg" in hl.Graph()._repr_svg_()


def test_graphviz_gets_its_source_in_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program called dot that answers as Graphviz would, and says what it was asked."""
    dot = tmp_path / "dot"
    dot.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "source = sys.stdin.read()\n"
        "sys.stdout.write('<svg>' + ' '.join(sys.argv[1:]) + source[:7] + '</svg>')\n"
    )
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    shown = hl.build_graph(nn.Linear(2, 1), torch.zeros(1, 2))._repr_svg_()
    assert shown.startswith("<svg><style>@media (prefers-color-scheme:dark)")
    assert shown.endswith("</style>-Kdot -Tsvgdigraph</svg>")


def test_lines_go_around_boxes_and_circles_are_drawn(models: Any) -> None:
    graph = hl.build_graph(models.resnet18(), IMAGE)
    keys = list(graph.nodes)
    edges = [(a, b) for a, b, _ in graph.edges]
    placed = placed_graph(keys, edges)
    corners = dict(zip(keys, placed.corners, strict=True))
    width, height = 1.5, 0.5
    for edge, route in zip(edges, placed.routes, strict=True):
        left, top = corners[edge[0]]
        assert route[0] == pytest.approx((left + width / 2, top + height))
        for (x0, y0), (x1, y1) in pairwise(route):
            for share in (0.1, 0.3, 0.5, 0.7, 0.9):
                x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                inside = [
                    key
                    for key, (left, top) in corners.items()
                    if key not in edge and left < x < left + width and top < y < top + height
                ]
                assert not inside
    assert len(placed_graph("ab", [("a", "b"), ("b", "a")]).routes) == 2


# ------------------------------------------------------------ what need not be installed


@pytest.mark.parametrize("missing", ["hiddenlayer", "matplotlib"])
def test_history_and_canvas_need_no_other_package(missing: str) -> None:
    code = f"""
import sys
for name in ("{missing}", "IPython", "ipywidgets", "anywidget"):
    sys.modules[name] = None
import torch
import nbviz.integrations.hiddenlayer as hl
history, canvas = hl.History(), hl.Canvas()
history.log(1, loss=0.5)
canvas.draw_plot(history["loss"])
print(history["loss"].data[0])
try:
    hl.build_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))
except ImportError as error:
    print(error)
"""
    value, error = processes.run(code).stdout.splitlines()
    assert value == "0.5"
    assert 'pip install "nbviz[graph]"' in error
    assert missing in error
