"""Charts as a reader arranges them: joined, pinned, beside the run before, read to the step."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import cells
import pytest
from notebook_page import POLL_MS
from playwright.sync_api import expect
from view import View, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import FloatRect, Locator

TRAINER = cells.trainer(max_epochs=None, max_steps=24, gradient_clip=1.0, name="mine") + "\ntrainer"
SIX = """
import nbviz
names = ["no norm", "lr 0.05", "adam", "deep, lr 0.02, wide 128", "deep, lr 0.02, wide 64", "wide"]
runs = []
for place, name in enumerate(names):
    run = nbviz.Run(name)
    for step in range(1, 61):
        loss = (1 + place / 5) / step
        run.log({"loss/train": loss, "accuracy/train": 1 - loss / 3, "lr": 0.1}, step=step)
        if step % 20 == 0:
            val = 40 if step == 40 else loss
            run.log({"loss/val": val, "accuracy/val": 1 - loss / 2.5}, step=step)
    run.finish()
    runs.append(run)
nbviz.Dashboard(*runs)"""
GIVEN = 'nbviz.Dashboard(runs[0], charts=[("*/train",), ("lr", "loss/val")])'
MANY = """
more = [nbviz.Run(name) for name in names]
for run in more:
    for step in range(1, 61):
        tags = ["loss/train", "loss/val", "accuracy/train", "lr", *map("t{}".format, range(9))]
        run.log(dict.fromkeys(tags, 1 / step), step=step)
    run.finish()
