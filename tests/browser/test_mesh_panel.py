"""Meshes that a cell logs: drawn in their colours, scrubbed, and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from notebook_page import POLL_MS
from playwright.sync_api import expect
from view import View

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator, Page

CELL = """\
import numpy as np, nbviz
run = nbviz.Run("meshes", overhead_budget=1)
corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float32)
faces = [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
for step, color in enumerate(([255, 0, 0], [0, 0, 255]), 1):
    run.log({"loss": 1 / step}, step=step)
    run.log_mesh("solid", corners, faces=faces, colors=[color] * 4, step=step)
run.finish()
nbviz.Dashboard(run, panels=["mesh"], arrangement="stack")
"""
# The sums of red, green and blue of what stands out from the surface, and how much of it there is.
STANDS_OUT = """(canvas) => {
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === data[0] && data[i + 1] === data[1] && data[i + 2] === data[2]) continue;
    for (let c = 0; c < 3; c += 1) sums[c] += data[i + c];
    sums[3] += 1 / (width * height);
  }
  return sums;
}"""
IS_MOST = f"""([canvas, channel]) => {{
  const [red, green, blue, share] = ({STANDS_OUT})(canvas);
  const own = [red, green, blue][channel];
  return share > 0.05 && own > 3 * (red + green + blue - own);
}}"""
RED, BLUE = 0, 2


def wait_for_color(canvas: Locator, channel: int) -> None:
    canvas.page.wait_for_function(IS_MOST, arg=[canvas.element_handle(), channel], polling=POLL_MS)


def test_a_mesh_is_drawn_and_scrubbed(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(CELL)
    notebook.run(0)
    view = View(notebook.output(0))
    solid = view.open("mesh").locator("[data-tag=solid]")
    solid.scroll_into_view_if_needed()
    expect(solid).to_have_attribute("data-step", "2")
    expect(solid).to_contain_text("4 vertices, 4 triangles")
    canvas = solid.locator(".nbviz-space-picture")
    wait_for_color(canvas, BLUE)
    slider = view.root.get_by_role("slider", name="Step shown")
    slider.press("ArrowLeft")
    expect(solid).to_have_attribute("data-step", "1")
    wait_for_color(canvas, RED)


def test_a_saved_page_shows_and_scrubs_it(
    open_saved: Callable[[Path], Page], tmp_path: Path
) -> None:
    run = nbviz.Run("saved")
    points = np.random.default_rng(0).normal(size=(500, 3))
    for step, color in ((1, [255, 0, 0]), (2, [0, 0, 255])):
        run.log({"loss": 1 / step}, step=step)
        run.log_mesh("cloud", points, colors=np.full((500, 3), color), step=step)
    run.finish()
    page = open_saved(nbviz.Dashboard(run).save_html(tmp_path / "page.html"))
    page.locator("[data-tab=mesh]").click()
    cloud = page.locator(".nbviz-slot-mesh [data-tag=cloud]")
    expect(cloud).to_have_attribute("data-step", "2")
    expect(cloud).to_contain_text("500 points")
    canvas = cloud.locator(".nbviz-space-picture")
    page.wait_for_function(
        f"(canvas) => ({STANDS_OUT})(canvas)[2] > 2 * ({STANDS_OUT})(canvas)[0]",
        arg=canvas.element_handle(),
        polling=POLL_MS,
    )
    page.get_by_role("slider", name="Step shown").press("Home")
    expect(cloud).to_have_attribute("data-step", "1")
    page.wait_for_function(
        f"(canvas) => ({STANDS_OUT})(canvas)[0] > 2 * ({STANDS_OUT})(canvas)[2]",
        arg=canvas.element_handle(),
        polling=POLL_MS,
    )
