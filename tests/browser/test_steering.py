"""What a user does with the mouse, in real JupyterLab, checked against the kernel's own values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cells
import pytest
from kernel_specs import LAB_KERNELS
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

# Time passes in which a run that is not paused would make a hundred steps.
LET_TIME_PASS = """
try:
    trainer.wait(timeout=0.7)
except TimeoutError:
    pass
"""
WITH_SUBSHELLS = [name for name in LAB_KERNELS if "-6" not in name]
WITHOUT_SUBSHELLS = "ipykernel-6.29"
HAS_CONSOLES = "window.jupyterapp.hasPlugin('@jupyterlab/console-extension:tracker')"
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


def test_the_buttons_act_exactly(notebook: Notebook, view: View) -> None:
    view.wait_for_status("ready")
    assert notebook.value("trainer.status") == "ready"
    assert notebook.value(cells.STEP) == 0
    # The first step is made before the start, and no more.
    view.click("step")
    view.wait_for_step(1)
    view.wait_for_status("paused")
    notebook.run(2)
    assert notebook.value(cells.STEP) == 1
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(20)
    for _ in range(3):
        view.wait_for_curve(view.last_step + 20)
    assert notebook.value("trainer.status") == "running"
    pause(view)
    step = notebook.value(cells.STEP)
    notebook.run(2)
    assert notebook.value(cells.STEP) == step
    assert notebook.value(POINTS) == step
    view.wait_for_step(step)
    view.wait_for_curve(step)
    assert view.last_step == step
    for number in (1, 2):
        view.click("step")
        view.wait_for_step(step + number)
        view.wait_for_status("paused")
        notebook.run(2)
        assert notebook.value(cells.STEP) == step + number
        assert notebook.value(POINTS) == step + number
    view.click("resume")
    view.wait_for_status("running")
    view.wait_for_curve(step + 20)
    view.click("stop")
    view.wait_for_status("stopped")
    notebook.run(2)
    step = notebook.value(cells.STEP)
    assert notebook.value("trainer.status") == "stopped"
    view.click("start")
    view.wait_for_status("running")
    view.wait_for_curve(step + 20)
    assert notebook.value(POINTS) >= step + 20


def test_settings_and_keys_reach_the_run_and_charts_are_saved(
    notebook: Notebook, view: View
) -> None:
    start(view)
    slider = view.toolbar.get_by_label("Learning rate slider")
    slider.focus()
    slider.press("PageDown")
    lr = notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr < 0.1)
    field = view.toolbar.locator("[data-setting=lr]")
    expect(field).not_to_have_value("0.1")
    assert float(field.input_value()) == pytest.approx(lr, rel=0.05)
    view.set("lr", "0.0025")
    notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr == 0.0025)
    texts = notebook.value("[e.text for e in trainer.run.events if e.event == 'command']")
    assert any("lr" in text and "0.0025" in text for text in texts)
    view.set("lr", "-1")
    expect(view.toolbar).to_contain_text("Must be at least 0")
    assert notebook.value(cells.LEARNING_RATE) == 0.0025
    assert notebook.value("trainer.status") == "running"
    view.toolbar.locator("[data-action=pause]").focus()
    view.root.page.keyboard.press("p")
    view.wait_for_status("paused")
    view.root.page.keyboard.press("p")
    view.wait_for_status("running")
    pause(view)
    assert view.save("PNG").startswith(b"\x89PNG")
    picture = view.save("SVG").decode()
    assert picture.startswith("<svg")
    assert "<script" not in picture


def test_two_views_agree_and_a_reload_finds_the_whole_curve_and_working_controls(
    notebook: Notebook, view: View
) -> None:
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
    view.click("resume")
    view.wait_for_curve(150)
    with notebook.lab.whole():
        notebook.reload()
    assert notebook.page.evaluate(HAS_CONSOLES)
    view = View(notebook.output(1))
    view.wait_for_status("running")
    view.wait_for_curve(notebook.value(cells.STEP))
    pause(view)
    step = notebook.value(cells.STEP)
    view.wait_for_curve(step)
    view.toolbar.locator("[data-action=resume]").focus()
    view.root.page.keyboard.press("p")
    view.wait_for_status("running")
    pause(view)
    step = notebook.value(cells.STEP)
    view.wait_for_curve(step)
    kept = notebook.value("trainer.run['loss/train'].values.tolist()")
    assert view.points("loss/train") == list(enumerate(kept, 1))
    view.click("step")
    view.wait_for_step(step + 1)
    view.set("lr", "0.01")
    notebook.wait_for(cells.LEARNING_RATE, lambda lr: lr == 0.01)


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


@pytest.mark.parametrize("kernel", WITH_SUBSHELLS)
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
    assert notebook.version() == kernel


def test_button_acts_after_a_busy_cell_on_a_kernel_without_subshells(
    make_notebook: Callable[..., Notebook],
) -> None:
    busy = """
first = trainer.run.progress.step
while trainer.run.progress.step < first + 200:
    time.sleep(0.02)
status_in_cell = trainer.status
"""
    notebook = make_notebook(cells.trainer() + "\ntrainer", busy, kernel=WITHOUT_SUBSHELLS)
    notebook.run(0)
    view = View(notebook.output(0))
    start(view)
    step = view.last_step
    notebook.run(1, wait=False)
    view.wait_for_curve(step + 20)
    pause(view)
    assert notebook.version() == WITHOUT_SUBSHELLS
    assert notebook.value("status_in_cell") == "running"
    assert notebook.value(f"{cells.STEP} - first") >= 200


ENDLESS = """\
import threading
import nbviz, torch
began, let_go = threading.Event(), threading.Event()

def training_step(model, batch):
    if trainer.step_number == 3:
        began.set()
        while not let_go.is_set():
            pass
    return model(batch).square().mean()

model = torch.nn.Linear(2, 1)
trainer = nbviz.LiveTrainer(model, [torch.ones(4, 2)] * 50, training_step=training_step,
                            optimizer=torch.optim.SGD(model.parameters(), lr=0.1), device="cpu",
                            threads=1, max_epochs=100)
trainer.start()
trainer
"""


def test_what_waits_for_a_step_without_an_end_says_so(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(ENDLESS)
    notebook.run(0)
    view = View(notebook.output(0))
    notebook.wait_for("began.is_set()")
    word = view.toolbar.locator(".nbviz-status-word")
    view.click("pause")
    expect(word).to_have_text(re.compile(r"^Pausing after this step \(\d+ s so far\)$"))
    view.click("stop")
    expect(word).to_have_text(re.compile(r"^Stopping after this step \(\d+ s so far\)$"))
    notice = view.toolbar.locator(".nbviz-notices")
    expect(notice).to_contain_text("of a cell, in training_step: ")
    expect(notice).to_contain_text("The run ends when the step does.")
    expect(notice).to_contain_text("restart the kernel: what was logged is then lost")
    notebook.value("let_go.set()")
    view.wait_for_status("stopped")
    expect(notice).to_be_hidden()
    expect(word).to_have_text("Stopped")
