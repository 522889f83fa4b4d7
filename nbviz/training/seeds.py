"""One seed for everything that draws random numbers."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch on all devices. They are global, and are not restored."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  what data sets and augmentations draw from
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
