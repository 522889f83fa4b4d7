"""The journal of a run: what is on the disk when, whatever happens to the process or the disk."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import time
import weakref
from typing import TYPE_CHECKING

import numpy as np
import processes
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.recording.collector import OwnThread
from nbviz.recording.event_files.reader import EventFileReader
from nbviz.recording.event_files.writer import EventFileWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 300.0  # a limit on a hang


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def points_in(path: Path, tag: str = "loss") -> int:
    batches = EventFileReader(path).read()
    return sum(len(batch.points[tag].steps) for batch in batches if tag in batch.points)


def test_a_finished_run_is_on_the_disk(tmp_path: Path) -> None:
    run = nbviz.Run("a", dir=tmp_path / "runs" / "a")
    for step in range(1, 10_001):
        run.log({"loss": 1 / step, "acc": step / 7}, step=step)
        if step % 100 == 0:
            run.log({"loss/val": step / 3}, step=step)
    run.print("a line\nof two")
    run.finish()
    opened = nbviz.open_run(tmp_path / "runs" / "a")
    assert list(opened) == ["loss", "acc", "loss/val"]
    for tag in run:
        np.testing.assert_array_equal(opened[tag].steps, run[tag].steps)
        np.testing.assert_array_equal(opened[tag].values, run[tag].values)
        np.testing.assert_allclose(opened[tag].wall_times, run[tag].wall_times, atol=0.01)
    assert [(event.event, event.step, event.text) for event in opened.events] == [
        (event.event, event.step, event.text) for event in run.events
    ]
    assert [(line.level, line.text) for line in opened.lines.since(0)] == [
        (line.level, line.text) for line in run.lines.since(0)
    ]
    assert (opened.status, opened.meter.step) == ("finished", 10_000)


def test_tensorboard_opens_a_journal(tmp_path: Path) -> None:
    with nbviz.Run(dir=tmp_path) as run:
        for step in range(1, 201):
            run.log({"loss": 1 / step, "acc": step / 7}, step=step)
    board = EventAccumulator(str(tmp_path))
    board.Reload()
    assert board.Tags()["scalars"] == ["loss", "acc"]
    assert [event.step for event in board.Scalars("acc")] == list(range(1, 201))


def test_a_trainer_takes_a_directory(tmp_path: Path) -> None:
    import torch
    from torch import nn

    model = nn.Linear(2, 1)
    batches = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(5)]
    trainer = nbviz.Trainer(
        model,
        batches,
        loss_fn=nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        max_epochs=3,
        device="cpu",
        dir=tmp_path,
    )
    trainer.start()
    trainer.wait(timeout=SECONDS)
    opened = nbviz.open_run(tmp_path)
    tag = next(iter(trainer.run))
    np.testing.assert_array_equal(opened[tag].values, trainer.run[tag].values)
    assert opened.epochs == trainer.run.epochs
    assert opened.status == "finished"


def test_a_failure_is_told(tmp_path: Path) -> None:
    def fail() -> None:
        with nbviz.Run(dir=tmp_path) as run:
            run.log({"loss": 1.0}, step=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    opened = nbviz.open_run(tmp_path)
    assert opened.status == "failed"
    assert "ZeroDivisionError" in opened.lines.since(0)[-2].text


def test_a_run_is_written_while_it_goes_on(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    run.log({"loss": 1.0}, step=1)
    wait_until(lambda: run.journal.path is not None and points_in(run.journal.path) == 1)
    run.log({"loss": 2.0}, step=2)
    wait_until(lambda: points_in(run.journal.path) == 2)


def test_a_quiet_run_is_let_go_and_wakes(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    run.log({"loss": 1.0}, step=1)
    wait_until(lambda: run.journal._thread is None)
    run.log({"loss": 2.0}, step=2)
    wait_until(lambda: points_in(run.journal.path) == 2)


def test_an_ended_run_that_was_flushed_has_no_thread_and_wakes_again(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    for step in range(1, 200):
        run.log({"loss": 1.0}, step=step)
        if step % 50 == 0:
            run.finish()
            assert run.journal.flush()
            wait_until(lambda: run.journal._thread is None)  # at once, unless it was woken again
            assert points_in(run.journal.path) == step
    wait_until(lambda: points_in(run.journal.path) == 199)


def test_a_thread_whose_start_was_interrupted_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(OwnThread):
        def try_start(self) -> bool:
            raise KeyboardInterrupt

    run = nbviz.Run(dir=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("nbviz.recording.journal.journal.OwnThread", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.log({"loss": 1.0}, step=1)
    run.log({"loss": 2.0}, step=2)
    assert run.journal.flush()
    opened = nbviz.open_run(tmp_path)["loss"].steps.tolist()
    assert opened == run["loss"].steps.tolist()
    run.finish()


def test_a_run_that_nobody_holds_is_written_and_forgotten(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    for step in range(1, 1001):
        run.log({"loss": 1.0}, step=step)
    reference = weakref.ref(run)
    del run
    wait_until(lambda: gc.collect() is not None and reference() is None)
    assert len(nbviz.open_run(tmp_path)["loss"]) == 1000


def test_a_process_that_just_ends_has_written_everything(tmp_path: Path) -> None:
    code = """
        import sys, nbviz
        run = nbviz.Run(dir=sys.argv[1])
        for step in range(1, 5001):
            run.log({"loss": step / 3}, step=step)
    """
    processes.run(code, tmp_path)
    assert nbviz.open_run(tmp_path)["loss"].steps.tolist() == list(range(1, 5001))


def test_the_journal_is_open_until_the_last_write_at_exit(tmp_path: Path) -> None:
    code = """
        import sys, nbviz
        run = nbviz.Run(dir=sys.argv[1])
        run.log({"loss": 0.0}, step=0)
        assert run.journal.flush()
        for step in range(1, 2001):
            run.log({"loss": step / 3}, step=step)
    """
    processes.run(code, tmp_path)
    assert nbviz.open_run(tmp_path)["loss"].steps.tolist() == list(range(2001))


def test_what_a_run_logs_until_the_exit_has_stopped_it_is_written(tmp_path: Path) -> None:
    code = """
        import sys, threading, nbviz
        from nbviz.training.background import BackgroundRun

        run = nbviz.Run(dir=sys.argv[1])
        begun = threading.Event()

        def train():
            done = 0
            try:
                while True:
                    run.log({"loss": 1.0}, step=done)
                    done += 1
                    if done == 1000:
                        begun.set()
            finally:
                print(done, flush=True)

        BackgroundRun(train, name="endless").start()
        begun.wait()
    """
    said = processes.run(code, tmp_path).stdout
    steps = nbviz.open_run(tmp_path)["loss"].steps
    assert steps.tolist() == list(range(len(steps)))
    # It may have been stopped between its last call and the count.
    assert len(steps) - int(said) in (0, 1)


def test_a_killed_process_leaves_all_but_the_last_second(tmp_path: Path) -> None:
    code = """
        import sys, time, nbviz
        import numpy as np
        run = nbviz.Run(dir=sys.argv[1])
        newest = np.memmap(sys.argv[2], float, "w+", shape=1)
        step = 0
        while True:
            step += 1
            now = time.time()
            run.log({"loss": step / 3, "time": now}, step=step)
            newest[0] = now
            if step % 100 == 0:
                time.sleep(0.001)
            if step == 1000:
                print("going", flush=True)
    """
    folder, newest = tmp_path / "run", tmp_path / "newest"
    process = processes.start(code, folder, newest, stdout=processes.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    wait_until(lambda: list(folder.iterdir()) and points_in(next(folder.iterdir())) > 20_000)
    process.kill()
    process.communicate()
    opened = nbviz.open_run(folder)
    steps = opened["loss"].steps
    assert steps.tolist() == list(range(1, len(steps) + 1))
    np.testing.assert_array_equal(opened["loss"].values, steps / 3)
    # Of what it logged: a busy machine may have let it log nothing for a while before its end.
    assert np.fromfile(newest)[0] - opened["time"].values[-1] < 1.0
    # Another run in the same directory goes on beside it.
    with nbviz.Run(dir=folder) as second:
        for step in range(1, 101):
            second.log({"loss": 0.0}, step=step)
    both = nbviz.open_run(folder)
    first, restarted = both["loss"].segments
    assert len(first) == len(steps)
    assert restarted.steps.tolist() == both["loss"].steps.tolist() == list(range(1, 101))
    assert both.status == "finished"


def test_runs_begun_in_one_second_are_read_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    # The names differ by the process then, and a later one may have the smaller number.
    names = [f"events.out.tfevents.1700000000.host.{number}" for number in (30, 20, 100)]
    for number, name in enumerate(names):
        with nbviz.Run(dir=tmp_path / name) as run:
            run.log({"loss": float(number)}, step=1)
            run.log({"loss": float(number)}, step=2)
        (written,) = (tmp_path / name).iterdir()
        written.rename(tmp_path / f"{name}.{number}")
    opened = nbviz.open_run(tmp_path)
    assert [one.values.tolist() for one in opened["loss"].segments] == [
        [0.0, 0.0], [1.0, 1.0], [2.0, 2.0],
    ]  # fmt: skip


def test_a_full_disk_is_reported_and_later_made_good(tmp_path: Path) -> None:
    # A limit on the size of files stands in for the full disk; it is lifted later.
    code = """
        import resource, signal, sys, time, nbviz
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        run = nbviz.Run(dir=sys.argv[1])
        def warnings():
            return [line.text for line in run.lines.since(0) if line.level == "warning"]
        for step in range(1, 5001):
            run.log({"loss": step / 3}, step=step)
        assert not run.journal.flush()
        assert not run.journal.flush()
        assert len(warnings()) == 1 and "cannot be written" in warnings()[0], warnings()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert run.journal.flush(120)
        for step in range(5001, 6001):
            run.log({"loss": step / 3}, step=step)
        run.finish()
        assert len(warnings()) == 1, warnings()
    """
    processes.run(code, tmp_path)
    opened = nbviz.open_run(tmp_path)
    assert opened["loss"].steps.tolist() == list(range(1, 6001))
    assert sum("cannot be written" in line.text for line in opened.lines.since(0)) == 1


def test_what_a_disk_has_no_room_for_keeps_no_points_from_it(tmp_path: Path) -> None:
    code = """
        import resource, signal, sys, nbviz
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        run = nbviz.Run(dir=sys.argv[1])
        run.log_text("note", "x" * 30_000, 1)
        run.log({"loss": 1.0}, step=1)
        assert not run.journal.flush()
        before = nbviz.open_run(sys.argv[1])
        assert before["loss"].steps.tolist() == [1] and not before.media
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        run.log({"loss": 2.0}, step=2)
        run.finish()
    """
    processes.run(code, tmp_path)
    opened = nbviz.open_run(tmp_path)
    assert opened["loss"].steps.tolist() == [1, 2]
    assert len(opened.media["note"]) == 1


def test_a_vanished_directory_is_reported_and_written_anew(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path / "run")
    for step in range(1, 101):
        run.log({"loss": 1.0}, step=step)
    assert run.journal.flush()
    shutil.rmtree(tmp_path / "run")
    for step in range(101, 201):
        run.log({"loss": 1.0}, step=step)
    run.finish()
    opened = nbviz.open_run(tmp_path / "run")
    assert opened["loss"].steps.tolist() == list(range(1, 201))
    assert sum("was removed" in line.text for line in opened.lines.since(0)) == 1


def test_a_directory_that_cannot_come_back_stops_nothing(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path / "run")
    run.log({"loss": 1.0}, step=1)
    assert run.journal.flush()
    shutil.rmtree(tmp_path / "run")
    (tmp_path / "run").write_text("a file in its place")
    run.log({"loss": 1.0}, step=2)
    assert not run.journal.flush()
    run.log({"loss": 1.0}, step=3)
    (tmp_path / "run").unlink()
    run.finish()
    assert nbviz.open_run(tmp_path / "run")["loss"].steps.tolist() == [1, 2, 3]


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        nbviz.Run(dir=tmp_path / "file" / "run")


def test_a_forked_child_leaves_the_journal_alone(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    for step in range(1, 101):
        run.log({"loss": 1.0}, step=step)
    child = multiprocessing.get_context("fork").Process(target=_flush_and_exit, args=(run.journal,))
    child.start()
    child.join(SECONDS)
    assert child.exitcode == 0
    run.finish()
    assert nbviz.open_run(tmp_path)["loss"].steps.tolist() == list(range(1, 101))


def _flush_and_exit(journal: object) -> None:
    if journal.flush() is not False:
        os._exit(1)


def test_a_failed_write_leaves_whole_records(tmp_path: Path) -> None:
    code = """
        import resource, signal, sys
        from nbviz.recording.event_files.records import frame
        from nbviz.recording.event_files.writer import EventFileWriter
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        writer = EventFileWriter(sys.argv[1], 1.0)
        before = writer.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (before + 50, -1))
        try:
            writer.write(frame([bytes(100)]))
        except OSError:
            assert writer.path.stat().st_size == before
        else:
            sys.exit(1)
    """
    processes.run(code, tmp_path)


def test_two_writers_of_one_second_have_files_of_their_own(tmp_path: Path) -> None:
    paths = {EventFileWriter(tmp_path, 1.0).path for _ in range(3)}
    assert len(paths) == 3
