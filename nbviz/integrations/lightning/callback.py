"""NbvizCallback: a Lightning trainer shown in its cell, and steered from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import RunStopped
from nbviz.integrations.foreign_loop import counted
from nbviz.integrations.lightning.library import base_of
from nbviz.integrations.lightning.logger import NbvizLogger, logger_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.integrations.foreign_loop import ForeignLoop
    from nbviz.recording.run import Run

_Callback: Any = base_of("Callback")
LOSS = "loss/train"


class NbvizCallback(_Callback):
    """Shows `trainer.fit` live in its cell: loss, learning rates, gradients, progress, commands.

    Pause, Step and the learning rate act between two steps, Stop as `trainer.should_stop`, so that
    Lightning ends as it does by itself. What the module logs is recorded by the trainer's
    `NbvizLogger`; where it has none, by one that this adds while it runs. The loss of each step is
    recorded as `loss/train`, unless the module logs that itself.

    Args:
        run: The run to record in, in place of one of its own; not where the trainer has a
            `NbvizLogger`.
        dir: Where event files are written; None writes none.
        show: Whether the cell shows a run of its own.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.
    """

    def __init__(
        self,
        *,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        watch: bool | Mapping[str, Any] = True,
    ) -> None:
        super().__init__()
        self._logger = NbvizLogger(dir, "", "", run=run, show=show)
        self._watch = watch
        self._is_fitting = False
        self._added: NbvizLogger | None = None
        self._global_step = 0
        self._losses: list[Any] = []
        self._batches = 0

    @property
    def run(self) -> Run:
        """The run."""
        return self._loop.run

    @property
    def _loop(self) -> ForeignLoop:
        return self._logger.loop

    # ------------------------------------------------------------ its life

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin, and show it."""
        if not trainer.is_global_zero:
            return
        self._add_logger(trainer)
        self._is_fitting = True
        self._global_step = trainer.global_step
        is_alone = trainer.world_size == 1  # what is set in one process only would set them apart
        configs = trainer.lr_scheduler_configs
        optimizers = trainer.optimizers
        schedulers = [
            next((c.scheduler for c in configs if c.scheduler.optimizer is one), None)
            for one in optimizers
        ]
        self._loop.watch = self._watch
        self._loop.begin(
            step=_index(trainer),
            model=pl_module,
            optimizers=optimizers if is_alone else (),
            schedulers=schedulers,
            device=pl_module.device,
        )
        self._obey(trainer)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Say how long it takes."""
        del pl_module
        if trainer.is_global_zero:
            total = trainer.estimated_stepping_batches
            self.run.meter.total_steps = None if total == float("inf") else int(total)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """End."""
        del pl_module
        self._end(trainer, None)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End with an error."""
        del pl_module
        self._end(trainer, exception)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Leave the trainer with the loggers that it had."""
        del pl_module, stage
        if self._added is not None:
            trainer.loggers = [one for one in trainer.loggers if one is not self._added]
            self._added = None

    def _add_logger(self, trainer: Any) -> None:
        known = logger_of(trainer)
        if known is not None:
            self._logger = known
        else:  # not before: where checkpoints are kept follows the loggers
            self._added = self._logger
            trainer.loggers = [*trainer.loggers, self._logger]

    def _end(self, trainer: Any, error: BaseException | None) -> None:
        if trainer.is_global_zero and self._is_fitting:
            self._is_fitting = False
            self._loop.end(error)

    # ------------------------------------------------------------ steps

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Count the epoch."""
        del pl_module
        if trainer.is_global_zero:
            most = trainer.max_epochs
            self._loop.epoch_began(
                trainer.current_epoch + 1, most if most is not None and most > 0 else None
            )

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the learning rates."""
        del pl_module, batch, batch_idx
        if trainer.is_global_zero:
            self._loop.step_began()

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the step, and carry out commands."""
        del batch
        if trainer.is_global_zero:
            self._step(trainer, pl_module, outputs)
        if trainer.world_size > 1 and batch_idx % trainer.log_every_n_steps == 0:
            # All processes leave the loop at the same step, or those that stay would wait for ever.
            asked = trainer.is_global_zero and self._loop.is_stopped
            if trainer.strategy.reduce_boolean_decision(asked, all=False):
                trainer.should_stop = True

    def _step(self, trainer: Any, pl_module: Any, outputs: Any) -> None:
        found: Any = outputs
        loss: Any = found.get("loss") if isinstance(outputs, dict) else found
        if loss is not None:
            self._losses.append(loss.detach())
        if pl_module.automatic_optimization and trainer.global_step == self._global_step:
            return  # one of several batches of a step
        self._global_step = trainer.global_step
        index = _index(trainer)
        losses, self._losses = self._losses, []
        values = {}
        if losses and LOSS not in trainer.callback_metrics:
            # Lightning has divided each by how many there are.
            values = {LOSS: losses[0] if len(losses) == 1 else sum(losses)}
        self._loop.step_ended(index + 1, values, at=index)
        self._stop(trainer)

    def _obey(self, trainer: Any, *, is_whole: bool = True) -> None:
        self._loop.obey(is_whole=is_whole)
        self._stop(trainer)

    def _stop(self, trainer: Any) -> None:
        if self._loop.is_stopped and trainer.world_size == 1:
            trainer.should_stop = True

    # ------------------------------------------------------------ other bars

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Say that a validation begins, or the sanity check before training."""
        self._evaluation_began(trainer, pl_module)

    def on_validation_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        """Say how far it is; Pause and Stop act here, too."""
        del pl_module, args
        what = "Sanity check" if trainer.sanity_checking else "Validation"
        is_sanity = trainer.sanity_checking
        total = trainer.num_sanity_val_batches if is_sanity else trainer.num_val_batches
        self._evaluated(trainer, what, total)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Mark it on the curves."""
        del pl_module
        if not trainer.is_global_zero:
            return
        self._loop.describe("")
        step = _index(trainer)
        if trainer.sanity_checking:
            text = f"sanity check: {self._batches} validation batches, before training"
            self.run.mark("validation", step, text)
        else:
            self.run.mark("validation", step, "validation")
            self._end_evaluation(trainer)

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Say that a test begins."""
        self._evaluation_began(trainer, pl_module)

    def on_test_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        """Say how far it is."""
        del pl_module, args
        self._evaluated(trainer, "Test", trainer.num_test_batches)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """End the test."""
        del pl_module
        self._end_evaluation(trainer)

    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
        """Say that a prediction begins."""
        self._evaluation_began(trainer, pl_module)

    def on_predict_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        """Say how far it is."""
        del pl_module, args
        self._evaluated(trainer, "Prediction", trainer.num_predict_batches)

    def on_predict_end(self, trainer: Any, pl_module: Any) -> None:
        """End the prediction."""
        del pl_module
        self._end_evaluation(trainer)

    def _evaluation_began(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        self._batches = 0
        if not self._is_fitting:
            self._add_logger(trainer)
            self._loop.begin(step=_index(trainer), model=pl_module, device=pl_module.device)

    def _evaluated(self, trainer: Any, what: str, totals: Any) -> None:
        if not trainer.is_global_zero:
            return
        self._batches += 1
        total: Any = sum(cast("list[float]", totals)) if isinstance(totals, list) else totals
        self._loop.describe(counted(what, self._batches, total))
        self._obey(trainer, is_whole=False)
        if self._loop.is_stopped and not self._is_fitting and trainer.world_size == 1:
            raise RunStopped("The run was stopped.")  # nothing else ends these loops

    def _end_evaluation(self, trainer: Any) -> None:
        if trainer.is_global_zero and not self._is_fitting:
            self._loop.end()


def _index(trainer: Any) -> int:
    """Return the step at which Lightning logs now, which it counts from 0.

    It is private, and what Lightning's own LearningRateMonitor uses; without it the optimizer's
    steps, of which there are several to a batch where there are several optimizers.
    """
    known = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    return known if isinstance(known, int) else max(0, trainer.global_step - 1)
