"""What follows the steps that optimizers make, where nbviz does not call or see them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
import torch
from observed import Events, make_batches, make_engine, make_model
from torch import nn

import nbviz
from nbviz.callbacks import EMA
from nbviz.training.events import LineLogged, StepEnded
from nbviz.training.optimizing.step_counts import StepCount

if TYPE_CHECKING:
    from collections.abc import Callable


def large_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return 100 * nn.functional.cross_entropy(outputs, targets)


def scaled(optimizer: torch.optim.Optimizer) -> Callable[[Any, Any], dict[str, Any]]:
    """Return a training step with a loss scaler of its own, which leaves out the first updates."""
    scaler = torch.amp.GradScaler("cpu")  # pyright: ignore[reportPrivateImportUsage]

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.float16):
            loss = large_loss(model(batch[0]), batch[1])
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return {"loss": loss}

    return step


def gathered(optimizer: torch.optim.Optimizer) -> Callable[[Any, Any], dict[str, Any]]:
    """Return a training step that makes an optimizer's step with each third batch."""
    calls: list[int] = []

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        calls.append(1)
        loss = large_loss(model(batch[0]), batch[1])
        loss.backward()
        if len(calls) % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss}

    return step


@pytest.mark.parametrize("make_step", [scaled, gathered])
def test_schedule_and_averages_follow_the_steps_that_a_training_step_makes(make_step: Any) -> None:
    model = make_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    made: list[int] = []

    def count(*_: Any) -> None:
        made.append(1)

    optimizer.register_step_post_hook(count)
    ema = EMA(0.9)
    trainer = nbviz.Trainer(
        model, make_batches(12), training_step=make_step(optimizer), optimizer=[optimizer],
        scheduler=scheduler, max_epochs=1, device="cpu", callbacks=[ema],
    )  # fmt: skip
    trainer.start()
    trainer.wait(60)
    assert 0 < len(made) < 12
    assert (scheduler.last_epoch, ema.count) == (len(made), len(made))
    assert len(trainer.run["loss/train"].steps) == 12  # what was logged is not lost
    assert trainer.run["lr/0"].values[-1] >= 0.1 * (1 / (1 + len(made)))


def test_a_wait_of_the_schedule_is_said_once() -> None:
    events, model = Events(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    make_engine(
        events, make_batches(6), model=model, optimizer=[optimizer], scheduler=scheduler,
        training_step=gathered(optimizer), max_epochs=1,
    ).run()  # fmt: skip
    assert [event.is_made for event in events.of(StepEnded)] == [False, False, True] * 2
    said = [line.text for line in events.of(LineLogged) if "did not step either" in line.text]
    text = "training_step made no step of SGD in step 1, so LambdaLR did not step either"
    assert said == [f"{text}; it follows the optimizer's steps."]


class Wrapping(torch.optim.Optimizer):
    """As many write an optimizer around another: without `__init__` of torch's, nor its hooks."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:  # pyright: ignore[reportMissingSuperCall]
        self.inner = inner
        self.param_groups, self.state = inner.param_groups, defaultdict(dict)
        self.defaults: dict[str, Any] = {}
        self._optimizer_step_post_hooks: dict[int, Any] = {}  # pyright: ignore[reportIncompatibleVariableOverride]
        self._optimizer_step_pre_hooks: dict[int, Any] = {}  # pyright: ignore[reportIncompatibleVariableOverride]

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self.inner.step(closure)  # pyright: ignore[reportUnknownVariableType]

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.inner.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        return self.inner.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.inner.load_state_dict(state_dict)


def test_fp16_of_an_optimizer_that_tells_of_no_steps() -> None:
    events, model = Events(), make_model()
    inner = torch.optim.AdamW(model.parameters(), lr=0.01)
    optimizer = Wrapping(inner)
    assert not StepCount(optimizer).is_told
    assert StepCount(inner).is_told  # torch marks its steps so, which is not documented
    make_engine(
        events, make_batches(12), model=model, optimizer=optimizer, loss_fn=large_loss,
        precision="fp16", max_epochs=12,
    ).run()  # fmt: skip
    steps = events.of(StepEnded)
    assert 100 < len(steps) < 144
    assert int(inner.state[inner.param_groups[0]["params"][0]]["step"]) == len(steps)


class Moded(torch.optim.SGD):
    """An optimizer with modes, as those that are schedule-free."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.modes: list[str] = []

    def train(self) -> None:
        self.modes.append("train")

    def eval(self) -> None:
        self.modes.append("eval")

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        assert self.modes[-1] == "train"
        self.modes.append("step")
        return super().step(closure)  # pyright: ignore[reportUnknownVariableType]


@pytest.mark.parametrize("is_own", [True, False])
def test_optimizers_that_have_modes_are_in_train_mode_for_steps_only(is_own: bool) -> None:
    model = make_model()
    optimizer = Moded(model.parameters(), lr=0.01)
    seen: list[str] = []

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.append(f"{'train' if model.training else 'eval'} {optimizer.modes[-1]}")
        return nn.functional.cross_entropy(outputs, targets)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return {"loss": value}

    own = {"loss_fn": loss, "optimizer": optimizer}
    theirs = {"training_step": step, "loss_fn": loss, "optimizer": {"all": optimizer}}
    events, batches = Events(), make_batches(3)
    make_engine(
        events, batches, model=model, val_loader=batches[:1], max_epochs=2,
        **(own if is_own else theirs),
    ).run()  # fmt: skip
    # First the trial of a validation, then two epochs, each with its validation.
    assert seen == ["eval eval", *(["train train"] * 3 + ["eval eval"]) * 2]
    assert optimizer.modes[-1] == "eval"
