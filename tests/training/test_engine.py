"""The events of a run in their order, for every way in which it can end."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
from observed import SECONDS, Events, make_batches, make_engine, make_model
from torch import nn

import nbviz
from nbviz.errors import RunActiveError, TrainingError
from nbviz.training.events import (
    EpochStarted,
    Event,
    LineLogged,
    RunEnded,
    RunStarted,
    SettingApplied,
    StepEnded,
    ValidationEnded,
)
from nbviz.training.steps.metrics import NAMED

EPOCH = ["EpochStarted", "StepEnded", "StepEnded"]
VALIDATION = ["ValidationStarted", "ValidationEnded"]


def test_whole_run_with_validation() -> None:
    events = Events()
    batches = make_batches(2)
    make_engine(events, batches, val_loader=batches, max_epochs=2, metrics=["accuracy"]).run()
    one = [*EPOCH, *VALIDATION, "EpochEnded"]
    assert events.names == ["RunStarted", *one, *one, "RunEnded"]
    started, ended = events[0], events[-1]
    assert isinstance(started, RunStarted)
    assert (started.step, started.total_steps, started.total_epochs) == (0, 4, 2)
    assert started.device == "cpu"
    assert isinstance(ended, RunEnded)
    assert (ended.step, ended.epoch, ended.reason, ended.error) == (4, 2, "finished", None)
    assert [(e.step, e.epoch) for e in events.of(StepEnded)] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert list(events.of(StepEnded)[0].scalars) == ["loss/train", "accuracy/train", "lr"]
    assert list(events.of(ValidationEnded)[0].scalars) == ["loss/val", "accuracy/val"]
    assert [e.step for e in events.of(EpochStarted)] == [0, 2]


def test_max_steps_ends_inside_an_epoch_with_its_validation() -> None:
    events = Events()
    make_engine(events, make_batches(4), val_loader=make_batches(1), max_steps=2).run()
    assert events.names == ["RunStarted", *EPOCH, *VALIDATION, "EpochEnded", "RunEnded"]
    assert events[0].total_steps == 2


def test_validation_every_two_steps() -> None:
    events = Events()
    options: dict[str, Any] = {"val_loader": make_batches(1), "validate_every": 2, "max_epochs": 1}
    make_engine(events, make_batches(4), **options).run()
    two = ["StepEnded", "StepEnded", *VALIDATION]
    assert events.names == ["RunStarted", "EpochStarted", *two, *two, "EpochEnded", "RunEnded"]


def test_stopped_between_steps_then_run_again() -> None:
    events = Events()

    def stop_after_two(event: Event) -> None:
        if isinstance(event, StepEnded) and event.step == 2:
            engine.control.stop()

    engine = make_engine(events, observers=(events, stop_after_two), max_epochs=2)
    engine.run()
    assert events.names == ["RunStarted", *EPOCH, "RunEnded"]
    assert (events[-1].reason, events[-1].step) == ("stopped", 2)
    assert engine.control.status == "stopped"
    engine.run()
    assert events.of(RunStarted)[1].step == 2
    # It went on inside the first epoch.
    assert [(e.step, e.epoch) for e in events.of(EpochStarted)] == [(0, 1), (4, 2)]
    assert events.of(RunStarted)[1].total_steps == 8
    assert (events[-1].reason, events[-1].step, events[-1].epoch) == ("finished", 8, 2)


def test_stop_acts_between_validation_batches() -> None:
    events = Events()

    class Loader(list[Any]):
        def __iter__(self) -> Any:
            for batch in list.__iter__(self):
                if batch is self[1]:
                    engine.control.stop()
                yield batch

    engine = make_engine(events, make_batches(1), val_loader=Loader(make_batches(3)), max_epochs=1)
    engine.run()
    assert events.names[-2:] == ["ValidationStarted", "RunEnded"]
    assert events[-1].reason == "stopped"
    assert engine.model.training


def test_finished_run_can_be_run_again_for_as_many_epochs() -> None:
    events = Events()
    engine = make_engine(events, max_epochs=2)
    engine.run()
    engine.run()
    assert (engine.step, engine.epoch) == (16, 4)
    assert events.of(RunStarted)[1].total_steps == 16


def test_failure_keeps_the_error_and_all_before_it() -> None:
    events = Events()

    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 2)
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            if self.calls == 1000:
                raise ArithmeticError("the thousandth")
            return self.layer(x)

    engine = make_engine(events, model=Broken(), max_epochs=1000)
    with pytest.raises(ArithmeticError, match="the thousandth") as caught:
        engine.run()
    assert len(events.of(StepEnded)) == 999
    assert events.names[-1] == "RunEnded"
    assert events[-1].reason == "failed"
    assert events[-1].error is caught.value
    assert "After step 999, in epoch 250." in caught.value.__notes__
    assert engine.control.status == "failed"


def test_keyboard_interrupt_ends_a_run_on_the_main_thread_and_is_raised() -> None:
    events = Events()

    def interrupt(model: nn.Module, batch: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_engine(events, training_step=interrupt).run()
    assert events.names == ["RunStarted", "EpochStarted", "LineLogged", "RunEnded"]
    assert events[-1].reason == "stopped"


def test_pause_step_set_and_stop_on_a_thread() -> None:
    events = Events()
    engine = make_engine(events)
    control = engine.control
    control.reserve()
    control.step(2)
    thread = threading.Thread(target=engine.run, daemon=True)
    thread.start()
    events.wait_for_count("RunPaused")
    assert events.names == ["RunStarted", *EPOCH, "RunPaused"]
    with pytest.raises(RunActiveError):
        engine.run()
    control.set(lr=0.025, dropout=0.3)
    events.wait_for_count("SettingApplied", 2)
    assert engine.optimizer is not None
    assert engine.optimizer.param_groups[0]["lr"] == 0.025
    assert [e.step for e in events.of(SettingApplied)] == [2, 2]
    control.step()
    events.wait_for_count("RunPaused", 2)
    assert events.names[-3:] == ["RunResumed", "StepEnded", "RunPaused"]
    assert events.of(StepEnded)[-1].scalars["lr"] == 0.025
    control.stop()
    thread.join(SECONDS)
    assert events.names[-1] == "RunEnded"


def test_observer_that_raises_is_reported_once_and_dropped() -> None:
    events = Events()
    calls: list[Event] = []

    def broken(event: Event) -> None:
        calls.append(event)
        raise ValueError("drawing bug")

    make_engine(events, observers=(broken, events), max_steps=3).run()
    assert len(calls) == 1
    (line,) = events.of(LineLogged)
    assert line.level == "error"
    assert "broken raised ValueError at RunStarted" in line.text
    assert "drawing bug" in line.text
    assert events[-1].reason == "finished"


def test_observer_that_raises_at_the_end_leaves_run_ended_last() -> None:
    first, second = Events(), Events()

    def broken(event: Event) -> None:
        assert not isinstance(event, RunEnded)

    make_engine(first, observers=(first, broken, second), max_steps=1).run()
    assert first.names[-1] == second.names[-1] == "RunEnded"
    assert "LineLogged" in second.names


def test_metric_that_raises_is_reported_once_and_dropped() -> None:
    events = Events()

    def broken(outputs: Any, targets: Any) -> float:
        raise KeyError("missing")

    metrics = {"broken": broken, "mean": lambda o, t: o.mean(), "right": NAMED["accuracy"]}
    make_engine(events, metrics=metrics, val_loader=make_batches(1), max_epochs=1).run()
    (line,) = events.of(LineLogged)
    assert "the metric 'broken' raised KeyError" in line.text
    assert set(events.of(StepEnded)[-1].scalars) == {
        "loss/train",
        "mean/train",
        "right/train",
        "lr",
    }
    assert events[-1].reason == "finished"


@pytest.mark.parametrize(
    ("on_nan", "last_step", "reason"), [("mark", 6, "finished"), ("stop", 3, "stopped")]
)
def test_nan_loss_is_kept_and_marked(on_nan: str, last_step: int, reason: str) -> None:
    events = Events()
    losses = iter([1.0, 2.0, float("nan"), float("nan"), float("inf"), 1.0])
    model = make_model()

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        return model(batch[0]).sum() * 0 + next(losses)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    make_engine(
        events, model=model, training_step=step, optimizer=optimizer, max_steps=6, on_nan=on_nan
    ).run()
    (line,) = events.of(LineLogged)
    assert line.level == "warning"
    assert "at step 3" in line.text
    assert (events[-1].step, events[-1].reason) == (last_step, reason)
    assert torch.isnan(events.of(StepEnded)[2].scalars["loss/train"])


def test_nan_loss_can_pause() -> None:
    events = Events()

    def step(model: nn.Module, batch: Any) -> dict[str, float]:
        return {"loss": float("nan")}

    engine = make_engine(events, training_step=step, on_nan="pause")
    thread = threading.Thread(target=engine.run, daemon=True)
    thread.start()
    events.wait_for_count("RunPaused")
    assert events.names[-2:] == ["LineLogged", "RunPaused"]
    engine.control.stop()
    thread.join(SECONDS)
    assert events[-1].reason == "stopped"


def test_training_step_that_steps_by_itself() -> None:
    events = Events()
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return {"loss_g": loss, "weight/norm": 1}

    before = model[0].weight.detach().clone()
    make_engine(events, model=model, training_step=step, max_steps=2).run()
    assert list(events.of(StepEnded)[0].scalars) == ["loss_g/train", "weight/norm/train"]
    assert not torch.equal(before, model[0].weight)


def test_training_step_also_validates_without_gradients() -> None:
    events = Events()
    model = make_model()

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        return {"loss": loss, "training": float(model.training), "grad": float(loss.requires_grad)}

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    options: dict[str, Any] = {"optimizer": optimizer, "val_loader": make_batches(2)}
    make_engine(events, model=model, training_step=step, max_steps=1, **options).run()
    assert events.of(StepEnded)[0].scalars["training/train"] == 1
    scalars = events.of(ValidationEnded)[0].scalars
    assert scalars["training/val"] == scalars["grad/val"] == 0
    assert model.training


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda out, y: nn.functional.cross_entropy(out, y, reduction="none"), r"shape \(8,\)"),
        (lambda out, y: 0.5, "got float 0.5"),
        (lambda out, y: None, "got no 'loss'"),
        (lambda out, y: out.detach().sum(), "does not depend on any parameter"),
    ],
)
def test_loss_that_cannot_be_trained_on(loss: Any, message: str) -> None:
    events = Events()
    with pytest.raises(TrainingError, match=message):
        make_engine(events, loss_fn=loss).run()
    assert events[-1].reason == "failed"


def test_batch_of_the_wrong_shape_is_described() -> None:
    events = Events()
    batches = [*make_batches(2), (torch.ones(8, 5), torch.zeros(8).long())]
    with pytest.raises(RuntimeError) as caught:
        make_engine(events, batches).run()
    assert "The batch: [0] float32 (8, 5), [1] int64 (8,)." in caught.value.__notes__
    assert len(events.of(StepEnded)) == 2


def test_validation_is_weighted_by_samples() -> None:
    events = Events()
    inputs, targets = make_batches(1, 8)[0]
    model = make_model()
    uneven = [(inputs[:7], targets[:7]), (inputs[7:], targets[7:])]
    make_engine(events, model=model, val_loader=uneven, metrics=["accuracy"], max_steps=1).run()
    model.eval()
    with torch.no_grad():
        outputs = model(inputs)
    scalars = events.of(ValidationEnded)[0].scalars
    expected = nn.functional.cross_entropy(outputs, targets)
    assert scalars["loss/val"].item() == pytest.approx(expected.item())
    assert scalars["accuracy/val"] == (outputs.argmax(1) == targets).double().mean()


def test_seed_makes_a_run_repeatable() -> None:
    def draw(model: nn.Module, batch: Any) -> dict[str, float]:
        return {"a": random.random(), "b": np.random.rand(), "c": torch.rand(())}  # noqa: NPY002

    drawn: list[Any] = []
    for _ in range(2):
        events = Events()
        make_engine(events, training_step=draw, seed=3, max_steps=2).run()
        drawn.append([dict(e.scalars) for e in events.of(StepEnded)])
    assert drawn[0] == drawn[1]


def test_frozen_part_stays_in_eval_mode_through_validation() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    model[1].eval()
    make_engine(Events(), model=model, val_loader=make_batches(1), max_epochs=1).run()
    assert model.training
    assert not model[1].training
    assert model[1].num_batches_tracked == 0


class Shadowing(nn.Module):
    """A model whose attributes have names of methods that PyTorch itself does without."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop = nn.Linear(64, 10), nn.Dropout(0.1)
        self.modules, self.buffers, self.parameters = [self.fc], {}, 3  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(self.fc(x.flatten(1)))


def test_names_of_methods_may_be_data_of_a_model_that_is_trained() -> None:
    train, val = nbviz.datasets.digits()
    model = Shadowing()
    trainer = nbviz.Trainer(
        model,
        train,
        val_loader=val,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.fc.parameters(), lr=0.1),
        max_steps=25,
        device="cpu",
        threads=1,
        ring_every=10,
    )
    trainer.start()
    trainer.wait()
    trainer.rewind(20)
    trainer.resume()
    trainer.wait()
    assert trainer.run.progress.step == 25
    assert trainer.run["loss/val"].steps.tolist() == [23, 25]
