"""What a page asks of a run's past: answered at once, done on a thread, and said how far it is."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import torch
from protocol_types import conforms
from torch import nn

import nbviz
from nbviz.errors import CommandError, NbvizError, RunActiveError
from nbviz.panels.batch import Batch
from nbviz.panels.panel import NO_ADDRESS, Extent, Reply
from nbviz.panels.toolbar import PANEL
from nbviz.protocol.run import GoingBackChanged

SECONDS = 180


class Holding(nn.Module):
    """A layer that a test can hold up."""

    def __init__(self) -> None:
        super().__init__()
        self.begins = threading.Event()
        self.may_go = threading.Event()
        self.may_go.set()

    def __deepcopy__(self, memo: Any) -> Holding:
        return Holding()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.begins.set()
        assert self.may_go.wait(SECONDS)
        return x


def trained(**more: Any) -> nbviz.LiveTrainer:
    torch.manual_seed(0)
    inputs = torch.randn(64, 8)
    data = torch.utils.data.TensorDataset(inputs, (inputs.sum(1) > 0).long())
    model = nn.Sequential(nn.Linear(8, 4), Holding(), nn.Linear(4, 2))
    options = {"ring_every": 10, "max_epochs": 5, **more}
    trainer = nbviz.LiveTrainer(
        model, torch.utils.data.DataLoader(data, batch_size=8, shuffle=True),
        loss_fn=nn.CrossEntropyLoss(), device="cpu", threads=1, name="lr-0.1",
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1), **options,
    )  # fmt: skip
    trainer.start()
    trainer.wait(SECONDS)
    return trainer


def ask(run: nbviz.Run, command: str, /, **arguments: Any) -> list[Any]:
    said: list[Any] = []
    request: Any = {"name": command, "arguments": arguments}
    PANEL.answer(run, request, Reply(NO_ADDRESS, 0, lambda answer, _: said.append(answer)))
    return said


def told(run: nbviz.Run, entry: Any = None) -> GoingBackChanged | None:
    batch = Batch()
    PANEL.updates(run, entry or PANEL.entry(), batch, Extent())
    [*found] = [one for one in batch.updates if one["kind"] == "going_back_changed"]
    assert all(conforms(one, GoingBackChanged) for one in found)
    return found[0] if found else None


def ended(trainer: nbviz.Trainer, before: int) -> GoingBackChanged:
    """What is told once an act of a trainer has ended after another one."""
    deadline = time.monotonic() + SECONDS
    while trainer.going_back.now.number <= before:
        assert time.monotonic() < deadline, trainer.going_back.now
        time.sleep(0.01)
    now = told(trainer.run)
    assert now is not None
    assert now["doing"] == ""
    return now


def done(trainer: nbviz.Trainer, command: str, **arguments: Any) -> GoingBackChanged:
    before = trainer.going_back.now.number
    assert ask(trainer.run, command, **arguments) == [{"kind": "command_done", **NO_ADDRESS}]
    return ended(trainer, before)


def subject_of(trainer: nbviz.LiveTrainer, run_id: str) -> Any:
    return next(one for one in trainer.subjects if one.run_id == run_id)


def test_a_rewind_is_begun_followed_cancelled_and_done() -> None:
    trainer = trained()
    first = trainer.run
    holding: Any = trainer.model[1]
    holding.may_go.clear()
    holding.begins.clear()
    assert ask(first, "rewind", step=27) == [{"kind": "command_done", **NO_ADDRESS}]
    assert holding.begins.wait(SECONDS)
    now = told(first)
    assert now is not None
    assert (now["doing"], now["first"], now["last"]) == ("Rewinding to step 27", 20, 27)
    assert 20 <= now["at"] <= 27
    assert now["step_seconds"] is None or now["step_seconds"] > 0
    with pytest.raises(RunActiveError, match="busy"):
        ask(first, "fork", step=10)
    ask(first, "cancel")
    holding.may_go.set()
    now = ended(trainer.trainer, 0)
    assert now["is_failure"]
    assert now["outcome"] == "Cancelled. The run is as it was, after step 40."
    assert (trainer.run, trainer.status, trainer.trainer.engine.step) == (first, "finished", 40)

    entry = PANEL.entry()
    assert told(first, entry) is not None
    now = done(trainer.trainer, "rewind", step=27)
    assert now["outcome"] == "Paused at step 27; 7 steps made again, bit-equal"
    assert (now["outcome_run"], trainer.status) == (trainer.run.run_id, "paused")
    assert (now["kept"], now["reach"][:3]) == ([0, 10, 20, 27], [0, 10, 20])
    assert [one.is_earlier for one in trainer.subjects] == [True, False]
    left = told(first, entry)  # which can do no more
    assert left is not None
    assert (left["kept"], left["doing"], first.commands) == ([], "", ())
    trainer.stop()
    trainer.wait(SECONDS)


def test_a_fork_is_shown_rewound_and_kept() -> None:
    trainer = trained()
    own = trainer.model
    now = done(trainer.trainer, "fork", step=20, name="lower lr", lr=0.01)
    assert now["outcome"] == "'lower lr' forked from step 20; Start trains it"
    fork = subject_of(trainer, now["outcome_run"]).run
    assert str(fork.origin) == "lr-0.1 at step 20, lr=0.01"
    ask(fork, "start")
    steering: Any = fork.steering
    steering.wait(SECONDS)
    again = subject_of(trainer, done(steering, "rewind", step=30)["outcome_run"])
    assert (again.run.progress.step, again.run.status) == (30, "paused")
    assert subject_of(trainer, fork.run_id).is_earlier
    with pytest.raises(CommandError, match="no command 'keep'"):
        ask(trainer.run, "keep")
    now = done(steering, "keep")
    assert now["outcome"].startswith("Your model and optimizer are those of 'lower lr (2)' now")
    assert (trainer.model is own, trainer.trainer.engine.step) == (True, 30)
    weights = zip(own.parameters(), steering.model.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in weights)
    assert trainer.run["lr"].values[[19, 20, 29]].tolist() == [0.1, 0.01, 0.01]
    trainer.start()
    trainer.wait(SECONDS)
    assert (trainer.trainer.engine.step, trainer.run["lr"].values[-1]) == (40, 0.01)


def test_a_value_that_was_never_logged_becomes_a_curve() -> None:
    seen: dict[int, float] = {}

    def note(trainer: Any) -> None:
        weight = trainer.model[0].weight
        seen.setdefault(trainer.engine.step, float(weight.grad.norm()))

    trainer = trained(callbacks=[nbviz.callbacks.every(1, note)])
    done(trainer.trainer, "probe", what="gradient norm", of="0.weight", every=3)
    probed = trainer.run["probe/gradient_norm/0.weight"]
    assert probed.steps.tolist() == list(range(1, 41, 3))
    # Also after a step whose state was kept, which has no gradients.
    assert probed.values.tolist() == pytest.approx([seen[step] for step in range(1, 41, 3)])
    assert (trainer.status, trainer.trainer.engine.step) == ("finished", 40)
    for wrong in ({"what": "loss"}, {"of": "3.weight"}, {"every": 0}):
        with pytest.raises(CommandError):
            ask(trainer.run, "probe", **{"what": "weight norm", **wrong})


def test_what_cannot_be_done_is_refused_at_once() -> None:
    trainer = trained(ring="off")
    now = told(trainer.run)
    assert now is not None
    assert (now["refused"], now["kept"]) == ("ring is off", [])
    for arguments in ({"step": 10}, {"step": 41}, {"step": "3"}, {"step": None}):
        with pytest.raises(NbvizError):
            ask(trainer.run, "rewind", **arguments)
    with pytest.raises(CommandError, match="lr"):
        ask(trainer.run, "fork", step=40, lr=-1.0)
    assert trainer.trainer.going_back.now.number == 0
