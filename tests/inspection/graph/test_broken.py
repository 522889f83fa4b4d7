"""The step that broke, on the graph: the box of what was first not finite, for pages to light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from protocol_types import conforms
from torch import nn

import nbviz
from nbviz.inspection.graph.overlays.broken import broken_on
from nbviz.panels.batch import Batch
from nbviz.panels.graph import PANEL
from nbviz.panels.panel import Extent
from nbviz.panels.subject import Subject
from nbviz.protocol.graph import GraphBroken
from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 120


class Logs(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(x + 1)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(Logs(), nn.Linear(6, 8))
        self.head = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.sqrt(self.block(x) ** 2 + 1e-3))


@pytest.mark.parametrize(
    ("operation", "module", "phase", "boxes"),
    [
        ("sqrt", "", "forward", ["/sqrt"]),
        ("log", "block.0", "forward", ["block", "block.0", "block.0/log"]),
        ("addmm", "block.1", "forward", ["block", "block.1"]),
        ("the gradient of sqrt", "", "backward", ["/sqrt"]),
        ("relu", "block.1", "forward", ["block", "block.1"]),  # not there: its module
        ("the batch", None, "batch", ["/x"]),
        ("nll_loss_forward", None, "forward", ["/output"]),
        ("sqrt", None, "forward", ["/output"]),  # in the loss
        ("add", None, "update", []),
    ],
)
def test_the_box_is_that_of_the_operation(
    operation: str, module: str | None, phase: Any, boxes: list[str]
) -> None:
    graph = nbviz.trace(Model(), torch.rand(4, 6))
    found = FirstNonFinite(
        3, operation, module or "", "its output", None, 0, phase, is_in_model=module is not None
    )
    broken = broken_on(graph, found)
    names = [graph.hierarchy.box(one) for one in broken.boxes]
    assert [box is not None for box in names] == [True] * len(boxes)
    assert [one.split("#")[0] for one in broken.boxes] == boxes
    assert broken.is_backward == (phase == "backward")


def told(subject: Subject, entry: Any) -> list[GraphBroken]:
    batch = Batch()
    PANEL.updates(subject, entry, batch, Extent())
    found = [one for one in batch.updates if one["kind"] == "graph_broken"]
    assert all(conforms(one, GraphBroken) for one in found)
    return found


def test_pages_are_told_until_the_step_is_made(tmp_path: Path) -> None:
    torch.manual_seed(0)
    data = [(torch.rand(4, 6), torch.randint(2, (4,))) for _ in range(6)]
    data[4][0][2, 1] = -1  # whose logarithm is infinite
    model = Model()
    trainer = nbviz.Trainer(
        model, data, loss_fn=nn.CrossEntropyLoss(), max_steps=6, device="cpu", threads=1,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1), ring_every=2,
    )  # fmt: skip
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert (found.step, found.operation, found.module) == (5, "log", "block.0")
    subject, entry = Subject.of_run(trainer.run, trainer.graph), PANEL.entry()
    assert told(subject, entry) == []  # there is no graph yet
    trainer.graph.ask(lambda graph: None)
    [broken] = told(subject, entry)
    assert (broken["step"], broken["is_backward"]) == (5, False)
    assert broken["boxes"][:2] == ["block", "block.0"]
    assert broken["text"].startswith("In step 5 log in block.0 was the first")
    assert told(subject, entry) == []
    page = trainer.save_html(tmp_path / "page.html", replay=True).read_text("utf-8")
    assert '"kind":"graph_broken"' in page
    assert '"kind":"graph_sent"' in page
    trainer.step()
    assert trainer.control.wait_inside() is None
    [over] = told(subject, entry)
    assert (over["boxes"], over["text"]) == ([], "")
    trainer.stop_and_wait()