nbviz.Dashboard(*more)"""


def box(shown: Locator) -> FloatRect:
    found = shown.bounding_box()
    assert found is not None
    return found


def chart(view: View, name: str) -> Locator:
    return view.curves.locator(f'[data-chart="{name}"]')


def titles(view: View) -> Locator:
    return view.curves.locator(".nbviz-chart-handle")


def small_window(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 800})


def test_before_the_start_charts_are_frames_and_at_the_end_the_toolbar_says_how_to_go_on(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(TRAINER)
    small_window(notebook)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("ready")
    expect(titles(view)).to_have_text(["loss", "accuracy", "lr", "grad_norm"])
    # Only what is in sight is drawn.
    view.root.evaluate("(root) => root.scrollIntoView({block: 'start'})")
    expect(chart(view, "loss").locator("canvas").first).to_be_visible()
    # Of the two that stand below one another, the last one shows the axis of both.
    expect(chart(view, "loss")).to_have_attribute("data-axis", "none")
    expect(chart(view, "accuracy")).to_have_attribute("data-axis", "titled")
    place(chart(view, "accuracy").locator(".nbviz-plot"))
    upper, lower = (box(chart(view, name).locator(".nbviz-plot")) for name in ("loss", "accuracy"))
    assert (upper["x"], upper["width"]) == (lower["x"], lower["width"])
    assert lower["height"] - upper["height"] == pytest.approx(18, abs=1)
    assert box(view.root)["height"] <= 600
    view.click("start")
    view.wait_for_status("finished")
    expect(titles(view)).to_have_text(["loss", "accuracy", "lr", "grad_norm"])
    button = view.toolbar.get_by_role("button", name="Continue for 24 steps")
    expect(button).to_be_visible()
    expect(button.locator(".nbviz-long")).to_have_text(" for 24 steps")
    expect(button.locator(".nbviz-long")).to_be_visible()
    assert box(view.toolbar)["height"] <= 48
    line = view.toolbar.locator(".nbviz-toolbar-main")
    assert line.evaluate("(line) => line.scrollWidth <= line.clientWidth")


def test_a_chart_is_dragged_onto_another_and_taken_apart(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(TRAINER)
    notebook.run(0)
    view = View(notebook.output(0))
    view.click("start")
    view.wait_for_status("finished")
    view.wait_for_curve(24)
    loss, mouse = chart(view, "loss"), notebook.page.mouse
    place(loss)
    handle, target = box(chart(view, "accuracy").locator(".nbviz-chart-handle")), box(loss)
    mouse.move(handle["x"] + 8, handle["y"] + handle["height"] / 2)
    mouse.down()
    mouse.move(target["x"] + 90, target["y"] + 70, steps=8)
    expect(loss).to_have_attribute("data-drop", "true")
    mouse.up()
    expect(titles(view)).to_have_text(["loss + accuracy", "lr", "grad_norm"])
    names = loss.locator(".nbviz-legend .nbviz-legend-name")
    expect(names).to_have_text(["loss/train", "accuracy/train"])
    # A pin of another chart, by its menu.
    options = chart(view, "lr").get_by_role("button", name="Options of lr")
    options.focus()
    options.press("Enter")
    chart(view, "lr").get_by_role("button", name="Pin first").click()
    expect(titles(view)).to_have_text(["lr", "loss + accuracy", "grad_norm"])

    notebook.reload()
    view = View(notebook.output(0))
    expect(titles(view)).to_have_text(["lr", "loss + accuracy", "grad_norm"])
    # The next run of the cell finds it, too.
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("ready")
    expect(titles(view)).to_have_text(["lr", "loss + accuracy", "grad_norm"])
    joined = titles(view).nth(1)
    joined.focus()
    joined.press("Backspace")
    expect(titles(view)).to_have_text(["lr", "loss", "accuracy", "grad_norm"])
    accuracy = titles(view).nth(2)
    accuracy.focus()
    accuracy.press("Shift+ArrowLeft")
    expect(titles(view)).to_have_text(["lr", "loss + accuracy", "grad_norm"])


def test_the_run_before_is_a_grey_line_until_it_is_kept(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(TRAINER.replace("manual_seed(0)", "manual_seed(seed)"), "seed = 2")
    notebook.value("globals().update(seed=1)")
    notebook.run(0)
    view = View(notebook.output(0))
    view.click("start")
    view.wait_for_status("finished")
    first = notebook.value("trainer.run.run_id")
    expect(view.curves.locator(".nbviz-earlier")).to_be_hidden()
    notebook.run(1)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("ready")
    expect(view.curves.locator(".nbviz-earlier")).to_be_visible()
    # There is one run to steer, and one to name at the lines' ends.
    expect(view.toolbar.get_by_role("combobox", name="Run")).to_be_hidden()
    expect(view.root.locator("[data-tab=runs]")).to_be_hidden()
    view.click("start")
    view.wait_for_status("finished")
    view.wait_for_curve(24)
    # Its line is there, of no run's colour.
    drawn = chart(view, "accuracy").element_handle()
    notebook.page.wait_for_function(HAS_GREY, arg=drawn, polling=POLL_MS)
    view.curves.locator(".nbviz-earlier").click()
    view.curves.get_by_role("menuitem", name="Keep").click()
    expect(view.root.locator("[data-tab=runs]")).to_be_visible()
    expect(chart(view, "loss").locator(".nbviz-legend .nbviz-legend-name")).to_have_count(2)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("ready")
    shown = notebook.value("[(one.run_id, one.is_earlier) for one in trainer.subjects]")
    assert [is_earlier for _, is_earlier in shown] == [False, False, True]
    assert shown[1][0] == first
    view.curves.locator(".nbviz-earlier").click()
    view.curves.get_by_role("menuitem", name="Dismiss").click()
    expect(view.curves.locator(".nbviz-earlier")).to_be_hidden()


# Pixels of a chart's lines that have hardly any colour.
HAS_GREY = """(chart) => {
  const canvas = chart.querySelectorAll("canvas")[1];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) < 24) count += 1;
  }
  return count > 40;
}"""


def test_six_runs_are_told_apart_and_arranged(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(SIX, GIVEN, MANY)
    small_window(notebook)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_curve(60)
    names_stay_apart(view)
    a_clipped_outlier_leaves_a_sign(view)
    # Charts of the code come first.
    notebook.run(1)
    expect(titles(View(notebook.output(1)))).to_have_text(["*/train", "lr + loss/val", "accuracy"])
    notebook.run(2)
    view = View(notebook.output(2))
    view.wait_for_curve(60)
    controls_are_one_line(view)
    notebook.page.set_viewport_size({"width": 600, "height": 800})
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    view.curves.scroll_into_view_if_needed()
    place(view.curves)
    controls_are_one_line(view)


def names_stay_apart(view: View) -> None:
    for name in ("loss", "accuracy"):
        legend = chart(view, name).locator(".nbviz-legend")
        items = legend.locator(".nbviz-legend-item")
        expect(items).to_have_count(6)
        place(legend)
        boxes = sorted((box(items.nth(at)) for at in range(6)), key=lambda one: one["y"])
        for above, below in itertools.pairwise(boxes):
            assert below["y"] >= above["y"] + above["height"] - 1
        # Names that are cut differ at their ends, which are there.
        ends = legend.locator(".nbviz-legend-name > span:last-child")
        cut = ends.evaluate_all(
            "(ends) => ends.filter((end) => end.scrollWidth > end.clientWidth + 1).length"
        )
        assert cut == 0
        assert len(set(ends.all_text_contents())) == 6
        # Training and validation are told apart by how thick they are.
        kinds = chart(view, name).locator(".nbviz-legend-parts button")
        expect(kinds).to_have_text(["train", "val"])


def a_clipped_outlier_leaves_a_sign(view: View) -> None:
    loss = chart(view, "loss")
    expect(loss.locator(".nbviz-chart-badge")).to_be_hidden()
    loss.locator(".nbviz-chart-handle").click()
    loss.get_by_role("checkbox", name="Clip outliers").check()
    expect(loss.locator(".nbviz-chart-badge")).to_have_text("clipped")
    expect(chart(view, "accuracy").locator(".nbviz-chart-badge")).to_be_hidden()


def controls_are_one_line(view: View) -> None:
    strip = view.curves.locator(".nbviz-strip").first
    expect(strip.locator(".nbviz-filter")).to_be_visible()
    seen = box(view.curves)
    shown = strip.locator(":scope > :visible")
    middles = set()
    for at in range(shown.count()):
        one = box(shown.nth(at))
        middles.add(round((one["y"] + one["height"] / 2) / 4))
        assert one["x"] >= seen["x"] - 1
        assert one["x"] + one["width"] <= seen["x"] + seen["width"] + 1
    assert max(middles) - min(middles) <= 1


def test_a_spike_that_the_page_has_in_a_bucket_is_read_at_its_step(
    make_notebook: Callable[..., Notebook],
) -> None:
    spike = """
import nbviz
run = nbviz.Run("long")
for step in range(1, 60_001):
    run.log({"loss": 40.0 if step == 17_321 else 1.0}, step=step)
run.finish()
nbviz.Dashboard(run)"""
    notebook = make_notebook(spike)
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_curve(59_000)  # the last bucket begins before the last step
    over = box(chart(view, "loss").locator(".nbviz-plot-over"))
    x = over["x"] + over["width"] * (17_321 - 1) / (60_000 - 1)
    notebook.page.mouse.move(x, over["y"] + 10)
    tip = chart(view, "loss").locator(".nbviz-curves-tip")
    expect(tip).to_contain_text("40 at step 17,321")
