"""Numbers from a model's devices, copied with one transfer a device and read on arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.training.devices.cuda_events import CudaArrival, make_pinned

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeviceValues:
    """Numbers that are being copied from their devices.

    On CUDA they are copied to pinned memory, and nothing waits for them; elsewhere they are read at
    once.

    Args:
        numbers: Tensors with one element, by any key; Python numbers are kept as they are.
    """

    def __init__(self, numbers: Mapping[Any, torch.Tensor | float]) -> None:
        self._known: dict[Any, float] = {}
        self._coming: list[tuple[list[Any], torch.Tensor, CudaArrival | None]] = []
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
            self._coming.append((list(found), *_fetch(stacked, device)))

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return all(arrival is None or arrival.query() for _, _, arrival in self._coming)

    def read(self) -> dict[Any, float]:
        """Return the numbers by their keys; waits for those that are not there yet."""
        for keys, host, arrival in self._coming:
            if arrival is not None:
                arrival.synchronize()
            numbers = cast("list[float]", host.tolist())  # pyright: ignore[reportUnknownMemberType]
            self._known.update(zip(keys, numbers, strict=True))
        self._coming.clear()
        return self._known


def _fetch(numbers: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, CudaArrival | None]:
    if device.type != "cuda":
        return numbers.cpu(), None
    host = make_pinned(numbers.shape, numbers.dtype)
    host.copy_(numbers, non_blocking=True)
    return host, CudaArrival(torch.cuda.current_stream(device))
