"""Schedulers: when they step, what they are told, and where they end."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from observed import Events, make_batches, make_engine, make_model
from torch.optim import lr_scheduler as schedulers

from nbviz.errors import ConfigurationError
from nbviz.training.events import LineLogged, StepEnded
from nbviz.training.optimizing.schedule import Schedule


def make_optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def one_cycle(optimizer: Any, total: int = 10) -> Any:
    return schedulers.OneCycleLR(optimizer, 0.1, total_steps=total)


@pytest.mark.parametrize(
    ("make", "interval"),
    [
        (one_cycle, "step"),
        (lambda o: schedulers.CyclicLR(o, 0.01, 0.1), "step"),
        (lambda o: schedulers.LambdaLR(o, lambda step: 1.0), "step"),
        (lambda o: schedulers.StepLR(o, 5), "epoch"),
        (lambda o: schedulers.CosineAnnealingLR(o, 5), "epoch"),
        (lambda o: schedulers.ExponentialLR(o, 0.9), "epoch"),
        (schedulers.ReduceLROnPlateau, "epoch"),
        (lambda o: schedulers.ChainedScheduler([schedulers.StepLR(o, 5)]), "epoch"),
        (lambda o: schedulers.ChainedScheduler([schedulers.LambdaLR(o, lambda s: 1.0)]), "step"),
        (
            lambda o: schedulers.SequentialLR(
                o, [schedulers.LinearLR(o), schedulers.CosineAnnealingLR(o, 5)], [2]
            ),
            "epoch",
        ),
    ],
)
def test_interval_follows_from_the_kind(make: Any, interval: str) -> None:
    schedule = Schedule(make(make_optimizer()), "auto")
    assert schedule.interval == interval
    assert f"steps after each {interval}" in (schedule.describe() or "")


def run(scheduler: Any, model: Any, optimizer: Any, **options: Any) -> Events:
    events = Events()
    options = {"max_epochs": 5, **options}
    make_engine(events, model=model, optimizer=optimizer, scheduler=scheduler, **options).run()
    return events


def test_step_lr_is_meant_in_epochs_and_the_log_says_so() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = run(schedulers.StepLR(optimizer, 5), model, optimizer)
    assert {event.scalars["lr"] for event in events.of(StepEnded)} == {0.1}
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    (line,) = events.of(LineLogged)
    assert line.text.startswith("StepLR steps after each epoch; scheduler_interval='step'")


def test_plateau_is_told_what_it_monitors() -> None:
    told: list[float] = []

    class Plateau(schedulers.ReduceLROnPlateau):
        def step(self, metrics: Any, epoch: Any = None) -> None:
            told.append(float(metrics))
            super().step(metrics)

    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    # Rises each epoch, as an accuracy does; a plateau of the loss would lower the rate.
    rising = iter(range(100))
    events = run(
        Plateau(optimizer, mode="max", patience=0), model, optimizer, monitor="accuracy/val",
        val_loader=make_batches(1), metrics={"accuracy": lambda o, t: float(next(rising))},
        validate_every="epoch",
    )  # fmt: skip
    assert events[-1].reason == "finished"
    assert told == sorted(told)
    assert len(told) == 5
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_plateau_may_monitor_the_epochs_training_mean() -> None:
    told: list[float] = []

    class Plateau(schedulers.ReduceLROnPlateau):
        def step(self, metrics: Any, epoch: Any = None) -> None:
            told.append(float(metrics))

    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = run(
        Plateau(optimizer, mode="max"), model, optimizer, monitor="accuracy/train",
        metrics=["accuracy"], max_epochs=1,
    )  # fmt: skip
    values = [float(event.scalars["accuracy/train"]) for event in events.of(StepEnded)]
    assert told == pytest.approx([sum(values) / len(values)])


@pytest.mark.parametrize(
    ("mode", "monitor", "message"),
    [
        ("max", None, r"mode='max'\) would be told 'loss'.* lower.* monitor='accuracy/val'"),
        ("max", "loss/val", "monitor='accuracy/val', or mode='min'"),
        ("min", "accuracy/val", "better the higher it is. Give monitor='loss/val', or mode='max'"),
        ("max", "acuracy/val", "there will be no 'acuracy/val' to monitor; there are loss/train, "),
    ],
)
def test_mode_that_contradicts_what_is_monitored(mode: Any, monitor: Any, message: str) -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ConfigurationError, match=message):
        make_engine(
            Events(), model=model, optimizer=optimizer, metrics=["accuracy"], monitor=monitor,
            scheduler=schedulers.ReduceLROnPlateau(optimizer, mode=mode),
            val_loader=make_batches(1),
        )  # fmt: skip


def test_what_is_monitored_and_never_comes_is_said_and_ends_nothing() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: Any, batch: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(batch[0]), batch[1])

    events = run(
        schedulers.ReduceLROnPlateau(optimizer, mode="max"), model, optimizer, loss_fn=None,
        training_step=step, monitor="score/train",
    )  # fmt: skip
    (said,) = [line.text for line in events.of(LineLogged) if "did not step" in line.text]
    assert "there was no 'score/train' in this epoch" in said
    assert events[-1].reason == "finished"


class Counting:
    """As timm's schedulers: told how many epochs are completed."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def step(self, epoch: int, metric: float | None = None) -> None:
        self.told.append(epoch)


