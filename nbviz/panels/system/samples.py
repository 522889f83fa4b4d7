"""The samples of each run, taken once a second from its start by a thread of their own."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

import numpy as np

from nbviz.panels.system.machine import Machine
from nbviz.recording.companions import when_runs_begin
from nbviz.recording.scalars.budget import MemoryBudget
from nbviz.recording.scalars.store import ScalarStore
from nbviz.training import clock

if TYPE_CHECKING:
    from nbviz.panels.system.machine import Measure
    from nbviz.recording.run import Run
    from nbviz.recording.scalars.series import Series

SECONDS = 1.0
FIRST_SECONDS = 0.1  # after which a thread that begins takes its first sample
MEMORY = 1_000_000
"""Bytes that the samples of one run may take; older ones move to a temporary file."""


class SystemSamples:
    """What one run used of its machine, from the moment on when it began.

    Args:
        run: The run; not kept alive.

    Attributes:
        run_id: The run's.
        measures: What is measured; grows when a GPU comes into use.
    """

    def __init__(self, run: Run) -> None:
        self.run_id = run.run_id
        self.measures: tuple[Measure, ...] = ()
        self._run = weakref.ref(run)
        self._store = ScalarStore(MemoryBudget(MEMORY, self._warn))
        self._step = 0

    @property
    def is_due(self) -> bool:
        """Whether the run is there and under way; one that was over at once has a sample, too."""
        run = self._run()
        return run is not None and (run.is_active or not self.measures)

    def _warn(self, text: str) -> None:
        run = self._run()
        if run is not None:
            run.note(text, level="warning")

    def series(self) -> list[Series]:
        """Return a series for each measure, as far as there are samples."""
        return [self._store.series[tag] for tag in list(self._store.tags)]

    def append(self, measures: list[Measure], values: list[float]) -> None:
        """Keep one sample of each measure, at the run's newest step."""
        run = self._run()
        if run is None:
            return
        self._store.started_at = run.meter.started_at
        # A restart at an earlier step is still later in time, which these are drawn over.
        self._step = max(self._step, run.meter.step)
        steps, times = np.array([self._step], np.int64), np.array([clock.now()])
        for measure, value in zip(measures, values, strict=True):
            self._store.extend(f"{measure.chart}/{measure.name}", steps, times, np.array([value]))
        self.measures = tuple(measures)


class Sampler:
    """One thread that samples for all active runs; it ends with the last of them."""

    def __init__(self) -> None:
        self._samples: weakref.WeakKeyDictionary[Run, SystemSamples] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def of(self, run: Run) -> SystemSamples:
        """Return a run's samples; from now on it is sampled while it is active."""
        if run.is_active:
            self.begin(run)
        with self._lock:
            return self._known(run)

    def begin(self, run: Run) -> None:
        """Sample a run that begins or goes on."""
        with self._lock:
            self._known(run)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="nbviz-system", daemon=True)
                self._thread.start()

    def _known(self, run: Run) -> SystemSamples:
        samples = self._samples.get(run)
        if samples is None:
            samples = self._samples[run] = SystemSamples(run)
        return samples

    def _loop(self) -> None:
        machine = Machine()
        machine.read()  # rates are measured between two readings
        wait = FIRST_SECONDS
        while True:
            time.sleep(wait)
            wait = SECONDS
            with self._lock:
                due = [samples for samples in self._samples.values() if samples.is_due]
                if not due:
                    self._thread = None
                    return
            values = machine.read()
            for samples in due:
                samples.append(machine.measures, values)


_sampler = Sampler()


def samples_of(run: Run) -> SystemSamples:
    """Return what a run used of its machine."""
    return _sampler.of(run)


def _begin(run: Run) -> None:
    _sampler.begin(run)  # of the process that the run is in: a forked child has another one


def _start_afresh() -> None:
    global _sampler  # noqa: PLW0603  threads do not survive a fork
    _sampler = Sampler()


when_runs_begin(_begin)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
