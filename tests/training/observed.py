"""An observer that keeps all events and can be waited on, and a small thing to train."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from nbviz.training.engine import Engine
from nbviz.training.options import TrainingOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.training.events import Event

SECONDS = 180.0  # a limit on a hang: a busy machine may take long


class Events(list["Event"]):
    """Events in order."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.append(event)
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[], Any], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, SECONDS), f"{what}: {self.names[-5:]}"

    def wait_for_count(self, name: str, count: int = 1) -> None:
        self.wait_for(lambda: self.names.count(name) >= count, f"{count} × {name}")

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self]

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self if isinstance(event, kind)]


def make_batches(count: int = 4, size: int = 8) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, size, 3, generator=generator)
    return [(each, (each.sum(1) > 0).long()) for each in inputs]


def make_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))


def make_engine(
    events: Callable[[Event], None], train_loader: Any = None, model: Any = None, **options: Any
) -> Engine:
    """Return an engine on the CPU with whatever a supervised run needs."""
    model = make_model() if model is None else model
    if "training_step" not in options:
        options.setdefault("loss_fn", nn.CrossEntropyLoss())
        options.setdefault("optimizer", torch.optim.SGD(model.parameters(), lr=0.1))
    around = {"control": options.pop("control", None)}
    observers = options.pop("observers", (events,))
    loader = make_batches() if train_loader is None else train_loader
    given = {"device": "cpu", "threads": 1, **options}
    return Engine(TrainingOptions(model, loader, **given), observers=observers, **around)
