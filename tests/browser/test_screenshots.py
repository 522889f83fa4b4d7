"""Pictures of the quickstart at three moments, light and dark, with every panel drawn in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cells
import nbformat
import numpy as np
import pytest
from kernel_specs import ROOT
from PIL import Image
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook

PANELS = ("curves", "weights", "graph", "log")
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docs/screenshots with NBVIZ_SCREENSHOTS=1, else a folder that is thrown away."""
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        return ROOT / "docs" / "screenshots"
    return tmp_path_factory.mktemp("screenshots")


def test_quickstart_light_and_dark(make_notebook: Callable[..., Notebook], pictures: Path) -> None:
    sources = [
        cell.source
        for cell in nbformat.read(QUICKSTART, as_version=4).cells
        if cell.cell_type == "code"
    ]
    shown = next(index for index, source in enumerate(sources) if "LiveTrainer(" in source)
    notebook = make_notebook(*sources)
    # Tall enough for all panels: what is out of the window is neither painted nor in the picture.
    notebook.page.set_viewport_size({"width": 1340, "height": 2600})
    for index in range(shown + 1):
        notebook.run(index)
    view = View(notebook.output(shown))
    if view.toolbar.get_attribute("data-status") == "ready":
        view.click("start")
    view.wait_for_curve(40)
    view.click("pause")
    view.wait_for_status("paused")
    view.wait_for_curve(notebook.value(cells.STEP))
    take(notebook, view, pictures, "paused")
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(view.last_step + 100)
    take(notebook, view, pictures, "running")
    notebook.wait_for("trainer.status", lambda status: status == "finished", seconds=300)
    view.wait_for_status("finished")
    view.wait_for_curve(notebook.value(cells.STEP))
    take(notebook, view, pictures, "finished")


def take(notebook: Notebook, view: View, folder: Path, moment: str) -> None:
    """Take the view's picture in both themes; each shows every panel, drawn, in its theme."""
    for theme in ("light", "dark"):
        notebook.set_theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme)
        path = folder / f"quickstart-{moment}-{theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        whole, *boxes = (
            shown.bounding_box()
            for shown in (view.root, *(view.root.locator(f".nbviz-slot-{p}") for p in PANELS))
        )
        assert whole is not None
        view.root.screenshot(path=path, animations="disabled")
        picture = np.asarray(Image.open(path).convert("L"))
        height, width = picture.shape
        assert width == pytest.approx(whole["width"], abs=2)
        # While it trains, what is in the log or under the toolbar comes and goes.
        assert height == pytest.approx(whole["height"], rel=0.1)
        assert (picture.mean() > 200) if theme == "light" else (picture.mean() < 80)
        for panel, box in zip(PANELS, boxes, strict=True):
            assert box is not None, panel
            top, left = int(box["y"] - whole["y"]), int(box["x"] - whole["x"])
            part = picture[top : top + int(box["height"]), left : left + int(box["width"])]
            background = np.bincount(part.ravel()).argmax()
            drawn = np.abs(part.astype(int) - background) > 40
            assert drawn.mean() > 0.004, f"{panel} is all but empty, {moment}, {theme}"
