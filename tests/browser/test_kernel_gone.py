"""A kernel that dies leaves a picture of what it showed, without controls."""

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


def test_views_say_that_their_kernel_has_died(
    make_notebook: Callable[..., Notebook],
) -> None:
    waiting = cells.trainer(name="waiting") + "\nwaiting = trainer\ntrainer"
    notebook = make_notebook(waiting, cells.trainer() + "\ntrainer")
    notebook.run(0)
    notebook.run(1)
    views = [View(notebook.output(index)) for index in (0, 1)]
    views[0].wait_for_status("ready")
    running = views[1]
    running.click("start")
    running.wait_for_curve(20)
    for view in views:
        expect(view.toolbar.get_by_text(SAID)).to_be_hidden()
    os.kill(notebook.value("__import__('os').getpid()"), signal.SIGKILL)
    for view in views:
        expect(view.toolbar.get_by_text(SAID)).to_be_visible()
        expect(view.toolbar).to_have_attribute("data-gone", "true")
        for action in ("start", "pause", "step", "stop"):
            expect(view.toolbar.locator(f"[data-action={action}]")).to_be_hidden()
    assert running.last_step >= 20
    notebook.wait_for_idle_kernel()  # the server has started it anew
