"""A fork goes on from a step by itself, to the last bit as its run until something is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from resumed_runs import KEPT, SECONDS, STEPS, arguments, result
from test_resume import differences
from torch import nn

import nbviz
from nbviz import callbacks
from nbviz.errors import CommandError, TrainingError
from nbviz.panels import PANELS
from nbviz.panels.runs.table import table_of
from nbviz.panels.subject import Subject
from nbviz.recording.origin import Origin, read_origin
from nbviz.session.saved import saved_page

if TYPE_CHECKING:
    from pathlib import Path


def trained(name: str, **more: Any) -> nbviz.Trainer:
    model, data, options = arguments(name, seed=0)
    trainer = nbviz.Trainer(model, data, **{"ring_every": 10, **options, **more})
    trainer.start()
    trainer.wait(SECONDS)
    return trainer


def ended(trainer: nbviz.Trainer) -> dict[str, Any]:
    trainer.start()
    trainer.wait(SECONDS)
    return result(trainer)


@pytest.mark.parametrize(
    "name",
    [
        "adamw, dropout, batch norm, validation",
        "own generator",
        "two workers",
        "one cycle",
        "ema",
        "counts everywhere",
        "lbfgs and weights made anew",
        "a group that is added",
        "steps itself",
    ],
)
def test_without_a_change_it_is_the_same_run(name: str) -> None:
    trainer = trained(name)
    first = result(trainer)
    fork = trainer.fork(step=KEPT)
    assert (fork.engine.step, len(fork.run["loss/train"])) == (KEPT, KEPT)
    assert fork.model is not trainer.model
    assert differences(first, ended(fork)) == []
    assert fork.run["loss/train"].values.tobytes() == trainer.run["loss/train"].values.tobytes()
    assert differences(first, result(trainer)) == []
    assert trainer.status == "finished"


@pytest.mark.parametrize(
    "name", ["own generator", "two workers", "counts everywhere", "stateful loader"]
)
def test_from_a_state_that_is_kept_and_before_its_own_first_step(name: str) -> None:
    """What such a state is of was restored, and has made no step since."""
    trainer = trained(name)
    first = result(trainer)
    fork = trainer.fork(step=20)
    assert 20 in trainer.ring.steps
    again = fork.fork()
    for one in (fork, again):
        assert differences(first, ended(one)) == []
        values = one.run["loss/train"].values
        assert values.tobytes() == trainer.run["loss/train"].values.tobytes()


@pytest.mark.parametrize("step", [None, KEPT])
def test_of_a_run_that_failed_inside_a_step_it_has_nothing_of_that_step(step: int | None) -> None:
    name = "adamw, dropout, batch norm, validation"
    first = result(trained(name))
    model, data, options = arguments(name, seed=0)
    plain = options["loss_fn"]

    def loss(outputs: Any, targets: Any) -> Any:
        if trainer.engine.step in fails:
            raise ZeroDivisionError
        return plain(outputs, targets)

    fails = [KEPT]  # as a number it would go back, too
    trainer = nbviz.Trainer(model, data, **options | {"loss_fn": loss}, ring_every=10)
    trainer.start()
    with pytest.raises(TrainingError):
        trainer.wait(SECONDS)
    fails.clear()
    fork = trainer.fork(step=step)
    assert (trainer.status, trainer.engine.step) == ("failed", KEPT)
    assert differences(first, ended(fork)) == []


class Collects(nn.Module):
    """A layer that depends on what it keeps in a list, which is not in a state."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.seen.append(float(inputs.detach().mean()))
        return inputs + 0.01 * len(self.seen)


def lines_on_the_first_step(trainer: nbviz.Trainer) -> list[str]:
    texts = [line.text for line in trainer.run.lines.since(0)]
    return [text for text in texts if text.startswith("the first step of this fork")]


