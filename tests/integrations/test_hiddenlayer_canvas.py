"""`hl.Canvas` outside a notebook, and in the kernel of a real one."""

from __future__ import annotations

import base64
import json
import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch
from PIL import Image
from processes import SECONDS

import nbviz.integrations.hiddenlayer as hl
from nbviz.errors import ConfigurationError
from nbviz.integrations.hiddenlayer.drawing import histograms, normalized
from nbviz.integrations.hiddenlayer.pictures import histogram_svg, images_svg
from nbviz.widgets.canvas_view import Picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAYER = torch.nn.Conv2d(3, 8, 3)


def filled() -> hl.History:
    history = hl.History()
    for step in range(20):
        image = np.full((6, 8, 3), step, np.uint8)
        image[2, 3] = 200
        history.log((0, step), loss=1 / (step + 1), image=image, weight=LAYER.weight)
    return history


class Pie(hl.Canvas):
    def draw_pie(self, metric):
        self.ax.axis("equal")
        value = np.clip(metric.data[-1], 0, 1)
        self.ax.pie([value, 1 - value], labels=["Accuracy", ""])


def test_a_script_saves_what_was_drawn_last(tmp_path: Path) -> None:
    history, canvas = filled(), Pie()
    with pytest.raises(ConfigurationError, match="has drawn nothing yet"):
        canvas.save(tmp_path / "canvas.png")
    canvas.draw_plot([history["loss"]], labels=["Loss"], ylabel="loss", title="A plot")
    (axes,) = canvas.figure.axes
    assert (axes.get_title(), axes.get_ylabel()) == ("A plot", "loss")
    assert len(axes.lines[0].get_xdata()) == 20
    with canvas:
        canvas.draw_summary(history, title="A training")
        canvas.draw_plot(history["loss"])
        canvas.draw_image(history["image"], limit=3)
        canvas.draw_hist(history["weight"])
        canvas.draw_pie(history["loss"])
    canvas.save(tmp_path / "canvas.png")
    assert canvas.figure.get_suptitle().startswith("A training\n\nStep: (0, 19)")
    titles = [axes.get_title() for axes in canvas.figure.axes]
    assert titles[0].startswith("loss: 0.05")
    assert {"0:17", "0:18", "0:19", "weight"} <= set(titles)
    with Image.open(tmp_path / "canvas.png") as picture:
        assert picture.width == 1200
    assert (canvas.ax, canvas.gs) == (None, None)


def test_charts_below_one_another_do_not_overlap() -> None:
    history, canvas = filled(), hl.Canvas()
    with canvas:
        canvas.draw_summary(history, title="A training")
        canvas.draw_plot(history["loss"])
        canvas.draw_plot(history["loss"], title="again")
        canvas.draw_hist(history["weight"])
    boxes = [axes.get_tightbbox() for axes in canvas.figure.axes]
    assert len(boxes) == 3
    for above, below in pairwise(boxes):  # labels and titles included
        assert above.y0 > below.y1
    for box in boxes:
        assert box.width > 0.9 * canvas.figure.bbox.width


def test_histograms_stand_one_behind_the_other_newest_in_front() -> None:
    history, canvas = filled(), hl.Canvas()
    canvas.draw_hist(history["weight"], title="first layer")
    (axes,) = canvas.figure.axes
    assert axes.get_title() == "first layer"
    labels = {
        label.get_text(): y
        for label, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)
    }
    assert list(labels) == [f"0:{step}" for step in range(10, 20)]
    bases = list(labels.values())
    assert bases == sorted(bases, reverse=True)
    (areas,) = axes.collections
    for path, base in zip(areas.get_paths(), bases, strict=True):
        heights = path.vertices[:, 1] - base
        assert heights[0] == 0
        assert heights[1:31].sum() == pytest.approx(LAYER.weight.numel())
    opacities = areas.get_facecolor()[:, 3]
    assert opacities.argmax() == 9


def test_a_summary_alone_can_be_drawn(tmp_path: Path) -> None:
    canvas = hl.Canvas()
    canvas.draw_summary(filled())
    canvas.save(tmp_path / "summary.svg")
    assert (tmp_path / "summary.svg").stat().st_size > 0


