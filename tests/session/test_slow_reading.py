"""While one run waits for a device or a file, pages are served all the same."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from pages import Page
from recording.slow_device import SlowArrival, SlowBackend, make_slow

import nbviz

SECONDS = 180  # a limit on a hang


class HeldBackend(SlowBackend):
    """A device on which nothing arrives, for a thread that waits, until the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for = threading.Event()
        self.released = threading.Event()

    def send(self, device: torch.Tensor, host: torch.Tensor | None, mark: Any) -> SlowArrival:
        super().send(device, host, mark)
        arrival = HeldArrival(self)
        self.under_way[-1] = (*self.under_way[-1][:2], arrival)
        return arrival


class HeldArrival(SlowArrival):
    def synchronize(self) -> None:
        self.backend.is_waited_for.set()
        assert self.backend.released.wait(SECONDS)
        super().synchronize()


class RunInSlowFiles(nbviz.Run):
    """A run whose files do not answer until the test lets them, as an opened one reads them."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.is_waited_for = threading.Event()
        self.released = threading.Event()

    def drain(self) -> None:
        if not self.released.is_set() and threading.current_thread().name == "nbviz-emitter":
            self.is_waited_for.set()
            assert self.released.wait(SECONDS)
        super().drain()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> HeldBackend:
    backend = HeldBackend()
    make_slow(monkeypatch, backend)
    return backend


def quick_run() -> nbviz.Run:
    run = nbviz.Run("quick")
    for step in range(1, 101):
        run.log({"loss": float(step)}, step=step)
    run.log_text("notes", "hello", step=1)
    run.drain()
    run.drain_media()
    return run


def slow_run(kind: str, device: HeldBackend) -> tuple[nbviz.Run, HeldBackend | RunInSlowFiles]:
    if kind == "file":
        run = RunInSlowFiles("slow")
        run.finish()
        run.log({"value": 1.0}, step=1)
        return run, run
    run = nbviz.Run("slow")
    run.finish()
    run.log({"value": torch.tensor(1.0)}, step=1)  # one more after the end, which is waited for
    return run, device


@pytest.mark.parametrize("kind", ["device", "file"])
@pytest.mark.parametrize("transport", ["push", "pull"])
def test_nobody_waits_with_the_thread_that_reads(device, kind, transport) -> None:
    quick = quick_run()
    dashboard = nbviz.Dashboard(quick, transport=transport)
    first, second = Page(dashboard), Page(dashboard, "page-2")
    dashboard.send = lambda *message: (first.receive(*message), second.receive(*message))
    first.ready()
    slow, held = slow_run(kind, device)
    dashboard.add(slow)
    assert held.is_waited_for.wait(SECONDS)

    def use_the_page() -> None:
        # Each of these would wait for the device or the file, which answer after all of them.
        first.send("acknowledge", sequence=first.sequence)
        second.ready()
        assert second.points["loss"] == list(range(1, 101))
        if transport == "pull":
            second.send("pull", sequence=0)
        asked = {
            "send_range": {"series": [0], "first_step": 1, "last_step": 50, "points": 50},
            "send_text": {"tag": "notes", "step": 1},
            "send_asset": {"name": "media"},
            "set_wanted": {"panel": "curves", "view": 1, "keys": ["0"], "known": 1},
            "control": {"name": "pause", "arguments": {}},
        }
        answers = {kind: first.ask(kind, run_id=quick.run_id, **asked[kind]) for kind in asked}
        assert np.frombuffer(answers["send_range"]["data"])[0] == 1
        assert answers["send_text"]["text"] == "hello"
        assert "command_failed" not in {answer["kind"] for answer in answers.values()}
        second.ready()
        assert not held.released.is_set()

    served = []
    thread = threading.Thread(target=lambda: served.append(use_the_page()))
    thread.start()
    thread.join(SECONDS / 2)
    is_served = bool(served)
    held.released.set()
    thread.join(SECONDS)
    assert is_served
    first.wait_for(lambda: first.points.get("value") == [1.0])
    dashboard.close()


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_an_active_runs_device_delays_no_frame_of_other_runs(device, transport) -> None:
    quick, slow = quick_run(), nbviz.Run("slow")
    slow.log({"value": torch.tensor(1.0)}, step=1)
    dashboard = nbviz.Dashboard(slow, quick, transport=transport)
    page = Page(dashboard)
    page.ready()
    for step in range(101, 104):
        quick.log({"loss": float(step)}, step=step)
        page.wait_for(lambda step=step: page.points.get("loss") == list(range(1, step + 1)))
    assert "value" not in page.points
    assert not device.is_waited_for.is_set(), "by any thread"
    device.released.set()
    device.arrive(len(device.under_way))
    page.wait_for(lambda: page.points.get("value") == [1.0])
    dashboard.close()


@pytest.mark.parametrize("kind", ["device", "file"])
def test_a_cell_that_sends_by_itself_waits_for_no_run_that_is_over(device, kind) -> None:
    quick = quick_run()
    quick.begin()
    slow, held = slow_run(kind, device)
    dashboard = nbviz.Dashboard(slow, quick, transport="pull")
    sent = []
    dashboard.send = lambda content, *_: sent.append(content)
    # As the emitter's thread does: of a file's run that one only waits for.
    cell = threading.Thread(target=dashboard._session.serve_from_cell, name="nbviz-emitter")
    cell.start()
    cell.join(SECONDS / 2)
    is_over = not cell.is_alive()
    held.released.set()
    cell.join(SECONDS)
    assert is_over
    assert not held.is_waited_for.is_set()
    assert [content["kind"] for content in sent if content["kind"] == "snapshot"] == ["snapshot"]
    dashboard.close()


def test_pages_that_open_while_frames_leave_miss_nothing_and_get_nothing_twice() -> None:
    run = nbviz.Run("busy")
    dashboard = nbviz.Dashboard(run, frames_per_second=60)
    pages = [Page(dashboard, f"page-{number}") for number in range(4)]
    lock = threading.Lock()

    def receive(*message) -> None:
        with lock:
            for page in pages:
                page.receive(*message)

    dashboard.send = receive
    is_over = threading.Event()

    def keep_opening(page: Page) -> None:
        while not is_over.is_set():
            page.ready()
            page.send("acknowledge", sequence=page.sequence)

    threads = [threading.Thread(target=keep_opening, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for step in range(1, 1501):  # few enough that each point travels as it is
        run.log({"loss": float(step)}, step=step)
        if step % 50 == 0:
            run.drain()
    run.finish()
    is_over.set()
    for thread in threads:
        thread.join(SECONDS)
    for page in pages:
        page.wait_for(lambda page=page: len(page.points.get("loss", ())) >= 1500)
        assert page.points["loss"] == list(range(1, 1501))
        assert page.gaps == 0
    dashboard.close()
