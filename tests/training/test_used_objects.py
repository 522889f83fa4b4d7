"""What the user's functions use of what is around them goes back, and a fork has its own."""

from __future__ import annotations

import copy
import types
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from resumed_runs import SECONDS, loader
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

import nbviz
from nbviz import callbacks
from nbviz.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STEPS, FROM = 40, 17
torch.manual_seed(0)


def dense(given: int = 6, width: int = 12, outputs: int = 2) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(given, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, outputs)
    )


# As in the cells of a notebook.
MAKER, JUDGE = dense(4, outputs=6), dense(outputs=1)
BOTH = nn.ModuleDict({"maker": MAKER, "judge": JUDGE})
OF_MAKER = torch.optim.Adam(MAKER.parameters(), 1e-3)
OF_JUDGE = torch.optim.Adam(JUDGE.parameters(), 1e-3)
DECAY = torch.optim.lr_scheduler.ExponentialLR(OF_JUDGE, 0.98)
OWN = SimpleNamespace(optimizers={"maker": OF_MAKER, "judge": OF_JUDGE})
MODEL = dense()
AVERAGE = AveragedModel(MODEL, avg_fn=lambda mean, new, _: 0.9 * mean + 0.1 * new)
TARGET = copy.deepcopy(MODEL).requires_grad_(requires_grad=False)
SCALER = torch.amp.GradScaler("cpu", init_scale=2.0**30, growth_interval=5)
DRAWN = np.random.default_rng(3)


def judged(real: torch.Tensor, made: torch.Tensor, judge: nn.Module = JUDGE) -> torch.Tensor:
    return functional.softplus(-judge(real)).mean() + functional.softplus(judge(made)).mean()


def step_of_judge(real: torch.Tensor) -> torch.Tensor:
    OF_JUDGE.zero_grad()
    loss = judged(real, MAKER(torch.randn(len(real), 4)).detach())
    loss.backward()
    OF_JUDGE.step()
    DECAY.step()
    return loss.detach()


def adversarial(model: nn.Module, batch: Any) -> dict[str, Any]:
    del model
    of_judge = step_of_judge(batch[0])
    OF_MAKER.zero_grad()
    loss = functional.softplus(-JUDGE(MAKER(torch.randn(8, 4)))).mean()
    loss.backward()
    OF_MAKER.step()
    return {"loss": loss.detach(), "of judge": of_judge}


def by_an_object(model: Any, batch: Any) -> dict[str, Any]:
    for optimizer in OWN.optimizers.values():
        optimizer.zero_grad()
    loss = functional.mse_loss(model["maker"](torch.randn(8, 4)), batch[0])
    (loss + model["judge"](batch[0]).mean() ** 2).backward()
    for optimizer in OWN.optimizers.values():
        optimizer.step()
    return {"loss": loss.detach()}


def distilled(other: nn.Module, model: nn.Module, batch: Any) -> torch.Tensor:
    with torch.no_grad():
        taught = other(batch[0])
    given = model(batch[0])
    return functional.cross_entropy(given, batch[1]) + functional.mse_loss(given, taught)


def averaged(model: nn.Module, batch: Any) -> torch.Tensor:
    return distilled(AVERAGE, model, batch)


def targeted(model: nn.Module, batch: Any) -> torch.Tensor:
    return distilled(TARGET, model, batch) * float(DRAWN.uniform(0.5, 1.5))


def follow(trainer: Any) -> None:
    with torch.no_grad():
        both = zip(TARGET.parameters(), trainer.model.parameters(), strict=True)
        for mine, theirs in both:
            mine.lerp_(theirs, 0.1)


class Averages:
    def on_step(self, trainer: Any, event: Any) -> None:
        del event
        AVERAGE.update_parameters(trainer.model)


def scaled(step: Callable[..., torch.Tensor], optimizer: torch.optim.Optimizer) -> Any:
    def training_step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = step(model, batch)
        SCALER.scale(loss).backward()
        SCALER.step(optimizer)
        SCALER.update()
        return {"loss": loss.detach() * SCALER.get_scale()}

    return training_step


