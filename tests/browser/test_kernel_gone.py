"""A kernel that restarts or dies leaves pictures of what it showed, without controls."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import cells
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SAID = "The kernel is gone: a picture of its run"
CONTROLS = ("start", "pause", "resume", "step", "stop")
PAUSED = """
paused = nbviz.LiveTrainer(
    model, Batches(), loss_fn=nn.CrossEntropyLoss(), max_epochs=9, threads=1, name="paused",
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
)
paused.step(3)
paused
"""


def test_views_of_every_state_say_that_their_kernel_has_restarted_or_died(
    make_notebook: Callable[..., Notebook],
) -> None:
    waiting = cells.trainer(name="waiting") + "\nwaiting = trainer\ntrainer"
    notebook = make_notebook(waiting, PAUSED, cells.trainer() + "\ntrainer")
    views = every_state(notebook)
    notebook.restart_kernel()
    expect_gone(views)
    views = every_state(notebook)  # in the same page, of the kernel that came after
    os.kill(notebook.value("__import__('os').getpid()"), signal.SIGKILL)
    expect_gone(views)
    notebook.wait_for_idle_kernel()  # the server has started it anew


def every_state(notebook: Notebook) -> list[View]:
    """Show a run that has not begun, one that is paused, and one that goes on."""
    views = []
    for index in range(3):
        notebook.run(index)
        views.append(View(notebook.output(index)))
    waiting, paused, running = views
    waiting.wait_for_status("ready")
    paused.wait_for_status("paused")
    paused.wait_for_step(3)
    running.click("start")
    running.wait_for_curve(20)
    for view in views:
        expect(view.toolbar.get_by_text(SAID)).to_be_hidden()
        expect(view.toolbar).not_to_have_attribute("data-gone", "true")
    return views


def expect_gone(views: list[View]) -> None:
    for view in views:
        expect(view.toolbar.get_by_text(SAID)).to_be_visible()
        expect(view.toolbar).to_have_attribute("data-gone", "true")
        for action in CONTROLS:
            expect(view.toolbar.locator(f"[data-action={action}]")).to_be_hidden()
    assert views[-1].last_step >= 20
