"""An embedding that a cell logs: turned, scrubbed, searched and selected, and read in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from notebook_page import POLL_MS
from playwright.sync_api import expect
from view import View

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator, Page
    from view import Snapshots

SHOWN = """\
import numpy as np, torch, nbviz
run = nbviz.Run("digits", overhead_budget=1)
nbviz.Dashboard(run, panels=("curves", "projector", "log"), arrangement="stack")
"""
LOGGED = """\
rng = np.random.default_rng(0)
kinds = np.arange(600) % 3
middles = rng.standard_normal((3, 16)) * 4
noise = rng.standard_normal((600, 16))
images = np.zeros((600, 8, 8))
for number, kind in enumerate(kinds):
    images[number, kind * 2 : kind * 2 + 2] = 1
for share, step in enumerate((10, 20, 30)):
    run.log({"loss": 1 / step}, step=step)
    run.log_embedding(
        "features",
        torch.tensor(middles[kinds] * share / 2 + noise),
        labels={
            "animal": [("cat", "dog", "<b>owl</b>")[kind] for kind in kinds],
            "loss": rng.random(600),
            "name": [f"sample {number}" for number in range(600)],
        },
        images=images,
        step=step,
    )
run.finish()
"""
COLOURS = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([key]) => key);
}"""


def frames(canvas: Locator) -> int:
    return int(canvas.get_attribute("data-frames") or 0)


def wait_for_frame(canvas: Locator, after: int) -> None:
    page = canvas.page
    page.wait_for_function(
        "([canvas, after]) => Number(canvas.dataset.frames) > after",
        arg=[canvas.element_handle(), after],
    )


