"""Numbers from a model's devices, copied with one transfer a device and read on arrival."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.training.devices.cuda_events import CudaArrival, relaxed

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeviceValues:
    """Numbers that are being copied from their devices.

    On CUDA a thread of nbviz's own waits for them and copies them on a side stream: the thread that
    measures, which is the training's, neither waits nor pins memory. Elsewhere they are read at
    once.

    Args:
        numbers: Tensors with one element, by any key; Python numbers are kept as they are.
    """

    def __init__(self, numbers: Mapping[Any, torch.Tensor | float]) -> None:
        self._known: dict[Any, float] = {}
        self._coming: list[tuple[list[Any], Future[list[float]]]] = []
        by_device: dict[torch.device, dict[Any, torch.Tensor]] = {}
        for key, number in numbers.items():
            if isinstance(number, torch.Tensor):
                by_device.setdefault(number.device, {})[key] = number
            else:
                self._known[key] = float(number)
        for device, found in by_device.items():
            # 32 bits, which every device has.
            stacked = torch.stack(
                [number.detach().reshape(()).float() for number in found.values()]
            )
            if device.type == "cuda":
                arrival = CudaArrival(torch.cuda.current_stream(device))
                self._coming.append((list(found), _thread().submit(_fetch, stacked, arrival)))
            else:
                self._known.update(zip(found, _floats(stacked), strict=True))

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return all(future.done() for _, future in self._coming)

    def read(self) -> dict[Any, float]:
        """Return the numbers by their keys; waits for those that are not there yet."""
        for keys, future in self._coming:
            self._known.update(zip(keys, future.result(), strict=True))
        self._coming.clear()
        return self._known


def _fetch(numbers: torch.Tensor, arrival: CudaArrival) -> list[float]:
    arrival.synchronize()
    with relaxed(), torch.cuda.stream(_side_stream(numbers.device)):
        return _floats(numbers)


def _floats(numbers: torch.Tensor) -> list[float]:
    return cast("list[float]", numbers.tolist())  # pyright: ignore[reportUnknownMemberType]


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "nbviz-numbers")


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_thread.cache_clear)  # the child has no such thread
