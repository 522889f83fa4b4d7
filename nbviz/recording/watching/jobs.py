"""Samples of many tensors, taken on the training thread and read by nbviz's own.

On the host a sample is a copy, reduced where the training does not wait for it. On a device it is
reduced there, and only the result travels, by a side stream into pinned memory.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbviz.inspection.tensors.device_statistics import (
    ROW,
    count_in_bins,
    flat_values,
    make_plan,
    reduce_rows,
    take_evenly,
)
from nbviz.inspection.tensors.histograms import bin_edges
from nbviz.inspection.tensors.statistics import (
    PARTS,
    histogram_of_counts,
    histogram_of_sample,
    merge_parts,
    statistics_of,
)
from nbviz.recording.capture.captured import copy_array, send_to_host
from nbviz.training.cuda_events import StreamClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbviz.inspection.tensors.device_statistics import Plan
    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.inspection.tensors.statistics import Statistics

    Deliver = Callable[[dict[str, tuple[Statistics, Histogram | None]]], None]

_ON_HOST = ("cpu",)


class Plans:
    """Plans for the sizes seen so far; those of one model are few."""

    def __init__(self) -> None:
        self._plans: dict[tuple[Any, ...], Plan] = {}

    def get(self, sizes: list[int], device: torch.device) -> Plan:
        """Return the plan for these sizes on this device."""
        key = (device, *sizes)
        if key not in self._plans:
            if len(self._plans) >= 64:  # noqa: PLR2004  activations whose shapes change all the time
                self._plans.clear()
            self._plans[key] = make_plan(sizes, device)
        return self._plans[key]


class HostSample:
    """Copies of tensors on the host."""

    said = ""
    is_ready = True
    is_done = False

    def __init__(self, tensors: Mapping[str, torch.Tensor], bins: int, deliver: Deliver) -> None:
        flat = {name: flat_values(tensor) for name, tensor in tensors.items()}
        self._copies = {name: copy_array(values) for name, values in flat.items()}
        self._hidden = {name: tensors[name].numel() - len(flat[name]) for name in flat}
        self._bins = bins
        self._deliver = deliver
        self.nbytes = sum(copy.nbytes for copy in self._copies.values())

    def make(self) -> None:
        """Reduce, and deliver what came of it."""
        self.is_done = True
        found: dict[str, tuple[Statistics, Histogram | None]] = {}
        for name, copy in self._copies.items():
            values = copy.read()
            if not len(values) and not self._hidden[name]:
                continue
            statistics = statistics_of(values, self._hidden[name])
            histogram = None
            if self._bins:
                histogram = histogram_of_sample(take_evenly_here(values), statistics, self._bins)
            found[name] = (statistics, histogram)
        self._deliver(found)


class DeviceSample:
    """Tensors of one device and type, reduced there.

    Args:
        tensors: By name; none is kept.
        bins: Of histograms, 0 for none.
        deliver: Given the results by name.
        plans: Kept from sample to sample.
        send: How a tensor goes to the host.
        clock: Measures how long the device works on it, which delays the training's own work.
        spend: Told the seconds of that, beyond those that the caller waited for here.
    """

    said = ""
    is_done = False

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        bins: int,
        deliver: Deliver,
        plans: Plans,
        *,
        send: Callable[[torch.Tensor], Any] = send_to_host,
        clock: StreamClock | None = None,
        spend: Callable[[float], None] | None = None,
    ) -> None:
        began = time.perf_counter()
        values = [flat_values(tensor) for tensor in tensors.values()]
        self._names = list(tensors)
        self._hidden = [
            tensor.numel() - len(flat)
            for tensor, flat in zip(tensors.values(), values, strict=True)
        ]
        self._plan = plans.get([len(flat) for flat in values], values[0].device)
        parts = reduce_rows(values, self._plan)
        counts = count_in_bins(values, parts, self._plan, bins) if bins else None
        if clock is not None:
            clock.stop()  # before what is sent, so that its time is known when that has arrived
        self._clock, self._spend = clock, spend
        self._parts = send(parts)
        self._counts = None if counts is None else send(counts)
        self._deliver = deliver
        self._seconds = time.perf_counter() - began
        self.nbytes = self._parts.nbytes + (self._counts.nbytes if self._counts else 0)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting."""
        return self._parts.is_ready and (self._counts is None or self._counts.is_ready)

    def make(self) -> None:
        """Put the parts together, and deliver what came of it."""
        self.is_done = True
        parts = self._parts.read().astype(np.float64).reshape(-1, len(PARTS))
        if self._clock is not None and self._spend is not None:
            self._spend(max(0.0, self._clock.seconds() - self._seconds))
        counts = None if self._counts is None else self._counts.read()
        ends = np.cumsum(self._plan.rows)
        found: dict[str, tuple[Statistics, Histogram | None]] = {}
        for number, name in enumerate(self._names):
            size, rows = self._plan.sizes[number], self._plan.rows[number]
            statistics = merge_parts(
                parts[ends[number] - rows : ends[number]],
                size,
                padding=rows * ROW - size,
                hidden_zeros=self._hidden[number],
            )
            histogram = None
            if counts is not None:
                edges = bin_edges(statistics.min, statistics.max, counts.shape[1])
                histogram = histogram_of_counts(counts[number], edges, statistics)
            found[name] = (statistics, histogram)
        self._deliver(found)


def take_samples(
    tensors: Mapping[str, torch.Tensor],
    bins: int,
    deliver: Deliver,
    plans: Plans,
    spend: Callable[[float], None] | None = None,
) -> list[HostSample | DeviceSample]:
    """Sample tensors as they are now, one sample for each device and type."""
    groups: defaultdict[tuple[torch.device, torch.dtype], dict[str, torch.Tensor]]
    groups = defaultdict(dict)
    for name, tensor in tensors.items():
        is_sparse = tensor.layout != torch.strided
        is_empty = is_sparse and tensor._nnz() == 0  # noqa: SLF001  no public name for it
        if tensor.numel() and not tensor.is_meta and not is_empty:
            groups[tensor.device, tensor.dtype][name] = tensor
    samples: list[HostSample | DeviceSample] = []
    for (device, _), group in groups.items():
        if device.type in _ON_HOST:
            samples.append(HostSample(group, bins, deliver))
        else:
            clock = StreamClock(device) if device.type == "cuda" else None
            samples.append(DeviceSample(group, bins, deliver, plans, clock=clock, spend=spend))
    return samples


def take_evenly_here(values: Any) -> Any:
    """Return at most `device_statistics.SAMPLE` values, every n-th one."""
    return take_evenly(values)
