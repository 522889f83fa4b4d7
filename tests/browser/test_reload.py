"""What a reader chose in a view is there after a reload, in mid-run; another view has its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator

SHOWN = """\
import math, threading, nbviz
run = nbviz.Run("course")
dashboard = nbviz.Dashboard(run)
dashboard
"""
AGAIN = "dashboard"
LOOP = """\
over = threading.Event()
def loop():
    step = 0
    while not over.wait(0.02):
        step += 1
        run.log({"loss/train": 2 / step, "loss/val": 3 / step, "accuracy": 1 - 1 / step}, step=step)
    run.finish()
thread = threading.Thread(target=loop)
thread.start()
"""
WEIGHTS = """\
import torch
model = torch.nn.Linear(24, 12)
run.log_weights(model)
"""
STILL = """\
import nbviz, torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(4)
        )
    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x

model = Net()
data = [(torch.ones(2, 4), torch.ones(2, 4))] * 4
trainer = nbviz.LiveTrainer(model, data, loss_fn=nn.MSELoss(), max_epochs=5,
                            optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
for step in (1, 2, 3):
    trainer.run.log_text("notes", f"note {step}", step=step)
trainer.run.print("first")
trainer.run.print("second")
trainer.step(2)
"""


def test_a_reload_keeps_what_was_chosen(make_notebook: Callable[..., Notebook]) -> None:
    end = "over.set(); thread.join()"
    notebook = make_notebook(SHOWN, AGAIN, LOOP, end, STILL, "trainer")
    notebook.page.set_viewport_size({"width": 1400, "height": 1700})
    notebook.run(4)
    notebook.run(5)
    choose_filter_boxes_and_step(View(notebook.output(5)))
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    view = View(notebook.output(0))
    view.wait_for_curve(60)
    choose_in_curves(notebook, view)
    view.open("log").get_by_label("Show which lines").select_option("Prints")
    before = kept(notebook)

    notebook.reload()
    view, other = View(notebook.output(0)), View(notebook.output(1))
    expect(view.curves.get_by_role("button", name="Smoothing 0.60")).to_be_visible()
    pressed = view.curves.get_by_role("button", name="Log", exact=True)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    hidden = view.curves.locator('[data-chart="loss"] .nbviz-legend-item', has_text="val")
    expect(hidden).to_have_attribute("aria-pressed", "false")
    expect(view.curves.get_by_role("button", name="Reset zoom")).to_be_visible()
    log = view.root.locator(".nbviz-slot-log")
    expect(log.get_by_label("Show which lines")).to_have_value("Prints")
    assert kept(notebook) == before
    # The other view of the same dashboard was left as it was, and is so still.
    expect(other.curves.get_by_role("button", name="Smoothing 0.00")).to_be_visible()
    expect(other.curves.get_by_role("button", name="Reset zoom")).to_be_hidden()
    other_log = other.root.locator(".nbviz-slot-log")
    expect(other_log.get_by_label("Show which lines")).to_have_value("Without validations")
    # Double-click ends the zoom; the data came back whole.
    view.curves.locator('[data-chart="loss"] .nbviz-plot-over').dblclick()
    expect(view.curves.get_by_role("button", name="Reset zoom")).to_be_hidden()
    notebook.run(3)
    last = notebook.value("run['accuracy'].steps[-1].item()")
    view.wait_for_curve(last)
    assert [step for step, _ in view.points("accuracy")] == list(range(1, last + 1))
    expect_filter_boxes_and_step(View(notebook.output(5)))


def choose_in_curves(notebook: Notebook, view: View) -> None:
    loss = view.curves.locator('[data-chart="loss"]')
    view.curves.get_by_role("button", name="Smoothing 0.00").click()
    view.curves.get_by_role("slider", name="Smoothing").fill("0.6")
    log = view.curves.get_by_role("button", name="Log", exact=True)
    log.click()
    train, val = (loss.locator(".nbviz-legend-item", has_text=name) for name in ("train", "val"))
    val.focus()
    val.press("Shift+Enter")  # shows it alone, and runs no cell
    expect(train).to_have_attribute("aria-pressed", "false")
    val.press("Shift+Enter")
    expect(train).to_have_attribute("aria-pressed", "true")
    val.click()
    box = loss.locator(".nbviz-plot-over").bounding_box()
    assert box
    mouse, middle = notebook.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.2 * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    mouse.up()
    expect(view.curves.get_by_role("button", name="Reset zoom")).to_be_visible()


def choose_filter_boxes_and_step(view: View) -> None:
    view.wait_for_step(2)
    log = view.open("log")
    log.get_by_label("Show which lines").select_option("Prints")
    log.get_by_role("searchbox").fill("second")
    view.open("text")
    view.root.get_by_role("slider", name="Step shown").press("ArrowLeft")
    expect(view.root.locator(".nbviz-timeline-step")).to_have_text("step 2 of 3")
    opened = box(view, "blocks")
    view.open("graph")
    expect(opened).to_have_attribute("aria-expanded", "false")
    opened.locator(".nbviz-graph-label").dblclick(force=True)
    expect(opened).to_have_attribute("aria-expanded", "true")


def expect_filter_boxes_and_step(view: View) -> None:
    # The tab that was open is.
    expect(view.root.locator("[data-tab=graph]")).to_have_attribute("aria-selected", "true")
    view.root.scroll_into_view_if_needed()
    expect(box(view, "blocks")).to_have_attribute("aria-expanded", "true")
    expect(box(view, "blocks.3")).to_have_count(1)
    log = view.open("log")
    expect(log.get_by_label("Show which lines")).to_have_value("Prints")
    expect(log.get_by_role("searchbox")).to_have_value("second")
    expect(log.locator(".nbviz-log-row")).to_have_count(1)
    expect(view.root.locator(".nbviz-timeline-step")).to_have_text("step 2 of 3")
    expect(view.open("text").locator("[data-tag]").first).to_have_attribute("data-step", "2")


def box(view: View, path: str) -> Locator:
    return view.root.locator(f".nbviz-graph-box[data-path='{path}']")


def kept(notebook: Notebook) -> dict[str, object]:
    """What the tab remembers of the first view's curves."""
    found = notebook.page.evaluate(
        "Object.entries(sessionStorage).filter(([key]) => key.startsWith('nbviz'))"
        ".map(([key, text]) => [key, JSON.parse(text).curves])"
        ".filter(([, curves]) => curves)"
    )
    assert len(found) == 1, found
    assert re.search(r" 0$", found[0][0])
    return found[0][1]


def test_a_panel_that_appears_leaves_what_is_looked_at_in_its_place(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(SHOWN, LOOP, WEIGHTS, "over.set(); thread.join()")
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(0))
    view.wait_for_curve(20)
    tabs = view.root.get_by_role("tab")
    expect(tabs).to_have_text(["Log", "System"])
    log = view.root.locator(".nbviz-slot-log")
    expect(log.locator(".nbviz-log")).to_be_visible()
    top = place(log)
    run_without_moving(notebook, 2)
    expect(tabs).to_have_text(["Weights", "Log", "System"])
    expect(tabs.filter(has_text="Log")).to_have_attribute("aria-selected", "true")
    assert place(log) == top
    # What is not looked at is not sent.
    assert notebook.value("sorted(run.weights.wanted)") == []
    weights = view.open("weights")
    expect(weights.locator(".nbviz-weights-card")).to_have_count(2)
    assert notebook.wait_for("sorted(run.weights.wanted)") == ["bias", "weight"]
    view.open("log")
    notebook.wait_for("sorted(run.weights.wanted)", lambda wanted: not wanted)
    run_without_moving(notebook, 3)


def run_without_moving(notebook: Notebook, index: int) -> None:
    """Run a cell's source in the kernel; running the cell itself would scroll to it."""
    source = notebook.page.evaluate(
        "(index) => window.nbvizPanel.content.widgets[index].model.sharedModel.getSource()", index
    )
    notebook.page.evaluate(
        "(code) => window.nbvizPanel.sessionContext.session.kernel.requestExecute({code}).done",
        source,
    )
