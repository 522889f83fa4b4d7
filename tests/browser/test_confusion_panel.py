"""Confusion matrices that a cell logs: drawn, read, compared and scrubbed; and in a saved page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
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
nbviz.Dashboard(run, panels=("curves", "confusion"), arrangement="stack")
"""
LOGGED = """\
generator = np.random.default_rng(0)
names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "<b>nine</b>"]
targets = torch.arange(10).repeat_interleave(90)
for step in range(10, 51, 10):
    scores = torch.tensor(generator.normal(size=(900, 10)))
    scores[torch.arange(900), targets] += step / 12
    run.log({"loss": 1 / step}, step=step)
    run.log_confusion_matrix("val/digits", targets, scores, step, classes=names)
many = np.arange(1000).repeat(50)
for step in (10, 50):
    wrong = np.where(generator.random(50_000) < 0.3, generator.integers(0, 1000, 50_000), many)
    run.log_confusion_matrix("val/many", many, wrong, step)
run.finish()
"""
# Colours of the pixels in the middle of a matrix's cells, at rows and columns given.
CELLS = """(canvas, cells) => {
  const density = canvas.width / canvas.clientWidth;
  const { left, top, cell } = JSON.parse(canvas.dataset.frame);
  const context = canvas.getContext("2d");
  return cells.map(([y, x]) => [...context.getImageData(
    Math.floor((left + (x + 0.15) * cell) * density),
    Math.floor((top + (y + 0.15) * cell) * density), 1, 1).data].slice(0, 3).join());
}"""


def colours(card: Locator, *cells: tuple[int, int]) -> list[str]:
    return card.locator("canvas").evaluate(CELLS, [list(cell) for cell in cells])


def at_cell(card: Locator, row: int, column: int) -> dict[str, Any]:
    canvas = card.locator("canvas")
    frame = canvas.evaluate("(canvas) => JSON.parse(canvas.dataset.frame)")
    x = frame["left"] + (column + 0.5) * frame["cell"]
    return {"position": {"x": x, "y": frame["top"] + (row + 0.5) * frame["cell"]}}


def test_a_matrix_is_drawn_read_compared_and_scrubbed(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED)
    notebook.page.set_viewport_size({"width": 1340, "height": 2000})
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("confusion")
    expect(panel).to_contain_text("run.log_confusion_matrix")
    notebook.run(1)
    digits = panel.locator('[data-tag="val/digits"]')
    canvas = digits.locator("canvas")
    expect(digits).to_have_attribute("data-step", "50")
    expect(canvas).to_have_attribute("data-step", "50")
    matrix = np.array(notebook.value("run.media['val/digits'][-1].value.matrix.tolist()"))
    accuracy = matrix.diagonal().sum() / matrix.sum()
    expect(digits).to_contain_text(f"accuracy {accuracy:.3}")
    # What is right is darker than what is seldom wrong, and equal counts look alike.
    wrong = [(r, c) for r in range(10) for c in range(10) if r != c and matrix[r, c] == 1]
    seen = colours(digits, (0, 0), *wrong[:3])
    assert seen[1] == seen[2] == seen[3] != seen[0]
    canvas.hover(**at_cell(digits, *wrong[0]))
    tip = digits.locator(".nbviz-tip")
    expect(tip).to_contain_text("1 sample")
    expect(tip).to_contain_text("1.1 % of")
    canvas.focus()
    canvas.press("ArrowRight")
    expect(tip).to_contain_text("predicted")
    rows = digits.get_by_role("row")
    expect(rows).to_have_count(11)
    expect(rows.nth(10)).to_contain_text("<b>nine</b>")
    expect(rows.nth(10)).to_contain_text(f"{matrix[9, 9] / matrix[9].sum():.3f}")
    digits.get_by_role("button", name="Accuracy", exact=True).click()
    worst = int(np.argmin(matrix.diagonal() / matrix.sum(1)))
    expect(rows.nth(1)).to_contain_text(f"{matrix[worst, worst] / matrix[worst].sum():.3f}")
    snapshots.take(notebook, view.root, "confusion-wide")

    digits.get_by_role("button", name="% of target").click()
    expect(canvas).to_have_attribute("data-scale", "row")
    digits.get_by_role("combobox", name="Difference to").select_option("first")
    expect(canvas).to_have_attribute("data-reference", "10")
    first = np.array(notebook.value("run.media['val/digits'][0].value.matrix.tolist()"))
    change = (matrix.diagonal() / matrix.sum(1) - first.diagonal() / first.sum(1))[worst]
    expect(rows.nth(1)).to_contain_text(f"{change:+.3f}")
    snapshots.take(notebook, view.root, "confusion-difference")
    digits.get_by_role("combobox", name="Difference to").select_option("")

    look_at_many(panel.locator('[data-tag="val/many"]'))
    snapshots.take(notebook, view.root, "confusion-zoomed")
    panel.locator('[data-tag="val/many"] canvas').press("0")
    slider = view.root.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(canvas).to_have_attribute("data-step", "10")
    view.root.evaluate("(root) => { root.style.width = '380px'; }")
    snapshots.take(notebook, view.root, "confusion-narrow")


def look_at_many(many: Locator) -> None:
    many.scroll_into_view_if_needed()
    expect(many).to_contain_text("1,000 classes")
    large = many.locator("canvas")
    expect(large).to_have_attribute("data-span", "0 0 1000")
    assert many.get_by_role("row").count() < 60  # those in sight
    large.focus()
    for _ in range(9):
        large.press("+")
    expect(large).to_have_attribute("data-zoomed", "true")


def test_a_saved_page_shows_and_scrubs_it(
    open_saved: Callable[[Path], Page], tmp_path: Path
) -> None:
    run = nbviz.Run("saved")
    for step in (1, 2, 3):
        run.log({"loss": 1 / step}, step=step)
        run.log_confusion_matrix("c", matrix=np.eye(3) * step + 1, step=step)
    run.finish()
    path = nbviz.Dashboard(run).save_html(tmp_path / "page.html")
    page = open_saved(path)
    page.locator("[data-tab=confusion]").click()
    canvas = page.locator(".nbviz-slot-confusion canvas")
    expect(canvas).to_have_attribute("data-step", "3")
    slider = page.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(canvas).to_have_attribute("data-step", "1")
    page.get_by_role("combobox", name="Difference to").select_option("first")
    expect(canvas).to_have_attribute("data-reference", "1")
