"""What is left of charts without a kernel: pictures in notebooks, files, pages of boxes."""

import base64
import hashlib
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import ipywidgets
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image

import nbviz
from nbviz import charts
from nbviz.errors import ConfigurationError, MissingDependencyError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    return InteractiveShell.instance()


def test_a_cell_saves_the_picture_beside_the_live_chart(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    for chart in (charts.line([1, 2, 3], title="loss"), charts.heatmap([[1, 2], [3, 4]])):
        with capture_output() as captured:
            chart._ipython_display_()
        live, picture = (output.data for output in captured.outputs)
        assert live[WIDGET_VIEW]["model_id"] == chart.model_id
        assert picture["text/plain"] == chart.said()
        assert Image.open(io.BytesIO(np.frombuffer(_bytes(picture["image/png"]), "u1"))).width > 600
        html = picture["text/html"]
        assert f'alt="{chart.said()}"' in html
        # The picture goes while the chart is on the page, and only then.
        (shown,) = re.findall(r"nbviz-chart-\w+", " ".join(chart._dom_classes))
        assert f":root:has(.{shown}) .jp-OutputArea-child" in html
        # So does a sentence in its place that says that it is gone.
        assert ":not(:has(.jupyter-widgets>:not(script)))" in html


def test_the_picture_follows_an_update(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    chart = charts.bar([1, 2])
    with capture_output():
        chart.show()
    updates: list[object] = []
    monkeypatch.setattr(chart._beside._handles[0], "update", lambda data, raw: updates.append(data))
    for value in range(50):
        chart.update([value, 2], title=f"value {value}")
    assert len(updates) <= 2
    shell.events.trigger("post_run_cell", None)
    assert "value 49" in updates[-1]["text/plain"]
    count = len(updates)
    shell.events.trigger("post_run_cell", None)
    assert len(updates) == count


def test_a_chart_is_written_as_a_file(tmp_path: Path) -> None:
    chart = charts.pie([1, 2, 3])
    assert ET.parse(chart.save(tmp_path / "pie.svg")).getroot().tag.endswith("svg")
    assert Image.open(chart.save(tmp_path / "pie.png")).size == (1280, 800)
    assert chart.save(tmp_path / "pie.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(ConfigurationError, match=r"saved as \.svg, \.png, \.pdf; got"):
        chart.save(tmp_path / "pie.html")


def test_a_box_is_a_page_that_fetches_nothing_and_runs_nothing_of_the_data(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    tabs = ipywidgets.Tab([charts.heatmap([[1, 2], [3, 4]], title=evil)])
    tabs.set_title(0, f"cells {evil}")
    box = ipywidgets.VBox(
        [
            ipywidgets.HTML(f"<h2>Results</h2>{evil}<img src=http://x/y.png>"),
            ipywidgets.HBox([charts.line([1, 2], title="loss"), charts.scatter([1, 2], [1, 2])]),
            tabs,
            ipywidgets.IntSlider(3, description="bins"),
            ipywidgets.Button(description="press"),
            nbviz.Dashboard(nbviz.Run("a run")),
        ]
    )
    path = nbviz.save_html(box, tmp_path / "charts.html", title="All <of> them")
    page = path.read_text()
    assert page.count("data:image/svg+xml;base64,") == 4
    assert "<h1>All &lt;of&gt; them</h1>" in page
    for said in ("<p>Results</p>", "<p>bins 3</p>", "cells &lt;script&gt;"):
        assert said in page
    # Nothing runs but what draws the matrix in the place of its picture.
    inert, script = re.findall(r"<script type=(.*?)</script>", page, re.DOTALL)
    assert page.count("<script") == 2
    data = json.loads(inert.removeprefix('"application/json" id="nbviz-page">'))
    assert [one["title"] for one in data["charts"]] == ["<script>alert(1)</script>"]
    assert page.count('data-nbviz-chart="0"') == 1
    digest = hashlib.sha256(script.removeprefix('"module">').encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}' blob:;" in page
    assert "default-src 'none'" in page
    still = nbviz.save_html(charts.line([1, 2]), tmp_path / "still.html").read_text()
    assert "<script" not in still
    assert "script-src" not in still
    assert "http" not in still.replace("http-equiv", "")
    with pytest.raises(ConfigurationError, match="nothing in the HBox that a page"):
        nbviz.save_html(ipywidgets.HBox(), tmp_path / "empty.html")
    with pytest.raises(ConfigurationError, match=r"ends with \.html"):
        nbviz.save_html(box, tmp_path / "charts.pdf")
    with pytest.raises(ConfigurationError, match="writes a widget, got list"):
        nbviz.save_html([box], tmp_path / "charts.html")


def test_a_closed_chart_leaves_no_widget_behind() -> None:
    before = set(_widgets())
    chart = charts.scatter([1, 2], [3, 4], color=["a", "b"])
    chart.update(color=None)
    chart.close()
    left = {type(_widgets()[key]).__name__ for key in set(_widgets()) - before}
    assert left <= {"Layout", "Tooltip", "LinearScale", "Toolbar"}  # of the marks of before
    chart.update([1, 2, 3], [4, 5, 6])
    chart.open()
    assert all(part.comm is not None for part in (chart, chart.layout, *chart.marks, *chart.axes))
    assert chart.get_state()["marks"] == [f"IPY_MODEL_{chart.marks[0].model_id}"]
    chart.close()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "contourpy", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "nbviz\[charts\]"'):
        charts.contour([[1, 2], [3, 4]])


def _widgets() -> dict[str, object]:
    """All widgets that are open; ipywidgets 7 keeps them elsewhere."""
    found = getattr(ipywidgets.widgets.widget, "_instances", None)
    return dict(ipywidgets.Widget.widgets if found is None else found)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
