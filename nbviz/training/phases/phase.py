"""A phase of a step: what has just been done, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

PhaseName = Literal["batch", "forward", "loss", "backward", "clip", "optimizer", "scheduler", "end"]
"""`end`: the step is done, and the run stands between two steps."""

_SHAPES_SAID = 3


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """Where in a step a run stands.

    Attributes:
        step: The step that is being made; of "end" the one that is done.
        name: The phase that is over: "batch" (it was read, and moved to the device), "forward",
            "loss", "backward", "clip", "optimizer", "scheduler", or "end".
        numbers: What is known of it, such as "loss", "gradient norm" or "lr".
        tensors: What it gave: the batch, the model's output, the loss, gradients or parameters by
            their names. They are the run's own, detached: copy what is to be kept.
        batch: Which batch of the step, from 1, where `accumulate` makes a step of several.
        phases: Those that a step of this run has.
    """

    step: int
    name: PhaseName
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])
    tensors: Mapping[str, torch.Tensor] = field(default_factory=dict[str, Any])
    batch: int = 1
    phases: tuple[str, ...] = ()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of `tensors`."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}

    @property
    def is_updated(self) -> bool:
        """Whether the optimizer has changed the weights in this step."""
        return self.name in ("optimizer", "scheduler", "end")

    @property
    def text(self) -> str:
        """What it gave, in a line: shapes where they are few, and numbers."""
        shapes = [(name, one) for name, one in self.shapes.items() if one]
        parts = [f"{name} {' × '.join(map(str, one))}" for name, one in shapes]
        parts = parts if len(parts) <= _SHAPES_SAID else []
        return ", ".join([*parts, *(f"{name} {value:.4g}" for name, value in self.numbers.items())])

    def __str__(self) -> str:
        """Say where the run stands."""
        if self.name == "end":
            return f"step {self.step:,} is done"
        batch = f", batch {self.batch}" if self.batch > 1 else ""
        return f"in step {self.step:,}{batch}, after {self.name}" + (
            f": {self.text}" if self.text else ""
        )

    def __repr__(self) -> str:
        return f"<Phase {self}>"
