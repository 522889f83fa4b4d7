"""Generators of random numbers that objects keep for themselves: read, set, compared."""

from __future__ import annotations

import random
from typing import Any, cast

import numpy as np
import torch


def is_generator(value: object) -> bool:
    """Whether it is what random numbers are drawn from, beside those of the process."""
    kinds = torch.Generator | np.random.Generator | np.random.RandomState | random.Random
    return isinstance(value, kinds)


def read_generator(generator: Any) -> Any:
    """Return where a generator is."""
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    version, numbers, gauss = generator.getstate()
    return [version, torch.tensor(numbers, dtype=torch.int64), gauss]


def write_generator(generator: Any, state: Any) -> None:
    """Set a generator to where it was."""
    if isinstance(generator, torch.Generator | np.random.RandomState):
        generator.set_state(state)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    else:
        version, numbers, gauss = state
        generator.setstate((version, tuple(numbers.tolist()), gauss))


def is_same(one: Any, other: Any) -> bool:
    """Whether two states of generators, numbers, texts, tensors, arrays or lists are the same."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(cast("Any", one), other))
    if isinstance(one, dict):
        pairs = cast("dict[Any, Any]", one)
        is_alike = pairs.keys() == other.keys()
        return is_alike and all(is_same(value, other[key]) for key, value in pairs.items())
    if isinstance(one, list):
        items = cast("list[Any]", one)
        return len(items) == len(other) and all(map(is_same, items, other))
    return bool(one == other)
