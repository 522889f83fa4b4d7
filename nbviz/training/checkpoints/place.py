"""Where a run is in its data: how much of the epoch was read, and what is still due in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbviz.errors import CheckpointError, attribute_of, has_attribute
from nbviz.text import counted
from nbviz.training.checkpoints.attributes import Attributes
from nbviz.training.checkpoints.loader_objects import objects_of
from nbviz.training.random_numbers.random_state import RandomState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

    from nbviz.training.edited_data import TrainingData


class Place:
    """The place of a run in an epoch, from which another one can go on.

    A loader with `state_dict` and `load_state_dict`, such as torchdata's `StatefulDataLoader`, is
    set to where it was. Any other is read anew: the random numbers are set to those from before its
    iterator was made, and the batches that were trained are skipped; then the random numbers are
    set to those of the safe point, which a model with dropout has moved on.

    Args:
        loader: Any iterable of batches.
        device: The run's.
        data: What is changed in the loader's data.
        changed: Called with a sentence where an epoch has other data than the one before.

    Attributes:
        is_open: Whether an epoch has begun and not ended.
        batches: Those of the epoch that were trained; of a step that was not completed, none.
        steps: Completed in the epoch.
        is_read: Whether the epoch's batches have all been trained.
        validation_due: Whether a validation comes next.
        is_broken_off: Whether the last run ended inside a step, which has left traces: numbers were
            drawn, statistics moved on.
        attributes: What the loader and what it is made of keep on themselves: where their
            generators of random numbers are, what they count.
    """

    def __init__(
        self,
        loader: Iterable[Any],
        device: torch.device,
        data: TrainingData,
        changed: Callable[[str], None],
    ) -> None:
        self._loader: Any = loader
        self._data = data
        self._changed = changed
        self._random = RandomState(device)
        objects = objects_of(loader)
        self.attributes = Attributes(lambda: objects, _draws)
        self.is_open = False
        self.is_read = False
        self.validation_due = False
        self.is_broken_off = False
        self.batches = 0
        self.steps = 0
        self._taken = 0  # of the iterator
        self._iterator: Iterator[Any] | None = None
        self._before: dict[str, Any] = {}
        self._resumes = False
        self._loader_state: Any = None
        self._attributes_now: dict[str, Any] | None = None  # of the safe point that was restored

    # ------------------------------------------------------------ for the loop

    def begin_epoch(self) -> None:
        """Begin an epoch."""
        self.is_open, self.is_read, self.validation_due = True, False, False
        self.batches = self.steps = self._taken = 0
        self._before, self._iterator, self._resumes = {}, None, False
        self._loader_state = self._attributes_now = None

    def end_epoch(self) -> None:
        """End it."""
        self.is_open = False
        self._iterator = None

    def read(self) -> Iterator[Any]:
        """Yield the batches of the epoch that were not trained yet.

        Raises:
            CheckpointError: There are fewer batches than were trained of this epoch before.
        """
        if self._iterator is None:
            self._iterator = self._resume() if self._resumes else self._begin()
        while True:
            try:
                batch = next(self._iterator)
            except StopIteration:
                break
            self._taken += 1
            yield batch
        self.is_read = True
        self._iterator = None

    @property
    def is_empty(self) -> bool:
        """Whether the epoch had no batch."""
        return not self._taken

    def batches_trained(self) -> None:
        """Note that what was read so far is done: trained, or left out."""
        self.batches = self._taken

    def step_completed(self) -> None:
        """Note that a step is."""
        self.batches = self._taken
        self.steps += 1
        self.is_broken_off = False

    def leave(self, *, is_stopped: bool) -> None:
        """Note that the run ends here, perhaps to go on later.

        Args:
            is_stopped: Whether it was stopped, at a safe point if no step was broken off. Where one
                was, its batches are read again.
        """
        is_between_steps = is_stopped and not self.is_broken_off
        if self._iterator is None or not self.is_open:
            return
        if isinstance(self._loader, Iterator):  # it can be read only once
            self.batches = self._taken
            return
        has_workers = bool(attribute_of(self._loader, "num_workers", 0))
        if is_between_steps and not has_workers and self._taken == self.batches:
            return
        is_whole = is_between_steps and self._taken == self.batches
        self._loader_state = self._state_of_loader() if is_whole else None
        self._iterator = None  # its processes end
        self._resumes = True

    # ------------------------------------------------------------ its state

    def state_dict(self) -> dict[str, Any]:
        """Return the place."""
        return {
            "is_open": self.is_open,
            "is_read": self.is_read,
            "validation_due": self.validation_due,
            "batches": self.batches,
            "steps": self.steps,
            "before": self._before if self.is_open else {},
            # Those of a state that was restored are set when the loader is read.
            "generators": self._attributes_now or self.attributes.state_dict(),
            "loader": self._state_of_loader(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there; the loader is read when the run begins."""
        self.is_open, self.is_read = state["is_open"], state["is_read"]
        self.validation_due = state["validation_due"]
        self.batches, self.steps = state["batches"], state["steps"]
        self._before = state["before"]
        self._loader_state = state["loader"]
        self._iterator = None
        self.is_broken_off = False
        self._resumes = self.is_open and not self.is_read
        self._taken = self.batches
        self._attributes_now = state["generators"] if self._resumes else None
        if not self._resumes:
            self.attributes.load_state_dict(state["generators"])

    # ------------------------------------------------------------ inside

    def _begin(self) -> Iterator[Any]:
        self._before = {
            "random": self._random.state_dict(),
            "generators": self.attributes.state_dict(),
        }
        text = self._data.take()
        if text is not None:
            self._changed(text)
        return iter(self._data.loader)

    def _resume(self) -> Iterator[Any]:
        now = {
            "random": self._random.state_dict(),
            "generators": self._attributes_now or self.attributes.state_dict(),
        }
        state, self._loader_state = self._loader_state, None
        before = self._before or now  # an epoch of which nothing was read yet
        self._random.load_state_dict(before["random"])
        self.attributes.load_state_dict(before["generators"])
        if state is not None:
            self._loader.load_state_dict(state)
            iterator = iter(self._loader)
        else:
            iterator = iter(self._data.loader)  # as the epoch began
            self._skip(iterator)
        self._before, self._resumes, self._attributes_now = before, False, None
        if self.batches:
            self.attributes.load_state_dict(now["generators"])
            self._random.load_state_dict(now["random"])
        self._taken = self.batches
        return iterator

    def _skip(self, iterator: Iterator[Any]) -> None:
        for taken in range(self.batches):
            try:
                next(iterator)
            except StopIteration:
                raise CheckpointError(
                    f"train_loader gave {counted(taken, 'batch', 'batches')}, and "
                    f"{self.batches:,} of this epoch were "
                    "trained before: it is over other data, or has another batch size. Give the "
                    "loader that the run was made with."
                ) from None

    def _state_of_loader(self) -> Any:
        loader = self._loader
        if self._iterator is None or not has_attribute(loader, "load_state_dict"):
            return self._loader_state
        return loader.state_dict()


def _draws(place: str) -> bool:
    """Whether an object of a loader may keep in lists what it draws next; a data set keeps data."""
    return "sampler" in place