def plain(model: nn.Module, batch: Any) -> torch.Tensor:
    return functional.cross_entropy(model(batch[0]), batch[1])


def of_model() -> torch.optim.Optimizer:
    return torch.optim.SGD(MODEL.parameters(), lr=0.1, momentum=0.9)


def options(name: str) -> dict[str, Any]:
    pair = {"maker": OF_MAKER, "judge": OF_JUDGE}
    if name == "adversarial":
        return {"model": BOTH, "training_step": adversarial, "optimizer": pair}
    if name == "optimizers that an object has, not given":
        return {"model": BOTH, "training_step": by_an_object}
    if name == "an average that a callback's class names":
        return {
            "model": MODEL, "training_step": averaged, "optimizer": of_model(),
            "callbacks": [Averages()],
        }  # fmt: skip
    if name == "a frozen target, and a generator":
        return {
            "model": MODEL, "training_step": targeted, "optimizer": of_model(),
            "callbacks": [callbacks.every(2, follow)],
        }  # fmt: skip
    assert name == "a scaler and an optimizer in a closure"
    optimizer = of_model()
    return {"model": MODEL, "training_step": scaled(plain, optimizer), "optimizer": [optimizer]}


NAMES = (
    "adversarial", "optimizers that an object has, not given",
    "an average that a callback's class names", "a frozen target, and a generator",
    "a scaler and an optimizer in a closure",
)  # fmt: skip


def losses(trainer: nbviz.Trainer) -> NDArray[np.float64]:
    if trainer.status == "paused":
        trainer.resume()
    else:
        trainer.start()
    trainer.wait(SECONDS)
    assert trainer.engine.step == STEPS
    return trainer.run["loss/train"].values.copy()


def tensors() -> list[torch.Tensor]:
    modules = nn.ModuleList([BOTH, MODEL, AVERAGE, TARGET])
    return [one.clone() for one in modules.state_dict().values()]


@pytest.mark.parametrize("name", NAMES)
def test_forked_and_gone_back_it_is_the_same_run(name: str) -> None:
    given = options(name)
    trainer = nbviz.Trainer(
        given.pop("model"), loader(), **given, max_steps=STEPS, seed=5, threads=1, device="cpu",
        ring_every=10,
    )  # fmt: skip
    first = losses(trainer)
    assert len(set(first.tolist())) > STEPS // 2
    assert not [line.text for line in trainer.run.lines.since(0) if "does not hold" in line.text]
    ended = tensors()

    fork = trainer.fork(step=FROM)
    assert losses(fork).tobytes() == first.tobytes()
    assert losses(fork.fork(step=FROM + 5)).tobytes() == first.tobytes()
    assert all(map(torch.equal, ended, tensors()))  # what is the user's own

    trainer.rewind(FROM - 4)
    assert losses(trainer).tobytes() == first.tobytes()
    assert all(map(torch.equal, ended, tensors()))
    trainer.rewind(FROM)
    trainer.stop_and_wait()
    trainer.keep(fork)
    assert all(map(torch.equal, ended, tensors()))


def test_a_fork_never_steps_its_runs_optimizer() -> None:
    """In a module it is not seen."""
    hidden: Any = types.ModuleType("hidden")
    model = dense()
    hidden.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        hidden.optimizer.zero_grad()
        loss = plain(model, batch)
        loss.backward()
        hidden.optimizer.step()
        return {"loss": loss.detach()}

    trainer = nbviz.Trainer(
        model, loader(), training_step=step, optimizer=[hidden.optimizer], max_steps=STEPS,
        threads=1, device="cpu",
    )  # fmt: skip
    losses(trainer)
    before = copy.deepcopy(model.state_dict())
    fork = trainer.fork(step=FROM)
    fork.start()
    with pytest.raises(TrainingError, match="would step the SGD of the run that it was forked"):
        fork.wait(SECONDS)
    assert all(torch.equal(before[name], one) for name, one in model.state_dict().items())
    trainer.rewind(FROM)
    assert losses(trainer).shape == (STEPS,)
