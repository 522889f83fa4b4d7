"""Pictures of the quickstart at three moments, light and dark, to be looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import nbformat
import pytest
from kernel_specs import ROOT
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook

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
    take(notebook, shown, pictures, "paused")
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(view.last_step + 100)
    take(notebook, shown, pictures, "running")
    view.wait_for_status("finished")
    take(notebook, shown, pictures, "finished")


def take(notebook: Notebook, index: int, folder: Path, moment: str) -> None:
    """Take the view's picture in both themes, and check that each is a picture of it."""
    root = notebook.output(index).locator(".nbviz[data-nbviz=ready]")
    for theme in ("light", "dark"):
        notebook.set_theme(theme)
        expect(root).to_have_attribute("data-theme", theme)
        path = folder / f"quickstart-{moment}-{theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        root.screenshot(path=path, animations="disabled")
        assert path.stat().st_size > 20_000
