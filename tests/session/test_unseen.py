"""Runs that train without a view are offered by the view that opens next, and by no other."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pages
import pytest
import torch

import nbviz
from nbviz.errors import CommandError
from nbviz.session import unseen
from nbviz.session.unseen import SURE_SECONDS, UNSEEN_SECONDS, Sighting, UnseenRuns
from nbviz.training import clock as wall_clock
from nbviz.widgets import active, cells
from nbviz.widgets.active import active_in, remember_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator


class Rig:
    """A session whose page answers once a second, beside one run that trains."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.run = nbviz.Run("digits")
        self.run.begin()
        self.started = self.run.meter.started_at
        monkeypatch.setattr(wall_clock, "now", lambda: self.started + self.now - 1_000.0)
        self.shown: list[Any] = []
        self.runs = UnseenRuns(lambda: [self.run], self.shown.append, clock=lambda: self.now)
        self.opened = self.heard = self.now

    def look(self, seconds: float, *, answering: bool = True, seen_elsewhere: bool = False) -> bool:
        """Let time pass; return whether the run is said to be without a view."""
        for _ in range(round(seconds)):
            self.now += 1
            if answering:
                self.heard = self.now
            if seen_elsewhere:
                self.runs.note_seen([self.run])
            self.runs.look([], Sighting(self.opened, self.heard, is_seen=answering))
        return bool(self.runs.found)

    def open(self) -> None:
        """A page opens."""
        self.opened = self.heard = self.now


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(monkeypatch)
    yield made
    made.run.finish()


def test_a_run_that_no_page_shows_is_named_with_its_time(rig: Rig) -> None:
    assert not rig.look(UNSEEN_SECONDS - 1)
    rig.now += 200
    rig.open()
    assert rig.look(SURE_SECONDS + 6)
    (said,) = rig.runs.found
    assert said["text"] == "'digits' has been training without a view for 3 min."
    assert said["run_id"] == rig.run.run_id
    rig.now += 7_300
    assert rig.runs.found[0]["text"].endswith("for 2 h 5 min.")


def test_a_run_that_a_page_shows_is_not_named(rig: Rig) -> None:
    assert not rig.look(200, seen_elsewhere=True)
    rig.open()
    assert not rig.look(UNSEEN_SECONDS - 2)
    assert rig.look(20)
    assert not rig.look(20, seen_elsewhere=True)  # its view is there again


def test_a_kernel_that_was_busy_names_no_run(rig: Rig) -> None:
    """While no page's messages are handled, no run seems to be shown."""
    rig.look(2, seen_elsewhere=True)
    rig.open()
    assert not rig.look(55, answering=False)
    assert not rig.look(1)  # this page is heard first
    assert not rig.look(30, seen_elsewhere=True)


def test_only_a_view_that_has_opened_looks(rig: Rig) -> None:
    assert not rig.look(500, answering=False)
    assert not rig.look(100)
    rig.open()
    assert rig.look(20)
    rig.run.finish()


def test_one_of_them_is_shown_or_stopped(rig: Rig) -> None:
    rig.look(59)
    assert rig.runs.found
    rig.runs.act(rig.run.run_id, "show")
    assert rig.shown == [rig.run]
    assert not rig.runs.found
    with pytest.raises(CommandError, match="without a view any more"):
        rig.runs.act(rig.run.run_id, "stop")
    rig.open()
    rig.look(20)
    rig.runs.act(rig.run.run_id, "stop")
    assert rig.run.control.status == "stopping"


class Batches:
    """A loader that leaves the processor to what the tests wait for."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Any]:
        time.sleep(0.01)
        yield torch.ones(4, 2), torch.ones(4, 1)


def trainer(**options: Any) -> nbviz.Trainer:
    model = torch.nn.Linear(2, 1)
    return nbviz.Trainer(
        model,
        Batches(),
        loss_fn=torch.nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.01),
        max_epochs=None,
        **options,
    )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen, "UNSEEN_SECONDS", 0.1)
    monkeypatch.setattr(unseen, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(unseen, "SURE_SECONDS", 0.1)
    monkeypatch.setattr(unseen, "SILENT_SECONDS", 600.0)  # whatever else the machine does
    monkeypatch.setattr(pages, "SECONDS", 300)
    monkeypatch.setattr("nbviz.session.session.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("nbviz.session.transport.SILENCE_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("transport", ["push", "pull"])
def test_a_view_of_something_else_offers_it(
    monkeypatch: pytest.MonkeyPatch, transport: Any
) -> None:
    monkeypatch.setattr("nbviz.widgets.dashboard.notebook", lambda: cells.KERNEL)
    lonely = trainer(name="lonely")
    lonely.start()
    other = nbviz.Run("other")
    other.log({"loss": 1.0}, step=1)
    other.finish()
    page = pages.Page(nbviz.Dashboard(other, transport=transport))
    page.ready()

    def offered() -> list[Any]:
        found = [update for update in page.updates if update["kind"] == "unseen_changed"]
        return found[-1]["runs"] if found else []

    page.wait_for(offered)
    assert offered()[0]["text"].startswith("'lonely' has been training without a view for ")
    run_id = offered()[0]["run_id"]
    assert page.ask("act_on_unseen", run_id=run_id, act="show")["kind"] == "command_done"
    page.wait_for(lambda: not offered())
    assert page.dashboard.runs == (other, lonely.run)
    assert page.dashboard.subjects[1].graph is lonely.graph
    page.wait_for(lambda: any(u["kind"] == "run_added" for u in page.updates))
    second = pages.Page(nbviz.Dashboard(other), "page-2")
    lonely.stop_and_wait()
    refused = second.ask("act_on_unseen", run_id=run_id, act="stop")
    assert refused["kind"] == "command_failed"
    assert "any more" in refused["error"]
    for one in (page, second):
        one.dashboard.close()


def test_a_page_without_a_view_shows_nothing() -> None:
    """A cell that was deleted leaves its page's code behind, which goes on to answer."""
    page = pages.Page(nbviz.Dashboard(nbviz.Run("own")))
    page.ready()
    transport = page.dashboard.transport
    assert transport.sighting().is_seen
    page.send("acknowledge", sequence=page.sequence, views=0)
    assert not transport.sighting().is_seen
    assert transport.sighting().heard_at == float("-inf")
    page.send("acknowledge", sequence=page.sequence, views=2)
    assert transport.sighting().is_seen
    page.dashboard.close()


def test_readers_who_share_a_process_are_offered_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that marimo serves runs each reader's notebook on a thread of one process."""
    place = threading.local()
    monkeypatch.setattr(active, "notebook", lambda: place.name)
    mine, theirs = trainer(name="mine"), trainer(name="theirs")
    for name, one in (("me", mine), ("them", theirs)):
        place.name = name
        remember_notebook(one.run)
        one.start()
    assert active_in("me") == [mine]
    assert active_in("them") == [theirs]
    assert active_in(None) == []
    assert {mine, theirs} <= set(active_in(cells.KERNEL))
    for one in (mine, theirs):
        one.stop_and_wait()
