"""Charts of a user's own data and the drawing pad in JupyterLab: drawn, selected, drawn on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator
    from view import Snapshots

BQPLOT = """\
import ipywidgets, numpy as np, torch
from nbviz import charts
evil = "<img src=x onerror='window.ran = 1'>"
rng = np.random.default_rng(0)
values = rng.normal(size=(300, 2)) + np.repeat([[0, 0], [3, 3], [6, 0]], 100, axis=0)
classes = np.repeat(["a", evil, "c"], 100)
scatter = charts.scatter(values, color=classes, title=evil)
line = charts.line({"train": np.exp(-np.arange(60) / 20), evil: np.exp(-np.arange(60) / 30) + .1},
                   title="loss")
histogram = charts.histogram(torch.randn(2000), bins=20, title="weights", color="teal")
bar = charts.bar(["cat", "dog", evil], [[.9, .8], [.7, .6], [.5, .4]], labels=["train", "test"])
pie = charts.pie([30, 50, 20], labels=["train", "validation", evil])
boxplot = charts.boxplot(values[:, 0], by=classes, title="boxes")
roc = charts.roc_curve(rng.integers(0, 2, 300), rng.random(300), title="by chance")
stem = charts.stem([.3, -.2, .5], labels=["x", "y", "z"])
grid = ipywidgets.Layout(grid_template_columns="repeat(2, minmax(0, 1fr))")
ipywidgets.GridBox([scatter, line, histogram, bar, pie, boxplot, roc, stem], layout=grid)
"""
DRAWN = """\
frame = {"width": values[:, 0], "height": values[:, 1], "kind": classes}
matrix = np.outer([1, 2, 3], [1, -2, 3, 4])
heatmap = charts.heatmap(matrix, labels=(list("xyz"), ["a", "b", "c", evil]))
confusion = charts.confusion_matrix([0, 1, 2, 2], [0, 1, 1, 2], labels=["cat", "dog", evil])
x = np.linspace(-2, 2, 41)
contour = charts.contour(x, x, np.sin(x) * np.cos(x[:, None]), title="waves")
across, up = np.meshgrid(x[::4], x[::4])
quiver = charts.quiver(across, up, -up, across, color=np.hypot(across, up).reshape(-1), title=evil)
parallel = charts.parallel(frame, color=classes, title="rows")
ipywidgets.GridBox([heatmap, confusion, contour, quiver, parallel], layout=grid)
"""
PAD = """\
import nbviz, time
class Where(torch.nn.Module):
    def forward(self, x):
        rows, columns = x[0, 0].sum(1), x[0, 0].sum(0)
        at = torch.arange(28.) - 13.5
        return torch.stack([(rows * at**2).sum(), (columns * at**2).sum()])[None] / 50
pad = nbviz.DrawPad(Where(), labels=["tall", "wide"])
pad
"""
BUSY = "while not (pad.answer and pad.answer.scores.argmax() == 1): time.sleep(0.01)\n'seen'"
INK = """(canvas) => {
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  let dark = 0, coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.subarray(i, i + 4);
    if (a > 0 && Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured += 1;
    if (a > 0 && Math.max(r, g, b) < 110) dark += 1;
  }
  return [dark, coloured];
}"""


def drag(shown: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one share of an element's sides to another."""
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    mouse = shown.page.mouse
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    mouse.move(*at[0])
    mouse.down()
    mouse.move(*at[1], steps=6)
    mouse.up()


