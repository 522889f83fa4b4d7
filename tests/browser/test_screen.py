"""One screen: the view fits it, its toolbar stays in sight, and the wheel is the notebook's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cells
import pytest
from playwright.sync_api import expect
from view import View, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import FloatRect, Locator

TRAINER = cells.trainer() + "\ntrainer"
LATER = "\n".join(f"# line {number}" for number in range(40))
SCROLLER = ".jp-WindowedPanel-outer"


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(TRAINER, LATER, "trainer.step(30)")
    small_window(notebook)
    notebook.run(0)
    return notebook


@pytest.fixture
def view(notebook: Notebook) -> View:
    return View(notebook.output(0))


def small_window(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 800})


def box(shown: Locator) -> FloatRect:
    found = shown.bounding_box()
    assert found is not None
    return found


def scroll_to(view: View) -> None:
    view.root.evaluate("(root) => root.scrollIntoView({block: 'start'})")
    place(view.root)


def test_the_view_fits_small_and_narrow_windows(notebook: Notebook, view: View) -> None:
    notebook.value("trainer.step(30)")
    view.wait_for_curve(30)
    whole = box(view.root)
    assert whole["width"] == pytest.approx(848, abs=4)
    assert whole["height"] <= 600
    toolbar, main, inspector = (
        box(view.root.locator(name))
        for name in (".nbviz-toolbar", ".nbviz-main", ".nbviz-inspector")
    )
    assert toolbar["height"] <= 48  # one line
    assert inspector["x"] >= main["x"] + main["width"] - 1
    assert inspector["y"] == pytest.approx(main["y"], abs=1)
    loss, accuracy = (
        box(view.curves.locator(f"[data-chart={name}]")) for name in ("loss", "accuracy")
    )
    assert accuracy["y"] + accuracy["height"] <= main["y"] + main["height"]
    assert loss["y"] >= main["y"]
    for width, height in ((600, 900), (853, 533)):  # the second is zoomed to 150 %
        notebook.page.set_viewport_size({"width": width, "height": height})
        if width == 600:
            notebook.page.evaluate(
                "window.jupyterapp.commands.execute('application:toggle-left-area')"
            )
        a_toolbar_and_a_chart_fit(notebook, view)


def a_toolbar_and_a_chart_fit(notebook: Notebook, view: View) -> None:
    scroll_to(view)
    view.wait_for_curve(30)
    scroll_to(view)
    seen = box(notebook.page.locator(SCROLLER))
    whole, chart = box(view.root), box(view.curves.locator("[data-chart=loss]"))
    assert box(view.toolbar)["y"] >= seen["y"] - 1
    assert chart["y"] + chart["height"] <= seen["y"] + seen["height"]
    assert whole["height"] <= 2 * whole["width"]
    main, inspector = (
        box(view.root.locator(".nbviz-main")),
        box(view.root.locator(".nbviz-inspector")),
    )
    assert inspector["y"] >= main["y"] + main["height"] - 1


def test_the_toolbar_stays_in_sight_and_the_wheel_is_the_notebooks(
    notebook: Notebook, view: View
) -> None:
    scroll_to(view)
    notebook.page.locator(SCROLLER).evaluate("(scroller) => { scroller.scrollTop += 300; }")
    place(view.curves)
    top = box(notebook.page.locator(SCROLLER))["y"]
    assert box(view.root)["y"] < top - 200
    assert box(view.toolbar)["y"] == pytest.approx(top, abs=2)
    view.click("step")
    view.wait_for_step(1)
    the_wheel_scrolls_the_notebook_until_a_room_is_clicked(notebook, view)


def the_wheel_scrolls_the_notebook_until_a_room_is_clicked(notebook: Notebook, view: View) -> None:
    scroll_to(view)
    scroller = notebook.page.locator(SCROLLER)
    room = view.root.locator(".nbviz-inspector .nbviz-room:visible")
    expect(room.locator(".nbviz-weights-card").first).to_be_visible()
    # Higher than its room, also where its panel is not.
    room.locator(".nbviz-slot").evaluate("(slot) => { slot.style.minHeight = '2000px'; }")
    mouse = notebook.page.mouse
    here = box(room)
    x, y = here["x"] + here["width"] - 12, here["y"] + here["height"] / 2
    before = scroller.evaluate("(scroller) => scroller.scrollTop")
    mouse.move(x, y)
    mouse.wheel(0, 60)
    notebook.page.wait_for_function(
        "([name, top]) => document.querySelector(name).scrollTop > top", arg=[SCROLLER, before]
    )
    place(room)
    assert room.evaluate("(room) => room.scrollTop") == 0
    kept = scroller.evaluate("(scroller) => scroller.scrollTop")
    mouse.click(x, y - 60)
    mouse.wheel(0, 60)
    handle = room.element_handle()
    notebook.page.wait_for_function("(room) => room.scrollTop > 0", arg=handle)
    place(room)
    assert scroller.evaluate("(scroller) => scroller.scrollTop") == kept


def test_weights_and_model_are_there_before_the_start_and_tabs_are_chosen_by_keys(
    make_notebook: Callable[..., Notebook],
) -> None:
    loader = "list(Batches())"  # with samples to look at
    notebook = make_notebook(TRAINER.replace("model, Batches()", f"model, {loader}"))
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("ready")
    card = view.root.locator(".nbviz-weights-card").first
    expect(card.locator("canvas[data-layer='0.weight']")).to_be_visible()
    shown = notebook.value("trainer.run.weights.latest('0.weight').maximum")
    assert shown == pytest.approx(notebook.value("model[0].weight.max().item()"), rel=1e-3)
    view.open("graph")
    expect(view.root.locator(".nbviz-graph-box").first).to_be_visible()
    assert notebook.value("trainer.status") == "ready"
    small_window(notebook)
    tabs_are_chosen_by_keys(notebook, view)


def tabs_are_chosen_by_keys(notebook: Notebook, view: View) -> None:
    notebook.value("trainer.step(1)")
    view.wait_for_step(1)
    tabs = view.root.get_by_role("tab")
    expect(tabs.filter(has_text=re.compile("Weights|Model|Log"))).to_have_count(3)
    tabs.first.click()
    tabs.first.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    graph = view.root.locator(".nbviz-graph[data-ready=true]")
    expect(graph).to_be_visible()
    stage = box(graph.locator(".nbviz-graph-stage"))
    inspector = box(view.root.locator(".nbviz-inspector"))
    assert stage["width"] > 250
    assert stage["y"] + stage["height"] <= inspector["y"] + inspector["height"]
    tabs.nth(1).press("End")
    expect(tabs.last).to_have_attribute("aria-selected", "true")
    expect(graph).to_be_hidden()


def test_panels_stand_below_one_another_or_are_but_one_chart(
    make_notebook: Callable[..., Notebook],
) -> None:
    logged = """
import nbviz
run = nbviz.Run("few")
for step in range(1, 31):
    run.log({"loss": 1 / step, "accuracy": 1 - 1 / step, "lr": 0.1}, step=step)
run.print("said")
run.finish()
nbviz.Dashboard(run, arrangement="stack")"""
    notebook = make_notebook(logged, 'nbviz.Dashboard(run, arrangement="compact")')
    notebook.run(0)
    notebook.run(1)
    stack, compact = (View(notebook.output(index)) for index in (0, 1))
    curves, log = box(stack.curves), box(stack.root.locator(".nbviz-slot-log"))
    assert log["y"] >= curves["y"] + curves["height"]
    assert log["width"] == pytest.approx(curves["width"], abs=1)
    expect(stack.root.get_by_role("tab")).to_have_count(0)
    expect(compact.toolbar).to_be_visible()
    charts = compact.curves.locator(".nbviz-chart")
    expect(charts).to_have_count(1)
    expect(charts).to_have_attribute("data-chart", "loss")
    expect(compact.root.locator(".nbviz-inspector")).to_be_hidden()
    assert box(compact.root)["height"] <= 340
