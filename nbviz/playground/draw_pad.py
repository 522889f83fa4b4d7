"""DrawPad: draw an input, see what a model answers while it trains."""

from __future__ import annotations

import base64
import uuid
import weakref
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

import ipywidgets
import numpy as np
import torch

from nbviz.charts.beside import PictureBeside
from nbviz.charts.figure import ChartFigure
from nbviz.charts.inputs import listed, number_listed, short_name
from nbviz.charts.matrices import heatmap
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.pictures.figures.figure_picture import HEIGHT, WIDTH
from nbviz.pictures.figures.layers import Axis, Columns, Figure
from nbviz.pictures.saved_view import figure_html
from nbviz.playground.adding import add_sample
from nbviz.playground.answers import Answer, Answers
from nbviz.playground.strokes import Strokes
from nbviz.recording.media.confusion import MOST_CLASSES
from nbviz.recording.media.png import encode_png
from nbviz.text import clean_line
from nbviz.trainer import Trainer
from nbviz.widgets.cell_widget import OpenedByBoxes, open_whole, shown_again
from nbviz.widgets.comms import let_subshells_answer, waits_for_cells
from nbviz.widgets.live_trainer import LiveTrainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.charts.drawn import DrawnChart

_LONGER_SIDE = 280  # CSS pixels
_LEAST, _MOST = 4, 1024  # of a side of the image
_BRUSH = 1 / 11  # of the pad's shorter side
_INK, _PAPER = "#1f2430", "#ffffff"
_SHOWN_CLASSES = 40
_PREVIEW = 84  # CSS pixels
_SAVED_IMAGE = 156  # CSS pixels that the image has in a saved picture
_TILES = 16  # channels of a layer that are shown


