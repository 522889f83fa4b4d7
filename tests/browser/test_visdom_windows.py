"""visdom's windows in JupyterLab: drawn live, in tabs; readers' acts reach Python; nothing runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator

SHOWN = """\
import nbviz, numpy as np
random = np.random.default_rng(0)
viz = nbviz.Visdom()
loss = viz.line(Y=np.array([1.0]), X=np.array([0.0]), opts=dict(title="loss", legend=["train"]))
viz.scatter(random.random((90, 2)), np.repeat([1, 2, 3], 30), win="points",
            opts=dict(title="points", legend=["a", "b", "c"], markersize=7))
viz.scatter(random.random((90, 3)), np.repeat([1, 2, 3], 30), win="space",
            opts=dict(title="space"))
viz.heatmap(np.outer(np.arange(1, 6), np.arange(1, 9)), win="heat", opts=dict(title="heatmap"))
viz.bar(random.random((5, 3)), win="bars",
        opts=dict(title="bars", stacked=True, legend=list("xyz")))
viz.boxplot(random.normal(size=(60, 2)), win="boxes", opts=dict(title="boxes"))
grid = np.add.outer(np.linspace(-2, 2, 40) ** 2, np.linspace(-2, 2, 40) ** 2)
viz.surf(np.exp(-grid), win="surface", opts=dict(title="surface", colormap="Hot"))
viz.contour(np.exp(-grid), win="contours", opts=dict(title="contours"))
viz.pie([19, 26, 55], win="pie", opts=dict(title="pie", legend=["r", "n", "u"]))
viz.images(random.random((8, 3, 32, 32)), nrow=4, win="images",
           opts=dict(title="images", caption="c"))
viz.svg('<svg width="90" height="60"><circle cx="40" cy="30" r="20"/></svg>', win="svg")
viz.graph([(0, 1), (1, 2), (2, 0)], win="graph", opts=dict(title="graph", width=340, height=280))
viz.parallel_coordinates(random.random((30, 4)), win="parallel", opts=dict(title="parallel"))
viz.audio(tensor=np.sin(np.arange(4410) / 20), win="sound", opts=dict(title="sound"))
viz.text('<b id="kept">bold</b><script>window.hacked = 1</script>'
         '<img src="x" onerror="window.hacked = 2"><a href="javascript:window.hacked = 3">link</a>',
         win="text")
viz.properties([{"type": "text", "name": "Rate", "value": "1"},
                {"type": "select", "name": "Color", "value": 1, "values": ["Red", "Green"]}],
               win="fields")
viz.text("elsewhere", win="other", env="second")
heard = []
for name in ("text", "fields", "images", "pie"):
    viz.register_event_handler(heard.append, name)
"""
LOOP = """\
for step in range(1, 400):
    viz.line(Y=np.array([1 / step]), X=np.array([float(step)]), win=loss, update="append")
viz.line(Y=np.ones((3, 2)), X=np.arange(3), win="later", env="main", opts=dict(title="later"))
"""
BUSY = """\
import nbviz, pathlib, time
viz, step = nbviz.Visdom(), 0
while not pathlib.Path({stop!r}).exists():
    viz.line(Y=[step], X=[step], win="loss", update="append", opts=dict(title="loss"))
    step += 1
    time.sleep(0.01)
