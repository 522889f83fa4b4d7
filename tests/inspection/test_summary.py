"""The summary: its figures are those of the model, and its table holds nothing but text."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import processes
import pytest
import torch
from torch import nn

from nbviz.errors import ConfigurationError, MissingDependencyError, TraceError
from nbviz.inspection.summary.summary import Summary, summary


class Tied(nn.Module):
    """An embedding whose weights are those of the last layer; a block that is called twice."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.block = nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True))
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight
        for parameter in self.block.parameters():
            parameter.requires_grad_(requires_grad=False)

    def forward(self, tokens, *, scale=1.0):
        return {"logits": self.head(self.block(self.block(self.embed(tokens))) * scale)}


def tied() -> Summary:
    return summary(Tied().eval(), torch.zeros(2, 3, dtype=torch.long), scale=2.0)


@pytest.mark.parametrize(
    ("name", "parameters", "giga_mult_adds"),
    # Parameters and MACs as published with the models, with one image of 224 × 224.
    [("resnet18", 11_689_512, 1.814), ("vgg16", 138_357_544, 15.470)],
)
def test_figures_are_the_published_ones(name: str, parameters: int, giga_mult_adds: float) -> None:
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        model = getattr(torchvision.models, name)().eval()
        image = torch.zeros(1, 3, 224, 224)
    made = summary(model, image)
    assert made.parameter_count == parameters
    assert made.mult_adds / 1e9 == pytest.approx(giga_mult_adds, abs=0.0006)
    assert made.parameter_bytes == 4 * parameters
    assert made.input_bytes == 4 * 3 * 224 * 224
    assert made.seconds is None  # there is nothing to time on the meta device


def test_each_parameter_counts_once_and_a_second_call_counts_as_a_call() -> None:
    made = tied()
    assert made.parameter_count == 11 * 8 + 8 * 8 + 8
    assert made.trainable_count == 11 * 8
    assert [(row.path, row.call, row.depth) for row in made.rows] == [
        ("", 1, 0),
        ("embed", 1, 1),
        ("block", 1, 1),
        ("block.0", 1, 2),
        ("block.1", 1, 2),
        ("block", 2, 1),
        ("block.0", 2, 2),
        ("block.1", 2, 2),
        ("head", 1, 1),
    ]
    by_call = {(row.path, row.call): row for row in made.rows}
    assert by_call["block", 2].parameter_count == 8 * 8 + 8
    assert by_call["block", 2].trainable_count == 0
    assert made.rows[0].parameter_count == made.parameter_count
    assert made.rows[0].output_shapes == ((2, 3, 11),)
    assert made.mult_adds == 6 * (8 * 8 + 8 * 8 + 8 * 11)


def test_memory_is_that_of_new_tensors() -> None:
    rows = {(row.path, row.call): row for row in tied().rows}
    assert rows["embed", 1].memory_bytes == 6 * 8 * 4
    assert rows["block.1", 1].memory_bytes == 0  # in place
    assert rows["", 1].memory_bytes == 4 * 6 * (8 + 8 + 8 + 8 + 11)
    made = summary(
        nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(4, 2)).eval(), torch.zeros(3, 2, 2)
    )
    assert [row.memory_bytes for row in made.rows] == [24, 0, 0, 24]


def test_every_call_is_timed_and_the_model_is_left_alone() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    made = summary(model, torch.zeros(2, 1, 8, 8))
    seconds = [row.seconds for row in made.rows]
    assert all(value is not None and value > 0 for value in seconds)
    # Each is a median of its own: in every pass the whole took longer than each part.
    assert seconds[0] >= max(seconds[1:])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert made.is_training
    assert made.device == "cpu"


def test_text_is_a_tree_with_totals() -> None:
    lines = str(tied()).splitlines()
    assert lines[0].split() == [
        *("Output", "Parameters", "Trainable", "Mult-adds", "Memory", "Time")
    ]
    tree = [re.match(r"[│├└─ ]*\w+", line).group() for line in lines[2:11]]
    assert tree == [
        "Tied",
        "├─ embed",
        "├─ block",
        "│  ├─ 0",
        "│  └─ 1",
        "├─ block",
        "│  ├─ 0",
        "│  └─ 1",
        "└─ head",
    ]
    assert "as above" in lines[7]
    assert "Parameters  160: 88 trainable, 72 frozen" in lines
    assert repr(tied()).splitlines()[0] == lines[0]


