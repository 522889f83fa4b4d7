"""A run of a thousand tags: folded, found, and whole once looked at."""

from __future__ import annotations

import csv
import io
import re
import struct
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

LOGGED = """\
import nbviz
names = ["grad_norm", "weight_norm", "mean", "std", "max", "min", "rank", "dead", "top", "low"]
tags = [f"layer{i}/block{j}/{name}" for i in range(10) for j in range(10) for name in names]
run = nbviz.Run("many")
def log(first, last):
    for step in range(first, last + 1):
        run.log({tag: step + place for place, tag in enumerate(tags)} | {"loss/train": 1 / step},
                step=step)
log(1, 300)
"""
SHOWN = "dashboard = nbviz.Dashboard(run); dashboard"
LATER = "log(301, 600)"
SENT = "sum(dashboard.transport._cursor.runs[run.run_id].panels['curves'].points)"


def test_a_thousand_tags(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(LOGGED, SHOWN, LATER)
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_curve(300)
    curves = view.curves
    charts = curves.locator(".nbviz-chart")
    expect(charts).to_have_count(1)
    headings = curves.locator(".nbviz-curves-heading")
    expect(headings).to_have_count(10)
    expect(headings.first).to_contain_text("100 charts")
    # Panels for which there is nothing to show are not there.
    for name in ("weights", "graph", "media"):
        expect(view.root.locator(f".nbviz-slot-{name}")).to_be_hidden()
        expect(view.root.locator(f"[data-tab={name}]")).to_have_count(0)
    all_charts_are_saved_open_or_not(notebook, view)

    notebook.run(2)
    view.wait_for_curve(600)
    assert [step for step, _ in view.points("loss/train")] == list(range(1, 601))
    assert notebook.value("[len(run[tag]) for tag in tags]") == [600] * 1000

    curves.locator('[aria-label="layer7"] > button').click()
    expect(charts).to_have_count(1)
    curves.locator('[aria-label="layer7/block3"] > button').click()
    expect(charts).to_have_count(11)
    newest_is_shown(notebook, view, "layer7/block3/grad_norm")
    place = notebook.value("tags.index('layer7/block3/grad_norm')")
    points = view.points("layer7/block3/grad_norm")
    assert points == [(step, step + place) for step in range(1, 601)]

    filter_box = curves.get_by_role("searchbox", name="Filter tags")
    filter_box.fill(r"layer[12]/block0/(grad|weight)_norm")
    expect(charts).to_have_count(4)
    newest_is_shown(notebook, view, "layer1/block0/weight_norm")
    filter_box.fill("norm")
    expect(curves.locator(".nbviz-strip-found")).to_have_text("200 of 1,001")
    filter_box.fill("")
    expect(charts).to_have_count(11)


def all_charts_are_saved_open_or_not(notebook: Notebook, view: View) -> None:
    rows = list(csv.DictReader(io.StringIO(view.save("CSV").decode())))
    found = {row["tag"] for row in rows}
    assert found == {"loss/train", *notebook.value("tags")}
    assert len(rows) == 300 * 1001
    last = [float(row["value"]) for row in rows if row["tag"] == "layer9/block9/low"]
    assert last == [step + 999 for step in range(1, 301)]
    filter_box = view.curves.get_by_role("searchbox", name="Filter tags")
    filter_box.fill("block3/(rank|dead)|loss")
    expect(view.curves.locator(".nbviz-strip-found")).to_have_text("21 of 1,001")
    assert view.save("SVG").count(b"<clipPath") == 21
    filter_box.fill("norm")
    expect(view.curves.locator(".nbviz-chart")).to_have_count(0)
    picture = view.save("PNG")
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert 0.5 < width / height < 2
    filter_box.fill("")
    expect(view.curves.locator(".nbviz-chart")).to_have_count(1)


def newest_is_shown(notebook: Notebook, view: View, tag: str) -> None:
    """Look at a tag's chart, and wait until its newest value stands beside its name."""
    chart = view.curves.locator(f'[data-chart="{tag}"]')
    chart.scroll_into_view_if_needed()
    notebook.page.mouse.move(0, 0)  # over a chart the pointer would show the values there
    newest = 600 + notebook.value(f"tags.index({tag!r})")
    # Legends write thousands with a separator.
    value = re.compile(f"^{newest:,}$".replace(",", ",?"))
    expect(chart.locator(".nbviz-legend-value")).to_have_text(value)