def draw_badly(canvas: hl.Canvas, history: hl.History) -> None:
    with canvas:
        canvas.draw_image(history["image"])
        _ = 1 / 0


def test_an_error_within_a_batch_draws_nothing() -> None:
    history, canvas = filled(), hl.Canvas()
    canvas.draw_plot(history["loss"])
    figure = canvas.figure
    with pytest.raises(ZeroDivisionError):
        draw_badly(canvas, history)
    assert canvas.figure is figure


def test_methods_of_a_subclass_build_on_those_of_the_base() -> None:
    class Louder(hl.Canvas):
        def draw_plot(self, metrics, **options):
            super().draw_plot(metrics, **options)
            self.ax.set_title("louder")

        def draw_twice(self, metric):
            self.draw_plot([metric, metric], labels=["a", "b"])

    canvas = Louder()
    canvas.draw_twice(filled()["loss"])
    (axes,) = canvas.figure.axes
    assert axes.get_title() == "louder"
    assert len(axes.lines) == 2


def test_labels_must_be_as_many_as_metrics() -> None:
    canvas = hl.Canvas()
    canvas.draw_plot(filled()["loss"], labels=["a", "b"])
    with pytest.raises(ConfigurationError, match="2 labels for 1 metric;"):
        canvas.figure  # noqa: B018  it is drawn when it is looked at


def test_histograms_are_those_of_each_step() -> None:
    history = hl.History()
    for step in range(12):
        history.log(step, x=np.full(50, float(step)))
    history.log(12, x=np.array([np.nan, np.inf, 2.0]))
    steps, counts, edges = histograms(history["x"])
    assert steps == [str(step) for step in range(3, 13)]
    assert counts.sum(1).tolist() == [50] * 9 + [1]
    assert (edges[0], edges[-1]) == (2, 11)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (1, 5, 7), (5, 7, 3), (3, 5, 7), (5, 7, 4)])
def test_images_of_every_usual_shape(shape: tuple[int, ...]) -> None:
    found = normalized(np.arange(np.prod(shape)).reshape(shape))
    assert found.shape[:2] == (5, 7)
    assert (found.min(), found.max()) == (0, 1)
    assert normalized(np.full(shape, np.nan)).max() == 0


