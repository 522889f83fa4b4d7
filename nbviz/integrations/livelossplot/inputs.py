"""livelossplot's callbacks of Keras and of Ignite: what these measure goes to a PlotLosses."""

from __future__ import annotations

from typing import Any

from nbviz.integrations.livelossplot.plot_losses import PlotLosses
from nbviz.integrations.peers import require


def keras_callback() -> type[Any]:
    """Return the callback for Keras 3 on PyTorch.

    Raises:
        MissingDependencyError: Keras is not installed.
    """
    base: Any = require("keras", "3.0", "keras.callbacks").Callback

    class PlotLossesCallback(base):
        """Sends the metrics of each epoch to a PlotLosses, to which `kwargs` are given."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__()
            self.liveplot = PlotLosses(**kwargs)

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            """Send what the epoch measured."""
            self.liveplot.update(dict(logs or {}), epoch)
            self.liveplot.send()

    return PlotLossesCallback


class PlotLossesIgnite:
    """Sends the metrics of an engine of Ignite's to a PlotLosses.

    Args:
        train_engine: Its epochs are the steps of what other engines measure; without it each
            measurement is a step.
        **kwargs: As for `PlotLosses`.
    """

    def __init__(self, train_engine: Any = None, **kwargs: Any) -> None:
        self.liveplot = PlotLosses(**kwargs)
        self.train_engine = train_engine

    def attach(self, engine: Any) -> None:
        """Take the metrics of an engine at the end of each of its epochs."""
        events: Any = require("pytorch-ignite", "0.5", "ignite.engine").Events
        engine.add_event_handler(events.EPOCH_COMPLETED, self.store)

    def store(self, engine: Any) -> None:
        """Send what an engine has measured."""
        metrics = dict(getattr(engine.state, "metrics", {}))
        if not metrics:
            return
        step = None if self.train_engine is None else self.train_engine.state.epoch
        self.liveplot.update(metrics, step)
        self.send()

    def send(self, engine: Any = None) -> None:
        """Hand all that was logged to the outputs."""
        del engine
        self.liveplot.send()
