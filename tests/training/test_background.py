"""A run on its own thread: its error, its context, the interpreter around it."""

from __future__ import annotations

import contextvars
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import processes
import pytest
import torch
from observed import SECONDS, Events, make_engine

from nbviz.errors import RunActiveError, RunStopped, TrainingError
from nbviz.training.background import SWITCH_SECONDS, BackgroundRun
from nbviz.training.devices.intraop import IntraopThreads
from nbviz.training.events import LineLogged

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """A target that waits until it is opened."""

    def __init__(self) -> None:
        self.began, self.opened = threading.Event(), threading.Event()
        self.interval = 0.0

    def __call__(self) -> None:
        self.interval = sys.getswitchinterval()
        self.began.set()
        assert self.opened.wait(SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP is Linux's")
def test_the_workers_of_the_starting_thread_are_released() -> None:
    count = """
import os, torch
from nbviz.training.devices.intraop import _openmp_pauses, release_workers
# PyTorch 2.6 brings a libgomp from before OpenMP 5.0, which has no call for it.
can_release = not torch.__version__.startswith("2.6.")
torch.set_num_threads(3)
def workers():
    return len(os.listdir("/proc/self/task"))
idle = workers()
x = torch.randn(400_000).exp()
assert workers() == idle + 2
release_workers()
assert bool(_openmp_pauses()) == can_release
while can_release and workers() > idle:  # a thread that was joined is listed a while
    pass
assert workers() == (idle if can_release else idle + 2)
assert torch.equal(x.exp(), x.exp())
assert workers() == idle + 2
"""
    processes.run(count)


def test_wait_times_out_then_returns(gate: Gate) -> None:
    run = BackgroundRun(gate, name="gated")
    run.start()
    assert gate.began.wait(SECONDS)
    assert run.is_alive
    with pytest.raises(TimeoutError, match="'gated' is still active after 0 s"):
        run.wait(0)
    with pytest.raises(RunActiveError, match="'gated' was started already"):
        run.start()
    gate.opened.set()
    run.wait(SECONDS)
    assert not run.is_alive
    assert run.error is None


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_error_is_kept_and_raised_by_every_wait(kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind("no luck")

    run = BackgroundRun(fail, name="failing")
    run.start()
    for _ in range(2):
        with pytest.raises(TrainingError, match=f"'failing' failed: {kind.__name__}: no luck") as e:
            run.wait(SECONDS)
        assert e.value.__cause__ is run.error
        assert isinstance(run.error, kind)


def test_run_that_was_stopped_has_not_failed() -> None:
    def stop() -> None:
        raise RunStopped

    run = BackgroundRun(stop, name="stopped")
    run.start()
    run.wait(SECONDS)
    assert run.error is None


def test_wait_without_a_start_returns() -> None:
    BackgroundRun(lambda: None, name="idle").wait(0)


def test_thread_has_the_callers_context() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []
    variable.set("set")
    run = BackgroundRun(lambda: seen.append(variable.get()), name="context")
    run.start()
    run.wait(SECONDS)
    assert seen == ["set"]


SWITCHING = """
import sys
sys.path[:0] = {path!r}
import test_background
test_background.switch()
"""


def test_switch_interval_is_short_until_the_last_run_ends() -> None:
    """In a process of its own: views of other tests may send just now, and shorten it, too."""
    processes.run(SWITCHING.format(path=[str(folder) for folder in Path(__file__).parents[:2]]))


def switch() -> None:
    before = sys.getswitchinterval()
    gates = [Gate(), Gate()]
    runs = [BackgroundRun(gate, name="switching") for gate in gates]
    for run, gate in zip(runs, gates, strict=True):
        run.start()
        assert gate.began.wait(SECONDS)
        assert gate.interval == pytest.approx(SWITCH_SECONDS)
    gates[0].opened.set()
    runs[0].wait(SECONDS)
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    gates[1].opened.set()
    runs[1].wait(SECONDS)
    assert sys.getswitchinterval() == before


AT_EXIT = """
import sys, threading
sys.path.insert(0, {path!r})
from nbviz.training.background import BackgroundRun
from nbviz.training.events import RunEnded, StepEnded
from observed import make_engine

trained = threading.Event()
def tell(event):
    if isinstance(event, StepEnded) and event.step == 5:
        trained.set()
    if isinstance(event, RunEnded):
        sys.stdout.write(f"ended: {{event.reason}}")
run = BackgroundRun(make_engine(tell).run, name="at exit")
run.start()
assert trained.wait({seconds})
"""


def test_interpreter_exits_while_a_run_is_active() -> None:
    source = AT_EXIT.format(path=__file__.rsplit("/", 1)[0], seconds=SECONDS)
    done = processes.run(source)
    assert (done.stdout, done.stderr) == ("ended: stopped", "")


def test_threads_of_a_run_are_its_own_and_restored() -> None:
    torch.ones(1).sum()  # from here on this thread keeps its number
    before = torch.get_num_threads()
    inside: list[int] = []

    def measure() -> None:
        count = torch.get_num_threads()
        with IntraopThreads(3, is_tunable=True, report=lambda text: None):
            inside.append(torch.get_num_threads())
        inside.append(torch.get_num_threads() - count)

    thread = threading.Thread(target=measure)
    thread.start()
    thread.join(SECONDS)
    assert inside == [3, 0]
    assert torch.get_num_threads() == before


def test_trial_of_the_first_steps_ends_with_a_choice() -> None:
    events = Events()
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        engine = make_engine(events, max_epochs=50, threads="auto")
        engine.run()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    (line,) = events.of(LineLogged)
    assert line.level == "info"
    assert "of 2 threads: a step took" in line.text
    assert 12 < line.step < 100


INTERRUPTED = """
import os, signal, sys, threading, time
sys.path.insert(0, {tests!r})
import torch
from observed import Events, make_batches, make_engine
from torch.utils.data import DataLoader, TensorDataset
from nbviz.training.background import BackgroundRun
from nbviz.training.events import StepEnded

inputs, targets = make_batches(1, 64)[0]
loader = DataLoader(TensorDataset(inputs, targets), 8, num_workers=2, persistent_workers={keeps})
if {looked}:
    next(iter(loader))
events = Events()
engine = make_engine(events, loader, max_epochs=4)
engine.control.reserve()
engine.control.step(3)
run = BackgroundRun(engine.run, name="interrupted")
run.start()
events.wait_for_count("RunPaused")
try:
    os.killpg(0, signal.SIGINT)  # as Jupyter interrupts a cell
    run.wait(180)
except KeyboardInterrupt:
    print("interrupted", end=" ")
engine.control.resume()
run.wait(180)
print(events[-1].reason, engine.step)
if {keeps}:  # another run uses the workers of this one
    workers = loader._iterator._workers
    again = make_engine(Events(), loader, max_epochs=1)
    again.control.reserve()
    other = BackgroundRun(again.run, name="again")
    other.start()
    other.wait(180)
    print(loader._iterator._workers is workers)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no process groups")
@pytest.mark.parametrize(("keeps", "looked"), [(False, False), (True, False), (True, True)])
def test_interrupting_the_foreground_leaves_loader_workers_alone(keeps: bool, looked: bool) -> None:
    code = INTERRUPTED.format(tests=str(Path(__file__).parent), keeps=keeps, looked=looked)
    done = processes.run(code, start_new_session=True)
    expected = ["interrupted", "finished", "32"]
    if keeps:
        expected.append(str(sys.platform == "linux"))
    assert done.stdout.split() == expected


TRACKED = """
import signal, threading
from multiprocessing import resource_tracker
from torch.utils.data import DataLoader
from nbviz.training.background import leave_interrupts_to_the_foreground
from nbviz.training.steps.loader_workers import shield_workers

def work():
    leave_interrupts_to_the_foreground()
    shield_workers(DataLoader([1, 2], num_workers=1, multiprocessing_context="spawn"))
    resource_tracker.ensure_running()  # as the first worker that is spawned does
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="blocks no signals")
def test_workers_that_are_spawned_do_not_get_the_interrupt_either() -> None:
    assert processes.run(TRACKED).stdout.split() == ["True"]


WORKING = """
import sys, threading
import torch
from nbviz.training.background import done_before_exit

is_inside, asked = threading.Event(), threading.Event()
matrix = torch.rand(300, 300)

def work():
    while True:
        with done_before_exit(asked.set):
            while not asked.is_set():
                matrix.mm(matrix)
                is_inside.set()
            print("ended", flush=True)

def wait():
    with done_before_exit(asked.set):
        asked.wait()

for target in (work, wait):
    threading.Thread(target=target, daemon=True).start()
assert is_inside.wait({seconds})
"""


def test_the_interpreter_exits_once_no_thread_is_inside_torch() -> None:
    done = processes.run(WORKING.format(seconds=SECONDS))
    assert (done.stdout, done.stderr) == ("ended\n", "")
