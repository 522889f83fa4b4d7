"""The random numbers of a run: those of the process and its device, and those of its data."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.errors import attribute_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_WRAPPED = 8  # data sets inside each other


class RandomState:
    """What torch (CPU and one device), numpy and Python draw from.

    Args:
        device: The run's.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def state_dict(self) -> dict[str, Any]:
        """Return where they are."""
        version, numbers, gauss = random.getstate()
        state: dict[str, Any] = {
            "torch": torch.get_rng_state(),
            "numpy": np.random.get_state(legacy=False),  # noqa: NPY002  what data sets draw from
            "python": [version, torch.tensor(numbers, dtype=torch.int64), gauss],
        }
        if self._device.type == "cuda":
            state["device"] = torch.cuda.get_rng_state(self._device)
        elif self._device.type == "mps":
            state["device"] = torch.mps.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set them to where they were; a device's only where it is of the same kind."""
        torch.set_rng_state(state["torch"])
        np.random.set_state(state["numpy"])  # noqa: NPY002
        version, numbers, gauss = state["python"]
        random.setstate((version, tuple(numbers.tolist()), gauss))
        of_device: torch.Tensor | None = state.get("device")
        if of_device is None:
            return
        if self._device.type == "cuda" and of_device.numel() == _cuda_size(self._device):
            torch.cuda.set_rng_state(of_device, self._device)
        elif self._device.type == "mps":
            torch.mps.set_rng_state(of_device)

    def is_at(self, state: dict[str, Any]) -> bool:
        """Whether they are where they were, those of which the state knows."""
        now = RandomState.state_dict(self)
        return all(_is_same(now[name], one) for name, one in state.items() if name in now)


class DeferredRandomState(RandomState):
    """Random numbers that are set when the run begins: until then other cells may draw some."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._due: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return where they are, or will be."""
        return self._due or super().state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Have `begin` set them."""
        self._due = state

    def defer(self) -> dict[str, Any]:
        """Have `begin` set them to where they are now, or to what it would set; returns that."""
        self._due = self.state_dict()
        return self._due

    def begin(self) -> None:
        """Set them, if they are to be set."""
        if self._due is not None:
            super().load_state_dict(self._due)
            self._due = None


class Generators:
    """The generators that a loader, its samplers and its data set keep for themselves.

    Args:
        loader: Any iterable of batches.
    """

    def __init__(self, loader: object) -> None:
        self._loader = loader

    def state_dict(self) -> dict[str, Any]:
        """Return where each is, by where it is kept."""
        return {name: _read(generator) for name, generator in self._found()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set those that there are to where they were."""
        for name, generator in self._found():
            if name in state:
                _write(generator, state[name])

    def _found(self) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for place, owner in _owners(self._loader):
            for name, value in tuple(attribute_of(owner, "__dict__", {}).items()):
                if is_generator(value) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{place}.{name}", value


def is_generator(value: object) -> bool:
    """Whether it is what random numbers are drawn from, beside those of the process."""
    return isinstance(value, torch.Generator | np.random.Generator | random.Random)


def _owners(loader: Any) -> Iterator[tuple[str, Any]]:
    yield "loader", loader
    sampler = attribute_of(loader, "sampler", None)
    batches = attribute_of(loader, "batch_sampler", None)
    yield "sampler", sampler
    yield "batch_sampler", batches
    yield "batch_sampler.sampler", attribute_of(batches, "sampler", None)
    dataset, place = attribute_of(loader, "dataset", None), "dataset"
    for _ in range(_MOST_WRAPPED):
        if dataset is None:
            return
        yield place, dataset
        dataset, place = attribute_of(dataset, "dataset", None), f"{place}.dataset"


def _read(generator: Any) -> Any:
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    version, numbers, gauss = generator.getstate()
    return [version, torch.tensor(numbers, dtype=torch.int64), gauss]


def _write(generator: Any, state: Any) -> None:
    if isinstance(generator, torch.Generator):
        generator.set_state(state)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    else:
        version, numbers, gauss = state
        generator.setstate((version, tuple(numbers.tolist()), gauss))


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):  # NumPy's
        pairs = cast("dict[str, Any]", one)
        return all(_is_same(value, other[key]) for key, value in pairs.items())
    if isinstance(one, list):  # Python's
        return all(map(_is_same, cast("list[Any]", one), other))
    return bool(np.all(one == other))


def _cuda_size(device: torch.device) -> int:
    return torch.cuda.get_rng_state(device).numel()
