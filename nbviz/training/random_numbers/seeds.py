"""One seed for everything that draws random numbers."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import numpy as np
import torch

from nbviz.training.random_numbers.turns import still

if TYPE_CHECKING:
    from collections.abc import Generator


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch on all devices. They are global, and are not restored."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  what data sets and augmentations draw from
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]


@contextlib.contextmanager
def preserved_random_state(device: torch.device) -> Generator[None]:
    """Leave the random numbers of Python, numpy and torch (CPU and `device`) as they were."""
    on_cuda = [device] if device.type == "cuda" else []
    with still():  # else a run that has its turn would draw the same again
        python, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002
        try:
            with torch.random.fork_rng(devices=on_cuda):
                yield
        finally:
            random.setstate(python)
            np.random.set_state(numbers)  # noqa: NPY002