class Metric(Counting):
    def step(self, value: float) -> None:  # type: ignore[override]
        self.told.append(value)


class Strange(Counting):
    def step(self, phase: str) -> None:  # type: ignore[override]
        raise AssertionError


def test_schedulers_whose_step_takes_other_arguments() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    counting, metric = Counting(), Metric()
    run(counting, model, optimizer, max_epochs=3)
    assert counting.told == [1, 2, 3]
    events = run(metric, model, optimizer, max_epochs=1)
    losses = [float(event.scalars["loss/train"]) for event in events.of(StepEnded)]
    assert metric.told == pytest.approx([sum(losses) / len(losses)])
    with pytest.raises(ConfigurationError, match=r"Strange.step needs phase; nbviz knows"):
        run(Strange(), model, optimizer)
    with pytest.raises(ConfigurationError, match="scheduler must have a step method, got float"):
        run(0.1, model, optimizer)


def test_rate_is_held_after_the_schedules_end() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = Events()
    engine = make_engine(
        events, model=model, optimizer=optimizer, scheduler=one_cycle(optimizer, 8), max_epochs=2
    )
    engine.run()
    assert not [line for line in events.of(LineLogged) if "held" in line.text]
    rate = optimizer.param_groups[0]["lr"]
    for _ in range(2):
        engine.run()
    assert engine.step == 24
    assert events[-1].reason == "finished"
    assert {event.scalars["lr"] for event in events.of(StepEnded)[9:]} == {rate}
    held = [line.text for line in events.of(LineLogged) if "held" in line.text]
    (text,) = held
    assert text.startswith("OneCycleLR has 0 steps left, and this run will make 8: the learning")


@pytest.mark.parametrize("wraps", [False, True])
def test_rate_that_is_held_is_that_of_the_schedules_own_end(wraps: bool) -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = one_cycle(optimizer, 5)
    if wraps:
        constant = schedulers.ConstantLR(optimizer, 1.0)
        scheduler = schedulers.SequentialLR(optimizer, [constant, one_cycle(optimizer, 3)], [2])
    end = 0.1 / 25 / 1e4  # OneCycleLR's last rate: a step further, it rises again
    events = run(scheduler, model, optimizer, max_epochs=2)
    rates = [event.scalars["lr"] for event in events.of(StepEnded)]
    assert rates[4:] == pytest.approx([end] * 4)
    assert rates[3] > 100 * end


def test_scheduler_of_another_optimizer_is_said() -> None:
    model = make_model()
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for _ in range(2)]
    said = []
    for scheduler in (schedulers.StepLR(optimizers[0], 1), schedulers.StepLR(optimizers[1], 1)):
        events = run(scheduler, model, optimizers[1], max_epochs=1)
        said.append([line.text for line in events.of(LineLogged) if line.level == "warning"])
    assert [text.partition(",")[0] for text in said[0]] == [
        "StepLR changes the rates of another SGD than the one that trains"
    ]
    assert said[1] == []
    with pytest.raises(ConfigurationError, match="scheduler is the class StepLR; give an object"):
        run(schedulers.StepLR, model, optimizers[0])


def test_run_longer_than_the_schedule_can_be_refused() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = Events()
    engine = make_engine(
        events, model=model, optimizer=optimizer, scheduler=one_cycle(optimizer, 10), max_epochs=3,
        schedule_end="refuse",
    )  # fmt: skip
    message = "OneCycleLR has 10 steps left, and this run will make 12.*schedule_end='hold'"
    with pytest.raises(ConfigurationError, match=message):
        engine.check_start()
    with pytest.raises(ConfigurationError, match=message):
        engine.run()
    assert not events.of(StepEnded)


def test_period_that_does_not_fit_the_run_is_said() -> None:
    schedule = Schedule(schedulers.CosineAnnealingLR(make_optimizer(), 1000), "auto")
    text = schedule.check_length(4000, 5, "hold")
    assert text == (
        "CosineAnnealingLR(T_max=1,000) counts epochs, has 1,000 left, and this run will make 5."
    )
    assert schedule.check_length(None, 1000, "hold") is None
