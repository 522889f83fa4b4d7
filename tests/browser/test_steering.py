"""What a user does with the mouse, in real JupyterLab, checked against the kernel's own values."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import cells
import pytest
from kernel_specs import LAB_KERNELS
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Page

# Time passes in which a run that is not paused would make a hundred steps.
LET_TIME_PASS = """
try:
    trainer.wait(timeout=0.7)
except TimeoutError:
    pass
"""
POINTS = "len(trainer.run['loss/train'])"


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(cells.trainer(), "trainer", LET_TIME_PASS, "trainer")
    notebook.run(0)
    notebook.run(1)
    return notebook


@pytest.fixture
def view(notebook: Notebook) -> View:
    return View(notebook.output(1))


def start(view: View) -> None:
    view.click("start")
    view.wait_for_status("running")
    view.wait_for_curve(20)


def pause(view: View) -> None:
    view.click("pause")
    view.wait_for_status("paused")


def test_shows_without_starting(notebook: Notebook, view: View) -> None:
    view.wait_for_status("ready")
    assert notebook.value("trainer.status") == "ready"
    assert notebook.value(cells.STEP) == 0


def test_start_and_the_curve_grows(notebook: Notebook, view: View) -> None:
    start(view)
    for _ in range(3):
        view.wait_for_curve(view.last_step + 20)
    assert notebook.value("trainer.status") == "running"


def test_a_kernel_that_is_gone_is_told_of(notebook: Notebook, view: View) -> None:
    start(view)
    view.wait_for_curve(20)
    told = view.toolbar.get_by_text("The kernel is gone: a picture of its run")
    expect(told).to_be_hidden()
    os.kill(notebook.value("__import__('os').getpid()"), signal.SIGKILL)
    expect(told).to_be_visible(timeout=30_000)
    assert view.last_step >= 20
    for action in ("pause", "step", "stop"):
        expect(view.toolbar.locator(f"[data-action={action}]")).to_be_hidden()
    notebook.end_kernel()  # the server has started it anew


def test_pause_stands_still_and_resume_goes_on(notebook: Notebook, view: View) -> None:
    start(view)
    pause(view)
    step = notebook.value(cells.STEP)
    notebook.run(2)
    assert notebook.value(cells.STEP) == step
    assert notebook.value(POINTS) == step
    view.wait_for_step(step)
    view.wait_for_curve(step)
    assert view.last_step == step
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(step + 20)


def test_step_makes_exactly_one_step(notebook: Notebook, view: View) -> None:
    start(view)
    pause(view)
    step = notebook.value(cells.STEP)
    for number in (1, 2):
        view.click("step")
        view.wait_for_step(step + number)
        view.wait_for_status("paused")
        notebook.run(2)
        assert notebook.value(cells.STEP) == step + number
        assert notebook.value(POINTS) == step + number


def test_step_before_start_makes_the_first_step(notebook: Notebook, view: View) -> None:
    view.click("step")
    view.wait_for_step(1)
    view.wait_for_status("paused")
    notebook.run(2)
    assert notebook.value(cells.STEP) == 1


def test_typed_learning_rate_reaches_the_optimizer(notebook: Notebook, view: View) -> None:
    start(view)
    view.set("lr", "0.0025")
    notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr == 0.0025)
    texts = notebook.value("[e.text for e in trainer.run.events if e.event == 'command']")
    assert any("lr" in text and "0.0025" in text for text in texts)
    assert notebook.value("trainer.status") == "running"


def test_learning_rate_slider_reaches_the_optimizer(notebook: Notebook, view: View) -> None:
    start(view)
    slider = view.toolbar.get_by_label("Learning rate slider")
    slider.focus()
    slider.press("PageDown")
    lr = notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr < 0.1)
    field = view.toolbar.locator("[data-setting=lr]")
    expect(field).not_to_have_value("0.1")
    assert float(field.input_value()) == pytest.approx(lr, rel=0.05)


def test_impossible_learning_rate_is_refused(notebook: Notebook, view: View) -> None:
    start(view)
    view.set("lr", "-1")
    expect(view.toolbar).to_contain_text("Must be at least 0")
    assert notebook.value(cells.LEARNING_RATE) == 0.1
    assert notebook.value("trainer.status") == "running"


def test_stop_and_start_again(notebook: Notebook, view: View) -> None:
    start(view)
    view.click("stop")
    view.wait_for_status("stopped")
    notebook.run(2)
    step = notebook.value(cells.STEP)
    assert notebook.value("trainer.status") == "stopped"
    view.click("start")
    view.wait_for_status("running")
    view.wait_for_curve(step + 20)
    assert notebook.value(POINTS) >= step + 20


def test_keyboard_pauses_and_resumes(view: View) -> None:
    start(view)
    view.toolbar.locator("[data-action=pause]").focus()
    view.root.page.keyboard.press("p")
    view.wait_for_status("paused")
    view.root.page.keyboard.press("p")
    view.wait_for_status("running")


def test_reload_finds_the_whole_curve_and_working_controls(notebook: Notebook, view: View) -> None:
    start(view)
    view.wait_for_curve(150)
    notebook.reload()
    view = View(notebook.output(1))
    view.wait_for_status("running")
    view.wait_for_curve(notebook.value(cells.STEP))
    pause(view)
    step = notebook.value(cells.STEP)
    view.wait_for_curve(step)
    kept = notebook.value("trainer.run['loss/train'].values.tolist()")
    assert view.points("loss/train") == list(enumerate(kept, 1))
    view.click("step")
    view.wait_for_step(step + 1)
    view.set("lr", "0.01")
    notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr == 0.01)


def test_two_views_of_one_trainer(notebook: Notebook, view: View) -> None:
    notebook.run(3)
    second = View(notebook.output(3))
    start(second)
    view.wait_for_status("running")
    view.wait_for_curve(50)
    pause(view)
    second.wait_for_status("paused")
    step = notebook.value(cells.STEP)
    for each in (view, second):
        each.wait_for_step(step)
        each.wait_for_curve(step)


def test_running_the_cell_again_stops_the_old_run(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(
        "kept = []", cells.trainer() + "\nkept.append(trainer)\ntrainer.start()\ntrainer"
    )
    notebook.run(0)
    notebook.run(1)
    View(notebook.output(1)).wait_for_curve(20)
    notebook.run(1)
    View(notebook.output(1)).wait_for_curve(20)
    assert notebook.value("[trainer.status for trainer in kept]") == ["stopped", "running"]


@pytest.mark.parametrize("kernel", [name for name in LAB_KERNELS if "-6" not in name])
def test_buttons_act_while_a_cell_is_busy(
    make_notebook: Callable[..., Notebook], kernel: str
) -> None:
    busy = "while trainer.status != 'paused':\n    time.sleep(0.02)"
    notebook = make_notebook(cells.trainer() + "\ntrainer", busy, kernel=kernel)
    notebook.run(0)
    view = View(notebook.output(0))
    start(view)
    notebook.run(1, wait=False)
    view.wait_for_curve(view.last_step + 20)
    pause(view)
    assert notebook.value("trainer.status") == "paused"


def test_button_acts_after_a_busy_cell_on_a_kernel_without_subshells(
    make_notebook: Callable[..., Notebook],
) -> None:
    busy = """