class DrawPad(OpenedByBoxes, ipywidgets.VBox):
    """A pad to draw on with mouse, finger or pen, and what a model answers.

        pad = nbviz.DrawPad(model, trainer=trainer)
        pad                # draw a digit while the model trains

    The model is asked between two steps, in eval mode, and never on half-updated weights. Where
    steps take longer than 50 ms, a copy of the weights answers at once and says of which step it
    is; then the newer weights do, when the step has ended. A function that calls the model can be
    asked of the copy if it names the model; else it waits for the end of the step.

    Args:
        predict: A model or a function: takes float32 of shape (1, 1, height, width) from 0 to 1,
            ink 1, and gives scores of shape (classes,) or (1, classes). Scores that are no
            probabilities go through a softmax.
        size: Height and width of the image that `predict` gets.
        trainer: Trains the model that `predict` calls.
        labels: The classes' names.
        layers: Names of the model's modules whose outputs are shown, such as ["conv1"].

    Attributes:
        image: What the model gets of the drawing; float32, shape (height, width).
        answer: The newest answer; None before the first.
        samples: What was added with a label: images, float32 of shape (1, height, width), and
            class indices.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
        MissingDependencyError: ipycanvas is not installed.
    """

    _answers: Answers | None = None  # until it is made: ipywidgets closes what could not be

    def __init__(
        self,
        predict: Callable[[torch.Tensor], Any],
        size: tuple[int, int] = (28, 28),
        trainer: Trainer | LiveTrainer | None = None,
        *,
        labels: Sequence[str] | None = None,
        layers: Sequence[str] = (),
    ) -> None:
        if isinstance(trainer, LiveTrainer):
            trainer = trainer.trainer
        canvas_class = _canvas_class()
        _check(predict, size, trainer, layers)
        height, width = (int(side) for side in size)
        scale = _LONGER_SIDE / max(height, width)
        self.size = (height, width)
        self.samples: list[tuple[torch.Tensor, int]] = []
        self.answer: Answer | None = None
        self._pad = max(40, round(width * scale)), max(40, round(height * scale))
        self._strokes = Strokes(self._pad)
        self._trainer = trainer
        self._labels = _names(labels)
        self._view_id = uuid.uuid4().hex[:12]
        self._make_parts(canvas_class, layers)
        super().__init__([self._board(), self._status])
        self.add_class(self._live_class)
        self._beside = PictureBeside(self)
        self._listen()
        # The thread must not keep the pad alive.
        reference = weakref.ref(self)

        def tell(answer: Answer, image: NDArray[np.float32]) -> None:
            pad = reference()
            if pad is not None:
                pad._show(answer, image)  # noqa: SLF001  its own

        answers = Answers(predict, trainer, tell, layers)
        weakref.finalize(self, answers.stop)
        self._answers = answers
        self._say("")

    # ------------------------------------------------------------ public

    @property
    def image(self) -> NDArray[np.float32]:
        """What the model gets of the drawing."""
        return self._strokes.image(self.size)

    def clear(self) -> None:
        """Take the drawing away."""
        self._strokes.clear()
        self._redraw()
        self._changed()

    def undo(self) -> None:
        """Take the last stroke away."""
        if self._strokes.undo():
            self._redraw()
            self._changed()

    def add(self, label: int | str) -> None:
        """Add the drawing to the training set, with a label; the next epoch has it.

        Args:
            label: The index of the class, or its name.

        Raises:
            ConfigurationError: Nothing is drawn, there is no such class, or nothing can be added to
                the training's data set; the sample is then in `samples` only.
        """
        if not len(self._strokes):
            raise ConfigurationError("nothing is drawn; draw something first.")
        index = self._class_index(label)
        sample = torch.from_numpy(self.image)[None]
        self.samples.append((sample, index))
        if self._trainer is None:
            return
        add_sample(self._trainer, sample, index)
        self._trainer.run.note(f"a drawing was added to the training set as class {label}")

    def open(self) -> None:
        """Open it to pages, with all that it is made of; again if it was closed."""
        if self.comm is not None or self._answers is None:  # it is being made
            super().open()
            return
        own: Any = self
        for part in (*own.children, self._elsewhere, own.layout):
            open_whole(part)
        super().open()
        shown_again(self)

    def close(self) -> None:
        """Remove it from all pages, and end its thread; it opens when it is shown again."""
        if self._answers is not None:
            self._answers.stop()
            for part in (self._bars, self._elsewhere, *self._maps.values()):
                part.close()
        super().close()
        shown_again(self)

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the pad, for readers without a kernel, by MIME type."""
        said = self.said()
        html = figure_html(self.drawing(), said, self._view_id, live=self._live_class)
        return {"text/plain": said, "text/html": html}

    def drawing(self) -> str:
        """Return what the model gets and what it answers as SVG, for pages without a kernel."""
        image = base64.b64encode(_png(self.image)).decode("ascii")
        bars = self._bars.drawing().replace("<svg ", f'<svg x="{_SAVED_IMAGE}" ', 1)
        width, height = _SAVED_IMAGE + WIDTH, HEIGHT
        side = _SAVED_IMAGE - 16
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}"><image x="0" y="26" width="{side}" '
            f'height="{side}" preserveAspectRatio="xMidYMin" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{image}"/>{bars}</svg>'
        )

    def said(self) -> str:
        """Return in words what the model answers, for a reader who cannot see it."""
        answer = self.answer
        shown = "" if answer is None or answer.error else f": {self._said_of(answer)}"
        return clean_line(f"drawing pad{shown}")

    def __repr__(self) -> str:
        return f"<{self.said()}>"

    def replaced(self) -> None:
        """Ask the model nothing more until something is drawn: no cell displays the pad."""
        if self._answers is not None:
            self._answers.stop()

    def shown_in_a_box(self) -> None:
        """Be told that the running cell has displayed a box that holds it."""
        self._beside.show(in_a_box=True)

    def _ipython_display_(self, **_: Any) -> None:
        self._beside.show()
        if len(self._strokes):
            self._changed()

    def _repr_mimebundle_(self, **_: Any) -> None:
        """Leave it to the method above."""

    # ------------------------------------------------------------ its parts

    @property
    def _live_class(self) -> str:
        return f"nbviz-chart-{self._view_id}"

    def _make_parts(self, canvas_class: Any, layers: Sequence[str]) -> None:
        width, height = self._pad
        self._canvas: Any = canvas_class(
            width=width,
            height=height,
            layout={"width": f"{width}px", "height": f"{height}px", "border": "1px solid #9aa2ae"},
        )
        self._elsewhere: Any = canvas_class(width=1, height=1)
        brush = max(2.0, _BRUSH * min(self._pad))
        self._brush: Any = ipywidgets.FloatSlider(
            value=brush,
            min=brush / 4,
            max=brush * 3,
            readout=False,
            description="Brush",
            style={"description_width": "auto"},
            layout={"width": "150px"},
        )
        small = {"width": "62px"}
        self._clear_button: Any = ipywidgets.Button(description="Clear", layout=small)
        self._undo_button: Any = ipywidgets.Button(description="Undo", layout=small)
        self._label: Any = ipywidgets.Dropdown(
            options=self._choices(len(self._labels or ())),
            description="Label",
            style={"description_width": "auto"},
            layout={"width": "150px"},
        )
        self._add_button: Any = ipywidgets.Button(
            description="Add to the training set" if self._trainer is not None else "Keep",
            layout={"width": "auto"},
        )
        self._preview: Any = ipywidgets.Image(
            value=_png(np.zeros(self.size, np.float32)),
            format="png",
            layout={"width": f"{_PREVIEW}px", "border": "1px solid #9aa2ae"},
        )
        self._status: Any = ipywidgets.Label()
        self._bar_names = (self._labels or ["–"])[:_SHOWN_CLASSES]
        shown = self._bar_names, np.zeros(len(self._bar_names))
        self._bars = ChartFigure("answer", _probabilities, shown, {})
        self._bars.layout = {"width": "340px", "height": "240px"}
        self._maps: dict[str, DrawnChart] = {
            name: heatmap(np.zeros((1, 1)), title=name) for name in layers
        }

    def _board(self) -> Any:
        tools = ipywidgets.HBox([self._clear_button, self._undo_button, self._brush])
        left = ipywidgets.VBox([self._canvas, tools])
        note = ipywidgets.Label("What the model gets")
        adding = ipywidgets.HBox([self._label, self._add_button])
        right = ipywidgets.VBox([ipywidgets.HBox([self._preview, note]), self._bars, adding])
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start")
        return ipywidgets.HBox([left, right, *self._maps.values()], layout=wrap)

    def _listen(self) -> None:
        canvas = self._canvas
        canvas.on_mouse_down(self._begin)
        canvas.on_mouse_move(self._extend)
        canvas.on_mouse_up(self._end)
        canvas.on_mouse_out(self._end)
        canvas.on_touch_start(self._begin_touch)
        canvas.on_touch_move(self._extend_touch)
        canvas.on_touch_end(self._end)
        canvas.on_touch_cancel(self._end)
        canvas.on_client_ready(self._redraw)
        self._clear_button.on_click(self._clear_clicked)
        self._undo_button.on_click(self._undo_clicked)
        self._add_button.on_click(self._add_clicked)
        for part in (
            canvas,
            self._brush,
            self._clear_button,
            self._undo_button,
            self._label,
            self._add_button,
        ):
            let_subshells_answer(part)

    # ------------------------------------------------------------ drawing

    def _begin(self, x: float, y: float) -> None:
        self._strokes.begin(x, y, self._brush.value)
        self._style(self._brush.value)
        self._canvas.fill_circle(x, y, self._brush.value / 2)
        self._changed()

    def _extend(self, x: float, y: float) -> None:
        before = self._strokes.extend(x, y)
        if before is not None:
            self._canvas.stroke_line(*before, x, y)
            self._changed()

    def _end(self, *_: object) -> None:
        self._strokes.end()

    def _begin_touch(self, touches: list[tuple[float, float]]) -> None:
        if touches:
            self._begin(*touches[0])

    def _extend_touch(self, touches: list[tuple[float, float]]) -> None:
        if touches:
            self._extend(*touches[0])

    def _clear_clicked(self, _: object) -> None:
        self.clear()

    def _undo_clicked(self, _: object) -> None:
        self.undo()

    def _style(self, width: float) -> None:
        canvas = self._canvas
        canvas.stroke_style = canvas.fill_style = _INK
        canvas.line_cap = canvas.line_join = "round"
        canvas.line_width = width

    def _redraw(self) -> None:
        """Draw everything anew, as for a page that has just been opened."""
        canvas = self._canvas
        # ipycanvas tells pages which canvas it draws on only when that changes, and a page that has
        # just been opened does not know.
        self._elsewhere.clear()
        canvas.fill_style = _PAPER
        canvas.fill_rect(0, 0, *self._pad)
        for stroke in self._strokes.copies():
            self._style(stroke.width)
            x, y = stroke.points[0]
            canvas.fill_circle(x, y, stroke.width / 2)
            if len(stroke.points) > 1:
                canvas.stroke_lines(np.array(stroke.points))

    def _changed(self) -> None:
        answers = self._answers
        assert answers is not None
        if len(self._strokes):
            answers.ask(self.image)
            return
        answers.ask(None)
        self.answer = None
        self._preview.value = _png(np.zeros(self.size, np.float32))
        self._bars.update(self._bar_names, np.zeros(len(self._bar_names)))
        self._say("")

    # ------------------------------------------------------------ answers

    def _show(self, answer: Answer, image: NDArray[np.float32]) -> None:
        """Show an answer; called on the thread that has asked the model."""
        if not len(self._strokes):
            return  # it was cleared meanwhile
        self.answer = answer
        self._preview.value = _png(image)
        if answer.error:
            self._say(f"predict failed: {answer.error}")
            return
        count = len(answer.scores)
        if self._labels is not None and len(self._labels) != count:
            self._say(f"predict gave {count:,} scores, but there are {len(self._labels):,} labels")
        if len(self._label.options) != count:
            self._label.options = self._choices(count)
        self._bar_names, scores = self._shown_scores(answer)
        self._bars.update(self._bar_names, scores)
        for name, values in answer.activations.items():
            self._maps[name].update(tiled(values))
        self._say(self._said_of(answer))
        self._beside.changed()

    def _shown_scores(self, answer: Answer) -> tuple[list[str], NDArray[np.float64]]:
        """Return the classes' names and scores; of many the best."""
        chosen = np.arange(len(answer.scores))
        if len(chosen) > _SHOWN_CLASSES:
            chosen = np.sort(np.argsort(-answer.scores)[:_SHOWN_CLASSES])
        return [self._name(int(at)) for at in chosen], answer.scores[chosen]

    def _said_of(self, answer: Answer) -> str:
        best = int(answer.scores.argmax())
        said = f"{self._name(best)}: {answer.scores[best]:.0%}"
        if answer.step is None:
            return said
        which = "a copy of the weights of" if answer.is_copy else "the weights after"
        return f"{said}, by {which} step {answer.step:,}"

    def _say(self, text: str) -> None:
        waits = "This kernel answers when the running cell has ended. " if waits_for_cells() else ""
        # Labels read what stands between dollar signs as mathematics.
        self._status.value = clean_line(f"{waits}{text or 'Draw something.'}").replace("$", "＄")

    def _name(self, index: int) -> str:
        labels = self._labels
        return labels[index] if labels is not None and index < len(labels) else str(index)

    def _choices(self, count: int) -> list[tuple[str, int]]:
        return [(self._name(at), at) for at in range(count)]

    def _class_index(self, label: int | str) -> int:
        count = len(self._label.options)
        if isinstance(label, str):
            if self._labels is None or label not in self._labels:
                known = ", ".join(self._labels or ()) or "none"
                raise ConfigurationError(f"there is no class {label!r}; the labels are: {known}.")
            return self._labels.index(label)
        if not _is_whole(label) or label < 0 or (count and label >= count):
            raise ConfigurationError(f"label must be from 0 to {count - 1:,}, got {label!r}.")
        return int(label)

    def _add_clicked(self, _: object) -> None:
        if self._label.value is None:
            self._say("Draw something, and choose its label.")
            return
        try:
            self.add(self._label.value)
        except ConfigurationError as error:
            self._say(str(error))
        else:
            where = "to the training set" if self._trainer is not None else "to pad.samples"
            self._say(f"Added {where} as {self._name(self._label.value)}.")


