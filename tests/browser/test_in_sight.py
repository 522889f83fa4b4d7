"""A run is in sight where it is started, and what failed is said where one looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cells
from playwright.sync_api import expect
from view import View, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SCROLLER = ".jp-WindowedPanel-outer"
TRAP = "<img src=x onerror='window.broken = 1'>"
FAILING = f"""\
calls, trap = [], {TRAP!r}
def training_step(model, batch):
    inputs, targets = batch
    calls.append(print(trap))
    if len(calls) > 9:
        raise ValueError(trap)
    return nn.functional.cross_entropy(model(inputs), targets)
trainer = nbviz.LiveTrainer(
    model, Batches(), training_step=training_step, max_epochs=3, name=trap,
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
)
trainer
"""


def test_start_shows_the_trainer_where_no_cell_does(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(cells.trainer(), "trainer.start()\ntrainer", "trainer")
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).locator(".nbviz")).to_have_count(1)
    view = View(notebook.output(1))
    view.wait_for_status("running")
    view.wait_for_curve(10)
    notebook.value("trainer.trainer.stop_and_wait()")
    # Run again, its earlier outputs are gone: it is shown anew.
    notebook.run(1)
    expect(notebook.output(1).locator(".nbviz")).to_have_count(1)
    View(notebook.output(1)).wait_for_status("running")


def test_start_says_where_the_trainer_is_shown(make_notebook: Callable[..., Notebook]) -> None:
    space = "\n".join(f"# line {number}" for number in range(60))
    notebook = make_notebook(cells.trainer() + "\ntrainer", space, "trainer.start()")
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    notebook.run(2)
    bar = View(notebook.output(2))
    bar.wait_for_status("running")
    box = bar.root.bounding_box()
    assert box is not None
    assert box["height"] <= 50
    expect(bar.toolbar.get_by_role("progressbar")).to_have_count(1)
    bar.click("pause")
    view.wait_for_status("paused")
    assert notebook.value("trainer.status") == "paused"
    # The page stays where it is, until it is asked for the view.
    expect(view.toolbar).not_to_be_in_viewport()
    bar.root.get_by_role("button", name="Show the view").click()
    expect(view.toolbar).to_be_in_viewport()
    view.click("stop")
    notebook.wait_for("trainer.status", lambda status: status == "stopped")
    # What is saved of the line is text.
    expect(notebook.output(2)).to_contain_text(re.compile(r"stopped at step \d+"))
    expect(notebook.output(2).locator(".nbviz")).to_have_count(0)


def test_a_failure_is_said_below_the_toolbar_as_text(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(cells.trainer(), FAILING)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.click("start")
    view.wait_for_status("failed")
    banner = view.toolbar.get_by_role("alert").first
    expect(banner).to_contain_text("Failed after step 9")
    expect(banner).to_contain_text(f"ValueError: {TRAP}")
    count = notebook.value("get_ipython().execution_count") - 1
    expect(banner).to_contain_text(f"In [{count}], line 6")
    expect(banner.locator("code")).to_have_text("raise ValueError(trap)")
    assert notebook.value("len(trainer.run['loss/train'])") == 9
    whole = view.root.bounding_box()
    assert whole is not None
    assert whole["height"] <= 600
    banner.get_by_role("button", name="Show traceback").click()
    trace = view.root.locator(".nbviz-log-trace")
    expect(trace).to_be_visible()
    expect(trace).to_contain_text(f"Cell In[{count}], line 6")
    log = view.root.locator(".nbviz-slot-log")
    expect(log).to_contain_text(TRAP)
    expect(log).to_contain_text("Traceback")
    assert notebook.page.evaluate("window.broken") is None
    before = place(view.toolbar)
    banner.get_by_role("button", name="Go on after step 9").click()
    view.wait_for_status("failed")
    assert place(view.toolbar) == before


def test_a_loss_that_is_nan_is_said_beside_the_state(
    make_notebook: Callable[..., Notebook],
) -> None:
    logged = """
import nbviz
run = nbviz.Run("broken")
for step in range(1, 201):
    run.log({"loss/train": 1 / step if step < 121 else float("nan")}, step=step)
run.finish()
nbviz.Dashboard(run)"""
    notebook = make_notebook(logged)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("finished")
    expect(view.toolbar.locator(".nbviz-health")).to_have_text("NaN in loss since step 121")
    colours = view.toolbar.evaluate(
        "(bar) => [getComputedStyle(bar.querySelector('.nbviz-status-dot')).backgroundColor,"
        " getComputedStyle(bar.querySelector('.nbviz-health')).color]"
    )
    assert colours[0] == colours[1]  # nothing healthy about it


def test_reset_asks_and_begins_anew_beside_the_earlier_run(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(cells.trainer(max_epochs=None, max_steps=40) + "\ntrainer")
    notebook.run(0)
    view = View(notebook.output(0))
    view.click("start")
    view.wait_for_status("finished")
    expect(view.toolbar.locator("[data-action=start]")).to_have_text("Continue for 40 steps")
    view.click("reset")
    question = view.root.get_by_role("dialog", name="Reset the run?")
    question.get_by_role("button", name="Keep").click()
    assert notebook.value("trainer.run.progress.step") == 40
    view.click("reset")
    question.get_by_role("button", name="Reset").click()
    view.wait_for_status("ready")
    view.wait_for_step(0)
    assert notebook.value("[run.progress.step for run in trainer.runs]") == [40, 0]
    view.click("start")
    view.wait_for_status("finished")
    lines = view.curves.locator("[data-chart=loss] .nbviz-legend-item")
    expect(lines).to_have_count(2)
