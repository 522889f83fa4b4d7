"""Views in boxes and tabs of ipywidgets: their room, what stays of them, and what a reader sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cells
from notebook_page import POLL_MS
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator

LIVE = ".nbviz[data-nbviz=ready]"
PICTURE = "[data-nbviz-static]"
MADE = """\
import time
import ipywidgets as widgets
import nbviz
from IPython.display import clear_output, display
run = nbviz.Run("own")
run.log({"loss": 1.0}, step=1)
def shown():
    return nbviz.Dashboard(run)
"""
CLEARED = """\
display(widgets.VBox([widgets.Checkbox(description="mine"), shown()]))
for step in range(2, 30):
    run.log({"loss": 1 / step}, step)
    clear_output(wait=True)
    print("at", step)
"""
BESIDE = "widgets.HBox([widgets.VBox([widgets.IntSlider()]), shown()])"
TWO = "widgets.HBox([shown(), shown()])"
GIVEN = "given = shown()\ngiven.layout.width = '60%'\nwidgets.HBox([given, widgets.Label('rest')])"
IN_AN_AREA = """\
def show(number=1):
    display(shown())
display(widgets.Checkbox(description="mine"))
widgets.interact(show, number=(0, 2));
"""


def width(shown: Locator) -> float:
    found = shown.bounding_box()
    assert found is not None
    return found["width"]


def test_a_view_in_a_box_has_room_and_stays_and_leaves_its_picture(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(MADE, CLEARED, BESIDE, TWO, GIVEN, IN_AN_AREA)
    for index in range(6):
        notebook.run(index)
    outputs = [notebook.output(index) for index in range(6)]
    for index in range(1, 6):
        outputs[index].scroll_into_view_if_needed()
        expect(outputs[index].locator(LIVE).first).to_be_visible()
        for picture in outputs[index].locator(PICTURE).all():
            expect(picture).to_be_hidden()
    expect(outputs[1].get_by_role("checkbox", name="mine")).to_be_visible()
    expect(outputs[1]).to_contain_text("at 29")
    View(outputs[1]).wait_for_curve(29)
    whole = width(outputs[1].locator(LIVE))
    # The slider is 300 pixels wide, and has a margin.
    assert width(outputs[2].locator(LIVE)) == whole - 304
    assert [width(outputs[3].locator(LIVE).nth(one)) for one in range(2)] == [whole / 2] * 2
    assert abs(width(outputs[4].locator(LIVE)) - 0.6 * whole) < 1
    expect(outputs[5].get_by_role("checkbox", name="mine")).to_be_visible()
    expect(outputs[5].get_by_role("slider").first).to_be_visible()

    notebook.wait_for_text(2, "own: running, 29 steps")
    notebook.save()
    notebook.open_without_kernel(is_trusted=True)
    for index, count in ((1, 1), (2, 1), (3, 2)):
        notebook.output(index).scroll_into_view_if_needed()
        pictures = notebook.output(index).locator(f"{PICTURE} img")
        expect(pictures).to_have_count(count)
        expect(pictures.last).to_be_visible()
        expect(notebook.output(index).get_by_text("model not found")).to_be_hidden()


TABS = (
    cells.trainer(max_epochs=None, max_steps=100_000)
    + """
import ipywidgets
tabs = ipywidgets.Tab([ipywidgets.Label("mine"), trainer])
trainer.start()
tabs"""
)
# Each picture of the view that is seen: as wide as its place, drawn at the screen's resolution.
IS_DRAWN_WHOLE = """(root) => {
  const seen = [...root.querySelectorAll("canvas")].filter((one) => one.getClientRects().length);
  const curves = root.querySelector(".nbviz-slot-curves").getBoundingClientRect();
  const charts = seen.filter((one) => one.closest(".nbviz-slot-curves"));
  return charts.length > 0 && charts.some((one) => one.clientWidth > 0.6 * curves.width) &&
    seen.every((one) => one.clientWidth > 0 && one.width > 1) &&
    charts.every((one) => Math.abs(one.width - one.clientWidth * devicePixelRatio) <= 1);
}"""
IS_IN_FRAME = """(card) => {
  const frame = card.getBoundingClientRect();
  const boxes = [...card.querySelectorAll(".nbviz-graph-box")];
  return boxes.length > 2 && boxes.every((box) => {
    const { left, right, width, height } = box.getBoundingClientRect();
    return width > 10 && height > 5 && left >= frame.left && right <= frame.right;
  });
}"""


def test_a_view_in_a_tab_is_drawn_whole_when_it_is_shown(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(TABS)
    notebook.run(0)
    output = notebook.output(0)
    first, second = (output.get_by_role("tab").nth(one) for one in range(2))
    expect(output.locator(LIVE)).to_have_count(1)  # start() leaves it to the tabs to show it
    expect(output.locator(LIVE)).to_be_hidden()
    notebook.wait_for("trainer.run.progress.step", lambda step: step > 50)
    second.click()
    view = View(output)
    view.wait_for_curve(50)
    drawn(notebook, view.root, IS_DRAWN_WHOLE)
    view.open("graph")
    drawn(notebook, view.root.locator(".nbviz-graph[data-ready=true]"), IS_IN_FRAME)

    for wide in (1000, 1400):
        first.click()
        expect(view.root).to_be_hidden()
        notebook.page.set_viewport_size({"width": wide, "height": 1000})
        later = notebook.value("trainer.run.progress.step") + 50
        notebook.wait_for(f"trainer.run.progress.step > {later}")
        second.click()
        view.wait_for_curve(later)
        drawn(notebook, view.root, IS_DRAWN_WHOLE)
        drawn(notebook, view.root.locator(".nbviz-graph[data-ready=true]"), IS_IN_FRAME)
    view.click("stop")
    view.wait_for_status("stopped")


def drawn(notebook: Notebook, shown: Locator, whole: str) -> None:
    """Wait until something is drawn whole."""
    notebook.page.wait_for_function(whole, arg=shown.element_handle(), polling=POLL_MS)
