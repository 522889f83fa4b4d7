"""A whole state made of parts, each of which gives and takes its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch

from nbviz.errors import CheckpointError, NbvizError, describe, text_of
from nbviz.training.checkpoints.attributes import Attributes
from nbviz.training.checkpoints.trees import Copier, bytes_of
from nbviz.training.devices.side_copies import SideArrival, SideCopies

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stateful(Protocol):
    """What a run's state has a part of. It may have `check(state)`, which raises if it cannot."""

    def state_dict(self) -> dict[str, Any]:
        """Return its state, of which it may go on to change the tensors."""
        ...

    def load_state_dict(self, state: Any) -> Any:
        """Take a state, whose tensors are its own from then on."""
        ...


@dataclass(slots=True)
class Checkpoint:
    """The state of a run between two steps, copied.

    Attributes:
        step: Completed steps.
        epoch: The epoch that it is in, or has completed.
        parts: The state of each part.
        arrival: When what comes from GPUs is there; None if nothing does.
    """

    step: int
    epoch: int
    parts: dict[str, Any]
    arrival: SideArrival | None = None

    def wait(self) -> None:
        """Wait until all of it has arrived from the device."""
        if self.arrival is not None:
            self.arrival.synchronize()

    @property
    def nbytes(self) -> int:
        """Bytes of its tensors."""
        return bytes_of(self.parts)


class Parts:
    """The parts of a run's state, in the order in which they are restored.

    Args:
        parts: By name; those that run code of the user's first, so that it fails before the model
            is changed.
    """

    def __init__(self, parts: Mapping[str, Stateful]) -> None:
        self._parts = dict(parts)

    def add(self, name: str, part: Stateful) -> None:
        """Add one, before those that are there."""
        self._parts = {name: part, **self._parts}

    def begin_like(self, other: Parts) -> None:
        """Have objects that are copies of another run's be taken to have begun as those did."""
        for name, part in self._parts.items():
            mine: Any = getattr(part, "attributes", part)
            theirs: Any = getattr(other._parts[name], "attributes", other._parts[name])
            if isinstance(mine, Attributes):
                mine.begin_like(theirs)

    def capture(self, step: int, epoch: int, kept: Checkpoint | None = None) -> Checkpoint:
        """Copy the state as it is now; only between two steps.

        Args:
            step: Completed steps.
            epoch: The epoch.
            kept: One that is no longer needed. Its memory is used again, which is several times
                faster than memory that the system has to give anew.

        Raises:
            CheckpointError: A part cannot be copied, or there is no memory for it.
        """
        if kept is not None and kept.arrival is not None and not kept.arrival.query():
            kept = None  # it is still being written to
        side = SideCopies(self.nbytes if kept is None else lambda: kept.nbytes)
        copier = Copier(side)
        before: dict[str, Any] = {} if kept is None else kept.parts
        try:
            with torch.no_grad():
                parts = {
                    name: copier.copy(_read(name, part), before.get(name))
                    for name, part in self._parts.items()
                }
                return Checkpoint(step, epoch, parts, side.send())
        except (MemoryError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise _no_memory(error) from error
            raise

    def nbytes(self) -> int:
        """Return the bytes that a capture takes, without making one."""
        return bytes_of({name: _read(name, part) for name, part in self._parts.items()})

    def check(self, parts: Mapping[str, Any]) -> None:
        """Raise CheckpointError unless the state fits; nothing is changed."""
        missing = [
            name
            for name, part in self._parts.items()
            if name not in parts and not getattr(part, "is_optional", False)
        ]
        if missing:
            raise CheckpointError(
                f"the checkpoint has no state of {', '.join(missing)}: it is of another kind of "
                "run. Make the trainer with the options that it had."
            )
        for name, part in reversed(self._parts.items()):  # the model says most
            check: Any = getattr(part, "check", None)
            if check is not None and name in parts:
                check(parts[name])

    def restore(self, parts: Mapping[str, Any]) -> None:
        """Set all parts to copies of a state, which stays as it is.

        Raises:
            CheckpointError: It does not fit; then nothing was changed. Or a part, such as the
                user's scheduler, refused it; then that and the parts before it are as they were.
        """
        self.check(parts)
        done: list[tuple[Stateful, Any]] = []
        with torch.no_grad():
            # First whatever needs memory: without it nothing is changed.
            copies = _copied({name: parts[name] for name in self._parts if name in parts})
            before = _copied(
                {
                    name: _read(name, part)
                    for name, part in self._parts.items()
                    if name not in ("model", "optimizers")
                }
            )
            for name, part in self._parts.items():
                if name not in copies:
                    continue
                is_large, now = name not in before, before.get(name)
                try:
                    part.load_state_dict(copies.pop(name))
                except Exception as error:
                    for other, state in [*reversed(done), *([] if is_large else [(part, now)])]:
                        other.load_state_dict(state)
                    if isinstance(error, NbvizError):
                        raise
                    raise CheckpointError(
                        f"the state of {name} could not be restored ({describe(error)})."
                    ) from error
                done += [] if is_large else [(part, now)]


def _copied(states: dict[str, Any]) -> dict[str, Any]:
    copier = Copier()
    try:
        return {name: copier.copy(state) for name, state in states.items()}
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise _no_memory(error) from error
        raise


def _no_memory(error: BaseException) -> CheckpointError:
    return CheckpointError(
        f"there is no memory for a copy of the state ({describe(error)}). Make room, or give a "
        "smaller ring_memory."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory: torch has a class of it for devices only."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in text_of(error)


def _read(name: str, part: Stateful) -> dict[str, Any]:
    try:
        return part.state_dict()
    except NbvizError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"the state of {name} could not be read ({describe(error)})."
        ) from error
