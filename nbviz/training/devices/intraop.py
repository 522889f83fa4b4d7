"""How many threads torch computes one operation with, chosen from a run's first steps.

What `torch.set_num_threads` does, as measured with torch 2.15's OpenMP build: it changes the
calling thread, and every thread that has not computed anything yet; threads that have, such as the
kernel's main thread, keep their number. The backward pass of a CPU model runs on the thread that
called it, so a run's own thread is all that needs tuning.
"""

from __future__ import annotations

import contextlib
import ctypes
import statistics
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

BLOCK_STEPS = 6  # in a row with one number of threads; the first is not counted
ROUNDS = 4
TRIAL_SECONDS = 1.5  # no new round after it
# Threads that wait for each other are slowed several times over by anything else on the machine,
# and a browser always is; so more threads must be clearly faster on a quiet one.
WORTH_IT = 0.87
_ROOMY = 4  # with so many cores one is left for the page
_PAUSE_SOFT = 1  # omp_pause_soft in OpenMP 5.0's omp.h


def release_workers() -> None:
    """Let go of the worker threads that the calling thread's operations have left behind.

    GNU's OpenMP counts the idle workers of every thread, and once they outnumber the cores, all
    hand over through the kernel instead of spinning: after a few operations on a notebook's main
    thread, a small network trained at a third of its speed on another one. The calling thread makes
    new workers when it needs them. Without GNU's OpenMP, or with one from before OpenMP 5.0
    (PyTorch 2.6 brings one), nothing is done.
    """
    for pause in _openmp_pauses():
        pause(_PAUSE_SOFT)


@cache
def _openmp_pauses() -> list[Callable[[int], int]]:
    try:
        loaded = Path("/proc/self/maps").read_text()
    except OSError:
        return []  # not Linux, where torch brings another OpenMP
    paths = {line.split(maxsplit=5)[-1] for line in loaded.splitlines() if "/libgomp" in line}
    pauses = (getattr(ctypes.CDLL(path), "omp_pause_resource_all", None) for path in sorted(paths))
    return [pause for pause in pauses if pause is not None]


class IntraopThreads:
    """Sets the number of intra-op threads for a run on the present thread, and restores it.

    Args:
        wanted: A number, or "auto": try one and many in the first steps and keep the faster. That
            may change the last bits of a result from run to run; give a number, or call
            `torch.use_deterministic_algorithms(True)`, where they matter.
        is_tunable: Whether the trial is of use: not with a GPU, nor with a compiled model, which
            would be compiled again for each number.
        report: Called with a line about the choice.
        step: Returns how many steps are completed.

    Attributes:
        stretches: After how many steps there were how many threads; a sum's last bits depend on it.
    """

    def __init__(
        self,
        wanted: str | int,
        *,
        is_tunable: bool,
        report: Callable[[str], None],
        step: Callable[[], int] = lambda: 0,
    ) -> None:
        self.is_measuring = False
        self.stretches: list[tuple[int, int]] = []
        self._step = step
        self._chosen: int | None = None
        self._wanted = wanted
        self._is_tunable = is_tunable and not torch.are_deterministic_algorithms_enabled()
        self._report = report
        self._repeated: list[tuple[int, int]] | None = None

    @contextlib.contextmanager
    def repeating(self) -> Generator[None]:
        """Use the numbers again, in the block, that the steps had when they were first made."""
        chosen, self._repeated = self._chosen, list(self.stretches)
        try:
            yield
        finally:
            self._repeated = None
            self._chosen = chosen

    def repeat(self) -> None:
        """Set the number that the next step had, in a block of `repeating`."""
        if self._repeated:
            step = self._step()
            known = [threads for began, threads in self._repeated if began <= step]
            threads = known[-1] if known else self._repeated[0][1]
            if torch.get_num_threads() != threads:
                self._set(threads)

    def __enter__(self) -> Self:
        self._before = torch.get_num_threads()
        if self._repeated:
            self.repeat()
            self._note(torch.get_num_threads())
            return self
        chosen = self._wanted if isinstance(self._wanted, int) else self._chosen
        if chosen is not None:
            self._set(chosen)
        elif self._is_tunable and self._before > 1:
            self._begin_trial()
        else:
            self._note(self._before)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_measuring = False
        torch.set_num_threads(self._before)

    def state_dict(self) -> dict[str, Any]:
        """Return the choice, if there is one, and all stretches."""
        return {"chosen": self._chosen, "stretches": list(self.stretches)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the number that was chosen there; without one, with that chosen here."""
        if state["chosen"] is not None:
            self._chosen = state["chosen"]
        self.stretches = [(step, threads) for step, threads in state["stretches"]]

    def restart_clock(self) -> None:
        """Leave out what happened since the last step: a pause, a validation, a new epoch."""
        self._last = time.perf_counter()

    def step_ended(self) -> None:
        """Count a step; to be called while `is_measuring`."""
        now = time.perf_counter()
        self._in_block += 1
        if self._in_block > 1 and self._block > 0:  # the first block only warms up
            self._seconds[self._threads].append(now - self._last)
        if self._in_block == BLOCK_STEPS:
            self._end_block(now)
        self._last = time.perf_counter()

    def _begin_trial(self) -> None:
        self._many = self._before - 1 if self._before >= _ROOMY else self._before
        self._seconds: dict[int, list[float]] = {1: [], self._many: []}
        self._threads = self._many
        self._in_block = self._block = 0
        self._last = self._began = time.perf_counter()
        self.is_measuring = True
        self._set(self._threads)

    def _end_block(self, now: float) -> None:
        self._block += 1
        self._in_block = 0
        is_round_over = self._block % 2 == 1 and self._block > 1
        if is_round_over and (self._block > 2 * ROUNDS or now - self._began > TRIAL_SECONDS):
            self._choose()
            return
        self._threads = 1 if self._block % 2 else self._many
        self._set(self._threads)

    def _choose(self) -> None:
        one = statistics.median(self._seconds[1])
        many = statistics.median(self._seconds[self._many])
        chosen = self._many if many < WORTH_IT * one else 1
        self._set(chosen)
        self._chosen = chosen
        self.is_measuring = False
        self._report(
            f"torch computes with {chosen} of {self._before} threads: a step took "
            f"{1000 * one:.3g} ms with 1, {1000 * many:.3g} ms with {self._many}. "
            "Choose yourself with threads=…"
        )

    def _set(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self._note(threads)

    def _note(self, threads: int) -> None:
        if not self.stretches or self.stretches[-1][1] != threads:
            self.stretches.append((self._step(), threads))
