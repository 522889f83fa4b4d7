"""Inside a step in the page: phase by phase, then on; a broken one on the graph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator

TRAIN = """\
import nbviz, torch
from torch import nn

torch.manual_seed(0)
train, val = nbviz.datasets.digits()
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = nbviz.LiveTrainer(model, train, val_loader=val, loss_fn=nn.CrossEntropyLoss(),
                            optimizer=optimizer, metrics=["accuracy"], max_epochs=40,
                            gradient_clip=1.0, device="cpu", threads=1, name="digits",
                            ring_every=20)
trainer.step(40)
trainer
"""


BREAK = """\
import nbviz, torch
from torch import nn

class LogPixels(nn.Module):
    def forward(self, x):
        return torch.log(x + 1)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten())
        self.pixels = nn.Sequential(LogPixels(), nn.Flatten(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(8 * 36 + 32, 10)

    def forward(self, x):
        return self.head(torch.cat([self.encoder(x), self.pixels(x)], 1))

torch.manual_seed(0)
batches = list(nbviz.datasets.digits()[0])
batches[16][0][5, 0, 3, 3] = -1  # whose logarithm is infinite
model = Net()
trainer = nbviz.LiveTrainer(model, batches, loss_fn=nn.CrossEntropyLoss(), max_epochs=1,
                            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
                            device="cpu", threads=1, ring_every=10, name="broken")
trainer.start()
trainer
"""


def photograph(notebook: Notebook, pictures: Path, name: str) -> None:
    if "NBVIZ_PICTURES" not in os.environ:
        return  # to change the theme takes longer than all else here
    notebook.page.mouse.move(0, 0)  # else a tooltip hides a part
    for theme in ("dark", "light"):
        notebook.set_theme(theme)
        expect(notebook.page.locator("#jupyterlab-splash")).to_be_hidden()
        notebook.page.screenshot(path=pictures / f"{name}-{theme}.png")


def at_600(notebook: Notebook, pictures: Path, name: str) -> None:
    if "NBVIZ_PICTURES" not in os.environ:
        return
    notebook.page.set_viewport_size({"width": 720, "height": 800})
    notebook.page.screenshot(path=pictures / f"{name}-600.png")
    notebook.page.set_viewport_size({"width": 1280, "height": 800})


def phases(view: View) -> Locator:
    return view.toolbar.get_by_role("group", name="Phases of the step")


def inject(view: View, fault: str, photograph: Callable[[], None] = lambda: None) -> None:
    view.toolbar.locator(".nbviz-more-button").click()
    lab = view.toolbar.get_by_role("group", name="Failure lab")
    photograph()
    lab.get_by_role("button", name=fault).click()
    expect(lab).to_be_hidden()


def step_on(notebook: Notebook, view: View, step: int) -> None:
    notebook.value(f"trainer.step({step} - trainer.trainer.engine.step)")
    view.wait_for_step(step)
    view.wait_for_curve(step)


def test_a_step_is_stepped_into_and_faults_are_injected_and_undone(
    make_notebook: Callable[..., Notebook], pictures: Path
) -> None:
    notebook = make_notebook(TRAIN)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_curve(40)
    view.open("weights")
    view.wait_for_weights(40)
    view.toolbar.get_by_role("button", name="Step into").click()
    line = phases(view)
    expect(line).to_contain_text("In step 41")
    expect(line.locator("[aria-current=step]")).to_have_text("batch")
    expect(line).to_contain_text("inputs 64 × 1 × 8 × 8")
    for phase in ("forward", "loss", "backward"):
        line.get_by_role("button", name=f"On to {phase}").click()
        expect(line.locator("[aria-current=step]")).to_have_text(phase)
    expect(view.toolbar.locator(".nbviz-status-word")).to_have_text("In step 41: backward")
    expect(line).to_contain_text("gradient norm")
    assert notebook.value("trainer.trainer.control.inside.name") == "backward"
    photograph(notebook, pictures, "backward")
    at_600(notebook, pictures, "backward")
    line.get_by_role("button", name="On to clip").press("n")
    line.get_by_role("button", name="On to optimizer").press("n")
    expect(line.locator("[aria-current=step]")).to_have_text("optimizer")
    view.wait_for_weights(41)
    view.wait_for_step(40)
    line.get_by_role("button", name="Finish step").click()
    expect(line).to_contain_text("Step 41 is done")
    strip = view.toolbar.locator(".nbviz-act")
    view.wait_for_curve(41)
    inject(view, "lr × 100", photograph=lambda: photograph(notebook, pictures, "lab"))
    expect(strip).to_contain_text("Since step 41: lr × 100: lr 0.1 → 10.")
    assert notebook.value("[e.step for e in trainer.run.events if e.event == 'fault']") == [41]
    step_on(notebook, view, 70)
    photograph(notebook, pictures, "lr-100")
    strip.get_by_role("button", name="Undo: rewind to step 41").click()
    view.wait_for_status("paused")
    view.wait_for_step(41)
    assert notebook.value("optimizer.param_groups[0]['lr']") == 0.1
    step_on(notebook, view, 60)
    inject(view, "Dead ReLU")
    expect(strip).to_contain_text("dead ReLU init: biases before 1 ReLU are -100.")
    step_on(notebook, view, 90)
    assert notebook.value("float(model[1].bias.max())") == -100
    photograph(notebook, pictures, "dead-relu")
    at_600(notebook, pictures, "dead-relu")


def test_the_step_that_broke_is_lit_on_the_graph(
    make_notebook: Callable[..., Notebook], pictures: Path
) -> None:
    notebook = make_notebook(BREAK)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("finished")
    line = view.toolbar.locator(".nbviz-act")
    line.get_by_role("button", name="Find the first bad step").click()
    expect(line).to_contain_text("In step 17 log in pixels.0 was the first")
    line.get_by_role("button", name="Show in Model").click()
    graph = view.root.locator(".nbviz-graph")
    expect(graph).to_have_attribute("data-ready", "true")
    expect(graph.locator(".nbviz-graph-broken")).to_contain_text("In step 17 log in pixels.0")
    first = graph.locator(".nbviz-graph-first[aria-selected=true]")
    expect(first).to_be_in_viewport()
    lit = graph.locator(".nbviz-graph-box.nbviz-graph-lit")
    expect(lit.and_(graph.locator("[data-path=head]"))).to_have_count(1)
    expect(lit.and_(graph.locator("[data-path=encoder]"))).to_have_count(0)
    photograph(notebook, pictures, "lit")
    at_600(notebook, pictures, "lit")
