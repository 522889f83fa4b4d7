"""The engine's events, as a run keeps them."""

from __future__ import annotations

import pytest
import torch
from pages import wait_until
from torch import nn

from nbviz import Run
from nbviz.recording.recorder import Recorder
from nbviz.training.events import (
    EpochEnded,
    EpochStarted,
    LineLogged,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    SettingApplied,
    StepEnded,
    ValidationEnded,
    ValidationStarted,
)

T = 1_000_000.0


def training(reason="finished", error=None):
    yield RunStarted(T, 0, total_steps=4, total_epochs=2, device="cpu")
    for epoch in (1, 2):
        yield EpochStarted(T + epoch, (epoch - 1) * 2, epoch)
        for step in (epoch * 2 - 1, epoch * 2):
            loss = torch.tensor(1.0 / step)
            yield StepEnded(T + step, step, epoch, {"loss/train": loss, "lr": 0.1})
        yield ValidationStarted(T + epoch, epoch * 2, epoch)
        yield ValidationEnded(T + epoch, epoch * 2, epoch, {"loss/val": 0.5, "accuracy/val": 0.975})
        yield EpochEnded(T + epoch, epoch * 2, epoch)
    yield RunEnded(T + 10, 4, 2, reason, error)


def test_a_whole_training() -> None:
    run = Run()
    recorder = Recorder(run)
    for event in training():
        recorder(event)
    assert run.tags == ["loss/train", "lr", "loss/val", "accuracy/val"]
    assert run["loss/train"].values.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert run["loss/train"].wall_times.tolist() == [1, 2, 3, 4]
    assert run["loss/val"].steps.tolist() == [2, 4]
    assert run.epochs == [0, 2]
    assert [(event.event, event.text) for event in run.events] == [
        ("started", "started on cpu"),
        ("validation", "validation: loss 0.5, accuracy 0.975"),
        ("validation", "validation: loss 0.5, accuracy 0.975"),
        ("ended", "finished after 4 steps"),
    ]
    progress = run.progress
    assert (progress.status, progress.step, progress.total_steps) == ("finished", 4, 4)
    assert (progress.epoch, progress.total_epochs, progress.device) == (2, 2, "cpu")
    assert progress.started_at == T
    assert progress.elapsed_seconds == 10
    assert progress.eta_seconds == 0


def test_commands_are_marked_in_words() -> None:
    run = Run()
    recorder = Recorder(run)
    recorder(RunStarted(T, 0, None, None, "cpu"))
    recorder(StepEnded(T + 1, 1, 1, {}))
    recorder(RunPaused(T + 1, 1))
    run.drain()
    assert run.progress.status == "paused"
    recorder(SettingApplied(T + 2, 1, "lr", 0.1, 0.01))
    recorder(RunResumed(T + 5, 1, 1))
    recorder(RunPaused(T + 6, 2))
    recorder(RunResumed(T + 6, 2, None))
    run.drain()
    assert run.progress.status == "running"
    recorder(LineLogged(T + 7, 2, "warning", "careful"))
    recorder(RunEnded(T + 10, 2, 1, "stopped"))
    texts = ["paused", "lr 0.1 → 0.01", "one step", "paused", "resumed"]
    assert [event.text for event in run.events if event.event == "command"] == texts
    assert [event.wall_time for event in run.events][1] == 1.0
    assert run.lines.since(0)[-2].text == "careful"
    assert run.progress.status == "stopped"
    assert run.progress.elapsed_seconds == 6  # the four paused seconds are left out


def test_a_failed_training_shows_its_traceback() -> None:
    run = Run()
    recorder = Recorder(run)
    for event in training("failed", ValueError("bad <b>batch</b>")):
        recorder(event)
    assert run.progress.status == "failed"
    assert run.events[-1].text == "failed: ValueError: bad <b>batch</b>"
    lines = [line.text for line in run.lines.since(0) if line.level == "error"]
    assert lines == ["ValueError: bad <b>batch</b>"]


def test_a_scalar_that_cannot_be_recorded_is_said_once() -> None:
    run = Run()
    recorder = Recorder(run)
    recorder(RunStarted(T, 0, None, None, "cpu"))
    for step in range(1, 50):
        recorder(StepEnded(T, step, 1, {"loss": 1.0, "bad": torch.ones(3)}))
    warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert len(warnings) == 1
    assert "'bad' needs one number" in warnings[0]
    assert len(run["loss"]) == 49


def test_a_run_that_goes_on_keeps_its_clock() -> None:
    run = Run()
    recorder = Recorder(run)
    for event in training():
        recorder(event)
    recorder(RunStarted(T + 100, 4, 6, None, "cpu"))
    recorder(EpochStarted(T + 100, 4, 3))
    recorder(StepEnded(T + 101, 5, 3, {"loss/train": 0.1}))
    recorder(RunEnded(T + 102, 5, 3, "finished"))
    assert run.events[-2].text == "continued on cpu"
    assert run["loss/train"].wall_times.tolist()[-1] == 101
    assert run.epochs == [0, 2, 4]
    assert run.progress.elapsed_seconds == 12


def test_overhead_is_measured() -> None:
    run = Run()
    recorder = Recorder(run)
    recorder(RunStarted(__import__("time").time() - 3.0, 0, None, None, "cpu"))
    for step in range(1, 2000):
        recorder(StepEnded(T, step, 1, {"loss": 1.0}))
    run.drain()
    wait_until(lambda: run.drain() or run.progress.overhead)
    assert 0 < run.progress.overhead <= 1


# ---------------------------------------------------------------- weights


def test_only_wanted_weights_are_taken() -> None:
    run = Run()
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    recorder = Recorder(run, model)
    run.weights.seconds, run.weights.share = 0.0, float("inf")
    assert [name for name, _ in run.weights.layers] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    recorder(RunStarted(T, 0, None, None, "cpu"))
    recorder(StepEnded(T, 1, 1, {}))
    assert run.weights.latest("0.weight") is None
    run.weights.want("page", {"0.weight", "nonsense"})
    recorder(StepEnded(T, 2, 1, {}))
    image = run.weights.latest("0.weight")
    assert image is not None
    assert (image.step, image.shape) == (2, (2, 3))
    first = run.weights.version("0.weight")
    recorder(StepEnded(T, 3, 1, {}))
    assert run.weights.version("0.weight") > first > 0
    run.weights.want("other", {"1.bias"})
    assert run.weights.wanted == {"0.weight", "nonsense", "1.bias"}
    run.weights.want("page", set())
    assert run.weights.wanted == {"1.bias"}
    assert run.weights.latest("0.weight") is None


def test_weights_are_taken_at_most_every_so_often() -> None:
    run = Run()
    model = nn.Linear(3, 2)
    run.weights.seconds = 3600.0
    run.weights.want("page", {"weight"})
    for step in range(5):
        run.log_weights(model, step)
    assert run.weights.latest("weight").step == 0
    run.weights.want("page", {"weight", "bias"})  # a page waits for one that is not there
    run.log_weights(model, 7)
    assert run.weights.latest("bias").step == 7


def test_a_layer_chosen_while_nothing_moves_is_shown() -> None:
    run = Run()
    model = nn.Linear(3, 2)
    with run:
        run.log_weights(model, 1)
        run.log({"x": 1.0}, 1)
    run.weights.want("page", {"weight"})
    run.drain()
    assert run.weights.latest("weight") is None, "drain moves what was logged and does nothing else"
    run.capture_idle_weights()
    assert run.weights.latest("weight").step == 1
