"""Pull mode, on Colab's stack: every frame leaves inside the handling of a page's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cells
import numpy as np
import pytest
from kernel_specs import COLAB, NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel_page import KernelPage

# What tells nbviz, and anywidget, that they are in Colab.
IN_COLAB = """
import sys, types
google, colab = types.ModuleType("google"), types.ModuleType("google.colab")
colab.output = types.SimpleNamespace(enable_custom_widget_manager=lambda: None)
google.colab = colab
sys.modules.update({"google": google, "google.colab": colab})
"""
ENDED = {"finished", "stopped", "failed"}


def pull_until(page: KernelPage, status: set[str]) -> None:
    """Ask for frame after frame, as the page does, until the run is in one of these states."""
    while (
        not page.updates("run_changed") or page.updates("run_changed")[-1]["status"] not in status
    ):
        pull(page)


def pull(page: KernelPage) -> None:
    """Ask for one frame and wait for it."""
    frames = [r for r in page.received if r.content["kind"] == "frame"]
    newest = frames[-1].content["sequence"] if frames else 0
    page.send("pull", sequence=newest)
    page.wait_until(
        lambda: any(
            r.content["kind"] == "frame" and r.content["sequence"] == newest + 1
            for r in page.received
        ),
        f"frame {newest + 1}",
    )


def points(page: KernelPage, tag: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values of a tag as they came to the page."""
    number = next(u["series"] for u in page.updates("series_added") if u["tag"] == tag)
    found = []
    for received in page.received:
        for update in received.content["updates"]:
            if update["kind"] != "points_appended" or number not in update["series"]:
                continue
            place = update["series"].index(number)
            start = 3 * sum(update["counts"][:place])
            count = update["counts"][place]
            numbers = np.frombuffer(received.buffers[update["buffer"]])
            found.append(numbers[start + 2 * count : start + 3 * count])
    return np.concatenate(found)


@pytest.fixture(params=[COLAB, NEWEST])
def page(request: pytest.FixtureRequest, make_kernel: Callable[[str], KernelPage]) -> KernelPage:
    page = make_kernel(request.param)
    page.run(IN_COLAB + cells.trainer(max_epochs=None, max_steps=300))
    page.show("trainer")
    return page


def test_every_frame_leaves_inside_a_request(page: KernelPage) -> None:
    page.send("ready")
    page.wait_until(lambda: page.received, "snapshot")
    page.run("trainer.start()")
    pull_until(page, ENDED)
    assert page.status == "finished"
    outside = [r.content["kind"] for r in page.received if r.parent not in page.sent]
    assert outside == []
    assert all(received.inside for received in page.received)
    kinds = {"ready": "snapshot", "pull": "frame"}
    assert [r.content["kind"] for r in page.received] == [
        kinds[page.sent[r.parent]["kind"]] for r in page.received
    ]


def test_pulled_frames_hold_every_point(page: KernelPage) -> None:
    page.send("ready")
    page.wait_until(lambda: page.received, "snapshot")
    page.run("trainer.start()")
    pull_until(page, ENDED)
    kept = page.value("trainer.run['loss/train'].values.tolist()")
    assert len(kept) == 300
    np.testing.assert_array_equal(points(page, "loss/train"), kept)


def test_buttons_work_by_pulling(page: KernelPage) -> None:
    page.run(cells.trainer())  # one that does not end by itself
    page.show("trainer")
    page.send("ready")
    page.wait_until(lambda: page.received, "snapshot")
    request = page.control("start")
    page.wait_until(lambda: page.updates("command_done"), "answer to start")
    assert page.updates("command_done")[-1]["request_id"] == request
    pull_until(page, {"running"})
    page.control("pause")
    pull_until(page, {"paused"})
    page.control("set", lr=0.025)
    page.wait_for_value(cells.LEARNING_RATE, lambda lr: lr == 0.025)
    page.control("set", lr=-1)
    page.wait_until(lambda: page.updates("command_failed"), "refusal of lr=-1")
    page.control("stop")
    pull_until(page, {"stopped"})
    assert all(r.parent in page.sent and r.inside for r in page.received)


def test_frames_are_small_enough_for_colab(page: KernelPage) -> None:
    page.run("for step in range(200_000): trainer.run.log({'flood': float(step)}, step=step)")
    page.send("ready")
    page.wait_until(lambda: page.received, "snapshot")
    for _ in range(5):
        pull(page)
    assert max(sum(map(len, r.buffers)) for r in page.received) <= 512_000
