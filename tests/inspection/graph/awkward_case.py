"""What an awkward model is called with, and the register that they are entered in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


@dataclass
class Case:
    """A model, what it is called with, and how many calls of leaf modules it makes."""

    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]
    leaf_calls: int
    kwargs: Callable[[], dict[str, Any]] = field(default=dict)
    needs_values: bool = False


CASES: dict[str, Case] = {}


def case(
    name: str,
    leaf_calls: int,
    *inputs: Callable[[], Any],
    needs_values: bool = False,
    **kwargs: Callable[[], Any],
) -> Callable[[Callable[[], nn.Module]], Callable[[], nn.Module]]:
    def add(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        CASES[name] = Case(
            make,
            lambda: tuple(make_input() for make_input in inputs),
            leaf_calls,
            lambda: {key: make_input() for key, make_input in kwargs.items()},
            needs_values,
        )
        return make

    return add


def vector() -> torch.Tensor:
    return torch.randn(2, 4)


def image() -> torch.Tensor:
    return torch.randn(2, 3, 8, 8)


def sequence() -> torch.Tensor:
    return torch.randn(2, 5, 4)


def tokens() -> torch.Tensor:
    return torch.randint(0, 10, (2, 5))
