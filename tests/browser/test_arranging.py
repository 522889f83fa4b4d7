"""A reader arranges the panels, by mouse, by keys and by menu; a reload and a re-run keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import FloatRect, Locator

SHOWN = """\
import nbviz, torch
run = nbviz.Run("arranged")
for step in range(1, 61):
    run.log({"loss/train": 1 / step, "accuracy": 1 - 1 / step, "lr": 0.1}, step=step)
model = torch.nn.Linear(4, 3)
run.log_weights(model, step=60)
run.log_text("notes", "said", step=60)
run.finish()
nbviz.Dashboard(run)
"""

WEIGHTS_FRAME = "[data-pin=weights] > .nbviz-frame"
AXIS = 18  # pixels below a chart that has its own


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(SHOWN)
    notebook.page.set_viewport_size({"width": 1280, "height": 1300})
    notebook.run(0)
    return notebook


@pytest.fixture
def view(notebook: Notebook) -> View:
    view = View(notebook.output(0))
    view.wait_for_curve(60)
    return view


def box(shown: Locator) -> FloatRect:
    found = shown.bounding_box()
    assert found is not None
    return found


def arrange(view: View, item: str) -> None:
    view.root.get_by_role("button", name="Arrange the panels").click()
    view.root.get_by_role("menuitem", name=item).click()


def pins(view: View) -> list[str]:
    found = view.root.locator("[data-pin]")
    return found.evaluate_all("(pins) => pins.map((pin) => pin.dataset.pin)")


def titles(view: View) -> list[str]:
    return view.root.get_by_role("tab").all_text_contents()


def test_what_is_arranged_stays_after_a_reload_and_a_run_again(
    notebook: Notebook, view: View
) -> None:
    move_tabs(notebook, view)
    height, plot = size_curves_and_tabs(notebook, view)
    pinned = pin_move_size_and_fold(notebook, view)

    notebook.reload()
    view = View(notebook.output(0))
    view.wait_for_curve(60)
    assert pins(view) == ["log", "weights"]
    expect(view.root.locator("[data-pin=log] .nbviz-panel-body")).to_be_hidden()
    assert box(view.root.locator(WEIGHTS_FRAME))["height"] == pytest.approx(pinned, abs=2)
    assert box(view.root.locator(".nbviz-work"))["height"] == pytest.approx(height, abs=2)
    expect(view.curves.locator("[data-chart=loss] .nbviz-plot")).to_be_visible()
    again_high = box(view.curves.locator("[data-chart=loss] .nbviz-plot"))["height"]
    assert again_high == pytest.approx(plot, abs=AXIS + 1)
    view.curves.get_by_role("button", name="Size of the charts").click()
    view.curves.get_by_role("menuitem", name="Fitted to the view").click()
    charts = [box(view.curves.locator(f"[data-chart={name}]")) for name in ("loss", "accuracy")]
    assert charts[1]["y"] > charts[0]["y"] + 100
    # A run again is another run, in the same cell and of the same name.
    notebook.run(0)
    rerun = View(notebook.output(0))
    rerun.wait_for_curve(60)
    assert pins(rerun) == ["log", "weights"]
    arrange(rerun, "As at first")
    assert pins(rerun) == []
    expect(rerun.root.get_by_role("tab", name="Weights")).to_be_visible()


def move_tabs(notebook: Notebook, view: View) -> None:
    first, second = titles(view)[:2]
    tab = view.root.get_by_role("tab", name=first)
    tab.focus()
    tab.press("Shift+ArrowRight")
    assert titles(view)[:2] == [second, first]
    here, there = box(tab), box(view.root.get_by_role("tab", name=second))
    mouse = notebook.page.mouse
    mouse.move(here["x"] + here["width"] / 2, here["y"] + 10)
    mouse.down()
    mouse.move(there["x"] + 4, here["y"] + 10, steps=8)
    mouse.up()
    assert titles(view)[:2] == [first, second]
    tab.click()
    arrange(view, "Move the tab right")
    assert titles(view)[:2] == [second, first]


def size_curves_and_tabs(notebook: Notebook, view: View) -> tuple[float, float]:
    """Returns the height of the curves with the tabs, and of a plot."""
    main, work = view.root.locator(".nbviz-main"), view.root.locator(".nbviz-work")
    width, height = box(main)["width"], box(work)["height"]
    between = view.root.get_by_role("separator", name="Width of the curves")
    place = box(between)
    mouse = notebook.page.mouse
    mouse.move(place["x"], place["y"] + 200)
    mouse.down()
    mouse.move(place["x"] - 90, place["y"] + 200, steps=6)
    mouse.up()
    assert box(main)["width"] == pytest.approx(width - 90, abs=4)
    below = view.root.get_by_role("separator", name="Height of curves and tabs")
    below.focus()
    below.press("ArrowDown")
    below.press("ArrowDown")
    assert box(work)["height"] == pytest.approx(height + 32, abs=2)
    plot = view.curves.locator("[data-chart=loss] .nbviz-plot")
    small = view.curves.locator("[data-chart=lr] .nbviz-plot")
    before = box(plot)["height"]
    sizes = view.curves.get_by_role("button", name="Size of the charts")
    sizes.click()
    view.curves.get_by_role("menuitem", name="Higher charts").click()
    expect(plot).not_to_have_css("height", f"{before:g}px")
    higher = box(plot)["height"]
    # A chart that shares the axis of the one below it is lower by the room of an axis.
    assert higher == pytest.approx((before + AXIS) * 1.25 - AXIS, abs=1)
    sizes.click()
    view.curves.get_by_role("menuitem", name="2 columns").click()
    charts = [box(view.curves.locator(f"[data-chart={name}]")) for name in ("loss", "accuracy")]
    assert charts[0]["y"] == pytest.approx(charts[1]["y"], abs=1)
    assert box(small)["height"] == pytest.approx((before + AXIS) * 1.25, abs=1)
    return height + 32, (before + AXIS) * 1.25


def pin_move_size_and_fold(notebook: Notebook, view: View) -> float:
    """Returns the height of the weights, which are pinned below the log."""
    arrange(view, "Pin Weights below")
    weights = view.root.locator(".nbviz-slot-weights")
    expect(weights.locator("canvas").first).to_be_visible()
    expect(view.root.get_by_role("tab", name="Weights")).to_have_count(0)
    view.open("log")
    arrange(view, "Pin Log below")
    assert pins(view) == ["weights", "log"]
    log = view.root.locator("[data-pin=log]")
    assert box(log)["width"] > 800
    handle = log.get_by_role("button", name="Move Log")
    handle.focus()
    handle.press("ArrowUp")
    assert pins(view) == ["log", "weights"]
    # The same by a drag.
    here, there = box(handle), box(view.root.locator("[data-pin=weights]"))
    mouse = notebook.page.mouse
    mouse.move(here["x"] + 10, here["y"] + 10)
    mouse.down()
    mouse.move(here["x"] + 10, there["y"] + there["height"] - 5, steps=8)
    mouse.up()
    assert pins(view) == ["weights", "log"]
    # And by the menu.
    handle.click()
    log.get_by_role("menuitem", name="Move up").click()
    assert pins(view) == ["log", "weights"]
    edge = view.root.get_by_role("separator", name="Height of Weights")
    frame = view.root.locator(WEIGHTS_FRAME)
    before = box(frame)["height"]
    edge.focus()
    for _ in range(4):
        edge.press("ArrowUp")
    assert box(frame)["height"] == pytest.approx(before - 64, abs=2)
    log.locator(".nbviz-panel-toggle").first.click()
    expect(log.locator(".nbviz-panel-body")).to_be_hidden()
    return before - 64
