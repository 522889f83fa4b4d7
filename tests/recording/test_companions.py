"""What runs beside every run: called once with each that begins, and of no harm to any."""

from __future__ import annotations

import gc
import multiprocessing
import threading
import time
import weakref

import pytest
from pages import wait_until

from nbviz import Run
from nbviz.recording import companions
from nbviz.recording.companions import when_runs_begin
from nbviz.training.events import RunStarted

SECONDS = 180.0  # a limit on a hang


@pytest.fixture
def register():
    ends = []
    before = dict(companions._callbacks)  # the system panel registers once it is imported

    def registered(callback):
        end = when_runs_begin(callback)
        ends.append(end)
        return end

    yield registered
    for end in ends:
        end()
    assert companions._callbacks == before


def warnings_of(run: Run) -> list[str]:
    return [line.text for line in run.lines.since(0) if line.level == "warning"]


def test_each_run_is_given_once_when_it_begins_and_when_it_goes_on(register) -> None:
    begun: list[tuple[str, str, int]] = []
    register(lambda run: begun.append((run.name, run.status, threading.get_ident())))
    here = threading.get_ident()
    run = Run("by logging")
    assert begun == []
    for step in range(3):
        run.log({"x": 1.0}, step)
    assert begun == [("by logging", "running", here)]
    run.begin()
    run.finish()
    assert len(begun) == 1
    run.begin()
    assert begun[1:] == [("by logging", "running", here)]
    with Run("as a context"):
        assert begun[2:] == [("as a context", "running", here)]
    Run("by an engine").begin(RunStarted(time.time(), 0, 10, 1, "cpu"))
    assert begun[3:] == [("by an engine", "running", here)]


def test_it_is_called_on_the_thread_that_begins_the_run(register) -> None:
    begun: list[int | None] = []
    register(lambda _: begun.append(threading.current_thread().ident))
    thread = threading.Thread(target=lambda: Run().log({"x": 1.0}))
    thread.start()
    thread.join(SECONDS)
    assert begun == [thread.ident]


def test_it_may_log_to_the_run_that_begins(register) -> None:
    def log(run: Run) -> None:
        run.log({"beside": 1.0}, 7)
        run.note("beside")

    register(log)
    run = Run()
    run.log({"x": 2.0}, 7)
    assert run["beside"].values.tolist() == [1.0]
    assert run["x"].values.tolist() == [2.0]
    assert [line.text for line in run.lines.since(0)] == ["started", "beside"]


def test_after_its_end_it_is_not_called(register) -> None:
    begun: list[Run] = []
    end, other = register(begun.append), register(begun.append)
    end()
    end()
    run = Run()
    run.begin()
    assert begun == [run], "what was registered a second time goes on"
    other()
    Run().begin()
    assert begun == [run]


def test_one_that_raises_is_dropped_and_said_once(register) -> None:
    calls: list[str] = []

    def fail(run: Run) -> None:
        calls.append(run.name)
        raise ValueError("no room")

    register(fail)
    begun: list[str] = []
    register(lambda run: begun.append(run.name))
    first, second = Run("first"), Run("second")
    first.log({"x": 1.0})
    second.log({"x": 1.0})
    assert calls == ["first"]
    assert begun == ["first", "second"]
    (text,) = warnings_of(first)
    assert "is not called again: ValueError: no room" in text
    assert warnings_of(second) == []
    assert first["x"].values.tolist() == [1.0]


def test_it_keeps_no_run_alive(register) -> None:
    def fail(_: Run) -> None:
        raise ValueError

    register(lambda _: None)
    register(fail)
    run = Run()
    run.begin()
    reference = weakref.ref(run)
    del run
    # The collector may hold it for the moment of one look.
    wait_until(lambda: gc.collect() is not None and reference() is None)


def test_threads_register_begin_and_unregister_at_once(register) -> None:
    always: list[str] = []
    register(lambda run: always.append(run.run_id))
    errors: list[BaseException] = []
    begun: list[str] = []

    def work() -> None:
        try:
            for _ in range(50):
                mine: list[Run] = []
                end = when_runs_begin(mine.append)
                run = Run()
                run.begin()
                end()
                assert mine.count(run) == 1
                begun.append(run.run_id)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not errors, errors
    assert sorted(always) == sorted(begun)
    assert len(always) == 400


def begin_in_child(parents: Run, begun: list[str], results) -> None:
    Run("the child's").begin()
    parents.begin()
    results.put(list(begun))
    end = when_runs_begin(lambda run: begun.append(f"new {run.name}"))
    Run("another").begin()
    end()
    results.put(list(begun))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_calls_it_for_its_own_runs(register) -> None:
    begun: list[str] = []
    register(lambda run: begun.append(run.name))
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    parents = Run("the parent's")
    with companions._lock:  # as if another thread registered just then
        child = context.Process(target=begin_in_child, args=(parents, begun, results))
        child.start()
    assert results.get(timeout=SECONDS) == ["the child's"]
    assert results.get(timeout=SECONDS) == ["the child's", "another", "new another"]
    child.join(SECONDS)
    assert child.exitcode == 0
    assert begun == []
