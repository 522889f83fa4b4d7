"""Small trainings of every kind, to be interrupted and gone on with in another process."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from counting_runs import COUNTING
from torch import nn
from torch.utils.data import DataLoader, Dataset

import nbviz
from nbviz import callbacks

if TYPE_CHECKING:
    from pathlib import Path

STEPS, KEPT = 40, 17  # in all, and when it is interrupted: inside the second epoch
SECONDS = 120.0
_EXAMPLES, _BATCH = 96, 8  # 12 batches an epoch


class Noisy(Dataset[Any]):
    """Examples to which each look adds noise, drawn as data sets do."""

    def __init__(self, shape: tuple[int, ...] = (6,)) -> None:
        generator = torch.Generator().manual_seed(7)
        self.inputs = torch.randn(_EXAMPLES, *shape, generator=generator)
        self.targets = (self.inputs.flatten(1).sum(1) > 0).long()

    def __len__(self) -> int:
        return _EXAMPLES

    def __getitem__(self, place: int) -> Any:
        noise = torch.randn(self.inputs.shape[1:]) + np.random.rand() + random.random()  # noqa: NPY002
        return self.inputs[place] + 0.1 * noise, self.targets[place]


def dense(*, dropout: float = 0.0, norm: bool = False) -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 16),
        *([nn.BatchNorm1d(16)] if norm else []),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(16, 2),
    )


def conv() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 2),
    )  # fmt: skip


def loader(shape: tuple[int, ...] = (6,), **options: Any) -> DataLoader[Any]:
    return DataLoader(Noisy(shape), **{"batch_size": _BATCH, "shuffle": True, **options})


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=0.01)


def gan_step(model: Any, batch: Any) -> Any:
    """Two optimizers, stepped here; gradients of one add up over two steps."""
    first, second = model.optimizers
    loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
    loss.backward()
    first.step()
    first.zero_grad()
    model.calls += 1
    if int(model.calls) % 2 == 0:
        second.step()
        second.zero_grad()
    return {"loss": loss}


def stepping_itself() -> dict[str, Any]:
    model: Any = dense(dropout=0.1)
    model.register_buffer("calls", torch.zeros((), dtype=torch.int64), persistent=False)
    halves = list(model.children())
    object.__setattr__(
        model,
        "optimizers",
        [
            torch.optim.SGD(halves[0].parameters(), lr=0.05, momentum=0.5),
            torch.optim.Adam(halves[-1].parameters(), lr=0.01),
        ],
    )
    return {
        "model": model, "optimizer": model.optimizers, "training_step": gan_step, "loss_fn": None,
    }  # fmt: skip


def make(name: str) -> dict[str, Any]:  # noqa: C901, PLR0911  a case a training
    """Return a training's options."""
    if name == "sgd":
        model = dense()
        return {"model": model, "optimizer": sgd(model)}
    if name == "adamw, dropout, batch norm, validation":
        model = dense(dropout=0.3, norm=True)
        validation = loader(batch_size=32)
        return {"model": model, "optimizer": adamw(model), "val_loader": validation}
    if name == "two workers":
        model = dense(dropout=0.1)
        return {"model": model, "optimizer": sgd(model), "train_loader": loader(num_workers=2)}
    if name == "own generator":
        model = dense()
        generator = torch.Generator().manual_seed(3)
        shuffled = loader(generator=generator, batch_size=7)
        return {"model": model, "optimizer": sgd(model), "train_loader": shuffled}
    if name == "stateful loader":
        from torchdata.stateful_dataloader import StatefulDataLoader

        model = dense(dropout=0.1)
        stateful = StatefulDataLoader(Noisy(), batch_size=_BATCH, shuffle=True)
        return {"model": model, "optimizer": sgd(model), "train_loader": stateful}
    if name == "one cycle":
        model = dense()
        optimizer = adamw(model)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=STEPS)
        return {"model": model, "optimizer": optimizer, "scheduler": schedule}
    if name == "plateau":
        model = dense()
        optimizer = sgd(model)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
        return {"model": model, "optimizer": optimizer, "scheduler": plateau}
    if name == "milestones and validation by steps":
        model = dense()
        optimizer = sgd(model)
        return {
            "model": model, "optimizer": optimizer, "val_loader": loader(), "validate_every": 17,
            "scheduler": torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 30]),
            "scheduler_interval": "step",
        }  # fmt: skip
    if name == "accumulation and clipping":
        model = dense(dropout=0.1)
        return {
            "model": model, "optimizer": adamw(model), "accumulate": 5, "gradient_clip": 1.0,
        }  # fmt: skip
    if name == "bfloat16":
        model = dense(norm=True)
        return {"model": model, "optimizer": adamw(model), "precision": "bf16"}
    if name == "conv, two threads":
        model = conv()
        images = loader((3, 12, 12))
        return {"model": model, "optimizer": sgd(model), "train_loader": images, "threads": 2}
    if name == "ema":
        model = dense(dropout=0.2)
        return {
            "model": model, "optimizer": adamw(model), "callbacks": [callbacks.EMA(decay=0.9)],
        }  # fmt: skip
    assert name == "steps itself"
    return stepping_itself()


NAMES = [
    "sgd", "adamw, dropout, batch norm, validation", "two workers", "own generator", "one cycle",
    "plateau", "milestones and validation by steps", "accumulation and clipping", "bfloat16",
    "conv, two threads", "ema", "steps itself", "stateful loader", "counts everywhere",
    "lbfgs and weights made anew",
]  # fmt: skip


def arguments(name: str, seed: int) -> tuple[nn.Module, Any, dict[str, Any]]:
    """Return what a trainer takes: model, loader and options."""
    torch.manual_seed(seed)
    options = {"loss_fn": nn.CrossEntropyLoss(), "threads": 1, "max_steps": STEPS, "seed": 5}
    made = COUNTING[name]() if name in COUNTING else make(name)
    options |= {"device": "cpu", **made}
    model = options.pop("model")
    return model, options.pop("train_loader", None) or loader(), options


def result(trainer: nbviz.Trainer) -> dict[str, Any]:
    """Return what a training came to: every tensor and number of its state, and its losses."""
    parts = dict(trainer.engine.capture().parts)
    assert trainer.engine.step == STEPS
    losses = trainer.run["loss/train"]
    return {
        "parts": {name: parts[name] for name in ("model", "optimizers", "callbacks", "random")},
        "schedule": parts["schedule"]["scheduler"],
        "losses": torch.tensor(losses.values[losses.steps > KEPT]),
        "steps": torch.tensor(losses.steps),
    }


def go_on(folder: Path, name: str) -> None:
    """Train what `NAME.pt` holds to its last step, and write `NAME.result.pt`."""
    model, data, options = arguments(name, seed=99)
    torch.manual_seed(1)
    trainer = nbviz.Trainer.load(folder / f"{name}.pt", model, data, **options)
    torch.rand(3)  # another cell draws before the run goes on
    trainer.start()
    trainer.wait(SECONDS)
    torch.save(result(trainer), folder / f"{name}.result.pt")
