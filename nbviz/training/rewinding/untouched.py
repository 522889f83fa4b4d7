"""Lets a function look at a model between two steps without a trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from nbviz.training.checkpoints.model_state import ModelState
from nbviz.training.checkpoints.trees import Copier
from nbviz.training.random_numbers.random_state import RandomState
from nbviz.training.random_numbers.turns import still

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def untouched(model: torch.nn.Module, device: torch.device) -> Generator[None]:
    """Undo, after the block, what it does to a model, its gradients and to random numbers."""
    state, random = ModelState(model, keeps_gradients=True), RandomState(device)
    copier = Copier()
    with still():
        with torch.no_grad():
            before = copier.copy(state.state_dict()), copier.copy(random.state_dict())
        try:
            yield
        finally:
            with torch.no_grad():
                state.load_state_dict(before[0])
                random.load_state_dict(before[1])
