"""Tables that a cell logs: scrolled, sorted, filtered and scrubbed; and in a saved page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from playwright.sync_api import expect
from view import View

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Page
    from view import Snapshots

SHOWN = """\
import numpy as np, pandas as pd, nbviz
run = nbviz.Run("digits", overhead_budget=1)
nbviz.Dashboard(run, panels=("curves", "tables"), arrangement="stack")
"""
LOGGED = """\
generator = np.random.default_rng(0)
names = np.array(["cat", "dog", "<b>bird</b>"])
rows, columns = np.mgrid[0:40, 0:40]
for step in (10, 20):
    run.log({"loss": 1 / step}, step=step)
    kinds = generator.integers(0, 3, 100_000)
    run.log_table("val/all", pd.DataFrame({
        "id": np.arange(100_000), "score": generator.random(100_000) * step,
        "class": names[kinds], "right": kinds == 0}), step)
    wave = lambda i: np.sin(rows / (2 + i)) * np.cos(columns / (1 + i)) / 2 + 0.5
    waves = np.stack([wave(i) for i in range(60)])
    run.log_table("val/pictures", {"image": waves, "predicted": names[kinds[:60]],
                                   "probability": generator.random(60)}, step)
run.finish()
"""


def test_a_table_is_scrolled_sorted_filtered_and_scrubbed(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED)
    notebook.page.set_viewport_size({"width": 1340, "height": 1800})
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("tables")
    expect(panel).to_contain_text("run.log_table")
    notebook.run(1)
    card = panel.locator('[data-tag="val/all"]')
    expect(card).to_have_attribute("data-step", "20")
    expect(card).to_contain_text("100,000 rows × 4 columns")
    table = card.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", "100001")
    assert table.get_by_role("row").count() < 60  # those in sight
    table.evaluate("(table) => { table.scrollTop = table.scrollHeight; }")
    last = table.locator("[data-row='99999']")
    expect(last).to_contain_text("99999")
    score = np.array(notebook.value("run.media['val/all'][-1].value.columns[1].data.tolist()"))
    table.get_by_role("button", name="score").click()
    first = table.locator("[data-row='0']")
    expect(first.get_by_role("cell").first).to_have_text(str(int(score.argmin())))
    table.get_by_role("button", name="score").click()
    expect(first.get_by_role("cell").first).to_have_text(str(int(score.argmax())))
    card.get_by_role("searchbox").fill("class = <b>bird</b> and score > 19")
    kinds = np.array(notebook.value("run.media['val/all'][-1].value.to_dict()['class']"))
    count = int(((kinds == "<b>bird</b>") & (score > 19)).sum())
    expect(card).to_contain_text(f"{count:,} rows found.")
    expect(table).to_have_attribute("aria-rowcount", str(count + 1))

    shown = panel.locator('[data-tag="val/pictures"]')
    shown.scroll_into_view_if_needed()
    image = shown.locator("img").first
    size = image.evaluate("(image) => image.decode().then(() => image.naturalWidth)")
    assert size == 40
    shown.get_by_role("button", name="probability").click()
    snapshots.take(notebook, view.root, "tables-wide")

    slider = view.root.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(card.locator(".nbviz-tables-view")).to_have_attribute("data-step", "10")
    view.root.evaluate("(root) => { root.style.width = '400px'; }")
    snapshots.take(notebook, view.root, "tables-narrow")


def test_a_saved_page_has_the_first_rows_and_arranges_them(
    open_saved: Callable[[Path], Page], tmp_path: Path
) -> None:
    run = nbviz.Run("saved")
    for step in (1, 2):
        run.log({"loss": 1 / step}, step=step)
        run.log_table("t", {"n": np.arange(3000) * step, "image": np.zeros((3000, 4, 4))}, step)
    run.finish()
    path = nbviz.Dashboard(run).save_html(tmp_path / "page.html")
    page = open_saved(path)
    page.locator("[data-tab=tables]").click()
    view = page.locator(".nbviz-tables-view")
    expect(view).to_have_attribute("data-step", "2")
    expect(view).to_contain_text("The first 1,000 of 3,000 rows are saved in this page.")
    view.get_by_role("button", name="n", exact=True).click()
    view.get_by_role("button", name="n").click()
    expect(view.locator("[data-row='0']").get_by_role("cell").first).to_have_text("1998")
    slider = page.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(view).to_have_attribute("data-step", "1")
    expect(view.locator("[data-row='0']").get_by_role("cell").first).to_have_text("999")
