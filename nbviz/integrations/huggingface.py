"""A callback for the Trainer of transformers; importing this makes `report_to="nbviz"` known."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

from nbviz.errors import NbvizError
from nbviz.integrations.foreign_loop import ForeignLoop, counted, tag_of
from nbviz.integrations.peers import not_served, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.recording.run import Run

__all__ = ["NbvizCallback"]

_INSTEAD = {
    "NotebookProgressCallback": "NbvizCallback shows progress",
    "ProgressCallback": "NbvizCallback shows progress",
    "TensorBoardCallback": "use NbvizCallback, which writes event files with dir=…",
    "WandbCallback": "use NbvizCallback; run.to_wandb(path) writes W&B's files",
}
_TrainerCallback: Any = require("transformers", "4.30").TrainerCallback
_SAID = ("learning_rate", "num_train_epochs", "per_device_train_batch_size", "seed")


class NbvizCallback(_TrainerCallback):
    """Shows `trainer.train()` live in its cell, and steers it from there.

    What the Trainer logs is recorded at its step: "loss" as `loss/train`, "eval_loss" as
    `loss/val`, and so on; how often is the Trainer's `logging_steps`. Learning rates are recorded
    at each step. Pause, Step and the learning rate act between two steps, Stop as
    `control.should_training_stop`. With several processes the first one records, and nothing is
    steered.

    Args:
        run: The run to record in, in place of one of its own.
        dir: Where event files are written; None writes none.
        show: Whether the cell shows a run of its own.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.

    Raises:
        MissingDependencyError: transformers is not installed.
    """

    def __init__(
        self,
        *,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        self._loop = ForeignLoop(run=run, dir=dir, show=show, watch=watch)
        self._is_training = False
        self._batches = 0

    @property
    def run(self) -> Run:
        """The run."""
        return self._loop.run

    # ------------------------------------------------------------ training

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin, and show it."""
        if not state.is_world_process_zero:
            return
        self._is_training = True
        is_alone = args.world_size == 1  # what one process does by itself sets them apart
        model = kwargs.get("model")
        optimizer = kwargs.get("optimizer") if is_alone else None
        with contextlib.suppress(NbvizError):
            self.run.update_config(_config(args))
        if not is_alone:
            self.run.commands = ()
        self._loop.begin(
            step=state.global_step,
            total_steps=state.max_steps if state.max_steps > 0 else None,
            total_epochs=state.num_train_epochs or None,
            model=model,
            optimizers=() if optimizer is None else (optimizer,),
            schedulers=(kwargs.get("lr_scheduler"),),
            device=args.device,
        )
        self._obey(control)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Count the epoch."""
        del args, control, kwargs
        if state.is_world_process_zero:
            self._loop.epoch_began(int(state.epoch or 0) + 1)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note the learning rate."""
        del args, control, kwargs
        if state.is_world_process_zero:
            self._loop.step_began()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the step, and carry out commands."""
        del args, kwargs
        if state.is_world_process_zero:
            self._loop.step_ended(state.global_step)
            self._obey(control)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End."""
        del args, control, kwargs
        if state.is_world_process_zero:
            self._is_training = False
            self._loop.end()

    # ------------------------------------------------------------ what is logged

    def on_log(
        self,
        args: Any,
        state: Any,
        control: Any,
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record what the Trainer logs."""
        del args, control, kwargs
        if not state.is_world_process_zero:
            return
        values = {
            _tag(name): value
            for name, value in (logs or {}).items()
            if isinstance(value, int | float)
        }
        self._loop.attend()
        self._loop.log(values, state.global_step)

    def on_prediction_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Say how far an evaluation is; Pause acts here, too."""
        del args
        if not state.is_world_process_zero:
            return
        self._batches += 1
        loader = kwargs.get("eval_dataloader")
        total = None
        with contextlib.suppress(TypeError):  # of a stream
            total = None if loader is None else len(loader)
        self._loop.attend()
        self._loop.describe(counted("Evaluation", self._batches, total))
        self._obey(control, is_whole=False)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Mark an evaluation on the curves."""
        del args, control, kwargs
        if state.is_world_process_zero:
            self.run.mark("validation", state.global_step, "evaluation")
            self._evaluated()

    def on_predict(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End a prediction."""
        del args, control, kwargs
        if state.is_world_process_zero:
            self._evaluated()

    def _evaluated(self) -> None:
        self._batches = 0
        self._loop.describe("")
        if not self._is_training:
            self._loop.end()

    def _obey(self, control: Any, *, is_whole: bool = True) -> None:
        if not self._loop.obey(is_whole=is_whole):
            control.should_training_stop = True


def _tag(name: str) -> str:
    # "train_loss" is the mean of all steps, said once at the end.
    return "loss/train" if name == "loss" else tag_of(name) if name.startswith("eval_") else name


def _config(args: Any) -> dict[str, Any]:
    """Return the arguments that are not at their defaults, and a few that always count."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(args):
        value = getattr(args, field.name, None)
        plain = isinstance(value, bool | int | float | str)
        if field.name in _SAID or (plain and value != field.default):
            found[field.name] = value
    return {name: value for name, value in found.items() if not name.endswith(("_dir", "_token"))}


def _register() -> None:
    """Add the callback to those that `report_to` names, if transformers still has that table."""
    with contextlib.suppress(ImportError, AttributeError):
        integrations = require(
            "transformers", "4.30", "transformers.integrations.integration_utils"
        )
        integrations.INTEGRATION_TO_CALLBACK.setdefault("nbviz", NbvizCallback)


_register()


def __getattr__(name: str) -> NoReturn:
    raise not_served(__name__, name, _INSTEAD)
