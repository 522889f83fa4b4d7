"""Pictures of the quickstart, in windows of several sizes, light and dark; all panels are drawn."""

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
from view import View, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator

SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "600": (600, 900), "zoom-150": (853, 533)}
TABS = ("weights", "graph", "log", "system")
DRAWN = {
    "weights": "canvas",
    "graph": ".nbviz-graph-box",
    "log": ".nbviz-log-row",
    "system": "canvas",
}
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
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    for index in range(shown + 1):
        notebook.run(index)
    view = View(notebook.output(shown))
    if view.toolbar.get_attribute("data-status") == "ready":
        take(notebook, view, pictures, "ready")
        view.click("start")
    view.wait_for_curve(40)
    view.click("pause")
    view.wait_for_status("paused")
    view.wait_for_curve(notebook.value(cells.STEP))
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(view.last_step + 100)
    take(notebook, view, pictures, "running")
    notebook.wait_for("trainer.status", lambda status: status == "finished", seconds=300)
    view.wait_for_status("finished")
    view.wait_for_curve(notebook.value(cells.STEP))
    for name, (width, height) in SIZES.items():
        notebook.page.set_viewport_size({"width": width, "height": height})
        take(notebook, view, pictures, f"finished-{name}")
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    for tab in TABS:
        slot = view.open(tab)
        expect(slot.locator(DRAWN[tab]).first).to_be_visible()
        take(notebook, view, pictures, f"tab-{tab}", slot)


def take(
    notebook: Notebook,
    view: View,
    folder: Path,
    moment: str,
    drawn: Locator | None = None,
) -> None:
    """Take the window's picture in both themes, with the view at its top.

    Args:
        notebook: What is in the window.
        view: What the picture is of.
        folder: Where it is kept.
        moment: What it is called.
        drawn: What must not be empty in it; the curves by default.
    """
    for theme in ("light", "dark"):
        notebook.set_theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme)
        view.root.evaluate("(root) => root.scrollIntoView({block: 'start'})")
        place(view.root)
        path = folder / f"quickstart-{moment}-{theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook.page.screenshot(path=path, animations="disabled")
        picture = np.asarray(Image.open(path).convert("L"))
        shown = box_of(view.root, picture)
        assert (shown.mean() > 200) if theme == "light" else (shown.mean() < 80)
        if moment == "ready" and drawn is None:
            continue
        part = box_of(drawn or view.curves, picture)
        background = np.bincount(part.ravel()).argmax()
        marked = np.abs(part.astype(int) - background) > 40
        assert marked.mean() > 0.004, f"all but empty: {moment}, {theme}"


def box_of(shown: Locator, picture: np.ndarray) -> np.ndarray:
    """What of the window's picture shows an element."""
    box = shown.bounding_box()
    assert box is not None
    top, left = max(0, int(box["y"])), max(0, int(box["x"]))
    return picture[top : int(box["y"] + box["height"]), left : int(box["x"] + box["width"])]
