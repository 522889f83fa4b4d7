"""The parameters of a model's `forward`, for batches whose parts have names."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from torch import nn

TARGET_NAMES = ("targets", "target", "labels", "label", "label_ids", "y")
_LABELS = (*TARGET_NAMES, "start_positions", "end_positions")


@dataclass(frozen=True, slots=True)
class Forward:
    """What a model can be called with.

    Attributes:
        owner: The class's name.
        names: What can be passed by name.
        required: Those of them that must be.
        takes_any: Whether there is a `**kwargs`.
    """

    owner: str
    names: tuple[str, ...]
    required: tuple[str, ...]
    takes_any: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The parameters that are targets, by their names, as Hugging Face's models have them."""
        return tuple(name for name in self.names if name in _LABELS or "label" in name)

    def target(self, name: str) -> str | None:
        """Return the parameter that takes the targets a batch has under a name; None if none."""
        if name in self.names:
            return name
        known = [each for each in TARGET_NAMES if each in self.names]
        return known[0] if len(known) == 1 else None

    @classmethod
    def of(cls, model: nn.Module) -> Self | None:
        """Return that of a model, compiled, parallel or not; None if it cannot be read."""
        inner: Any = model
        for wrapper in ("_orig_mod", "module"):  # torch.compile's; DataParallel's and DDP's
            kind = type(inner).__name__
            if kind in ("OptimizedModule", "DataParallel", "DistributedDataParallel"):
                inner = getattr(inner, wrapper, inner)
        try:
            parameters = inspect.signature(inner.forward).parameters.values()
        except Exception:  # noqa: BLE001  its own code, or it has no signature
            return None
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        if any(p.kind in (p.VAR_POSITIONAL, p.POSITIONAL_ONLY) for p in parameters):
            return None
        return cls(
            type(inner).__name__,
            tuple(p.name for p in named),
            tuple(p.name for p in named if p.default is p.empty),
            any(p.kind == p.VAR_KEYWORD for p in parameters),
        )
