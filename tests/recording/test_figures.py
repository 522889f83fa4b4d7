"""Figures of plotting libraries: what is drawn at the call, what later, and what cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import altair as alt
import bqplot
import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import psutil
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as MatplotlibFigure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.media.figures import Figure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def agg():
    before = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


@pytest.fixture
def run():
    return nbviz.Run(overhead_budget=1)


def filled(color: str) -> MatplotlibFigure:
    figure = MatplotlibFigure(figsize=(2, 1), facecolor=color)
    figure.add_subplot()
    return figure


def kept(run: nbviz.Run, tag: str = "x", place: int = -1) -> Figure:
    value = run.media[tag][place].value
    assert isinstance(value, Figure)
    return value


def corner(figure: Figure) -> list[int]:
    assert figure.picture is not None
    return figure.picture.pixels[0, 0, :3].tolist()


def test_a_figure_is_drawn_as_it_was_at_the_call(run) -> None:
    figure = filled("red")
    run.log_figure("x", figure, step=1)
    figure.set_facecolor("blue")
    run.log_figure("x", figure, step=2)
    figure.clear()
    assert run.media["x"].kind == "figure"
    assert corner(kept(run, place=0)) == [255, 0, 0]
    assert corner(kept(run, place=1)) == [0, 0, 255]
    picture = kept(run).picture
    assert (picture.height, picture.width) == (144, 288)
    assert kept(run).library == "matplotlib"


def test_its_own_canvas_and_resolution_stay_as_they_are(run) -> None:
    figure, _ = plt.subplots(figsize=(2, 1), dpi=70)
    canvas = figure.canvas
    run.log_figure("x", figure, step=1, close=False)
    assert figure.canvas is canvas
    assert figure.dpi == 70
    assert plt.fignum_exists(figure.number)


def test_a_figure_of_pyplot_is_closed_unless_it_shall_stay(run) -> None:
    for step in range(1, 4):
        figure, axes = plt.subplots()
        axes.plot([1, 2], [step, 1])
        run.log_figure("x", figure, step=step)
    assert plt.get_fignums() == []
    assert run.media["x"].steps.tolist() == [1, 2, 3]


def test_axes_lines_and_pyplot_stand_for_their_figure(run) -> None:
    figure, (axes, _) = plt.subplots(1, 2, figsize=(2, 1), facecolor="lime")
    (line,) = axes.plot([1, 2])
    sub = figure.subfigures(1, 1)
    for number, given in enumerate([axes, line, plt, [figure], sub], 1):
        run.log_figure("x", given, step=number, close=False)
    assert [corner(kept(run, place=place)) for place in range(5)] == [[0, 255, 0]] * 5


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros((4, 4)), "log pixels with log_image"),
        (None, "NoneType"),
        ("loss.png", "str"),
        (go.Scatter(x=[1], y=[2]), "part of a figure"),
        ([MatplotlibFigure(), MatplotlibFigure()], "2 figures"),
        (MatplotlibFigure(figsize=(2000, 1)), "2000 × 1 inches"),
        (mpl.lines.Line2D([1], [2]), "in no figure"),
    ],
)
def test_what_is_no_figure_is_refused_by_name(run, value: object, said: str) -> None:
    with pytest.raises(LoggingError, match=said) as refused:
        run.log_figure("x", value, step=1)
    assert "'x'" in str(refused.value)
    assert len(run.media) == 0


def test_a_figure_that_cannot_be_drawn_says_what_matplotlib_said(run) -> None:
    figure = filled("red")
    figure.suptitle(r"$\frac{1}$")
    with pytest.raises(LoggingError, match=r"cannot draw .*frac"):
        run.log_figure("x", figure, step=1)


def test_the_marks_of_a_figure_of_bqplot_are_drawn(run) -> None:
    scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale(min=0, max=1)}
    x = np.linspace(0, 1, 20)
    marks = [
        bqplot.Lines(x=x, y=[x, 1 - x], scales=scales, colors=["red", "blue"], labels=["a", "b"]),
        bqplot.Scatter(x=x, y=x**2, scales=scales),
        bqplot.Label(x=[0.5], y=[0.5], text=["here"], scales=scales),
    ]
    axes = [bqplot.Axis(scale=scales["x"], label="x")]
    run.log_figure("x", bqplot.Figure(marks=marks, axes=axes, title="two lines"), step=1)
    figure = kept(run)
    assert (figure.library, figure.note) == ("bqplot", "")
    pixels = figure.picture.pixels[..., :3].reshape(-1, 3)
    for color in ([255, 0, 0], [0, 0, 255]):
        assert (pixels == color).all(axis=1).sum() > 100
    assert any("drawn without its Label" in line.text for line in run.lines.after(0)[0])
    with pytest.raises(LoggingError, match="part of a figure"):
        run.log_figure("x", marks[0], step=2)


COUNTED = {"sample": bqplot.LinearScale(), "count": bqplot.LinearScale()}


@pytest.mark.parametrize(
    "mark",
    [
        lambda scales: bqplot.Bars(x=["a", "b"], y=[[1, 2], [2, 1]], scales=scales),
        lambda scales: bqplot.Bars(x=[1, 2], y=[[1, 2], [2, 1]], type="grouped", scales=scales),
        lambda scales: bqplot.Hist(sample=np.arange(9.0), scales=COUNTED),
        lambda scales: bqplot.Pie(sizes=[1, 2], labels=["a", "b"]),
        lambda scales: bqplot.GridHeatMap(color=np.eye(3), scales={"color": bqplot.ColorScale()}),
    ],
)
def test_each_usual_mark_is_drawn(run, mark) -> None:
    scales = {"x": bqplot.OrdinalScale(), "y": bqplot.LinearScale()}
    run.log_figure("x", bqplot.Figure(marks=[mark(scales)]), step=1)
    assert kept(run).note == ""
    colors = np.unique(kept(run).picture.pixels[..., :3].reshape(-1, 3), axis=0)
    assert (np.ptp(colors.astype(int), axis=1) > 50).any()


def test_a_chart_of_altair_is_drawn_from_what_it_was(run) -> None:
    data = pd.DataFrame({"x": [1, 2, 3], "y": [1, 4, 9]})
    chart = alt.Chart(data).mark_line().encode(x="x", y="y").properties(width=100, height=50)
    run.log_figure("x", chart, step=1)
    figure = kept(run)
    assert (figure.library, figure.note) == ("altair", "")
    assert figure.picture.width > 200  # two pixels for one
    assert alt.Chart.from_json(figure.source).to_dict() == chart.to_dict()


def test_a_chart_that_vega_cannot_draw_is_kept_with_the_reason(run) -> None:
    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x")
    wrong = chart.transform_filter("datum.x ==")
    run.log_figure("x", wrong, step=1)
    assert "altair could not draw it: Vega-Lite to PNG" in kept(run).note
    assert kept(run).source
    run.log_figure("y", chart, step=1)  # what draws is as it was
    assert kept(run, "y").picture is not None


def test_charts_are_drawn_outside_of_this_process_and_again_when_that_was_killed(run) -> None:
    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x")
    run.log_figure("x", chart, step=1)
    assert kept(run).picture is not None
    assert "vl_convert" not in sys.modules  # it holds the lock of Python as long as it works
    (drawing,) = [
        p for p in psutil.Process().children() if p.cmdline()[-1].endswith("vega/process.py")
    ]
    drawing.kill()
    drawing.wait()
    run.log_figure("x", chart, step=2)
    assert kept(run).picture is not None


@pytest.mark.parametrize(
    ("module", "figure"),
    [
        ("kaleido", go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))),
        ("vl_convert", alt.Chart(pd.DataFrame({"x": [1]})).mark_point()),
    ],
)
def test_what_nothing_can_draw_is_kept_and_says_what_to_install(
    run, monkeypatch, module: str, figure: object
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    run.log_figure("x", figure, step=1)
    value = kept(run)
    assert value.picture is None
    assert f"pip install {module.replace('_', '-')}" in value.note
    assert value.source
    assert any("kept without a picture" in line.text for line in run.lines.after(0)[0])


def test_tensorboard_shows_our_figures_and_they_read_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    run = nbviz.Run("figures", dir=tmp_path, overhead_budget=1)
    run.log_figure("fits/line", filled("red"), step=3)
    run.log_figure("plotly", go.Figure(go.Scatter(x=[1, 2], y=[3, 4])), step=4)
    run.finish()
    run.journal.flush()
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0})
    events.Reload()
    assert events.Tags()["images"] == ["fits/line"]
    (image,) = events.Images("fits/line")
    assert (image.step, image.height, image.width) == (3, 144, 288)
    opened = nbviz.open_run(tmp_path)
    assert {tag: opened.media[tag].kind for tag in opened.media} == {
        "fits/line": "figure",
        "plotly": "figure",
    }
    again = kept(opened, "fits/line")
    assert again.picture.data == kept(run, "fits/line").picture.data
    assert (again.library, again.note) == ("matplotlib", "")
    described = kept(opened, "plotly")
    assert described.source == kept(run, "plotly").source
    assert described.picture is None
    assert described.note
