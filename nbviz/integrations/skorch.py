"""A callback for skorch's nets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from torch.optim import Optimizer

from nbviz.integrations.foreign_loop import ForeignLoop, counted, tag_of
from nbviz.integrations.peers import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.recording.run import Run

__all__ = ["NbvizCallback"]

_Callback: Any = require("skorch", "0.15", "skorch.callbacks").Callback


class NbvizCallback(_Callback):
    """Shows `net.fit` live in its cell, and steers it from there.

    Each training batch is a step, with its loss as `loss/batch`; what the net's history has of an
    epoch is recorded at its end: "train_loss" as `loss/train`, "valid_loss" as `loss/val`, and so
    on. Pause, Step and the learning rate act between two batches. Stop ends `fit` as an interrupt
    of the kernel does, which skorch takes for the end of training.

    Args:
        run: The run to record in, in place of one of its own.
        dir: Where event files are written; None writes none.
        show: Whether the cell shows a run of its own.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.

    Raises:
        MissingDependencyError: skorch is not installed.
    """

    # skorch reads parameters from the signature, and copies a callback by them.
    def __init__(
        self,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        self.run = run
        self.dir = dir
        self.show = show
        self.watch = watch

    def initialize(self) -> Any:
        """Make the run."""
        self.loop_ = ForeignLoop(run=self.run, dir=self.dir, show=self.show, watch=self.watch)
        self.step_ = 0
        self.batches_ = 0
        return self

    @property
    def run_(self) -> Run:
        """The run, once the net is initialized."""
        return self.loop_.run

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:  # noqa: N803
        """Begin, and show it."""
        del X, y, kwargs
        # By what they are: a net of several modules has several, under names of its own.
        attributes = cast("list[Any]", [*vars(net).values()])
        optimizers = list(filter(_is_optimizer, attributes))
        self.loop_.begin(
            step=self.step_,
            total_epochs=len(net.history) + net.max_epochs,
            model=net.module_,
            optimizers=optimizers,
            device=net.device or "",
        )
        self._stop_if_asked()

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Count the epoch."""
        del kwargs
        self.loop_.epoch_began(len(net.history))

    def on_batch_begin(self, net: Any, batch: Any = None, training: bool = True, **kw: Any) -> None:
        """Note the learning rate."""
        del net, batch, kw
        if training:
            self.loop_.step_began()

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = True, **kw: Any) -> None:
        """Record a step, and carry out commands."""
        del batch, kw
        loop = self.loop_
        if not training:
            self.batches_ += 1
            loop.describe(counted("Validation", self.batches_, None))
            loop.obey(is_whole=False)
            return
        self.batches_ = 0
        loop.describe("")
        self.step_ += 1
        loss = net.history[-1]["batches"][-1].get("train_loss")
        loop.step_ended(self.step_, {} if loss is None else {"loss/batch": loss})
        self._stop_if_asked()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record what the history has of the epoch."""
        del kwargs
        values = {
            tag_of(name): value
            for name, value in net.history[-1].items()
            if isinstance(value, int | float)
            and name != "epoch"
            and not name.endswith(("_best", "_batch_count"))
        }
        self.loop_.describe("")
        self.loop_.log(values, self.step_)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:  # noqa: N803
        """End."""
        del net, X, y, kwargs
        self.loop_.end()

    def _stop_if_asked(self) -> None:
        if self.loop_.is_stopped:
            raise KeyboardInterrupt  # the one way in which skorch ends a fit, and keeps the net

    def __getstate__(self) -> dict[str, Any]:
        # A net is pickled with its callbacks; a run has threads and files of its process.
        return {name: value for name, value in self.__dict__.items() if name not in _OF_PROCESS}


def _is_optimizer(attribute: Any) -> bool:
    return isinstance(attribute, Optimizer)


_OF_PROCESS = ("loop_", "run")