first = trainer.run.progress.step
while trainer.run.progress.step < first + 200:
    time.sleep(0.02)
status_in_cell = trainer.status
"""
    notebook = make_notebook(cells.trainer() + "\ntrainer", busy, kernel="ipykernel-6.29")
    notebook.run(0)
    view = View(notebook.output(0))
    start(view)
    step = view.last_step
    notebook.run(1, wait=False)
    view.wait_for_curve(step + 20)
    pause(view)
    assert notebook.value("status_in_cell") == "running"
    assert notebook.value(f"{cells.STEP} - first") >= 200


def test_error_in_training_is_shown_as_text(
    make_notebook: Callable[..., Notebook], page: Page
) -> None:
    text = "<img src=x onerror='window.broken = 1'>"
    failing = f"""
class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = model
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        print({text!r})
        if self.calls == 30:
            raise RuntimeError({text!r})
        return self.inner(x)
failing = Failing()
trainer = nbviz.LiveTrainer(
    failing, Batches(), loss_fn=nn.CrossEntropyLoss(), name={text!r},
    optimizer=torch.optim.SGD(failing.parameters(), lr=0.1), max_epochs=10,
)
trainer.start()
trainer
"""
    notebook = make_notebook(cells.trainer(), failing)
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_status("failed")
    log = view.open("log")
    expect(log).to_contain_text(text)
    expect(log).to_contain_text("Traceback")
    assert page.evaluate("window.broken") is None
    assert notebook.value(POINTS) == 29


def test_charts_are_saved_as_files(view: View) -> None:
    start(view)
    pause(view)
    assert view.save("PNG").startswith(b"\x89PNG")
    picture = view.save("SVG").decode()
    assert picture.startswith("<svg")
    assert "<script" not in picture