def test_a_first_step_that_differs_is_said() -> None:
    model, data, options = arguments("sgd", seed=0)
    model.insert(0, Collects())
    trainer = nbviz.Trainer(model, data, **options, ring_every=10)
    trainer.start()
    trainer.wait(SECONDS)
    for values in ({}, {"lr": 0.01}):
        fork = trainer.fork(step=KEPT, **values)
        ended(fork)
        (line,) = lines_on_the_first_step(fork)
        assert f"that {trainer.run.name!r} had from the same state: it differs by " in line
    newest = trainer.fork()  # its run has made no such step
    assert newest.engine.step == STEPS


def test_both_go_on_in_turns_each_with_its_own_random_numbers() -> None:
    name = "adamw, dropout, batch norm, validation"
    first = result(trained(name))
    stop = callbacks.every(KEPT, lambda trainer: trainer.stop())
    trainer = trained(name, callbacks=[stop])
    assert trainer.engine.step == KEPT
    fork = trainer.fork("the same")
    for one in (trainer, fork, trainer, fork):
        one.start()
        one.wait(SECONDS)
    assert (trainer.engine.step, fork.engine.step) == (STEPS, STEPS)
    for one in (trainer, fork):
        assert differences(first["parts"]["model"], result(one)["parts"]["model"]) == []
        assert differences(first["losses"], result(one)["losses"]) == []


def test_what_is_changed_changes_the_fork_alone() -> None:
    trainer = trained("sgd")
    first = result(trainer)
    fork = trainer.fork("lower lr", step=20, lr=0.001)
    ended(fork)
    assert fork.run.name == "lower lr"
    assert fork.run["lr"].values[19:21].tolist() == [0.05, 0.001]
    past, other = trainer.run["loss/train"].values, fork.run["loss/train"].values
    assert past[:20].tolist() == other[:20].tolist()
    assert past[21:].tolist() != other[21:].tolist()
    assert differences(first, result(trainer)) == []
    assert lines_on_the_first_step(fork) == []
    fork.rewind(30)
    fork.stop_and_wait()


def test_what_cannot_be_forked_is_said() -> None:
    trainer = trained("sgd")
    with pytest.raises(CommandError, match="has not been made yet"):
        trainer.fork(step=STEPS + 1)


def test_a_live_fork_is_shown_beside_its_run() -> None:
    model, data, options = arguments("sgd", seed=0)
    live = nbviz.LiveTrainer(model, data, **options, ring_every=10)
    live.start()
    live.wait(SECONDS)
    fork = live.fork("lower lr", step=KEPT, lr=0.01)
    assert [subject.run for subject in live.subjects] == [live.run, fork.run]
    assert len(ended(fork)["losses"]) == STEPS - KEPT


def test_where_a_fork_comes_from_is_in_its_files_and_in_a_saved_page(tmp_path: Path) -> None:
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **options, ring_every=10, name="plain", dir=tmp_path)
    trainer.start()
    trainer.wait(SECONDS)
    fork = trainer.fork("lower lr", step=KEPT, lr=0.001)
    ended(fork)
    fork.rewind(30)
    fork.start()
    fork.wait(SECONDS)
    for one in (trainer, fork):
        assert one.run.journal is not None
        assert one.run.journal.flush()
    runs = nbviz.open_runs(tmp_path)
    assert {run.name: run.origin for run in runs} == {
        tmp_path.name: None,
        "fork-1": Origin(trainer.run.run_id, "plain", KEPT, {"lr": 0.001}),
        "fork-1/rewind-1": fork.run.origin,
    }
    froms = [None, f"plain at step {KEPT}, lr=0.001", "lower lr at step 30"]
    assert [row.get("from") for row in table_of(runs)] == froms
    page = saved_page(PANELS, [Subject.of_run(run) for run in runs], None)
    assert all(page.count(text) == 1 for text in froms if text)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON", "[]", '{"run_id": "a", "name": "b", "step": -1, "values": {}}',
        '{"run_id": "a", "name": "b", "step": 1, "values": {"lr": Infinity}}',
        '{"run_id": "a", "name": "b", "step": 1, "values": 3}', '{"run_id": "a"}',
    ],
)  # fmt: skip
def test_an_origin_that_is_damaged_is_none(text: str) -> None:
    assert read_origin(text) is None
