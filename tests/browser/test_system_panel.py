"""The system panel in JupyterLab: what the machine does while a run trains."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cells
from kernel_specs import ROOT
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SAMPLES = "len(nbviz.panels.system.samples.samples_of(trainer.run).series()[0])"


def test_charts_grow_and_share_the_crosshair(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(cells.trainer(), "trainer.start(); trainer")
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    slot = view.open("system")
    cpu, memory = (slot.locator(f"[data-chart={name}]") for name in ("CPU", "Memory"))
    expect(cpu.locator("canvas")).to_have_count(3)
    expect(memory.locator(".nbviz-system-value b").last).to_contain_text("GB")
    before = notebook.value(SAMPLES)
    notebook.wait_for(SAMPLES, lambda samples: samples >= before + 3)
    # The pointer over one chart puts the crosshair into all of the view.
    cpu.locator(".nbviz-plot-over").hover()
    expect(memory.locator(".nbviz-chart-crosshair")).to_be_visible()
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        slot.screenshot(path=ROOT / "docs" / "screenshots" / "system-light.png")