def test_pictures_are_svg_without_anything_that_runs() -> None:
    history = filled()
    history.log((1, 0), image=np.zeros((2, 2)))
    images = ET.fromstring(images_svg(history["image"]))
    texts = [found.text for found in images.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["0:16", "0:17", "0:18", "0:19", "1:0"]
    drawn = ET.fromstring(histogram_svg(history["weight"], theme=hl.Canvas().theme))
    texts = [found.text for found in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:11] == ["weight", *(f"0:{step}" for step in range(10, 20))]
    assert {"−0.1", "0", "0.1"} <= set(texts[11:]) <= {"−0.2", "−0.1", "0", "0.1", "0.2"}
    title = "</text><script>alert(1)</script>"
    drawn = ET.fromstring(histogram_svg(history["weight"], title, theme={**hl.Canvas().theme}))
    assert title in "".join(drawn.itertext())
    kinds = {found.tag.rpartition("}")[2] for found in drawn.iter()}
    assert kinds == {"svg", "g", "text", "polygon", "line"}


def test_a_picture_that_is_slow_to_draw_does_not_take_the_place_of_a_newer_one() -> None:
    picture = Picture("png", 100)
    begun, release = threading.Event(), threading.Event()

    def old() -> Callable[[], bytes]:
        begun.set()
        assert release.wait(SECONDS)
        return lambda: b"old"

    slow = threading.Thread(target=picture.request, args=(old,), daemon=True)
    slow.start()
    assert begun.wait(SECONDS)
    picture.request(lambda: lambda: b"new")
    assert picture.refresh() is not None  # there is more to come
    release.set()
    slow.join()
    picture.hurry()
    while picture.refresh() is not None:
        picture.hurry()
    assert picture.widget.value == b"new"


def test_show_images_outside_a_notebook_returns_a_figure() -> None:
    grey = [np.random.default_rng(0).random((4, 4)) for _ in range(7)]
    figure = hl.show_images(grey, titles=list("abcdefg"), cols=3)
    assert [axes.get_title() for axes in figure.axes] == list("abcdefg")
    pairs = hl.show_images([[grey[0], grey[1]]])
    assert pairs.axes[0].images[0].get_array().shape == (4, 8)


# ------------------------------------------------------------ in a notebook's kernel

DEMONSTRATION = (
    """
import time, numpy as np, torch
import nbviz.integrations.hiddenlayer as hl
history1, canvas1 = hl.History(), hl.Canvas()
loss, accuracy = 1, 0
for step in range(80):
    loss -= loss * np.random.uniform(-.09, 0.1)
    accuracy = max(0, accuracy + (1 - accuracy) * np.random.uniform(-.09, 0.1))
    if step % 10 == 0:
        history1.log(step, loss=loss, accuracy=accuracy)
        canvas1.draw_plot([history1["loss"], history1["accuracy"]])
""",
    """
class MyCanvas(hl.Canvas):
    def draw_pie(self, metric):
        self.ax.axis('equal')
        value = np.clip(metric.data[-1], 0, 1)
        self.ax.pie([value, 1-value], labels=["Accuracy", ""])

history2, canvas2 = hl.History(), MyCanvas()
for step in range(40):
    history2.log(step, loss=1 / (step + 1), accuracy=step / 40, image=np.random.rand(8, 8, 3))
    with canvas2:
        canvas2.draw_summary(history2)
        canvas2.draw_pie(history2["accuracy"])
        canvas2.draw_plot([history1["loss"], history2["loss"]], labels=["Loss 1", "Loss 2"])
        canvas2.draw_image(history2["image"])
""",
    "canvas2.draw_plot(history2['loss'])",
    "hl.show_images([np.random.rand(8, 8) for _ in range(6)])",
    "hl.Canvas().draw_plot(history2['accuracy'])",
    """
history3, canvas3 = hl.History(), hl.Canvas()
history3.log(1, batch=np.zeros((5, 1, 8, 8)))  # no image
canvas3.draw_image(history3["batch"])
""",
    "print(canvas3._live._view._notice.value)",
    """
import base64
import json
shown = canvas2._live._view._parts
print(json.dumps({
    "plots": [[run.name, {tag: len(run[tag]) for tag in run}]
              for part in shown for run in part.widget.runs],
    "run": {tag: len(history2.run[tag]) for tag in history2.run},
}))
""",
)


@pytest.fixture(scope="module")
def demonstration(run_cells: Callable[..., list[Any]]) -> list[Any]:
    return run_cells(*DEMONSTRATION)


def test_each_cell_shows_one_view(demonstration: list[Any]) -> None:
    for cell in (*demonstration[:3], demonstration[4]):
        live, still = cell.outputs
        assert "application/vnd.jupyter.widget-view+json" in live.data
        assert base64.b64decode(still.data["image/png"]).startswith(b"\x89PNG")
        assert "data-nbviz-static" in still.data["text/html"]
        svg = still.data["text/html"].split("data:image/svg+xml;base64,")[1].split('"')[0]
        assert b"prefers-color-scheme:dark" in base64.b64decode(svg)
    views = [
        cell.outputs[0].data["application/vnd.jupyter.widget-view+json"]["model_id"]
        for cell in demonstration[:3]
    ]
    assert views[1] == views[2] != views[0]


def test_show_images_displays_one_picture(demonstration: list[Any]) -> None:
    (output,) = demonstration[3].outputs
    assert output.data["image/png"]


def test_what_cannot_be_drawn_is_said_in_the_view(demonstration: list[Any]) -> None:
    assert "Error in callback" not in str(demonstration[5].outputs)
    assert "A picture could not be drawn" in demonstration[6].outputs[0].text


def test_lines_of_a_plot_get_every_point(demonstration: list[Any]) -> None:
    said = json.loads(demonstration[7].outputs[0].text)
    assert said["plots"] == [["loss", {"loss": 40}]]
    assert said["run"] == {"loss": 40, "accuracy": 40}
