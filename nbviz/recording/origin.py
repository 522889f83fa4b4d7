"""Where a run goes on from: what it was forked off, or which run was rewound to give it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

ORIGIN_TAG = "nbviz/origin"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run goes on from.

    Attributes:
        run_id: Of the other run.
        name: What that was called then.
        step: After how many steps of it.
        values: What was set to something else there, by name, such as `lr`.
    """

    run_id: str
    name: str
    step: int
    values: dict[str, float] = field(default_factory=dict[str, float])

    def __str__(self) -> str:
        """Say it, as "lr-0.1 at step 400, lr=0.001"."""
        changes = "".join(f", {name}={value:.4g}" for name, value in self.values.items())
        return f"{self.name} at step {self.step:,}{changes}"

    def to_text(self) -> str:
        """Return it as a journal keeps it."""
        return json.dumps(asdict(self))


def read_origin(text: str) -> Origin | None:
    """Return what `Origin.to_text` wrote, None if the text is something else."""
    try:
        found: Any = json.loads(text)
        values = {str(name): float(value) for name, value in found["values"].items()}
        step = int(found["step"])
        if step < 0 or not all(map(math.isfinite, values.values())):
            return None
        return Origin(str(found["run_id"]), str(found["name"]), step, values)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