def touch(shown: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Move a finger from one share of an element's sides to another."""
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    (x, y), (to_x, to_y) = (
        (box["x"] + across * box["width"], box["y"] + down * box["height"])
        for across, down in (start, end)
    )
    session = shown.page.context.new_cdp_session(shown.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for at in range(7):
        points = [{"x": x + (to_x - x) * at / 6, "y": y + (to_y - y) * at / 6}]
        kind = "touchMove" if at else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    session.detach()


def test_charts_are_drawn_and_select_rows(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(BQPLOT, DRAWN, "line", "heatmap")
    notebook.page.set_viewport_size({"width": 1280, "height": 1700})
    notebook.run(0)
    figures = notebook.output(0).locator(".bqplot.figure")
    expect(figures).to_have_count(8)
    expect(figures.nth(0).locator(".dot")).to_have_count(300)
    expect(figures.nth(2).locator("rect.bar")).to_have_count(20)
    expect(figures.nth(3).locator("rect.bar")).to_have_count(6)
    expect(figures.nth(4).locator("path.slice")).to_have_count(3)
    expect(figures.nth(1)).to_contain_text("<img src=x")
    snapshots.take(notebook, notebook.output(0), "charts-bqplot")

    # From where no legend is: a drag that begins on one selects nothing.
    drag(figures.nth(0).locator("svg").first, (0.9, 0.55), (0.55, 0.15))
    # While the box grows it has others first.
    notebook.wait_for(
        "scatter.selected",
        lambda rows: len(rows) > 20 and sum(100 <= row < 200 for row in rows) > len(rows) / 2,
    )
    drag(figures.nth(1).locator("svg").first, (0.3, 0.5), (0.6, 0.5))
    rows = notebook.wait_for("line.selected", lambda rows: len(rows) > 5)
    assert rows == list(range(rows[0], rows[-1] + 1))
    figures.nth(2).locator("rect.bar").nth(10).click()
    expected = "[int(m.y[10]) for m in histogram.marks]"
    notebook.wait_for(f"[len(histogram.selected)] == {expected}")
    figures.nth(4).locator("path.slice").nth(1).click()
    notebook.wait_for("pie.selected == [1]")
    boxes = figures.nth(5).locator("rect.bar")
    boxes.nth(2).click()
    notebook.wait_for("boxplot.selected == list(range(200, 300))")
    notebook.value("(line.update([3, 1, 2], title='again'), 0)[1]")
    expect(figures.nth(1)).to_contain_text("again")
    snapshots.take(notebook, notebook.output(0), "charts-bqplot-selected")
    notebook.run(1)
    select_in_drawn(notebook, snapshots)
    for index, drawn in ((2, ".bqplot.figure"), (3, ".nbviz canvas")):
        notebook.run(index)
        expect(notebook.output(index).locator(drawn)).to_be_visible()
        saved = notebook.output(index).locator("[data-nbviz-static]")
        expect(saved).to_be_attached()
        expect(saved).to_be_hidden()
    assert notebook.page.evaluate("window.ran") is None


def select_in_drawn(notebook: Notebook, snapshots: Snapshots) -> None:
    drawn = notebook.output(1).locator(".nbviz[data-nbviz=ready]")
    expect(drawn).to_have_count(5)
    for at in range(5):
        canvas = drawn.nth(at).locator("canvas")
        canvas.scroll_into_view_if_needed()
        assert canvas.evaluate(INK)[1] > 300, at
    snapshots.take(notebook, notebook.output(1), "charts-drawn")
    cells = drawn.nth(0).locator("canvas")
    cells.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        cells.press(key)
    notebook.wait_for("heatmap.selected == [(1, 1)]")
    expect(drawn.nth(0)).to_contain_text("row y, column b: −4")
    drag(drawn.nth(2).locator("canvas"), (0.3, 0.3), (0.5, 0.5))
    notebook.wait_for("contour.selected", lambda pairs: len(pairs) > 30)
    drag(drawn.nth(3).locator("canvas"), (0.3, 0.3), (0.6, 0.6))
    notebook.wait_for("quiver.selected", lambda rows: 4 < len(rows) < 60)
    lines = drawn.nth(4).locator("canvas")
    box = lines.bounding_box()
    assert box is not None
    on_axis = 46 / box["width"]
    drag(lines, (on_axis, 0.95), (on_axis, 0.6))
    kept = notebook.wait_for("parallel.selected", lambda rows: 10 < len(rows) < 250)
    assert notebook.value(f"float(values[{kept}, 0].max())") < notebook.value("values.max().item()")
    snapshots.take(notebook, notebook.output(1), "charts-drawn-selected")


def test_the_pad_is_drawn_on_while_a_cell_is_busy_and_stays_after_a_reload(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(PAD.replace("import nbviz", "import nbviz, torch"), BUSY)
    notebook.run(0)
    canvas = notebook.output(0).locator("canvas").first
    expect(canvas).to_be_visible()
    drag(canvas, (0.5, 0.2), (0.5, 0.8))
    notebook.wait_for("pad.answer and float(pad.answer.scores.argmax())", lambda best: best == 0)
    expect(notebook.output(0)).to_contain_text("tall: ")
    notebook.output(0).get_by_role("button", name="Clear").click()
    notebook.wait_for("len(pad._strokes) == 0")
    scrolled = notebook.page.locator(".jp-WindowedPanel-outer").first
    at = scrolled.evaluate("(one) => one.scrollTop")
    touch(canvas, (0.5, 0.2), (0.5, 0.8))
    notebook.wait_for("len(pad._strokes) == 1 and float(pad.image[:14].sum()) > 10")
    notebook.wait_for("pad.answer and float(pad.answer.scores.argmax())", lambda best: best == 0)
    assert scrolled.evaluate("(one) => one.scrollTop") == at  # the finger has drawn, not scrolled
    notebook.output(0).get_by_role("button", name="Clear").click()
    notebook.wait_for("len(pad._strokes) == 0")
    notebook.run(1, wait=False)
    drag(canvas, (0.2, 0.5), (0.8, 0.5))
    notebook.wait_for_text(1, "seen")  # answered while the cell was busy
    expect(notebook.output(0)).to_contain_text("wide: ")
    assert canvas.evaluate(INK)[0] > 1000
    snapshots.take(notebook, notebook.output(0), "draw-pad")
    notebook.set_theme("light")  # what is looked for is dark
    notebook.reload()
    canvas = notebook.output(0).locator("canvas").first
    canvas.scroll_into_view_if_needed()
    end = time.monotonic() + 120
    while canvas.evaluate(INK)[0] <= 1000:  # the output may be drawn several times
        assert time.monotonic() < end, "the drawing did not come back"


def test_the_pad_is_shown_again_after_all_widgets_were_closed(
    make_notebook: Callable[..., Notebook],
) -> None:
    closed = "__import__('ipywidgets').Widget.close_all()"
    notebook = make_notebook(PAD.replace("import nbviz", "import nbviz, torch"), closed, "pad")
    notebook.run(0)
    drag(notebook.output(0).locator("canvas").first, (0.5, 0.2), (0.5, 0.8))
    notebook.wait_for("pad.answer and float(pad.answer.scores.argmax())", lambda best: best == 0)
    notebook.run(1)
    notebook.run(2)
    canvas = notebook.output(2).locator("canvas").first
    expect(canvas).to_be_visible()
    notebook.output(2).get_by_role("button", name="Clear").click()
    notebook.wait_for("len(pad._strokes) == 0")
    drag(canvas, (0.2, 0.5), (0.8, 0.5))
    notebook.wait_for("float(pad.answer.scores.argmax())", lambda best: best == 1)
    expect(notebook.output(2)).to_contain_text("wide: ")
    end = time.monotonic() + 120
    while canvas.evaluate(INK)[0] <= 1000:
        assert time.monotonic() < end, "what is drawn is not seen"
