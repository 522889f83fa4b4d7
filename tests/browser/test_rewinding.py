"""Going back in the page: a curve's handle dragged back, rewound, gone on, forked, raced, kept."""

from __future__ import annotations

import re
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
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2),
                      nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = nbviz.LiveTrainer(model, train, val_loader=val, loss_fn=nn.CrossEntropyLoss(),
                            optimizer=optimizer, metrics=["accuracy"], max_epochs=8,
                            device="cpu", threads=1, ring_every=50, name="lr-0.1")
trainer.start()
trainer
"""
BREAK = """\
torch.manual_seed(0)
steps = 0

def training_step(model, batch):
    global steps
    x, y = batch
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, y)
    if x[0].sum() == poison:
        loss = loss + torch.log(torch.zeros(()))
    return loss

poison = train.dataset[700][0].sum()
broken = nbviz.LiveTrainer(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), train,
                           training_step=training_step, optimizer="sgd", lr=0.1, max_epochs=4,
                           device="cpu", threads=1, ring_every=50, name="broken")
broken.start()
broken
"""
OF_FIRST = "trainer.subjects[0].run"


def strip(view: View) -> Locator:
    return view.toolbar.locator(".nbviz-act")


def drag_back(view: View, share: float) -> int:
    """Drag the handle of the first chart from the newest step to a share of the width."""
    chart = view.curves.locator(".nbviz-chart").first
    chart.scroll_into_view_if_needed()
    handle = chart.locator(".nbviz-chart-movable")
    expect(handle).to_be_visible()
    over = chart.locator(".nbviz-plot-over").bounding_box()
    at = handle.bounding_box()
    assert over is not None
    assert at is not None
    mouse, bottom = view.root.page.mouse, over["y"] + over["height"] - 5
    mouse.move(at["x"], bottom)
    mouse.down()
    mouse.move(over["x"] + 0.8 * over["width"], bottom)
    mouse.move(over["x"] + share * over["width"], bottom)
    mouse.up()
    expect(chart).to_have_attribute("data-marked", re.compile(r"^\d+$"))
    return int(chart.get_attribute("data-marked") or 0)


def test_back_by_the_handle_then_on_and_forked_and_raced(
    make_notebook: Callable[..., Notebook], pictures: Path
) -> None:
    notebook = make_notebook(TRAIN)
    page = notebook.page
    page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("finished")
    total = notebook.value("trainer.trainer.engine.step")
    view.wait_for_curve(total)
    weights = view.open("weights")
    step = drag_back(view, 0.52)
    assert 0 < step < total
    expect(view.root.locator(".nbviz-timeline-step")).to_have_text(f"step {step} of {total}")
    expect(weights.locator(".nbviz-weights-earlier, canvas").first).to_be_visible()

    rewind = view.root.locator("[data-act=rewind]")
    rewind.click()
    kept = max(one for one in notebook.value("trainer.trainer.ring.steps") if one <= step)
    box = view.root.get_by_role("dialog", name="Rewind the run")
    expect(box.locator("output")).to_contain_text(f"The nearest state is that of step {kept}")
    page.screenshot(path=pictures / "rewind-asked.png")
    box.get_by_role("button", name=f"Rewind to step {step}").click()
    expect(strip(view)).to_contain_text(f"Paused at step {step}")
    expect(strip(view)).to_contain_text("bit-equal")
    view.wait_for_status("paused")
    view.wait_for_step(step)
    assert notebook.value("(trainer.status, trainer.trainer.engine.step)") == ["paused", step]
    assert notebook.value(f"[one.is_earlier for one in trainer.subjects]") == [True, False]
    log = view.open("log")
    expect(log).to_contain_text(f"Paused at step {step}")
    view.open("weights")
    page.mouse.move(0, 0)
    page.screenshot(path=pictures / "rewound-light.png")
    notebook.set_theme("dark")
    page.screenshot(path=pictures / "rewound-dark.png")
    notebook.set_theme("light")

    view.click("resume")
    view.wait_for_status("finished")
    expect(strip(view)).to_be_hidden()
    same = f"trainer.run['loss/train'].values.tolist() == {OF_FIRST}['loss/train'].values.tolist()"
    assert notebook.value(same)

    # A fork, by keys alone: the step is typed.
    fork = view.root.locator("[data-act=fork]")
    fork.focus()
    page.keyboard.press("Enter")
    box = view.root.get_by_role("dialog", name="Fork the run")
    box.get_by_label("Step").fill("100")
    box.get_by_label("Name of the fork").fill("lower lr")
    box.get_by_label("Learning rate of the fork").fill("0.01")
    expect(box.locator("output")).to_contain_text("The state of step 100 is kept")
    page.screenshot(path=pictures / "fork-asked.png")
    box.get_by_label("Learning rate of the fork").press("Enter")
    expect(strip(view)).to_contain_text("'lower lr' forked from step 100")
    view.wait_for_status("ready")
    view.wait_for_step(100)
    view.click("start")
    view.wait_for_status("finished")
    view.wait_for_step(total)
    [lrs] = notebook.value("[[one.run['lr'].values[k] for k in (99, 100)] for one in "
                           "trainer.trainer.relatives.all if one.run.name == 'lower lr']")
    assert lrs == [0.1, 0.01]
    table = view.open("runs")
    row = table.locator(".nbviz-runs-row").filter(has_text="lower lr").last
    expect(row).to_contain_text("lr-0.1 (2) at step 100")
    page.mouse.move(0, 0)
    page.screenshot(path=pictures / "raced-light.png")
    notebook.set_theme("dark")
    page.screenshot(path=pictures / "raced-dark.png")
    notebook.set_theme("light")
