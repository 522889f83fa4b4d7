"""Layers of a trainer's model that are watched because a reader asked for it, as by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nbviz.errors import CommandError, ConfigurationError, text_of

if TYPE_CHECKING:
    from nbviz.recording.run import Run
    from nbviz.recording.watching.watch import Watch
    from nbviz.training.engine import Engine

KINDS = frozenset({"weights", "gradients", "updates"})


class Watched(Protocol):
    """What of a trainer is needed."""

    run: Run
    engine: Engine


class LayerWatches:
    """The layers that are watched, in the trainer's run and in those that come after it.

    Args:
        trainer: The trainer.

    Attributes:
        paths: Names of the layers.
    """

    def __init__(self, trainer: Watched) -> None:
        self._trainer = trainer
        self.paths: tuple[str, ...] = ()
        self._watch: Watch | None = None

    def set(self, path: str, *, on: bool) -> None:
        """Begin or end to watch a layer, as `Trainer.watch_layer` describes it."""
        before = self.paths
        self.paths = (*(one for one in before if one != path), *((path,) if on else ()))
        try:
            self.begin()
        except ConfigurationError as error:
            self.paths = before
            self.begin()
            raise CommandError(f"{path!r} cannot be watched: {text_of(error)}") from error
        self._trainer.run.notify()

    def begin(self) -> None:
        """Watch them in the trainer's present run: a watch ends with its run.

        What of them another watch of the run has already is left to that.
        """
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if not self.paths:
            return
        run, model = self._trainer.run, self._trainer.engine.model
        plans = [one.plan for one in run.watches if one.plan.prefix == ""]
        taken = {kind for plan in plans if plan.meets(self.paths) for kind in plan.kinds}
        modules = {name for plan in plans for name in plan.activations}
        maps = {name for plan in plans for name in plan.feature_maps}
        activations = [path for path in self.paths if path not in modules]
        feature_maps = [path for path in self.paths if path not in maps]
        if taken < KINDS or activations or feature_maps:
            self._watch = run.watch(
                model,
                layers=self.paths,
                activations=activations,
                feature_maps=feature_maps,
                weights="weights" not in taken,
                gradients="gradients" not in taken,
                updates="updates" not in taken,
            )
