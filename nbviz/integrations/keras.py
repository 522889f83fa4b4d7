"""Callbacks for Keras 3, with PyTorch as its backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from nbviz.errors import ConfigurationError
from nbviz.integrations.foreign_loop import ForeignLoop, Rate, counted, tag_of
from nbviz.integrations.keras_board import TensorBoard
from nbviz.integrations.peers import TAKE_TORCH, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.recording.run import Run

__all__ = ["NbvizCallback", "TensorBoard"]

_keras: Any = require("keras", "3.0")
_Callback: Any = _keras.callbacks.Callback


class NbvizCallback(_Callback):
    """Shows `model.fit` live in its cell, and steers it from there.

    Each training batch is a step; what Keras reports with it, the mean of the epoch so far, is
    recorded as `loss/batch` and so on, and at the end of an epoch as `loss/train` and `loss/val`.
    Pause, Step and the learning rate act between two batches, Stop as `model.stop_training`.

    Args:
        run: The run to record in, in place of one of its own.
        dir: Where event files are written; None writes none.
        show: Whether the cell shows a run of its own.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.

    Raises:
        MissingDependencyError: Keras is not installed.
        ConfigurationError: Keras has another backend than PyTorch.
    """

    def __init__(
        self,
        *,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        backend = _keras.backend.backend()
        if backend != "torch":
            raise ConfigurationError(
                f"Keras has the backend {backend!r}, and nbviz watches PyTorch: {TAKE_TORCH}"
            )
        super().__init__()
        self._loop = ForeignLoop(run=run, dir=dir, show=show, watch=watch)
        self._step = 0
        self._batches = 0
        self._is_fitting = False

    @property
    def run(self) -> Run:
        """The run."""
        return self._loop.run

    # ------------------------------------------------------------ training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Begin, and show it."""
        del logs
        self._is_fitting = True
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        total = epochs * steps if epochs and steps else None
        model: Any = self.model
        optimizer = model.optimizer
        given = optimizer.get_config()["learning_rate"]  # of a schedule its own config
        driver = "" if isinstance(given, float) else str(given["class_name"])

        def get() -> float:
            return float(optimizer.learning_rate)

        def assign(value: float) -> None:
            optimizer.learning_rate = value

        self._loop.begin(
            step=self._step,
            total_steps=None if total is None else self._step + total,
            total_epochs=epochs,
            model=model if isinstance(model, nn.Module) else None,
            rate=Rate(get, None if driver else assign, driver),
        )
        self._obey()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count the epoch."""
        del logs
        self._loop.epoch_began(epoch + 1)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note the learning rate."""
        del batch, logs
        self._loop.step_began()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record a step, and carry out commands."""
        del batch
        self._step += 1
        values = {f"{name}/batch": value for name, value in (logs or {}).items()}
        self._loop.step_ended(self._step, values)
        self._obey()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record what Keras reports of the epoch."""
        del epoch
        values = {
            (tag_of(name) if name.startswith("val_") else f"{name}/train"): value
            for name, value in (logs or {}).items()
        }
        values.pop("learning_rate/train", None)  # of a scheduler; it is recorded at each step
        self._loop.log(values, self._step)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End."""
        del logs
        self._is_fitting = False
        self._loop.end()

    # ------------------------------------------------------------ validation

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Count its batches."""
        del logs
        self._batches = 0

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Say how far it is; Pause acts here, too."""
        del batch, logs
        self._batches += 1
        if self._is_fitting:
            self._loop.describe(counted("Validation", self._batches, None))
            self._loop.obey(is_whole=False)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Mark it on the curves."""
        del logs
        if self._is_fitting:
            self._loop.describe("")
            self.run.mark("validation", self._step, "validation")

    def _obey(self) -> None:
        if not self._loop.obey():
            self.model.stop_training = True
