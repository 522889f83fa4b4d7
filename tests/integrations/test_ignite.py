"""Ignite's logger, with its own handlers, beside real engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from commands import elsewhere, marks, resume_once_paused
from torch import nn

import nbviz

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def ignite() -> Any:
    import ignite.engine
    import ignite.handlers.tensorboard_logger
    import ignite.metrics

    return ignite


@pytest.fixture(scope="module")
def logger_class(ignite: Any) -> Any:
    from nbviz.integrations.ignite import NbvizLogger

    return NbvizLogger


NORMS = (("grads_norm", ""), ("gradients", "/norm"))  # Ignite's own, and the watch's
DATA = [(torch.ones(2, 2) * i, torch.ones(2, 1)) for i in range(4)]


def test_engines_are_recorded_and_steered(ignite: Any, logger_class: Any, tmp_path: Path) -> None:
    events = ignite.engine.Events
    handlers = ignite.handlers.tensorboard_logger
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses: list[float] = []
    rates: list[float] = []
    logger = logger_class(log_dir=tmp_path, show=False)
    run = logger.run
    commands = {2: lambda: run.control.set(lr=0.005), 3: run.control.pause, 10: run.control.stop}

    def train(engine: Any, batch: Any) -> float:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        if engine.state.iteration in commands:
            elsewhere(commands[engine.state.iteration])
        return loss.item()

    trainer = ignite.engine.Engine(train)
    evaluator = ignite.engine.Engine(lambda _, batch: (model(batch[0]).detach(), batch[1]))
    ignite.metrics.MeanSquaredError().attach(evaluator, "mse")
    measured: list[float] = []

    @trainer.on(events.EPOCH_COMPLETED)
    def evaluate() -> None:
        measured.append(evaluator.run(DATA).metrics["mse"])

    logger.attach_run(
        trainer, optimizer=optimizer, model=model, watch={"every": 0, "weights": False}
    )
    logger.attach_evaluator(evaluator)
    logger.attach_output_handler(
        trainer, events.ITERATION_COMPLETED, tag="train", output_transform=lambda x: {"loss": x}
    )
    logger.attach_output_handler(
        evaluator,
        events.COMPLETED,
        tag="val",
        metric_names=["mse"],
        global_step_transform=lambda *_: trainer.state.iteration,
    )
    logger.attach_opt_params_handler(trainer, events.ITERATION_STARTED, optimizer=optimizer)
    logger.attach(trainer, handlers.WeightsHistHandler(model), events.EPOCH_COMPLETED)
    logger.attach(trainer, handlers.GradsScalarHandler(model), events.ITERATION_COMPLETED)
    thread = resume_once_paused(run)
    with logger:
        trainer.run(DATA, max_epochs=5)
    thread.join(180)
    assert run["train/loss"].values.tolist() == losses
    assert run["val/mse"].values.tolist() == measured
    assert run["val/mse"].steps.tolist() == [4, 8]
    assert rates == [0.01] * 2 + [0.005] * 8
    assert run["lr"].values.tolist() == rates
    assert run["lr/group_0"].values.tolist() == rates  # Ignite's own
    assert {run[f"{tag}/weight{end}"].values.size > 0 for tag, end in NORMS} == {True}
    assert marks(run, "command") == ["lr 0.01 → 0.005", "paused", "resumed"]
    assert marks(run, "validation") == ["validation"] * 2
    assert run.epochs == [0, 4, 8]
    assert (run.status, run.progress.step, run.progress.total_steps) == ("stopped", 10, 20)
    opened = nbviz.open_run(tmp_path)
    assert opened["train/loss"].values.tolist() == losses
    assert [item.step for item in opened.media["weights/weight"]] == [1, 2]  # Ignite's epochs


def test_an_error_fails_the_run(ignite: Any, logger_class: Any, tmp_path: Path) -> None:
    def fail(engine: Any, batch: Any) -> None:
        raise ValueError("no good")

    logger = logger_class(log_dir=tmp_path, show=False)
    engine = ignite.engine.Engine(fail)
    logger.attach_run(engine)
    with pytest.raises(ValueError, match="no good"):
        engine.run(DATA)
    assert logger.run.status == "failed"
