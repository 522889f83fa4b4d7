"""PR, ROC and calibration of what a cell logs: drawn, a threshold moved, and in a saved page."""

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
import numpy as np, torch, nbviz
run = nbviz.Run("digits", overhead_budget=1)
nbviz.Dashboard(run, panels=("curves", "roc"), arrangement="stack")
"""
LOGGED = """\
generator = np.random.default_rng(0)
targets = generator.random(2000) < 0.3
classes = torch.arange(10).repeat_interleave(60)
names = [f"digit {i}" for i in range(9)] + ["<b>nine</b>"]
for step in range(10, 51, 10):
    run.log({"loss": 1 / step}, step=step)
    scores = np.clip(generator.normal(size=2000) * 0.2 + targets * step / 120 + 0.3, 0, 1)
    run.log_pr_curve("val/spam", targets, scores, step)
    logits = torch.tensor(generator.normal(size=(600, 10)))
    logits[torch.arange(600), classes] += step / 15
    run.log_pr_curve("val/digits", classes, logits.softmax(1), step, classes=names)
run.finish()
"""
# The places of a line's points in its plot, 0 to 1 along both sides.
POINTS = """(path) => path.getAttribute("d").slice(1).split("L").map((place) => {
  const [x, y] = place.split(" ").map(Number);
  return [(x - 44) / 206, 1 - (y - 8) / 190];
})"""
CURVE = "[run.media['val/spam'][-1].value.curves[0]][0]"


def test_curves_are_drawn_and_a_threshold_is_moved(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED)
    notebook.page.set_viewport_size({"width": 1340, "height": 2000})
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("roc")
    expect(panel).to_contain_text("run.log_pr_curve")
    notebook.run(1)
    spam = panel.locator('[data-tag="val/spam"]')
    expect(spam.locator(".nbviz-roc-view")).to_have_attribute("data-step", "50")
    auc = notebook.value(f"{CURVE}.roc_auc")
    expect(spam).to_contain_text(f"AUC {auc:.3f}")
    roc = spam.get_by_role("img", name="ROC")
    drawn = np.array(roc.locator(".nbviz-roc-line").evaluate(POINTS))
    points = np.array(notebook.value(f"{CURVE}.points.tolist()"))
    positives, negatives = notebook.value(f"[{CURVE}.positives, {CURVE}.negatives]")
    expected = np.vstack([[0, 0], points[:, [2, 1]] / [negatives, positives]])
    np.testing.assert_allclose(drawn, expected, atol=0.001)

    slider = spam.get_by_role("slider", name="Threshold")
    slider.focus()
    slider.press("Home")
    table = spam.get_by_role("table", name="Predictions")
    expect(table).to_contain_text(f"{positives:,} ✓")
    expect(table).to_contain_text(f"{negatives:,} ✕")
    for _ in range(5):
        slider.press("ArrowRight")
    true = notebook.value(f"int({CURVE}.true_positives[5])")
    expect(table).to_contain_text(f"{true:,} ✓")
    box = roc.bounding_box()
    assert box is not None
    notebook.page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    expect(slider).not_to_have_attribute("aria-valuetext", "0.040")
    spam.get_by_role("button", name="best F1").click()

    digits = panel.locator('[data-tag="val/digits"]')
    rows = digits.get_by_role("table", name="Classes").get_by_role("row")
    expect(rows).to_have_count(11)
    rows.nth(10).click()
    expect(digits.get_by_role("table", name="Predictions")).to_contain_text("is <b>nine</b>")
    snapshots.take(notebook, view.root, "roc-wide")

    step = view.root.get_by_role("slider", name="Step shown")
    step.focus()
    step.press("Home")
    expect(spam.locator(".nbviz-roc-view")).to_have_attribute("data-step", "10")
    view.root.evaluate("(root) => { root.style.width = '400px'; }")
    snapshots.take(notebook, view.root, "roc-narrow")


def test_a_saved_page_shows_and_scrubs_them(
    open_saved: Callable[[Path], Page], tmp_path: Path
) -> None:
    run = nbviz.Run("saved")
    for step in (1, 2, 3):
        run.log({"loss": 1 / step}, step=step)
        run.log_pr_curve("c", [0, 1, 1], [0.2, 0.1 * step, 0.9], step)
    run.finish()
    path = nbviz.Dashboard(run).save_html(tmp_path / "page.html")
    page = open_saved(path)
    page.locator("[data-tab=roc]").click()
    view = page.locator(".nbviz-roc-view")
    expect(view).to_have_attribute("data-step", "3")
    expect(view).to_contain_text("AUC 1.000")
    slider = page.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(view).to_have_attribute("data-step", "1")
    expect(view).to_contain_text("AUC 0.500")
