"""The system panel: what a run uses of its machine, sampled from its start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import torch
from pages import Page

import nbviz
from nbviz.panels import system
from nbviz.panels.batch import SavedBatch
from nbviz.panels.panel import Extent
from nbviz.panels.subject import Subject
from nbviz.panels.system import samples
from nbviz.panels.system.machine import Machine
from nbviz.panels.system.samples import SystemSamples, samples_of

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 180  # a limit on a hang


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "SECONDS", 0.02)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def counts(found: SystemSamples) -> list[int]:
    return [len(series) for series in found.series()]


def sampled(run: nbviz.Run, least: int = 3) -> SystemSamples:
    found = samples_of(run)
    wait_for(lambda: min(counts(found), default=0) >= least)
    return found


def test_a_run_is_sampled_from_its_start_until_its_end() -> None:
    with nbviz.Run("sampled") as run:
        run.log({"loss": 1.0}, step=7)
        run.drain()
        found = sampled(run)
        assert not run.tags or run.tags == ["loss"]  # its samples are none of its scalars
    assert not found.is_due
    names = [f"{one.chart}/{one.name}" for one in found.measures]
    assert names[:4] == ["CPU/machine", "CPU/this process", "Memory/machine", "Memory/this process"]
    by_name = dict(zip(names, found.series(), strict=True))
    cpu, memory = by_name["CPU/machine"].values, by_name["Memory/this process"].values
    assert ((cpu >= 0) & (cpu <= 100)).all()
    assert memory[-1] == pytest.approx(psutil.Process().memory_info().rss / 1e9, rel=0.5)
    assert by_name["CPU/machine"].steps[-1] == 7
    assert (np.diff(by_name["CPU/machine"].wall_times) >= 0).all()


def test_a_busy_process_is_seen() -> None:
    machine = Machine()
    machine.read()
    end = time.process_time() + 0.3
    while time.process_time() < end:
        torch.ones(64, 64) @ torch.ones(64, 64)
    values = dict(zip([(m.chart, m.name) for m in machine.measures], machine.read(), strict=True))
    assert 0 < values["CPU", "this process"] <= 100
    # Its own time is part of the machine's; both are read a moment apart.
    assert values["CPU", "machine"] >= 0.5 * values["CPU", "this process"]


def told(page: Page) -> int:
    sent = [update for update in page.updates if update["kind"] == "system_sampled"]
    return sum(update["counts"][0] for update in sent)


def test_a_page_that_opens_late_has_the_past() -> None:
    run = nbviz.Run("late")
    run.begin()
    found = sampled(run, 5)
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    page.ready()
    page.wait_for(lambda: any(one["kind"] == "system_sampled" for one in page.updates))
    listed = page.newest("system_listed")
    assert [one["unit"] for one in listed["measures"]][:4] == ["%", "%", "GB", "GB"]
    assert told(page) >= 5
    run.finish()
    page.wait_for(lambda: told(page) == counts(found)[0])
    dashboard.close()


def test_a_long_past_is_sent_in_buckets() -> None:
    run = nbviz.Run("long")
    found = SystemSamples(run)
    measures = Machine().measures
    for value in range(3000):
        found.append(measures, [float(value)] * len(measures))
    batch = SavedBatch()
    system.PANEL.updates(found, system.PANEL.entry(), batch, Extent(full=True))
    sent = batch.updates[-1]
    assert sent["kind"] == "system_sampled"
    assert max(sent["counts"]) <= 1000
    first = np.frombuffer(batch.buffers[0])[: 7 * sent["counts"][0]].reshape(7, -1)
    assert (first[2].min(), first[3].max(), first[5].sum()) == (0, 2999, 3000)


def test_what_is_read_from_files_has_no_samples(tmp_path) -> None:
    with nbviz.Run("written", dir=tmp_path) as run:
        run.log({"loss": 1.0}, step=1)
    opened = nbviz.open_run(tmp_path)
    assert system.PANEL.part(Subject.of_run(opened)) is None


def test_a_counter_that_cannot_be_read_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()

    def fail() -> None:
        raise psutil.AccessDenied(1)

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    values = dict(zip([(m.chart, m.name) for m in machine.measures], machine.read(), strict=True))
    assert np.isnan(values["Memory", "machine"])
    assert values["Memory", "this process"] > 0