def test_large_models_are_cut_by_depth_and_said_so() -> None:
    model = nn.Sequential(*(nn.Sequential(nn.ReLU(), nn.ReLU()) for _ in range(50)))
    made = summary(model, torch.zeros(1))
    assert len(made.rows) == 151
    assert "100 deeper module calls are not shown" in str(made)
    assert len(made.to_text().splitlines()) > 151
    html = made._repr_html_()
    assert html.count("<tr>") == 52 + 152
    assert "All 151 module calls" in html


def test_html_shows_names_as_text() -> None:
    class Evil(nn.Module):
        def forward(self, x):
            return x + 1

    Evil.__name__ = "<script>alert(1)</script>"
    model = nn.Sequential()
    model.add_module('<img src=x onerror="alert(1)">', Evil())
    html = summary(model, torch.zeros(1))._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_rows_are_sorted_below_the_model() -> None:
    ordered = tied().sorted_by("mult_adds")
    assert ordered.rows[0].path == ""
    values = [row.mult_adds for row in ordered.rows[1:]]
    assert values == sorted(values, reverse=True)
    assert {row.name for row in ordered.rows} >= {"block.0", "head"}
    assert [row.path for row in tied().sorted_by("path", descending=False).rows[1:3]] == [
        *("block", "block")
    ]
    with pytest.raises(ConfigurationError, match=r"mult_adds.*got 'flop'"):
        tied().sorted_by("flop")


def test_pandas_has_a_column_for_each_field(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    frame = tied().to_pandas()
    assert len(frame) == 9
    assert frame["parameter_count"].iloc[0] == 160
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        tied().to_pandas()


def test_a_model_that_cannot_run_says_so() -> None:
    with pytest.raises(TraceError, match="Linear failed"):
        summary(nn.Linear(3, 2), torch.zeros(1, 4))


def test_a_table_up_to_the_failure_is_the_errors() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 2))
    with pytest.raises(TraceError, match=r"in 1 \(Linear\)") as caught:
        summary(model, torch.zeros(1, 3))
    rows = caught.value.summary.rows
    assert [(row.path, row.output_shapes) for row in rows[1:]] == [("0", ((1, 2),)), ("1", ())]


class Energy(nn.Module):
    """A forward pass that differentiates, as of a force field."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def forward(self, x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(self.fc(x).sum(), x)[0]


def test_a_forward_pass_that_differentiates_is_timed() -> None:
    model = Energy()
    found = summary(model, torch.zeros(2, 3))
    assert found.note == ""
    assert all(row.seconds for row in found.rows)
    assert model.fc.weight.grad is None


class CompilesAMethod(nn.Module):
    def __init__(self, backend) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.compiled = torch.compile(self.inside, backend=backend, fullgraph=True)

    def inside(self, x):
        return self.fc(x).relu()

    def forward(self, x):
        return self.compiled(x)


def test_compiling_is_not_a_layers_time() -> None:
    # In a process of its own: the compiler skips what it gave up on in other tests.
    processes.run(f"""
        import sys
        sys.path[:0] = {[str(folder) for folder in Path(__file__).parents[:2]]}
        import test_summary
        test_summary.summarise_while_compiling()
    """)


def summarise_while_compiling() -> None:
    spent = 0.0
    real = time.perf_counter
    time.perf_counter = lambda: real() + spent

    def backend(graph, _inputs):
        nonlocal spent
        spent += 1e6  # as a compiler takes its time
        return graph.forward

    model, x = CompilesAMethod(backend), torch.zeros(2, 3)
    found = summary(model, x)
    compiled = spent
    assert compiled
    assert found.seconds is not None
    assert found.seconds < 1e6
    assert summary(model, x).note == ""  # the hooks of the first stand in nobody's way
    assert spent == compiled
