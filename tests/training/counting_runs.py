"""Small trainings whose objects count, or draw from generators of their own, in every place."""

from __future__ import annotations

import collections
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Sampler, default_collate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXAMPLES, _BATCH = 96, 8


class Counting(nn.Module):
    """Counts its calls, keeps a mean, draws, and has a buffer that comes with the first call."""

    late: torch.Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 2)
        self.calls, self.word = 0, "none"
        self.mean, self.array = torch.zeros(6), np.zeros(2)
        self.generator = torch.Generator().manual_seed(1)
        self.register_buffer("late", None)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.calls += 1
            self.word = f"call {self.calls}"
            self.mean = 0.9 * self.mean + given.detach().mean(0)
            self.array += self.calls
            self.late = given.detach().mean(0) if self.late is None else 0.5 * self.late
            given = given + torch.randn(6, generator=self.generator)
        late = 0 if self.late is None else self.late
        scale = 1 + len(self.word) + self.calls / 10 + self.array[0] / 1000
        return self.layer(given - self.mean + late) / float(scale)


class Shifts:
    """A transform with a generator of its own, that counts."""

    def __init__(self) -> None:
        self.rng, self.seen = np.random.RandomState(2), 0

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        self.seen += 1
        return given + float(self.rng.normal()) + self.seen / 100


class Transformed(Dataset[Any]):
    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(7)
        self.inputs = torch.randn(_EXAMPLES // 2, 6, generator=generator)
        self.transform, self.random = Shifts(), random.Random(3)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, place: int) -> Any:
        given = self.inputs[place]
        return self.transform(given) + self.random.random(), int(given.sum() > 0)


class ByEpoch(Sampler[int]):
    """Another order in each epoch, which it counts, made of the one before, which it keeps."""

    def __init__(self) -> None:
        self.epoch = 0
        self.order = collections.deque(range(_EXAMPLES))
        self.left = dict.fromkeys(range(_EXAMPLES), 3)

    def __len__(self) -> int:
        return _EXAMPLES

    def __iter__(self) -> Iterator[int]:
        self.epoch += 1
        random.Random(self.epoch).shuffle(self.order)
        for place in tuple(self.order):
            self.left[place] -= 1
            yield place if self.left[place] else 0


class Slower(torch.optim.SGD):
    """Counts its steps beside its state."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, lr=0.05, momentum=0.9)
        self.steps = 0

    def step(self, closure: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.steps += 1
        for group in self.param_groups:
            group["lr"] = 0.05 / self.steps**0.5
        return super().step(closure)


class Noise:
    """A callback without a state of its own, that counts."""

    def __init__(self) -> None:
        self.calls = 0

    def on_step(self, trainer: Any, event: Any) -> None:
        self.calls += 1
        with torch.no_grad():
            trainer.model.layer.bias.add_(0.01 * self.calls)


def mixing() -> Callable[[Any], Any]:
    rng = np.random.default_rng(4)

    def collate(samples: list[Any]) -> Any:
        inputs, targets = default_collate(samples)
        return inputs * float(rng.uniform(0.5, 1.5)), targets

    return collate


def rising() -> Callable[..., Any]:
    calls = 0

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return nn.functional.cross_entropy(outputs, targets) * (1 + calls / 10)

    return loss


def counts() -> dict[str, Any]:
    model = Counting()
    data = ConcatDataset([Transformed(), Transformed()])
    loader = DataLoader(data, _BATCH, sampler=ByEpoch(), collate_fn=mixing())
    return {
        "model": model, "optimizer": Slower(model.parameters()), "train_loader": loader,
        "loss_fn": rising(), "callbacks": [Noise()],
    }  # fmt: skip


def lbfgs_and_weight_norm() -> dict[str, Any]:
    with_norm: Any = nn.utils.parametrizations.weight_norm
    model = nn.Sequential(with_norm(nn.Linear(6, 8)), nn.Tanh(), nn.Linear(8, 2))
    prune.random_unstructured(model[2], "weight", 0.3)  # computed in each forward
    return {"model": model, "optimizer": torch.optim.LBFGS(model.parameters(), 0.1, max_iter=3)}


class Thaws:
    """Has a second group of parameters trained from step 12 on."""

    def on_step(self, trainer: Any, event: Any) -> None:
        if event.step == 12 and len(trainer.optimizer.param_groups) == 1:
            trainer.optimizer.add_param_group({"params": trainer.model[0].parameters()})


def thaws() -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.05, momentum=0.9)
    return {"model": model, "optimizer": optimizer, "callbacks": [Thaws()]}


COUNTING = {
    "counts everywhere": counts,
    "lbfgs and weights made anew": lbfgs_and_weight_norm,
    "a group that is added": thaws,
}
