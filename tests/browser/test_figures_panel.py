"""Figures of plotting libraries that a cell logs: drawn, scrubbed, magnified, and saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator, Page
    from view import Snapshots

CELL = """\
import sys; sys.modules["kaleido"] = None
import altair as alt, numpy as np, plotly.graph_objects as go, nbviz
from matplotlib.figure import Figure
run = nbviz.Run("figures", overhead_budget=1)
x = np.linspace(0, 10, 200)
for step in (10, 20, 30):
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.add_subplot(xlabel="x", ylabel="y", title=f"fit at step {step}")
    axes.plot(x, np.sin(x)); axes.plot(x, np.sin(x) * step / 40, "--")
    run.log_figure("fits/sine", figure, step=step)
    data = alt.Data(values=[{"class": one, "count": n * step} for n, one in enumerate("abcd")])
    chart = alt.Chart(data).mark_bar().encode(x="class:N", y="count:Q")
    run.log_figure("fits/counts", chart.properties(width=260, height=180), step=step)
    layout = {"title": "Loss", "xaxis": {"title": "epoch"}, "yaxis": {"title": "loss"}}
    points = go.Scatter(x=[1, 2, 3], y=[3, step, 5], name="train", mode="lines+markers")
    other = go.Scatter(x=[1, 2, 3], y=[4, 2 * step, 1], name="validation")
    run.log_figure("plotly", go.Figure([points, other], layout), step=step)
    data = alt.Data(values=[{"a": a, "b": a * step} for a in range(6)])
    chart = alt.Chart(data).mark_bar().encode(x="a:O", y="b:Q", tooltip=["a:O", "b:Q"])
    run.log_figure("altair", chart, step=step)
run.finish()
nbviz.Dashboard(run, panels=["figures"], arrangement="stack")
"""
COLOR = """async (image) => {
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {width: 3, height: 3});
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, 3, 3);
  return [image.naturalWidth, image.naturalHeight, ...context.getImageData(0, 0, 1, 1).data];
}"""


def test_figures_are_seen_at_any_step_and_magnified(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots, open_saved: Callable[[Path], Page]
) -> None:
    notebook = make_notebook(CELL)
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("figures")
    sine = panel.locator('[data-tag="fits/sine"]')
    expect(sine).to_have_attribute("data-step", "30")
    width, height, *pixel = sine.locator("img").evaluate(COLOR)
    assert (width, height) == (720, 460)
    assert pixel[3] == 255
    counts = panel.locator('[data-tag="fits/counts"]')
    expect(counts).to_contain_text("altair")
    snapshots.take(notebook, view.root, "figures")

    slider = view.root.get_by_role("slider", name="Step shown")
    slider.press("Home")
    expect(sine).to_have_attribute("data-step", "10")
    slider.press("End")
    expect(sine).to_have_attribute("data-step", "30")

    picture = sine.locator("button.nbviz-items-picture")
    picture.click()
    expect(sine).to_have_attribute("data-enlarged", "true")
    picture.press("+")
    picture.press("+")
    expect(picture).to_have_attribute("data-zoom", "2.25")
    before = sine.locator("img").bounding_box()
    picture.press("ArrowRight")
    pictured = sine.locator(".nbviz-items-pictured")
    expect(pictured).to_have_attribute("style", re.compile(r"translate\(-40px"))
    after = sine.locator("img").bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"] - 40, abs=1)
    snapshots.take_as_it_is(view.root, "figures-magnified")
    picture.click()
    expect(picture).to_have_attribute("data-zoom", "1")
    picture.click()
    expect(sine).to_have_attribute("data-enlarged", "false")

    widgets = "len(__import__('ipywidgets').widgets.widget._instances)"
    before = notebook.value(widgets)
    check_interactive(panel, slider, snapshots, notebook)
    assert notebook.value(widgets) == before  # it needs no widget of theirs

    check_saved(notebook, open_saved)


def check_saved(notebook: Notebook, open_saved: Callable[[Path], Page]) -> None:
    """A page without a kernel has pictures at each step, or says what draws them."""
    path = notebook.lab.folder / "figures.html"
    notebook.value(f"str(nbviz.Dashboard(run).save_html({str(path)!r}))")
    page = open_saved(path)
    page.locator("[data-tab=figures]").click()
    saved = page.locator('.nbviz-slot-figures [data-tag="fits/sine"]')
    saved.scroll_into_view_if_needed()
    expect(saved).to_have_attribute("data-step", "30")
    page.get_by_role("slider", name="Step shown").press("Home")
    expect(saved).to_have_attribute("data-step", "10")
    assert saved.locator("img").evaluate(COLOR)[0] == 720
    kept = page.locator(".nbviz-slot-figures")
    kept.locator('[data-tag="altair"]').scroll_into_view_if_needed()
    expect(kept.locator('[data-tag="altair"] img')).to_be_visible()
    expect(kept.locator('[data-tag="plotly"]')).to_contain_text("pip install kaleido")


def check_interactive(
    panel: Locator, slider: Locator, snapshots: Snapshots, notebook: Notebook
) -> None:
    """Plotly and Vega answer to the pointer in the card, at the step of the time line."""
    plotly = panel.locator('[data-tag="plotly"]')
    plotly.scroll_into_view_if_needed()
    expect(plotly.locator("[data-drawn-step]")).to_have_attribute("data-drawn-step", "30")
    plotly.locator(".points path").nth(1).hover(force=True)
    expect(plotly.locator(".hovertext")).to_contain_text(["30"])
    altair = panel.locator('[data-tag="altair"]')
    altair.scroll_into_view_if_needed()
    expect(altair.locator("[data-drawn-step]")).to_have_attribute("data-drawn-step", "30")
    bar = altair.locator(".mark-rect path").nth(5)
    bar.hover()
    tooltip = panel.page.locator("#vg-tooltip-element.visible")
    expect(tooltip).to_contain_text("150")
    snapshots.take_as_it_is(panel, "figures-interactive")

    slider.press("Home")
    expect(plotly.locator("[data-drawn-step]")).to_have_attribute("data-drawn-step", "10")
    expect(altair.locator("[data-drawn-step]")).to_have_attribute("data-drawn-step", "10")
    plotly.get_by_role("button", name="Enlarge plotly").click()
    expect(plotly.locator(".legendtext").first).to_have_text("train")
    snapshots.take_as_it_is(plotly, "figures-interactive-enlarged")
    plotly.get_by_role("button", name="Enlarge plotly").click()
    expect(plotly.locator(".legendtext")).to_have_count(0)
    assert panel.page.evaluate("() => 'Plotly' in window") is False
