"""How often an optimizer has made its step, whoever calls it: nbviz, a loss scaler, a user."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from nbviz.errors import attribute_of

if TYPE_CHECKING:
    from torch.optim import Optimizer


class StepCount:
    """Counts the steps of one optimizer, beginning with 0.

    Attributes:
        made: How many it has made.
        is_told: Whether the optimizer tells of its steps. One that wraps another does not, where
            its `__init__` leaves out that of `torch.optim.Optimizer`.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.made = 0
        # Torch's mark of a step that calls hooks; it has no public one.
        self.is_told = attribute_of(type(optimizer).step, "hooked", default=False) is True
        if not self.is_told:
            return
        count = weakref.ref(self)

        def add(*_: Any) -> None:
            counted = count()
            if counted is not None:
                counted.made += 1

        optimizer.register_step_post_hook(add)
