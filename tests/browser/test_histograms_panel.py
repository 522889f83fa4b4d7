"""Histograms that a cell logs: ridges, heat and bands are drawn, scrubbed, and overlaid by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator, Page
    from view import Snapshots

CELL = """\
import numpy as np, nbviz
runs = []
for number in range(2):
    run = nbviz.Run(f"run {number + 1}", overhead_budget=1)
    random = np.random.default_rng(number)
    for step in range(1, 41):
        values = random.normal(step / 10 * (1 - 2 * number), 1 + step / 20, 3000)
        run.log_histogram("logits", values, step=step)
        run.log_histogram("weights", np.append(values * 0.1, np.zeros(9000)), step=step)
    run.log_histogram("large", random.normal(size=1 << 20), step=40)
    run.finish()
    runs.append(run)
nbviz.Dashboard(*runs, panels=["histograms"], arrangement="stack")
"""
# How many pixels are of a colour that is no grey, and how many rows have one.
INK = """async (canvas) => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  let ink = 0;
  const rows = new Set();
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.subarray(i, i + 4);
    if (a > 40 && Math.max(r, g, b) - Math.min(r, g, b) > 40) {
      ink += 1;
      rows.add(Math.floor(i / 4 / width));
    }
  }
  return [ink / (width * height), rows.size / height];
}"""


def test_histograms_are_seen_in_each_form(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots, open_saved: Callable[[Path], Page]
) -> None:
    notebook = make_notebook(CELL)
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("histograms")
    logits = panel.locator("[data-tag=logits]")
    expect(logits).to_have_attribute("data-step", "40")
    expect(panel.locator("[data-tag=large]")).to_contain_text("sampled: ")

    def drawn(form: str) -> tuple[float, float]:
        panel.get_by_role("button", name=form, exact=True).click()
        expect(panel.get_by_role("button", name=form, exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        snapshots.take(notebook, view.root, f"histograms-{form.lower()}")
        return tuple(logits.locator("canvas").evaluate(INK))

    for form in ("Heat", "Bands", "Ridges"):
        ink, rows = drawn(form)
        assert ink > 0.05, form
        assert rows > 0.5, form

    canvas = logits.locator("canvas")
    canvas.hover(position={"x": 60, "y": 120})
    expect(logits.locator(".nbviz-tip")).to_contain_text("step")
    canvas.focus()
    canvas.press("ArrowUp")
    canvas.press("Enter")
    chosen = shown_step(logits)
    assert chosen < 40
    expect(view.root.locator(".nbviz-timeline-step")).to_contain_text(f"step {chosen} of 40")

    panel.get_by_role("button", name="All runs").click()
    panel.get_by_role("button", name="Log", exact=True).click()
    notebook.page.mouse.move(0, 0)
    for form in ("Bands", "Ridges"):
        panel.get_by_role("button", name=form, exact=True).click()
        snapshots.take_as_it_is(view.root, f"histograms-overlaid-{form.lower()}")

    path = notebook.lab.folder / "histograms.html"
    notebook.value(f"str(nbviz.Dashboard(*runs).save_html({str(path)!r}))")
    page = open_saved(path)
    page.locator("[data-tab=histograms]").click()
    saved = page.locator(".nbviz-slot-histograms [data-tag=logits]")
    expect(saved).to_have_attribute("data-step", "40")
    page.get_by_role("slider", name="Step shown").press("Home")
    expect(saved).to_have_attribute("data-step", "1")
    assert saved.locator("canvas").evaluate(INK)[0] > 0.05


def shown_step(card: Locator) -> int:
    """The step that a card shows once a choice has come to it."""
    expect(card).not_to_have_attribute("data-step", "40")
    return int(card.get_attribute("data-step") or 0)
