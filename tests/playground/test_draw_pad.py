"""The pad: what a model gets of strokes, and what answers while it trains."""

import base64
import functools
import io
import re
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import ipywidgets
import numpy as np
import pages
import processes
import pytest
import torch
from ipycanvas.canvas import COMMANDS
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbviz
from nbviz.datasets import ImageTensors
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.pictures.svg import xml_text
from nbviz.playground.answers import probabilities
from nbviz.playground.rebound import rebound
from nbviz.playground.strokes import Strokes


def until(condition: object, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


class Which(nn.Module):
    """Tells left from right by where the ink is, and knows the newest step by its weight."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.drop = nn.Dropout(0.9)
        self.modes: set[bool] = set()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.add(self.training)
        halves = torch.stack([x[..., : x.shape[-1] // 2].sum(), x[..., x.shape[-1] // 2 :].sum()])
        return (self.drop(halves) * self.scale)[None]


def event(pad: nbviz.DrawPad, name: str, x: float = 0, y: float = 0) -> None:
    """Do what ipycanvas does when its page sends an event."""
    touches = [{"x": x, "y": y}]
    content = {"event": name, "x": x, "y": y, "touches": touches}
    pad._canvas._handle_frontend_event(pad._canvas, content, [])


def draw(pad: nbviz.DrawPad, *points: tuple[float, float], device: str = "mouse") -> None:
    names = ("down", "move", "up") if device == "mouse" else ("start", "move", "end")
    event(pad, f"{device}_{names[0]}", *points[0])
    for point in points[1:]:
        event(pad, f"{device}_{names[1]}", *point)
    event(pad, f"{device}_{names[2]}", *points[-1])


@pytest.fixture
def make_pad() -> object:
    pads: list[nbviz.DrawPad] = []

    def make(*args: object, **options: object) -> nbviz.DrawPad:
        pads.append(nbviz.DrawPad(*args, **options))
        return pads[-1]

    yield make
    for pad in pads:
        pad.close()


def test_what_is_drawn_is_scaled_and_its_mass_lies_in_the_middle() -> None:
    strokes = Strokes((280, 280))
    strokes.begin(10, 20, 24)
    strokes.extend(60, 20)
    strokes.extend(60, 90)
    image = strokes.image((28, 28))
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.float32, 1)
    rows, columns = np.nonzero(image > 0.01)
    assert 18 <= np.ptp(rows) + 1 <= 22
    for axis in (0, 1):
        mean = (image.sum(axis=1 - axis) * np.arange(28)).sum() / image.sum()
        assert mean == pytest.approx(13.5, abs=0.3)
    assert columns.min() > 0
    strokes.clear()
    assert not strokes.image((28, 28)).any()
    strokes.begin(200, 200, 24)
    dot = strokes.image((8, 16))
    assert (dot.shape, dot[3:5, 7:9].min() > 0.5) == ((8, 16), True)
    assert dot.sum() < 40


def test_mouse_and_touch_draw_and_a_press_ends_what_was_left_open(make_pad: object) -> None:
    pad = make_pad(lambda image: image.sum().reshape(1))
    draw(pad, (10, 10), (100, 100))
    event(pad, "mouse_move", 200, 200)  # not pressed
    draw(pad, (10, 100), (100, 10), device="touch")
    event(pad, "mouse_down", 50, 50)
    event(pad, "mouse_move", 60, 60)
    event(pad, "mouse_out", 300, 60)  # the release is not seen
    event(pad, "mouse_move", 70, 70)
    strokes = [one.points for one in pad._strokes.copies()]
    assert strokes == [[(10, 10), (100, 100)], [(10, 100), (100, 10)], [(50, 50), (60, 60)]]
    event(pad, "mouse_down", 1, 1)
    event(pad, "mouse_down", 9, 9)
    event(pad, "mouse_move", 9, 20)
    assert [len(one.points) for one in pad._strokes.copies()][3:] == [1, 2]
    pad.undo()
    assert len(pad._strokes) == 4
    event(pad, "touch_start")
    pad._canvas._handle_frontend_event(pad._canvas, {"event": "touch_move", "touches": []}, [])
    pad._clear_button.click()
    assert not pad.image.any()


def test_a_page_that_opens_later_is_drawn_anew(
    make_pad: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = make_pad(lambda image: image.sum().reshape(1))
    draw(pad, (10, 10), (50, 80), (100, 100))
    calls: list[str] = []
    for name in ("fill_rect", "fill_circle", "stroke_lines"):
        monkeypatch.setattr(
            type(pad._canvas), name, lambda *args, name=name: calls.append(name), raising=True
        )
    event(pad, "client_ready")
    assert calls == ["fill_rect", "fill_circle", "stroke_lines"]
    monkeypatch.undo()
    sent: list[object] = []
    manager = pad._canvas._canvas_manager
    monkeypatch.setattr(manager, "_send_custom", lambda command, buffers=(): sent.append(command))
    event(pad, "client_ready")
    # The page has to be told on which canvas it is to draw.
    switched = [command[1][0] for command in sent if command[0] == COMMANDS["switchCanvas"]]
    assert switched[-1] == f"IPY_MODEL_{pad._canvas.model_id}"


def test_the_answer_is_shown_as_bars_a_preview_and_words(make_pad: object, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 3))
    pad = make_pad(model, labels=["cat", "dog", "$x$ <b>"], layers=["1"])
    assert pad._label.options == (("cat", 0), ("dog", 1), ("$x$ <b>", 2))
    draw(pad, (30, 30), (200, 200))
    until(lambda: pad.answer is not None and pad._bars.marks[0].y.sum() > 0.99)
    given = torch.from_numpy(pad.image)[None, None]
    with torch.no_grad():
        wanted = model(given).softmax(1)[0].double().numpy()
    until(lambda: np.allclose(pad.answer.scores, wanted, atol=1e-6))
    until(lambda: np.allclose(pad._bars.marks[0].y, wanted, atol=1e-6))
    best = ["cat", "dog", "＄x＄ <b>"][int(wanted.argmax())]
    until(lambda: pad._status.value == f"{best}: {wanted.max():.0%}")
    assert bytes(pad._preview.value).startswith(b"\x89PNG")
    assert pad._maps["1"]._drawn["rows"] == 2
    saved = pad.picture()
    assert "<svg" not in saved["text/html"]
    assert "data:image/svg+xml" in saved["text/html"]
    page = nbviz.save_html(ipywidgets.VBox([pad]), tmp_path / "pad.html").read_text()
    assert f"<p>{xml_text(saved['text/plain'])}</p>" in page
    assert "Brush" not in page
    (encoded,) = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)
    drawing = ET.fromstring(base64.b64decode(encoded))
    (image,) = drawing.iter("{http://www.w3.org/2000/svg}image")
    png = base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,"))
    assert np.asarray(Image.open(io.BytesIO(png)).convert("L")).min() == 0  # its ink
    pad.clear()
    assert (pad.answer, pad._status.value) == (None, "Draw something.")


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (torch.zeros(2, 3), r"shape \(classes,\) or \(1, classes\), got \(2, 3\)"),
        (torch.tensor([float("nan")]), "not finite"),
        (torch.zeros(0), "got \\(0,\\)"),
        ({"cat": 1.0}, "must give scores as a tensor or an array, got dict"),
        (
            torch.zeros(3, dtype=torch.complex64),
            "must give real scores, got a tensor torch.complex64",
        ),
        (torch.empty(3, device="meta"), "must give real scores, got a tensor on the meta device"),
        (torch.zeros(1_000_000), "of at most 10,000 classes"),
    ],
)
def test_scores_that_are_none_are_said(scores: torch.Tensor, said: str, make_pad: object) -> None:
    with pytest.raises(ValueError, match=said):
        probabilities(scores)
    pad = make_pad(lambda _: scores)
    draw(pad, (30, 30), (200, 200))
    until(lambda: pad._status.value.startswith("predict failed: ValueError"))


def test_scores_become_probabilities_once() -> None:
    assert probabilities([0.25, 0.75]).tolist() == [0.25, 0.75]
    assert probabilities(torch.tensor([[0.0, 0.0]])).tolist() == [0.5, 0.5]
    assert probabilities(torch.tensor([0.0])).tolist() == [0.5]
    assert probabilities(torch.eye(3)[1].to_sparse()).tolist() == [0, 1, 0]
    # Shares in half precision add up to 1 only about.
    shares = torch.tensor([0.1, 0.9]).bfloat16()
    assert probabilities(shares).tolist() == shares.double().tolist()


def test_a_model_that_ends_the_program_is_asked_again(make_pad: object) -> None:
    def predict(image: torch.Tensor) -> torch.Tensor:
        if image.sum() > 0 and not asked:
            asked.append(1)
            raise SystemExit(3)
        return torch.tensor([0.25, 0.75])

    asked: list[int] = []
    pad = make_pad(predict)
    draw(pad, (30, 30), (200, 200))
    until(lambda: pad._status.value.startswith("predict failed: SystemExit"))
    draw(pad, (30, 200), (200, 30))
    until(lambda: pad._status.value.startswith("1: 75"))


def _trainer(model: nn.Module, seconds: float, steps: int = 100_000) -> nbviz.Trainer:
    batches = DataLoader(TensorDataset(torch.rand(4, 1, 8, 8), torch.zeros(4).long()), batch_size=4)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)

    def step(model: nn.Module, batch: object) -> torch.Tensor:
        time.sleep(seconds)
        loss = model(batch[0]).sum()
        with torch.no_grad():  # half-updated inside the step
            model.scale.fill_(-1e6)
            time.sleep(seconds / 10)
            model.scale.fill_(1.0)
        return loss

    return nbviz.Trainer(model, batches, optimizer=optimizer, training_step=step, max_steps=steps)


def test_it_answers_between_two_steps_in_eval_mode(make_pad: object) -> None:
    model = Which()
    trainer = _trainer(model, 0.001)
    pad = make_pad(model, (8, 8), trainer)
    trainer.start()
    try:
        until(lambda: trainer.engine.step > 20)
        draw(pad, (20, 30), (20, 200))
        until(lambda: pad.answer is not None)
        first = pad.answer
        assert (first.is_copy, first.error) == (False, "")
        # It goes on answering as the model trains.
        until(lambda: pad.answer is not None and pad.answer.step > first.step)
        assert model.training
        assert "by the weights after step" in pad._status.value
        values = [*first.scores, *pad.answer.scores]
        assert np.ptp(values) < 0.999  # of half-updated weights it would be 1
    finally:
        trainer.stop()
        trainer.wait(180)


def test_a_drawing_does_not_end_a_step_that_is_gone_through(make_pad: object) -> None:
    class Draws(Which):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + torch.rand(1)  # in eval mode, too

    def trainer_of(model: nn.Module) -> nbviz.Trainer:
        data = DataLoader(TensorDataset(torch.rand(4, 1, 8, 8), torch.zeros(4).long()))
        return nbviz.Trainer(
            model, data, loss_fn=nn.CrossEntropyLoss(), max_steps=3, seed=1, device="cpu",
            optimizer=torch.optim.SGD(model.parameters(), lr=0.5), threads=1,
        )  # fmt: skip

    plain = trainer_of(Draws())
    plain.start()
    plain.wait(180)
    trainer = trainer_of(Draws())
    pad = make_pad(trainer.model, (8, 8), trainer)
    for name, step in (("batch", 0), ("forward", 0), ("backward", 0), ("optimizer", 1)):
        while trainer.step_into().name != name:
            pass
        shown = pad.answer
        draw(pad, (20, 30), (20, 200))
        until(lambda shown=shown: pad.answer is not shown)
        assert (pad.answer.error, pad.answer.step, pad.answer.is_copy) == ("", step, False)
        assert trainer.control.inside.name == name
    trainer.resume()
    trainer.wait(180)
    same = zip(trainer.model.parameters(), plain.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    assert trainer.run["loss/train"].values.tolist() == plain.run["loss/train"].values.tolist()


def test_it_takes_a_trainer_with_a_view(make_pad: object) -> None:
    model = nn.Linear(64, 2)
    with_view = nbviz.LiveTrainer(
        model,
        [(torch.rand(4, 64), torch.tensor([0, 1, 0, 1]))],
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_steps=3,
    )
    pad = make_pad(lambda image: model(image.flatten(1)), (8, 8), with_view)
    draw(pad, (20, 30), (20, 200))
    until(lambda: pad.answer is not None)
    assert (pad.answer.step, pad.answer.error) == (0, "")
    with_view.close()


def test_a_copy_answers_while_a_long_step_is_made(make_pad: object) -> None:
    model = Which()
    entered, go = threading.Event(), threading.Event()
    trainer = _trainer(model, 0.08)

    def predict(image: torch.Tensor) -> torch.Tensor:
        return model(image)[0]

    pad = make_pad(predict, (8, 8), trainer)
    held = {"is": False}
    forward = model.forward

    def waiting(x: torch.Tensor) -> torch.Tensor:
        if held["is"] and threading.current_thread().name != "nbviz-pad":
            entered.set()
            go.wait(180)
        return forward(x)

    model.forward = waiting
    trainer.start()
    try:
        draw(pad, (20, 30), (20, 200))
        until(lambda: pad.answer is not None and pad.answer.is_copy)
        held["is"] = True
        assert entered.wait(180)
        # The step stands inside the model: only the copy can answer.
        before = pad.answer
        draw(pad, (200, 30), (200, 200))
        until(lambda: pad.answer is not before)
        assert (pad.answer.is_copy, pad.answer.error) == (True, "")
        assert pad.answer.step <= trainer.engine.step
        assert "by a copy of the weights of step" in pad._status.value
    finally:
        held["is"] = False
        go.set()
        trainer.stop()
        trainer.wait(180)


def test_a_function_is_asked_of_a_copy_if_it_names_the_model() -> None:
    model, other = nn.Identity(), nn.Flatten()

    def closure(x: torch.Tensor) -> torch.Tensor:
        return model(x)

    x = torch.zeros(1, 2, 2)
    namespace = {"model": model}
    exec("def in_a_cell(x, *, k=1):\n    return model(x) * k", namespace)
    for predict in (
        model,
        closure,
        namespace["in_a_cell"],
        functools.partial(closure),
        functools.partial(lambda net, x: net(x), model),
    ):
        assert rebound(predict, model, other)(x).shape == (1, 4), predict
        assert predict(x).shape == (1, 2, 2)
    assert rebound(model.forward, model, other).__self__ is other
    assert rebound(lambda x: x, model, other) is None
    assert rebound(print, model, other) is None


def test_a_drawing_goes_into_the_training_set_with_its_label(make_pad: object) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    options = {"loss_fn": nn.CrossEntropyLoss(), "max_epochs": 2}

    def trained_on(loader: object) -> nbviz.Trainer:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return nbviz.Trainer(model, loader, optimizer=optimizer, **options)

    pairs = [(torch.zeros(1, 8, 8), 0)] * 4
    tensors = TensorDataset(torch.zeros(4, 8, 8, dtype=torch.uint8), torch.zeros(4).long())
    digits = ImageTensors(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.zeros(4).long(), 16)
    for loader in (DataLoader(pairs), DataLoader(tensors, shuffle=True), DataLoader(digits)):
        count = len(loader.dataset)
        trainer = trained_on(loader)
        pad = make_pad(model, (8, 8), trainer, labels=["no", "yes"])
        with pytest.raises(ConfigurationError, match="nothing is drawn"):
            pad.add("yes")
        draw(pad, (20, 30), (20, 200))
        pad.add("yes")
        image, label = loader.dataset[count]
        assert (len(loader.dataset), int(label)) == (count + 1, 1)
        scale = 255 if image.dtype == torch.uint8 else 1
        wanted = torch.from_numpy(pad.image) * scale
        assert torch.allclose(image.reshape(8, 8).float(), wanted, atol=0.04 * scale)
        assert pad.samples[0][1] == 1
        assert sum(1 for _ in loader) == -(-(count + 1) // loader.batch_size)
        said = [line.text for line in trainer.run.lines.since(0)]
        assert said[-1] == "a drawing was added to the training set as class yes"
    chosen = DataLoader(tensors, sampler=[0, 1])
    workers = DataLoader(tensors, num_workers=1, persistent_workers=True)
    for loader, said in ((chosen, "list chooses among"), (workers, "persistent workers keep")):
        pad = make_pad(model, (8, 8), trained_on(loader))
        draw(pad, (20, 30), (20, 200))
        with pytest.raises(ConfigurationError, match=said):
            pad.add(0)
    part = torch.utils.data.Subset(tensors, [0])
    pad = make_pad(model, (8, 8), trained_on(DataLoader(part)))
    draw(pad, (20, 30), (20, 200))
    until(lambda: len(pad._label.options) == 2)
    pad._label.value = 1
    pad._add_button.click()
    assert "cannot be added to a Subset; the drawn ones are in pad.samples" in pad._status.value
    assert len(pad.samples) == 1
    with pytest.raises(ConfigurationError, match="label must be from 0 to 1, got 7"):
        pad.add(7)
    with pytest.raises(ConfigurationError, match="no class 'maybe'; the labels are: none"):
        pad.add("maybe")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((3,), "predict must be a model or a function of an image, got int"),
        ((len, (28,)), r"size must be \(height, width\), each from 4 to 1,024; got \(28,\)"),
        ((len, (2, 2)), "each from 4"),
        ((len, "28x28"), "got '28x28'"),
        ((len, (True, True)), "each from 4"),
        ((len, (28, 28), object()), "trainer must be a Trainer or a LiveTrainer, got object"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        nbviz.DrawPad(*arguments)
    with pytest.raises(ConfigurationError, match="no layer 'conv9'; it has: 0"):
        nbviz.DrawPad(nn.Sequential(nn.Flatten()), layers=["conv9"])
    with pytest.raises(ConfigurationError, match="a list of names of the model's modules, got '0'"):
        nbviz.DrawPad(nn.Sequential(nn.Flatten()), layers="0")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("0123456789", "a list with a name for each class, got '0123456789'"),
        (10, "got 10"),
        ([], r"got \[\]"),
        ({"a", "b"}, "got {"),  # which has no order
        (np.array(3), r"got array\(3\)"),
        (list(range(1_000_000)), "has 1,000,000 names; at most 10,000"),
    ],
)
def test_labels_that_name_no_classes_are_refused(labels: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        nbviz.DrawPad(len, labels=labels)


def test_sizes_and_labels_come_from_whatever_holds_them(make_pad: object) -> None:
    size = np.array([8, 9])
    pad = make_pad(lambda _: [0.25, 0.75], tuple(size), labels=torch.tensor([4, 7]))
    assert pad.image.shape == (8, 9)
    draw(pad, (30, 30), (200, 200))
    until(lambda: pad._status.value.startswith("7: 75"))
    for label in (0.5, None, torch.tensor(1)):
        with pytest.raises(ConfigurationError, match="label must be from 0 to 1, got"):
            pad.add(label)


def test_without_ipycanvas_the_install_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipycanvas", None)
    with pytest.raises(MissingDependencyError, match="pip install ipycanvas"):
        nbviz.DrawPad(len)


def test_a_pad_that_is_gone_ends_its_thread() -> None:
    pad = nbviz.DrawPad(nn.Sequential(nn.Flatten(), nn.Linear(784, 2)))
    thread = pad._answers._thread
    draw(pad, (20, 30), (20, 200))
    pad.replaced()  # its cell has run again
    thread.join(180)
    assert not thread.is_alive()
    pad.answer = None
    draw(pad, (20, 30), (200, 30))  # its variable shows it in another cell
    again = pad._answers._thread
    pages.wait_until(lambda: pad.answer is not None)
    pad.close()
    again.join(180)
    assert not again.is_alive()


def test_all_its_parts_answer_while_a_cell_is_busy(
    make_pad: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    pad = make_pad(len)
    for part in (pad._canvas, pad._clear_button, pad._undo_button, pad._add_button, pad._brush):
        route = getattr(part.comm, "_reply_subshell_for", None)
        assert route is None or route({"any": 1}, "default") == "default"
    monkeypatch.setattr("ipykernel.__version__", "6.31.0")
    pad.clear()
    assert pad._status.value.startswith("This kernel answers when the running cell has ended.")


ANSWERING = """
import atexit, threading, time
import numpy as np
import torch
import nbviz

is_asked, is_over, matrix = threading.Event(), threading.Event(), torch.rand(300, 300)

def predict(image):
    is_asked.set()
    until = float("inf")
    while time.monotonic() < until:  # for a second of the exit
        matrix.mm(matrix)
        if is_over.is_set():
            until = min(until, time.monotonic() + 1)
    return torch.rand(1, 3)

pad = nbviz.DrawPad(predict)
atexit.register(is_over.set)
pad._answers.ask(np.ones((28, 28), np.float32))
assert is_asked.wait(180)
"""


def test_the_process_may_end_while_a_model_answers() -> None:
    done = processes.run(ANSWERING)
    assert done.stderr == ""