def drag(canvas: Locator, path: list[tuple[float, float]]) -> None:
    """Drag through places, in shares of the canvas."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = canvas.page.mouse
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=4)
    mouse.up()


def open_panel(notebook: Notebook, points: int = 600) -> tuple[View, Locator, Locator]:
    """Log the embedding; returns the view, the panel and its picture."""
    notebook.page.set_viewport_size({"width": 1280, "height": 1500})
    notebook.run(0)
    view = View(notebook.output(0))
    slot = view.open("projector")
    expect(slot).to_contain_text("run.log_embedding")  # the panels were chosen by name
    notebook.run(1)
    panel = slot.locator(".nbviz-projector")
    slot.scroll_into_view_if_needed()
    expect(panel).to_have_attribute("data-step", "30")
    expect(panel).to_have_attribute("data-points", str(points))
    canvas = panel.locator(".nbviz-space-picture")
    wait_for_frame(canvas, 0)
    return view, panel, canvas


def wait_for_colours(canvas: Locator, count: int) -> None:
    """Wait until the picture has so many colours, the surface among them."""
    canvas.page.wait_for_function(
        f"([canvas, count]) => ({COLOURS})(canvas).length === count",
        arg=[canvas.element_handle(), count],
        polling=POLL_MS,
    )


def test_an_embedding_is_turned_scrubbed_filtered_and_selected(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED)
    view, panel, canvas = open_panel(notebook)
    legend = panel.get_by_role("region", name="Colours")
    expect(legend.get_by_role("button")).to_have_count(3)
    expect(legend).to_contain_text("<b>owl</b>")
    # Three categories are three colours, each in the shades of its depths.
    assert len(canvas.evaluate(COLOURS)) > 6
    snapshots.take(notebook, panel, "projector-3d")
    before = frames(canvas)
    drag(canvas, [(0.4, 0.5), (0.6, 0.6)])
    wait_for_frame(canvas, before)
    search_and_select(notebook, panel, canvas)
    # In two dimensions a colour is one colour.
    panel.get_by_role("button", name="2D").click()
    wait_for_colours(canvas, 4)
    legend.get_by_role("button").first.click()
    wait_for_colours(canvas, 3)
    # One step for all panels.
    slider = view.root.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(panel).to_have_attribute("data-step", "10")
    slider.press("End")
    expect(panel).to_have_attribute("data-step", "30")


def search_and_select(notebook: Notebook, panel: Locator, canvas: Locator) -> None:
    """Points are searched and selected, and read in Python; in the end none is selected."""
    selection = panel.get_by_role("region", name="Selection")
    search = panel.get_by_role("searchbox")
    search.fill("sample 59")
    panel.get_by_role("button", name="Select 11").click()  # 59 and 590 to 599
    expect(selection).to_contain_text("11 selected")
    notebook.wait_for("len(run.projector_selection('features')) == 11")
    selected = notebook.value("run.projector_selection('features')")
    assert selected == [59, *range(590, 600)]
    search.fill("")
    selection.get_by_role("button", name="Clear").click()
    expect(selection).to_be_hidden()
    panel.get_by_role("button", name="Lasso").click()
    drag(canvas, [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)])
    expect(selection).to_contain_text("600 selected")
    notebook.wait_for("len(run.projector_selection('features')) == 600")
    panel.get_by_role("button", name="Lasso").click()
    selection.get_by_role("button", name="Clear").click()
    expect(selection).to_be_hidden()


def test_a_point_is_read_and_a_layout_is_worked_out(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED.replace("600", "300"))
    view, panel, canvas = open_panel(notebook, 300)
    legend = panel.get_by_role("region", name="Colours")
    legend.get_by_role("button").nth(1).dblclick()  # dogs alone
    expect(legend.locator("[aria-pressed=true]")).to_have_count(1)
    # The image and the labels of the point under the pointer, also while others are hidden.
    tip = panel.locator(".nbviz-projector-tip")
    point = hover_somewhere(canvas, tip)
    assert point % 3 == 1
    expect(tip).to_contain_text("animal: dog")
    expect(tip).to_contain_text(f"name: sample {point}")
    rows = tip.locator("canvas").evaluate(
        """(canvas) => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, 8, 8);
            return Array.from({length: 8}, (_, row) => data[4 * 8 * row]);
        }"""
    )
    assert rows == [0, 0, 255, 255, 0, 0, 0, 0]
    notebook.page.mouse.down()
    notebook.page.mouse.up()
    detail = panel.get_by_role("region", name="Chosen point")
    expect(detail).to_contain_text(f"sample {point}")
    expect(detail.locator(".nbviz-projector-neighbour")).to_have_count(10)
    images = panel.get_by_role("button", name="Images")
    images.click()
    snapshots.take(notebook, panel, "projector-images")
    images.click()
    panel.get_by_role("button", name="2D").click()
    panel.get_by_role("button", name="t-SNE", exact=True).click()
    panel.get_by_role("button", name="Start t-SNE").click()
    work = panel.locator(".nbviz-projector-work")
    expect(work).to_have_attribute("data-state", "done", timeout=120_000)
    expect(panel).to_have_attribute("data-method", "tsne")
    snapshots.take(notebook, panel, "projector-tsne")
    view.root.evaluate("(root) => { root.style.width = '420px'; }")
    snapshots.take(notebook, panel, "projector-narrow")


def hover_somewhere(canvas: Locator, tip: Locator) -> int:
    """Move over the points until one is under the pointer, and return its number."""
    box = canvas.bounding_box()
    assert box is not None
    for y in np.linspace(0.1, 0.9, 25):
        for x in np.linspace(0.1, 0.9, 25):
            canvas.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if tip.is_visible():
                return int(tip.get_attribute("data-point") or -1)
    pytest.fail("no point is under the pointer anywhere")


def test_a_saved_page_shows_a_sample_and_says_so(
    open_saved: Callable[[Path], Page], tmp_path: Path, snapshots: Snapshots
) -> None:
    run = nbviz.Run("saved", overhead_budget=1)
    vectors = np.random.default_rng(0).standard_normal((6000, 8))
    for step in (1, 2):
        labels = np.arange(6000) % 4 if step == 1 else None
        run.log_embedding("features", vectors * step, labels=labels, step=step)
        run.drain_media()
    run.finish()
    saved = nbviz.Dashboard(run).save_html(tmp_path / "page.html")
    page = open_saved(saved)
    page.locator("[data-tab=projector]").click()
    panel = page.locator(".nbviz-projector")
    expect(panel).to_have_attribute("data-step", "2")
    expect(panel).to_contain_text("a sample of 5,000 of 6,000 points")
    canvas = panel.locator(".nbviz-space-picture")
    wait_for_frame(canvas, 0)
    assert len(canvas.evaluate(COLOURS)) > 4
    page.get_by_role("slider", name="Step shown").focus()
    page.keyboard.press("Home")
    expect(panel).to_have_attribute("data-step", "1")
    snapshots.take_as_it_is(page.locator(".nbviz"), "projector-saved")
