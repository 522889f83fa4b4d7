"""hiddenlayer's training demonstration in JupyterLab: one view in the cell, updated in place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from kernel_specs import ROOT
from notebook_page import POLL_MS
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook

SETUP = """
import pathlib
import time, numpy as np, torch
import nbviz.integrations.hiddenlayer as hl

class MyCanvas(hl.Canvas):
    def draw_pie(self, metric):
        self.ax.axis("equal")
        value = np.clip(metric.data[-1], 0, 1)
        self.ax.pie([value, 1 - value], labels=["Accuracy", ""])

history, canvas = hl.History(), MyCanvas()
layer = torch.nn.Conv2d(3, 16, 3)
y, x = np.mgrid[0:24, 0:24] / 24
"""
LOOP = """
for step in range(100):
    loss = float(np.exp(-step / 27) + 0.05 * np.sin(step / 3))
    with torch.no_grad():
        layer.weight *= 1.01
    image = np.stack([np.sin(6 * x + step / 20), np.cos(5 * y), x * y * step / 100], 2)
    history.log(step, loss=loss, accuracy=1 - loss / 1.2, image=image, weight=layer.weight)
    with canvas:
        canvas.draw_summary(history, title="A training")
        canvas.draw_plot([history["loss"], history["accuracy"]], labels=["Loss", "Accuracy"])
        canvas.draw_image(history["image"])
        canvas.draw_hist(history["weight"], title="first layer")
        canvas.draw_pie(history["accuracy"])
    while step == 20 and not pathlib.Path({gate!r}).exists():
        time.sleep(0.02)
"""
SOURCES = "(pictures) => pictures.map((picture) => picture.src)"
SAYS = """async ([root, text]) => {
  for (const picture of root.querySelectorAll("img")) {
    const content = await (await fetch(picture.src)).text();
    if (content.includes(text)) return true;
  }
  return false;
}"""
# Of the view's: at the cell's end a still picture for readers without a kernel comes beside them.
ALL_OTHERS = """([root, early]) => {
  const late = [...root.querySelectorAll("img.widget-image")].map((picture) => picture.src);
  return late.length === early.length && late.every((source, i) => source !== early[i]);
}"""
LAST_STEP = """(root) => {
  const found = root.querySelector("[data-last-step]");
  return found !== null && Number(found.dataset.lastStep) === 99;
}"""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docs/screenshots with NBVIZ_SCREENSHOTS=1, else a folder that is thrown away."""
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        return ROOT / "docs" / "screenshots"
    return tmp_path_factory.mktemp("screenshots")


def test_a_canvas_is_one_view_updated_in_place(
    make_notebook: Callable[..., Notebook], pictures: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    notebook = make_notebook(SETUP, LOOP.replace("{gate!r}", repr(str(gate))))
    notebook.page.set_viewport_size({"width": 1200, "height": 2000})
    notebook.run(0)
    notebook.run(1, wait=False)
    output = notebook.output(1)
    expect(output.locator(".nbviz[data-nbviz=ready] .nbviz-slot-curves")).to_be_visible()
    images = output.locator("img.widget-image")
    expect(images).to_have_count(3)
    early = images.evaluate_all(SOURCES)
    gate.touch()
    root = output.element_handle()
    notebook.page.wait_for_function(LAST_STEP, arg=root, polling=POLL_MS)
    # The newest of each is shown in the end, although most were left out on the way.
    notebook.page.wait_for_function(SAYS, arg=[root, ">99</text><image"], polling=POLL_MS)
    notebook.page.wait_for_function(SAYS, arg=[root, ">99</text><line"], polling=POLL_MS)
    notebook.page.wait_for_function(ALL_OTHERS, arg=[root, early], polling=POLL_MS)
    expect(output.locator(".jp-OutputArea-child:visible")).to_have_count(1)
    expect(output).to_contain_text("Step: 99")
    for theme in ("light", "dark"):
        notebook.set_theme(theme)
        expect(output.locator(".nbviz")).to_have_attribute("data-theme", theme)
        path = pictures / f"hiddenlayer-canvas-{theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        output.screenshot(path=path, animations="disabled")
        assert path.stat().st_size > 20_000
