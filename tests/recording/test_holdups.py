"""What a run says while Pause or Stop waits for a step, or its journal for a disk."""

from __future__ import annotations

import io
import queue
import threading
import time
from typing import TYPE_CHECKING

import pytest
import torch
from pages import Page

import nbviz
from nbviz.errors import RunActiveError
from nbviz.recording import holdups, life
from nbviz.recording.journal import journal as journals
from nbviz.training.background import BackgroundRun
from nbviz.training.present_line import present_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 180.0  # a limit on a hang


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


class LongStep:
    """A training step that takes until it is let go."""

    def __init__(self) -> None:
        self.began, self.let_go = threading.Event(), threading.Event()

    def __call__(self, model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        loss = model(batch).mean()
        self.began.set()
        assert self.let_go.wait(SECONDS)
        return loss


@pytest.fixture
def step() -> Iterator[LongStep]:
    step = LongStep()
    yield step
    step.let_go.set()


def trainer_of(step: LongStep, **options: object) -> nbviz.LiveTrainer:
    model = torch.nn.Linear(2, 1)
    return nbviz.LiveTrainer(
        model,
        [torch.ones(4, 2)] * 50,
        training_step=step,
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=1,
        **options,
    )


def warnings_of(run: nbviz.Run) -> list[str]:
    return [line.text for line in run.lines.since(0) if line.level == "warning"]


def test_pause_in_a_long_step_says_how_long_it_has_been_made(step: LongStep) -> None:
    trainer = trainer_of(step)
    page = Page(trainer)
    page.ready()
    trainer.start()
    assert step.began.wait(SECONDS)
    assert page.control("pause")["kind"] == "command_done"
    page.wait_for(lambda: "s so far)" in page.newest("run_changed")["status_text"])
    shown = page.newest("run_changed")
    assert shown["status"] == "running"
    assert shown["status_text"].startswith("Pausing after this step (")
    step.let_go.set()
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    assert page.newest("run_changed")["status_text"] == ""
    trainer.stop()
    trainer.wait(SECONDS)
    assert page.newest("run_changed")["notices"] == []
    trainer.close()


def test_stop_in_an_endless_step_names_its_line(
    step: LongStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdups, "STUCK_SECONDS", 0.3)
    trainer = trainer_of(step)
    page = Page(trainer)
    page.ready()
    trainer.start()
    assert step.began.wait(SECONDS)
    page.control("stop")
    page.wait_for(lambda: page.newest("run_changed")["notices"])
    (notice,) = page.newest("run_changed")["notices"]
    line = LongStep.__call__.__code__.co_firstlineno + 3
    place = f"line {line} of test_holdups.py, in __call__: assert self.let_go.wait(SECONDS)"
    assert f"at {place}. The run ends when the step does." in notice
    assert notice.endswith("what was logged is then lost, as no journal is kept (dir=…).")
    with pytest.raises(RunActiveError, match=r"it is at line \d+ of test_holdups.py"):
        trainer.trainer.stop_and_wait(0.01)
    step.let_go.set()
    trainer.wait(SECONDS)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "stopped")
    assert page.newest("run_changed")["notices"] == []
    assert warnings_of(trainer.run) == [notice]  # once
    trainer.close()


def test_a_loop_of_the_users_own_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdups, "STUCK_SECONDS", 0.0)
    run = nbviz.Run()
    began, let_go = threading.Event(), threading.Event()

    def loop() -> None:
        for _ in run.track(range(3)):
            began.set()
            assert let_go.wait(SECONDS)

    thread = threading.Thread(target=loop)
    thread.start()
    assert began.wait(SECONDS)
    run.control.stop()
    run.drain()
    assert run.progress.status_text == "Stopping after this step"
    assert "in loop: assert let_go.wait(SECONDS)" in run.progress.notices[0]
    let_go.set()
    thread.join(SECONDS)
    assert run.progress.notices == ()


