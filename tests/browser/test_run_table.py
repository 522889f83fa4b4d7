"""The run table in JupyterLab: six runs beside each other, sorted, hidden, renamed, brushed."""

from __future__ import annotations

import os
import re
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


def opened(make_notebook: Callable[..., Notebook]) -> tuple[Notebook, View, Table]:
    """Six runs in one view, at a usual size, with their curves drawn."""
    notebook = make_notebook(SIX, SHOWN)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_curve(400)
    table = Table(view)
    return notebook, view, table


def picture(view: View, name: str) -> None:
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        view.root.screenshot(path=ROOT / "docs" / "screenshots" / f"{name}.png")


def test_what_is_chosen_in_the_table_acts_on_every_chart(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook, view, table = opened(make_notebook)
    table.root.scroll_into_view_if_needed()
    order = ["baseline", "lr 0.02", "lr 0.05", "adam", "wide", "no norm"]
    table.wait_for_names(order)
    for theme in ("dark", "light"):
        notebook.set_theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme)
        picture(view, f"runs-{theme}")
    # Sorted by the best accuracy, and back.
    table.sort("best accuracy/val")
    table.wait_for_names(order)
    table.sort("best accuracy/val")
    table.wait_for_names(order[::-1])
    table.sort("best accuracy/val")
    table.wait_for_names(order)

    # The eye.
    expect(legend(view, "loss")).to_have_count(6)
    table.row("adam").get_by_role("button", name="Hide adam").click()
    for chart in ("loss", "accuracy"):
        expect(legend(view, chart)).to_have_count(5)
        expect(legend(view, chart).filter(has_text="adam")).to_have_count(0)
    table.row("adam").get_by_role("button", name="Show adam").click()
    expect(legend(view, "accuracy")).to_have_count(6)

    # A row under the pointer fades the other runs in every chart, and a name in a legend its row.
    before = [pixels(view, chart) for chart in ("loss", "accuracy")]
    table.row("wide").hover()
    for chart, whole in zip(("loss", "accuracy"), before, strict=True):
        expect_painted(view, chart, whole)
    legend(view, "loss").filter(has_text="no norm").first.hover()
    expect(table.row("no norm")).to_have_class(re.compile("nbviz-pointed"))

    # The toolbar steers the chosen row's run.
    table.row("lr 0.02").click()
    expect(view.toolbar.get_by_role("combobox", name="Run")).to_have_value(
        notebook.value("runs[1].run_id")
    )

    # Names are edited in place, and the kernel knows.
    table.row("wide").locator(".nbviz-runs-name").dblclick()
    field = table.grid.get_by_role("textbox")
    field.fill("wide, 64 units")
    field.press("Enter")
    notebook.wait_for("runs[4].name", lambda name: name == "wide, 64 units")
    expect(legend(view, "loss").filter(has_text="wide, 64 units")).to_have_count(1)

    # A filter leaves out rows and curves.
    filter_box = table.root.get_by_role("searchbox", name="Filter runs")
    filter_box.fill("lr<0.015 accuracy>0.9 sgd")
    table.wait_for_names(["baseline"])
    expect(legend(view, "loss")).to_have_count(2)
    filter_box.fill("")
    expect(legend(view, "loss")).to_have_count(6)


def test_plots_are_brushed_with_table_and_curves(make_notebook: Callable[..., Notebook]) -> None:
    notebook, view, table = opened(make_notebook)
    table.root.get_by_role("button", name="Parallel").click()
    plot = table.root.locator(".nbviz-runs-plot canvas").first
    expect(plot).to_be_visible()
    picture(view, "runs-parallel-light")
    box = plot.bounding_box()
    assert box
    # The upper half of the last axis, which has the best accuracy: the first three runs.
    mouse = notebook.page.mouse
    right = box["x"] + box["width"] - 46
    mouse.move(right, box["y"] + 29)
    mouse.down()
    mouse.move(right, box["y"] + 100, steps=4)
    mouse.up()
    table.wait_for_names(["baseline", "lr 0.02", "lr 0.05"])
    expect(legend(view, "loss")).to_have_count(3)
    table.root.get_by_role("button", name="brushed").click()
    expect(legend(view, "loss")).to_have_count(6)

    table.root.get_by_role("button", name="Scatter").click()
    scatter = table.root.locator(".nbviz-runs-plot canvas").last
    expect(scatter).to_be_visible()
    table.root.get_by_role("combobox", name="Horizontal axis").select_option("parameter:width")
    picture(view, "runs-scatter-light")
    box = scatter.bounding_box()
    assert box
    # The right half: the one wide run.
    mouse.move(box["x"] + box["width"] - 60, box["y"] + 4)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 2, box["y"] + 220, steps=4)
    mouse.up()
    table.wait_for_names(["wide"])
    expect(legend(view, "accuracy")).to_have_count(2)


FILES = """\
import tempfile
import nbviz
%load_ext nbviz
directory = tempfile.TemporaryDirectory()
for lr in (0.1, 0.01, 0.001):
    with nbviz.Run(dir=f"{directory.name}/lr {lr}", config={"lr": lr}) as run:
        for step in range(1, 101):
            run.log({"loss": lr / step}, step)
"""
MAGIC = "%nbviz --logdir {directory.name} --port 6006"


def test_the_magic_shows_a_directory_and_runs_that_begin_later(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(FILES, MAGIC)
    later = "with nbviz.Run(dir=f'{directory.name}/later') as run: run.log({'loss': 1.0}, 1)"
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    expect(output).to_contain_text("--port is not used: no server runs.")
    view = View(output)
    view.wait_for_curve(100)
    table = Table(view)
    expect(table.rows).to_have_count(3)
    for name in ("lr 0.1", "lr 0.01", "lr 0.001"):
        expect(table.row(name)).to_be_visible()
    expect(legend(view, "loss")).to_have_count(3)
    notebook.value(f"exec({later!r})")
    expect(table.rows).to_have_count(4)
    expect(table.row("later")).to_be_visible()


def legend(view: View, chart: str) -> Locator:
    """The names in a chart's legend."""
    return view.curves.locator(f'[data-chart="{chart}"] .nbviz-legend-name')


PIXELS = """(chart) => {
    const [, lines, bold] = chart.querySelectorAll("canvas");
    return [lines.toDataURL(), lines.style.opacity, bold.hidden ? "" : bold.toDataURL()].join();
}"""


def pixels(view: View, chart: str) -> str:
    """The lines of a chart as they are painted."""
    return view.curves.locator(f'[data-chart="{chart}"]').evaluate(PIXELS)


def expect_painted(view: View, chart: str, other: str) -> None:
    """Wait until a chart's lines look different."""
    view.root.page.wait_for_function(
        f"([chart, other]) => ({PIXELS})(chart) !== other",
        arg=[view.curves.locator(f'[data-chart="{chart}"]').element_handle(), other],
    )