def _probabilities(names: list[str], scores: NDArray[np.float64]) -> Figure:
    """Return bars from 0 to 1, whatever the scores are."""
    count = len(scores)
    bars = Columns(np.arange(count, dtype=np.float64), scores[None], ("accent",))
    axes = Axis("", tuple(names)), Axis("probability", low=0.0, high=1.0)
    return Figure("", count, (bars,), *axes)


def tiled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a layer gave to one image as one matrix: its first channels beside each other."""
    if values.ndim <= 1:
        flat = values.reshape(-1)
        side = int(np.ceil(np.sqrt(len(flat))))
        padded = np.full(side * -(-len(flat) // side), np.nan)
        padded[: len(flat)] = flat
        return padded.reshape(-1, side)
    if values.ndim == 2:  # noqa: PLR2004
        return values
    channels = values.reshape(-1, *values.shape[-2:])[:_TILES]
    across = int(np.ceil(np.sqrt(len(channels))))
    height, width = channels.shape[1:]
    down = -(-len(channels) // across)
    canvas = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    for at, channel in enumerate(channels):
        top, left = at // across * (height + 1), at % across * (width + 1)
        canvas[top : top + height, left : left + width] = channel
    return canvas


def _canvas_class() -> Any:
    try:
        from ipycanvas import Canvas
    except ImportError:
        raise MissingDependencyError("ipycanvas") from None
    canvas: Any = Canvas
    for trait in canvas.class_traits().values():
        shared: object = trait.default_value  # what all canvases send their commands by
        if isinstance(shared, ipywidgets.Widget):
            open_whole(shared)
    return canvas


def _check(predict: Any, size: Any, trainer: Any, layers: Sequence[str]) -> None:
    if not callable(predict):
        raise ConfigurationError(
            f"predict must be a model or a function of an image, got {type(predict).__name__}."
        )
    is_pair = isinstance(size, tuple | list) and len(cast("Any", size)) == 2  # noqa: PLR2004
    sides = cast("list[Any]", size) if is_pair else [0]
    if not all(_is_whole(side) and _LEAST <= side <= _MOST for side in sides):
        raise ConfigurationError(
            f"size must be (height, width), each from {_LEAST} to {_MOST:,}; got {size!r}."
        )
    if trainer is not None and not isinstance(trainer, Trainer):
        raise ConfigurationError(
            f"trainer must be a Trainer or a LiveTrainer, got {type(trainer).__name__}."
        )
    model: Any = trainer.model if trainer is not None else predict
    known: list[str] = []
    if isinstance(model, torch.nn.Module):
        known = [name for name in dict(cast("Any", model).named_modules()) if name]
    given: Any = layers
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigurationError(
            f"layers must be a list of names of the model's modules, got {given!r:.80}."
        )
    for name in layers:
        if name not in known:
            shown = ", ".join(known[:20]) or "none"
            raise ConfigurationError(f"the model has no layer {name!r}; it has: {shown}.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and type(cast("Any", value)) is not bool


def _names(labels: object) -> list[str] | None:
    if labels is None:
        return None
    found = listed(labels, MOST_CLASSES)
    if not found:
        raise ConfigurationError(
            f"labels must be a list with a name for each class, got {labels!r:.80}."
        )
    if len(found) > MOST_CLASSES:
        count = number_listed(found, labels, MOST_CLASSES)
        raise ConfigurationError(f"labels has {count} names; at most {MOST_CLASSES:,} are shown.")
    return [short_name(label) for label in found]


def _png(image: NDArray[np.float32]) -> bytes:
    """Return the image as the model gets it: dark ink, and each pixel large."""
    times = max(1, _PREVIEW // max(image.shape))
    pixels = (255 * (1 - image)).round().astype(np.uint8)
    return encode_png(np.kron(pixels, np.ones((times, times), np.uint8))[..., None])
