"""What this process and its machine use now: processor, memory, disk, GPUs.

A GPU is asked only where PyTorch uses it already: the first call to CUDA would start it.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from nbviz.recording.device_memory import (
    cuda_reserved,
    cuda_total,
    machine_total,
    process_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbviz.protocol.system import SystemUnit

_GB, _MB = 1e9, 1e6
_UNKNOWN = math.nan


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured; see `protocol.system.SystemMeasure`."""

    chart: str
    name: str
    unit: SystemUnit
    maximum: float | None


class Machine:
    """Reads the machine's counters, each time since the time before.

    Attributes:
        measures: What is read, in order; grows when a GPU comes into use.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._cores = psutil.cpu_count() or 1
        self._counters: dict[str, tuple[float, float]] = {}
        total = machine_total() / _GB
        self.measures: list[Measure] = []
        self._readers: list[Callable[[], float]] = []
        self._add(Measure("CPU", "machine", "%", 100), self._machine_cpu)
        self._add(Measure("CPU", "this process", "%", 100), self._process_cpu)
        self._add(Measure("Memory", "machine", "GB", total), self._machine_memory)
        self._add(Measure("Memory", "this process", "GB", total), self._process_memory)
        # Not on macOS, and not where the kernel does not count it.
        with contextlib.suppress(AttributeError, psutil.Error, OSError):
            self._process.io_counters()
            self._add(Measure("Disk", "read", "MB/s", None), self._bytes_read)
            self._add(Measure("Disk", "written", "MB/s", None), self._bytes_written)
        self._gpus = 0

    def read(self) -> list[float]:
        """Return a number for each of `measures`, NaN where it cannot be told."""
        self._find_gpus()
        return [_read(reader) for reader in self._readers]

    def _add(self, measure: Measure, reader: Callable[[], float]) -> None:
        self.measures.append(measure)
        self._readers.append(reader)

    def _rate(self, name: str, counter: float) -> float:
        """Return by how much a counter has grown a second since it was last read."""
        now = time.monotonic()
        before, at = self._counters.get(name, (counter, now))
        self._counters[name] = counter, now
        return (counter - before) / (now - at) if now > at else _UNKNOWN

    def _machine_cpu(self) -> float:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        busy = sum(times) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return _percent(self._rate("machine", busy) / self._cores)

    def _process_cpu(self) -> float:
        times = self._process.cpu_times()
        return _percent(self._rate("process", times.user + times.system) / self._cores)

    def _machine_memory(self) -> float:
        memory = psutil.virtual_memory()
        return (memory.total - memory.available) / _GB

    def _process_memory(self) -> float:
        return process_bytes() / _GB

    def _bytes_read(self) -> float:
        return self._rate("read", self._process.io_counters().read_bytes) / _MB

    def _bytes_written(self) -> float:
        return self._rate("written", self._process.io_counters().write_bytes) / _MB

    def _find_gpus(self) -> None:
        for device in list(_gpus_in_use())[self._gpus :]:
            self._gpus += 1
            self._add_gpu(sys.modules["torch"].cuda, device)

    def _add_gpu(self, cuda: Any, device: int) -> None:
        total = cuda_total(device) / _GB
        name = f"GPU {device}"
        self._add(Measure(name, "use", "%", 100), lambda: float(cuda.utilization(device)))
        self._add(
            Measure(f"{name} memory", "reserved", "GB", total),
            lambda: cuda_reserved(device) / _GB,
        )


def _gpus_in_use() -> Iterator[int]:
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        yield from range(torch.cuda.device_count())


def _percent(share: float) -> float:
    """Return 0 to 100: counters are read a moment apart, and may show a little more."""
    return min(100.0, max(0.0, 100 * share))


def _read(reader: Callable[[], float]) -> float:
    try:
        return reader()
    except Exception:  # noqa: BLE001  NVML is not installed, or a counter is not to be had
        return _UNKNOWN
