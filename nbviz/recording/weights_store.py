"""Heatmaps of the parameters that pages show: the newest, and those of earlier steps."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING

from nbviz.recording.media.store import MediaStore
from nbviz.training import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import torch
    from torch import nn

    from nbviz.inspection.tensors.heatmaps import Heatmap, ReducedWeights
    from nbviz.recording.capture.arrays import CapturedArray

    Coming = tuple[CapturedArray, ReducedWeights]
    State = tuple[int, Mapping[str, torch.Tensor]]


class WeightsStore:
    """Heatmaps of a model's parameters, made on the training thread for the pages that show them.

    Args:
        seconds: The least time between two heatmaps of the same training; a dashboard cannot show
            more, and each heatmap reads a whole parameter.
        share: The most of the training thread's time that heatmaps may take, 0 to 1; those that
            take long are made more rarely. Half of nbviz's whole budget.
        budget: Bytes that heatmaps of earlier steps may take.

    Attributes:
        kept: The heatmaps by parameter and step, thinned as media are.
        states: Opens a block in which there are whole sets of earlier weights, as rising steps with
            tensors by the parameters' names; none where nothing but heatmaps is kept.
        state_steps: Returns after which steps there would be some, rising; none while the run makes
            steps. From any thread, at once.
    """

    def __init__(
        self, seconds: float = 0.5, share: float = 0.005, budget: int = 64_000_000
    ) -> None:
        self.seconds = seconds
        self.share = share
        self.kept = MediaStore(budget)
        self.states: Callable[[], AbstractContextManager[Sequence[State]]] = _no_states
        self.state_steps: Callable[[], Sequence[int]] = tuple
        self.layers: list[tuple[str, tuple[int, ...]]] = []
        self._model: weakref.ref[nn.Module] | None = None
        self._wants: dict[str, frozenset[str]] = {}
        self.wanted: frozenset[str] = frozenset()
        self._images: dict[str, tuple[int, Heatmap]] = {}
        self._coming: dict[str, Coming] = {}  # those begun last
        self._complete: dict[str, Coming] = {}  # older ones, complete on their device, not read
        self._versions = 0
        self._unreadable: set[str] = set()
        self._due = 0.0
        self._lock = threading.Lock()

    def want(self, owner: str, names: Iterable[str]) -> None:
        """Say which parameters `owner` shows now, in place of those it showed before."""
        with self._lock:
            self._wants[owner] = frozenset(names)
            if not self._wants[owner]:
                del self._wants[owner]
            wanted: frozenset[str] = frozenset[str]().union(*self._wants.values())
            if not wanted <= self.wanted:
                self._due = 0.0
            self.wanted = wanted
            # What no page shows any more is let go.
            self._images = {name: self._images[name] for name in self._images if name in wanted}
            for begun in (self._coming, self._complete):
                for name in begun.keys() - wanted:
                    del begun[name]

    def latest(self, name: str) -> Heatmap | None:
        """Return the newest heatmap, None if there is none."""
        self._take_in(name)
        entry = self._images.get(name)
        return entry[1] if entry else None

    def version(self, name: str) -> int:
        """Return a number that rises with every heatmap of it; 0 while there is none."""
        self._take_in(name)
        entry = self._images.get(name)
        return entry[0] if entry else 0

    @property
    def is_behind(self) -> bool:
        """Whether a page waits for the first heatmap of a parameter."""
        missing = self.wanted - self._images.keys() - self._unreadable
        return bool(missing) and any(name in missing for name, _ in self.layers)

    def is_due(self) -> bool:
        """Whether a page waits for new heatmaps; costs next to nothing."""
        return bool(self.wanted) and time.monotonic() >= self._due

    def leave_states(self) -> None:
        """Let go of where earlier weights come from: the trainer is not needed any more."""
        self.states, self.state_steps = _no_states, tuple

    def watch(self, model: nn.Module) -> None:
        """Take heatmaps of this model, which is not kept alive.

        Raises:
            ConfigurationError: It is no model.
        """
        if self._model is not None and model is not None and self._model() is model:  # pyright: ignore[reportUnnecessaryComparison]
            return
        from nbviz.inspection.tensors.heatmaps import list_layers
        from nbviz.training.checks import check_module

        check_module(model)
        self._model = weakref.ref(model)
        self._unreadable.clear()
        self.layers = list_layers(model)

    def unwatch(self) -> None:
        """Take no more heatmaps; those that there are stay."""
        self._model = None

    def capture(
        self,
        step: int,
        names: Iterable[str] | None = None,
        *,
        wait: bool = True,
        holds: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make heatmaps now: of what is wanted, or of `names`. Names that do not exist are left.

        Args:
            step: The completed steps.
            names: Which parameters.
            wait: Whether the heatmaps are there when it returns. Else they are taken in once they
                have arrived from the device, when they are read.
            holds: Whether the weights are still those of the step, asked once they have been read:
                where not on the thread that changes them. Those of later ones are dropped.
        """
        model = self._model() if self._model is not None else None
        if model is None:
            return
        from nbviz.inspection.tensors.heatmaps import layer_tensors

        started = time.monotonic()
        wanted = self.wanted if names is None else set(names)
        tensors = layer_tensors(model)
        if len(tensors) != len(self.layers):  # lazy parameters appear with the first batch
            self.layers = [(name, tuple(tensor.shape)) for name, tensor in tensors.items()]
        for name in sorted(wanted - self._unreadable):
            # Where the device is behind, one heatmap after the other, or none would ever arrive.
            if name not in tensors or not (wait or self._may_begin(name)):
                continue
            try:
                self._begin(name, tensors[name], step, holds)
                if wait:
                    self._take_in(name, wait=True)
            except Exception:  # noqa: BLE001  no heatmap is worth the run, or its recording
                self._unreadable.add(name)
        cost = time.monotonic() - started
        self._due = started + max(self.seconds, cost / self.share)

    def complete(self, step: int) -> None:
        """Make those wanted heatmaps that are not of this step, and wait for them."""
        for name in self.wanted:
            self._take_in(name, wait=True)
        images = {name: self.latest(name) for name in self.wanted}
        if old := [n for n, image in images.items() if image is None or image.step != step]:
            self.capture(step, old)

    def _may_begin(self, name: str) -> bool:
        """Whether no heatmap is on its way; reads none, as that is not for the training thread."""
        coming = self._coming.get(name)
        if coming is None:
            return True
        if not coming[0].is_ready:
            return False
        with self._lock:
            if self._coming.get(name) is coming:
                self._complete[name] = self._coming.pop(name)
        return True

    def _begin(self, name: str, tensor: torch.Tensor, step: int, holds: Callable[[], bool]) -> None:
        from nbviz.inspection.tensors.heatmaps import reduce_on_device
        from nbviz.recording.capture.arrays import hold

        reduced = reduce_on_device(name, tensor, step)
        coming = (hold(reduced.packed), reduced)
        with self._lock:
            if holds():
                self._coming[name] = coming

    def _take_in(self, name: str, *, wait: bool = False) -> None:
        """Make a heatmap of the newest that is complete on its device."""
        begun = self._coming
        coming = begun.get(name)
        if coming is None or not (wait or coming[0].is_ready):
            begun = self._complete
            coming = begun.get(name)
        if coming is None:
            return
        array, reduced = coming
        image = reduced.heatmap(array.read())
        with self._lock:
            if begun.get(name) is coming:
                del begun[name]
            elif self._complete.get(name) is coming:  # put there meanwhile
                del self._complete[name]
            else:
                return
            if begun is self._coming:
                self._complete.pop(name, None)
            self._versions += 1
            self._images[name] = (self._versions, image)
            if name in self.kept and self.kept[name][-1].step > image.step:
                self.kept.purge(image.step)  # the training went back: what came after is no more
            self.kept.add(name, "tensor", image.step, clock.now(), image)


def _no_states() -> AbstractContextManager[Sequence[State]]:
    return nullcontext(())
