"""The run table in JupyterLab: six runs beside each other, sorted, hidden, renamed, brushed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kernel_specs import ROOT
from playwright.sync_api import Locator, expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SIX = """\
import math
import nbviz
GIVEN = [
    ("baseline", 0.01, 16, "SGD"), ("lr 0.02", 0.02, 16, "SGD"), ("lr 0.05", 0.05, 16, "SGD"),
    ("adam", 0.001, 16, "Adam"), ("wide", 0.01, 64, "SGD"), ("no norm", 0.01, 16, "SGD"),
]
runs = []
for place, (name, lr, width, optimizer) in enumerate(GIVEN):
    run = nbviz.Run(name, config={"lr": lr, "width": width, "optimizer": optimizer, "depth": 3})
    for step in range(1, 401):
        loss = 2.3 * math.exp(-step / (40 + 25 * place)) + 0.03 * (place + 1)
        run.log({"loss/train": loss, "accuracy/train": 1 - loss / 3}, step=step)
        if step % 40 == 0:
            run.log({"loss/val": 1.1 * loss, "accuracy/val": 1 - loss / 2.5}, step=step)
    run.finish()
    runs.append(run)
"""
SHOWN = "dashboard = nbviz.compare(runs); dashboard"


class Table:
    """The run table of a view, as a person sees and uses it."""

    def __init__(self, view: View) -> None:
        self.root = view.root.locator(".nbviz-slot-runs")
        self.grid = self.root.get_by_role("grid", name="Runs")
        expect(self.grid).to_be_visible()
        self.rows = self.grid.locator(".nbviz-runs-row:not(.nbviz-runs-group)")

    def row(self, name: str) -> Locator:
        return self.rows.filter(has=self.root.page.get_by_text(name, exact=True))

    def names(self) -> list[str]:
        """The runs' names from top to bottom."""
        places = self.rows.evaluate_all(
            """(rows) => rows.map((row) => [row.getBoundingClientRect().y,
                row.querySelector(".nbviz-runs-name").textContent])"""
        )
        return [name for _, name in sorted(places)]

    def sort(self, title: str) -> None:
        self.grid.get_by_role("columnheader", name=title, exact=False).first.get_by_role(
            "button"
        ).click()

    def wait_for_names(self, names: list[str]) -> None:
        self.root.page.wait_for_function(
            """([grid, names]) => {
                const rows = [...grid.querySelectorAll(".nbviz-runs-row:not(.nbviz-runs-group)")];
                const placed = rows.map((row) => [row.getBoundingClientRect().y,
                    row.querySelector(".nbviz-runs-name")?.textContent]);
                placed.sort((a, b) => a[0] - b[0]);
                return JSON.stringify(placed.map(([, name]) => name)) === JSON.stringify(names);
            }""",
            arg=[self.grid.element_handle(), names],
        )


def lines(view: View, chart: str) -> list[str]:
    """The names in a chart's legend."""
    return view.curves.locator(f'[data-chart="{chart}"] .nbviz-legend-name').all_text_contents()


def test_six_runs(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(SIX, SHOWN)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_curve(400)
    table = Table(view)
    table.root.scroll_into_view_if_needed()
    order = ["baseline", "lr 0.02", "lr 0.05", "adam", "wide", "no norm"]
    table.wait_for_names(order)
    picture(view, "runs-light")


def picture(view: View, name: str) -> None:
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        view.root.screenshot(path=ROOT / "docs" / "screenshots" / f"{name}.png")
