"""Pictures of the quickstart, in windows of several sizes, light and dark; all panels are drawn."""

from __future__ import annotations

import os
import re
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
    from collections.abc import Callable, Iterator
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
# Until a file is there, for a page that may be slow; the pictures of the README are as it is.
SLOWED = """bool(optimizer.register_step_post_hook(
    lambda *_: __import__("os").path.exists({path!r}) or __import__("time").sleep(0.02)
))"""
PUBLISHED = os.environ.get("NBVIZ_SCREENSHOTS") == "1"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docs/screenshots with NBVIZ_SCREENSHOTS=1, else a folder that is thrown away."""
    return ROOT / "docs" / "screenshots" if PUBLISHED else tmp_path_factory.mktemp("screenshots")


def test_quickstart_light_and_dark(
    make_notebook: Callable[..., Notebook], pictures: Path, tmp_path: Path
) -> None:
    sources = [
        cell.source
        for cell in nbformat.read(QUICKSTART, as_version=4).cells
        if cell.cell_type == "code"
    ]
    shown, steered, results = (
        next(index for index, source in enumerate(sources) if text in source)
        for text in ("LiveTrainer(", "trainer.set(lr=", "trainer.wait(")
    )
    notebook = make_notebook(*sources)
    small_window(notebook)
    for index in range(shown + 1):
        notebook.run(index)
    view = View(notebook.output(shown))
    view.wait_for_status("ready")
    for theme in in_each_theme(notebook, view):
        take(view, pictures / f"quickstart-ready-{theme}.png", theme)
    in_haste = tmp_path / "in-haste"
    if not PUBLISHED:
        notebook.value(SLOWED.format(path=str(in_haste)))
    view.click("start")
    view.wait_for_curve(40)
    view.click("pause")
    view.wait_for_status("paused")
    view.wait_for_curve(notebook.value(cells.STEP))
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(view.last_step + 100)
    for theme in in_each_theme(notebook, view):
        take(view, pictures / f"quickstart-running-{theme}.png", theme, view.curves)
    notebook.run(steered)
    notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr == 0.02)
    in_haste.touch()
    notebook.run(results)
    expect(notebook.output(results)).to_contain_text("3,600 steps")
    expect(notebook.output(results)).to_contain_text(re.compile(r"9\d\.\d % of new digits"))
    view.wait_for_status("finished")
    view.wait_for_curve(3600)
    # To change the theme costs more than to change all else.
    for theme in in_each_theme(notebook, view):
        for name, (width, height) in SIZES.items():
            notebook.page.set_viewport_size({"width": width, "height": height})
            take(view, pictures / f"quickstart-finished-{name}-{theme}.png", theme, view.curves)
        small_window(notebook)
        for tab in TABS:
            slot = view.open(tab)
            expect(slot.locator(DRAWN[tab]).first).to_be_visible()
            take(view, pictures / f"quickstart-tab-{tab}-{theme}.png", theme, slot)
        view.open(TABS[0])


def small_window(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 800})


def in_each_theme(notebook: Notebook, view: View) -> Iterator[str]:
    """Yields the page's theme and then the other, in which the page stays."""
    for theme in notebook.themes():
        notebook.set_theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme)
        yield theme


def take(view: View, path: Path, theme: str, drawn: Locator | None = None) -> None:
    """Take the window's picture, with the view at its top.

    Args:
        view: What the picture is of.
        path: Where it is kept.
        theme: "light" or "dark", which it must look like.
        drawn: What must not be empty in it.
    """
    view.root.evaluate("(root) => root.scrollIntoView({block: 'start'})")
    place(view.root)
    path.parent.mkdir(parents=True, exist_ok=True)
    view.root.page.screenshot(path=path, animations="disabled")
    picture = np.asarray(Image.open(path).convert("L"))
    shown = box_of(view.root, picture)
    assert (shown.mean() > 200) if theme == "light" else (shown.mean() < 80)
    if drawn is None:
        return
    part = box_of(drawn, picture)
    background = np.bincount(part.ravel()).argmax()
    marked = np.abs(part.astype(int) - background) > 40
    assert marked.mean() > 0.004, f"all but empty: {path.name}"


def box_of(shown: Locator, picture: np.ndarray) -> np.ndarray:
    """What of the window's picture shows an element."""
    box = shown.bounding_box()
    assert box is not None
    top, left = max(0, int(box["y"])), max(0, int(box["x"]))
    return picture[top : int(box["y"] + box["height"]), left : int(box["x"] + box["width"])]