"""
INK = """(canvas) => {
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  const found = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200)
    found.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
  return found.size;
}"""


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(SHOWN, LOOP)
    notebook.run(0)
    return notebook


def window(output: Locator, name: str) -> Locator:
    return output.locator(f"[data-win={name}]")


def act(notebook: Notebook, output: Locator) -> None:
    """What a reader does in windows reaches Python."""
    text = window(output, "text")
    text.focus()
    text.press("a")
    notebook.wait_for("[one.get('key') for one in heard]", lambda keys: keys == ["a"])
    window(output, "fields").get_by_label("Rate").fill("2")
    window(output, "fields").get_by_label("Rate").press("Enter")
    notebook.wait_for("heard[-1].get('value')", lambda value: value == "2")
    window(output, "images").locator("img").click()
    notebook.wait_for("heard[-1]['event_type']", lambda kind: kind == "Click")
    # The middle of two rows of four images of 32 × 32, with 2 pixels around each.
    at = notebook.value("heard[-1]['image_coord']")
    assert abs(at["x"] - 72) <= 1
    assert abs(at["y"] - 36) <= 1
    window(output, "pie").get_by_label("Close").click()
    expect(window(output, "pie")).to_have_count(0)
    assert not notebook.value("viz.win_exists('pie')")


def test_windows_are_drawn_live_and_tell_what_readers_do(
    notebook: Notebook, tmp_path: Path
) -> None:
    page, output = notebook.page, notebook.output(0)
    windows = output.locator(".nbviz-windows")
    expect(windows).to_have_attribute("data-windows", "16")
    output.get_by_role("tab", name="second").click()
    expect(window(output, "other")).to_contain_text("elsewhere")
    output.get_by_role("tab", name="second").press("ArrowLeft")
    expect(windows).to_have_attribute("data-windows", "16")
    grid = output.locator(".nbviz-windows-grid")
    grid.evaluate("(grid) => { grid.style.maxHeight = 'none'; }")
    for name in ("points", "space", "heat", "bars", "boxes", "surface", "contours", "pie"):
        shown = window(output, name)
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_attribute("data-drawn", re.compile(r"\d+"))
        canvas = shown.locator("canvas").first
        expect(canvas).to_have_attribute("data-frames", re.compile(r"\d+"))
        assert canvas.evaluate(INK) > 3, name
    for name in ("images", "svg", "graph", "parallel", "sound", "fields"):
        window(output, name).scroll_into_view_if_needed()
        expect(window(output, name)).to_have_attribute("data-drawn", re.compile(r"\d+"))

    # Nothing that was logged has run, and what formats is there.
    text = window(output, "text")
    text.scroll_into_view_if_needed()
    expect(text.locator("b")).to_have_text("bold")
    assert text.locator("script, [onerror], [href]").count() == 0
    assert page.evaluate("window.hacked") is None

    act(notebook, output)

    # Another cell shows what it draws in, and what is added to a line comes here, too.
    notebook.run(1)
    later = notebook.output(1).locator(".nbviz-windows")
    expect(later).to_have_attribute("data-windows", "2")
    line = later.locator(".nbviz-window").first
    line.scroll_into_view_if_needed()
    expect(line.locator("canvas")).to_have_attribute("aria-label", re.compile("400 values"))

    page.set_viewport_size({"width": 1280, "height": 3000})
    windows.screenshot(path=tmp_path / "light.png")
    notebook.set_theme("dark")
    expect(windows).to_have_attribute("data-theme", "dark")
    windows.screenshot(path=tmp_path / "dark.png")

    # A reader without a kernel sees the picture that was saved.
    content = notebook.save()
    kinds = {kind for out in content["cells"][0]["outputs"] for kind in out["data"]}
    assert {"text/html", "image/png"} <= kinds
    saved = [out["data"].get("text/plain", "") for out in content["cells"][0]["outputs"]]
    assert any("points" in "".join(one) for one in saved)


def test_a_cell_that_keeps_an_old_kernel_busy_is_drawn_meanwhile(
    make_notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    notebook = make_notebook(BUSY.format(stop=str(stop)), kernel="ipykernel-6.29")
    notebook.run(0, wait=False)
    line = window(notebook.output(0), "loss").locator("canvas")
    expect(line).to_have_attribute("aria-label", re.compile(r"\b\d{3,} values"))
    notebook.page.screenshot(path=tmp_path / "busy.png")
    stop.touch()
    total = notebook.wait_for("step")
    expect(line).to_have_attribute("aria-label", re.compile(f"{total} values"))