def test_a_line_in_a_library_is_given_where_no_other_is() -> None:
    let_go = threading.Event()
    thread = threading.Thread(target=let_go.wait)
    thread.start()
    wait_until(lambda: present_line(thread.ident or 0).startswith("line "))
    assert " of threading.py, in wait" in present_line(thread.ident or 0)
    let_go.set()
    thread.join()
    assert present_line(thread.ident or 0) == ""


def test_a_library_that_nbviz_waits_in_is_given_by_the_call_of_it() -> None:
    waiting: queue.Queue[None] = queue.Queue()
    background = BackgroundRun(waiting.get, name="waits")
    background.start()
    wait_until(lambda: " of queue.py, in get: " in background.present_line())
    waiting.put(None)
    background.join(SECONDS)
    assert background.present_line() == ""


class FrozenFile(io.FileIO):
    """A file on a disk that does not answer, until it does: no test can freeze a real one."""

    answers = threading.Event()

    def write(self, data: object) -> int:
        assert self.answers.wait(SECONDS)
        return super().write(data)


def test_a_frozen_disk_is_named_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (holdups, journals):
        monkeypatch.setattr(module, "STUCK_SECONDS", 0.5)
    run = nbviz.Run(dir=tmp_path)
    run.log({"loss": 0.0}, step=0)
    assert run.journal.flush()
    writer = run.journal._writer
    writer._file.close()
    writer._file = FrozenFile(writer.path, "r+b")
    run.log({"loss": 1.0}, step=1)
    wait_until(lambda: run.journal._writing_since is not None)
    for step in range(2, 20_002):
        run.log({"loss": float(step)}, step=step)

    def stuck() -> bool:
        run.drain()
        return bool(run.progress.notices)

    wait_until(stuck)
    (notice,) = run.progress.notices
    assert notice.startswith("journal: waiting for the disk since ")
    # Those above, the one that was to be written, and the marks of the run's begin.
    waiting = int(notice.split("s, ")[1].split(" ")[0].replace(",", ""))
    assert 20_001 <= waiting <= 20_003
    (warning,) = warnings_of(run)  # made a little later or earlier: the records may differ by one
    assert warning.startswith("journal: waiting for the disk since ")
    assert run.log({"loss": 0.5}, step=20_002) is None  # logging waits for nothing
    FrozenFile.answers.set()
    run.finish()
    assert run.progress.notices == ()
    opened = nbviz.open_run(tmp_path)
    assert opened["loss"].steps.tolist() == list(range(20_003))
    assert any("answers again" in line.text for line in opened.lines.since(0))


def test_what_a_disk_did_after_the_end_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status was known before the disk answered, and has not changed since."""
    monkeypatch.setattr(journals, "STUCK_SECONDS", 0.2)
    run = nbviz.Run(dir=tmp_path)
    run.log({"loss": 0.0}, step=0)
    run.finish()
    run.drain()
    assert (run.progress.status, run.progress.notices) == ("finished", ())
    monkeypatch.setattr(run.journal, "_writing_since", time.monotonic() - 1)
    run.drain()
    (notice,) = run.progress.notices
    assert notice.startswith("journal: waiting for the disk since 1 s")
    monkeypatch.setattr(run.journal, "_writing_since", None)
    run.drain()
    assert run.progress.notices == ()


def test_the_end_of_a_loop_is_no_reason_to_wait_for_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that ends it drains all other runs, too."""
    monkeypatch.setattr(life, "QUIET_SECONDS", 0.0)
    waits: list[float] = []
    flush = journals.Journal.flush

    def note_wait(journal: journals.Journal, timeout: float = SECONDS) -> bool:
        waits.append(timeout)
        return flush(journal, timeout)

    monkeypatch.setattr(journals.Journal, "flush", note_wait)
    run = nbviz.Run(dir=tmp_path)
    for step in run.track(range(3)):
        run.log({"loss": float(step)}, step=step)
    wait_until(lambda: (run.drain(), run.progress.status == "finished")[1])
    assert waits == [0.0]
    wait_until(lambda: nbviz.open_run(tmp_path).status == "finished")
    assert nbviz.open_run(tmp_path)["loss"].steps.tolist() == [0, 1, 2]
