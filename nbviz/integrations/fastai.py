"""A callback for fastai's Learner."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nbviz.integrations.foreign_loop import ForeignLoop, Rate, counted, tag_of
from nbviz.integrations.peers import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.recording.run import Run

__all__ = ["NbvizCallback"]

_core: Any = require("fastai", "2.7", "fastai.callback.core")
_Callback: Any = _core.Callback


class NbvizCallback(_Callback):
    """Shows `learn.fit` live in its cell, and steers it from there.

    Each training batch is a step, with its loss as `loss/batch`; what the Recorder has of an epoch
    is recorded at its end: "train_loss" as `loss/train`, "valid_loss" as `loss/val`, and metrics by
    their names. Pause, Step and the learning rate act between two batches; under a schedule, as of
    `fit_one_cycle`, the schedule sets the rate again with the next batch. Stop cancels the fit.

    Args:
        run: The run to record in, in place of one of its own.
        dir: Where event files are written; None writes none.
        show: Whether the cell shows a run of its own.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.

    Raises:
        MissingDependencyError: fastai is not installed.
    """

    order = 55  # after the Recorder, whose values it takes

    def __init__(
        self,
        *,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        super().__init__()
        self._loop = ForeignLoop(run=run, dir=dir, show=show, watch=watch)
        self._completed = 0  # not a name that a Learner has, which fastai warns of
        self._is_fitting = False

    @property
    def run_of_fit(self) -> Run:
        """The run: `Callback.run` is fastai's own switch."""
        return self._loop.run

    def before_fit(self) -> None:
        """Begin, and show it."""
        learn = self.learn
        # fastai trains a moment while it looks for a rate, and calls fit for predictions.
        is_apart = hasattr(learn, "lr_finder") or hasattr(learn, "gather_preds")
        self._is_fitting = not is_apart and bool(len(learn.dls.train))
        if not self._is_fitting:
            return
        steps = len(learn.dls.train) * learn.n_epoch
        self._loop.begin(
            step=self._completed,
            total_steps=self._completed + steps,
            total_epochs=learn.n_epoch,
            model=learn.model,
            rate=Rate(self._get_rate, self._set_rate),
            device=learn.dls.device,
        )
        self._stop_if_asked()

    def before_epoch(self) -> None:
        """Count the epoch."""
        if self._is_fitting:
            self._loop.epoch_began(self.learn.epoch + 1)

    def before_batch(self) -> None:
        """Note the learning rate."""
        if self._is_fitting and self.learn.training:
            self._loop.step_began()

    def after_batch(self) -> None:
        """Record a step, and carry out commands."""
        if not self._is_fitting:
            return
        learn, loop = self.learn, self._loop
        if not learn.training:
            loop.describe(counted("Validation", learn.iter + 1, learn.n_iter))
            loop.obey(is_whole=False)
            return
        self._completed += 1
        loop.step_ended(self._completed, {"loss/batch": learn.loss.detach()})
        self._stop_if_asked()

    def after_epoch(self) -> None:
        """Record what the Recorder has of the epoch."""
        if not self._is_fitting:
            return
        self._loop.describe("")
        recorder = self.learn.recorder
        found = dict(zip(recorder.metric_names[1:], recorder.log[1:], strict=False))
        values = {
            tag_of(name): value for name, value in found.items() if isinstance(value, int | float)
        }
        self._loop.log(values, self._completed)

    def after_cancel_fit(self) -> None:
        """Nothing more than `after_fit` does, which follows."""

    def after_fit(self) -> None:
        """End."""
        if self._is_fitting:
            self._is_fitting = False
            self._loop.end()

    def _stop_if_asked(self) -> None:
        if self._loop.is_stopped:
            raise _core.CancelFitException

    def _get_rate(self) -> float:
        return float(self.learn.opt.hypers[-1]["lr"])

    def _set_rate(self, value: float) -> None:
        old = self._get_rate()
        for group in self.learn.opt.hypers:  # layers keep their ratios
            group["lr"] *= value / old

    def __getstate__(self) -> dict[str, Any]:
        # A Learner is exported with its callbacks; a run has threads and files of its process.
        state = dict(self.__dict__)
        with contextlib.suppress(KeyError):
            del state["_loop"]
        return state
