"""Averages of the weights over a run: exponential (EMA), and of equal weight (SWA)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

from nbviz.errors import ConfigurationError
from nbviz.text import counted
from nbviz.training.checkpoints.model_state import plain_name
from nbviz.training.checks import check_count

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbviz.trainer import Trainer
    from nbviz.training.events import EpochEnded, RunEnded, RunStarted, StepEnded


class _Average:
    """The average of a model's weights; what is no floating-point number is that of now."""

    def __init__(self) -> None:
        self.count = 0
        self._tensors: dict[str, torch.Tensor] = {}

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The averaged weights, as a state dict: `other.load_state_dict(ema.weights)`."""
        return dict(self._tensors)

    @contextmanager
    def applied(self, model: torch.nn.Module) -> Generator[None]:
        """Have the model use the averaged weights while the block runs, and its own after it.

        Not while a run trains it: use `with trainer.between_steps(), ema.applied(model):`.
        """
        own = {name: tensor.clone() for name, tensor in _named(model).items()}
        _write(model, self._tensors)
        try:
            yield
        finally:
            _write(model, own)

    def apply(self, model: torch.nn.Module) -> None:
        """Write the averaged weights into the model."""
        _write(model, self._tensors)

    def state_dict(self) -> dict[str, Any]:
        """Return the average."""
        return {"count": self.count, "tensors": dict(self._tensors)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.count, self._tensors = state["count"], dict(state["tensors"])

    def _add(self, model: torch.nn.Module, average: Any) -> None:
        own = _named(model)
        if not self._tensors or any(
            name not in self._tensors or self._tensors[name].shape != tensor.shape
            for name, tensor in own.items()
        ):
            self._tensors = {name: tensor.clone() for name, tensor in own.items()}
            self.count = 1
            return
        averaged: dict[tuple[Any, ...], tuple[list[Any], list[Any]]] = {}
        for name, tensor in own.items():
            kept = self._tensors[name]
            if kept.device != tensor.device:  # a state that was read from a file
                kept = self._tensors[name] = kept.to(tensor.device)
            if tensor.is_floating_point():
                pair = averaged.setdefault((tensor.device, tensor.dtype), ([], []))
                pair[0].append(kept)
                pair[1].append(tensor)
            else:
                kept.copy_(tensor)
        for kept, new in averaged.values():
            average(kept, new, self.count)
        self.count += 1


class EMA(_Average):
    """Keeps an exponential moving average of the model's weights and buffers.

    `ema.weights` is its state dict, and `ema.applied(model)` a block in which the model uses it.
    `decay` can be changed while the run is active: `trainer.set(ema_decay=0.99)`.

    Args:
        decay: The share of the old average in the new one, at least 0 and below 1.
        every: After how many steps the weights are taken in.

    Attributes:
        count: How often they were.

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(self, decay: float = 0.999, every: int = 1) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ConfigurationError(f"decay must be at least 0 and below 1, got {decay!r}.")
        check_count("every", every)
        self.decay = decay
        self.every = every

    def on_start(self, trainer: Trainer, event: RunStarted) -> None:
        """Let `ema_decay` be set."""
        del event
        trainer.control.registry.add(
            "ema_decay",
            lambda: self.decay,
            self._set_decay,
            maximum=1.0,
            includes_maximum=False,
        )

    @torch.no_grad()
    def on_step(self, trainer: Trainer, event: StepEnded) -> None:
        """Take the weights in, unless no optimizer has made a step."""
        if event.step % self.every == 0 and event.is_made:
            if not self.count:
                text = f"EMA with decay {self.decay:g} begins"
                trainer.run.mark("command", event.step, text)
            self._add(trainer.model, get_ema_multi_avg_fn(self.decay))

    def on_end(self, trainer: Trainer, event: RunEnded) -> None:
        """Say what there is."""
        if self.count:
            text = f"EMA: the mean over {counted(self.count, 'step')} is in ema.weights"
            trainer.run.note(text, step=event.step)

    def _set_decay(self, decay: float) -> None:
        self.decay = decay


class SWA(_Average):
    """Averages the weights at the ends of epochs: stochastic weight averaging.

    `swa.weights` is the average's state dict. Before it is used its batch norms need statistics of
    their own: `swa.apply(model); torch.optim.swa_utils.update_bn(train_loader, model)`.

    Args:
        start_epoch: The first epoch whose end is averaged, at least 1.
        lr: Set when that epoch begins, above 0; None leaves the learning rate as it is. With a
            scheduler it goes on from there.

    Attributes:
        count: How many epochs' ends are in it.

    Raises:
        ConfigurationError: An argument is out of range.
    """

    def __init__(self, start_epoch: int = 1, lr: float | None = None) -> None:
        super().__init__()
        check_count("start_epoch", start_epoch)
        if lr is not None and not lr > 0:
            raise ConfigurationError(f"lr must be above 0, or None, got {lr!r}.")
        self.start_epoch = start_epoch
        self.lr = lr

    def on_start(self, trainer: Trainer, event: RunStarted) -> None:
        """Set the rate, if the first epoch is averaged already."""
        if self.start_epoch == 1 and not event.step:
            self._set_rate(trainer)

    @torch.no_grad()
    def on_epoch(self, trainer: Trainer, event: EpochEnded) -> None:
        """Take the weights in."""
        if event.epoch >= self.start_epoch:
            self._add(trainer.model, get_swa_multi_avg_fn())
            text = f"SWA: epoch {event.epoch:,} is in the mean, of {self.count:,}"
            trainer.run.mark("command", event.step, text)
        if event.epoch == self.start_epoch - 1:
            self._set_rate(trainer)

    def _set_rate(self, trainer: Trainer) -> None:
        if self.lr is not None:
            trainer.set(lr=self.lr)


def _named(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    found = model.state_dict()
    return {
        plain_name(name): value
        for name, value in found.items()
        if isinstance(value, torch.Tensor)  # pyright: ignore[reportUnnecessaryIsInstance]  extra state
    }


@torch.no_grad()
def _write(model: torch.nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    for name, tensor in _named(model).items():
        if name in tensors:
            tensor.copy_(tensors[name])
