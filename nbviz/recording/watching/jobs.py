"""Samples of many tensors, taken on the training thread and read by nbviz's own.

On the host a sample is a copy, reduced where the training does not wait for it. On a device it is
reduced there, and only the result travels. What cannot be reduced without waiting for the device,
as a sparse gradient whose duplicates are to be added, is copied there, and reduced by nbviz's own
thread.
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
    read_parts,
    reduce_rows,
    take_evenly,
)
from nbviz.inspection.tensors.histograms import bin_edges
from nbviz.inspection.tensors.sharded import own_part
from nbviz.inspection.tensors.statistics import (
    PARTS,
    histogram_of_counts,
    histogram_of_sample,
    merge_parts,
    statistics_of,
)
from nbviz.recording.capture.arrays import CapturedArray, copy_array, hold
from nbviz.training.devices.cuda_events import StreamClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbviz.inspection.tensors.device_statistics import Plan
    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.inspection.tensors.statistics import Statistics

    Deliver = Callable[[dict[str, tuple[Statistics, Histogram | None]]], None]
    Refuse = Callable[[str, Exception], None]

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
    """Copies of tensors on the host.

    Args:
        tensors: By name, from `flat_values`.
        hidden: Zeros of each that it leaves out.
        bins: Of histograms, 0 for none.
        deliver: Given the results by name.
    """

    said = ""
    is_ready = True
    is_done = False

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        hidden: Mapping[str, int],
        bins: int,
        deliver: Deliver,
    ) -> None:
        self._copies = {name: copy_array(values) for name, values in tensors.items()}
        self._hidden = hidden
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
        tensors: By name, from `flat_values`; none is kept.
        hidden: Zeros of each that it leaves out.
        bins: Of histograms, 0 for none.
        deliver: Given the results by name.
        plans: Kept from sample to sample.
        clock: Measures how long the device works on it, which delays the training's own work.
        spend: Called with the seconds of that, beyond those that the caller waited for here.
    """

    said = ""
    is_done = False

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        hidden: Mapping[str, int],
        bins: int,
        deliver: Deliver,
        plans: Plans,
        *,
        clock: StreamClock | None = None,
        spend: Callable[[float], None] | None = None,
    ) -> None:
        began = time.perf_counter()
        values = list(tensors.values())
        self._names = list(tensors)
        self._hidden = hidden
        self._bins = bins
        self._plan = plans.get([len(flat) for flat in values], values[0].device)
        numbers = reduce_rows(values, self._plan)
        if bins:
            counts = count_in_bins(values, numbers, self._plan, bins)
            numbers = torch.cat([numbers.reshape(-1), counts.reshape(-1)])
        if clock is not None:
            clock.stop()  # before what is held, so that its time is known when that has arrived
        self._clock, self._spend = clock, spend
        self._numbers: CapturedArray = hold(numbers)
        self._deliver = deliver
        self._seconds = time.perf_counter() - began
        self.nbytes = self._numbers.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for the training's own work."""
        return self._numbers.is_ready

    def make(self) -> None:
        """Put the parts together, and deliver what came of it."""
        self.is_done = True
        numbers = self._numbers.read().reshape(-1)
        if self._clock is not None and self._spend is not None:
            self._spend(max(0.0, self._clock.seconds() - self._seconds))
        rows = sum(self._plan.rows) * len(PARTS)
        parts = read_parts(numbers[:rows].reshape(-1, len(PARTS)))
        counts = numbers[rows:].reshape(len(self._names), -1)
        ends = np.cumsum(self._plan.rows)
        found: dict[str, tuple[Statistics, Histogram | None]] = {}
        for number, name in enumerate(self._names):
            size, rows = self._plan.sizes[number], self._plan.rows[number]
            statistics = merge_parts(
                parts[ends[number] - rows : ends[number]],
                size,
                padding=rows * ROW - size,
                hidden_zeros=self._hidden[name],
            )
            histogram = None
            if self._bins:
                edges = bin_edges(statistics.min, statistics.max, self._bins)
                histogram = histogram_of_counts(counts[number], edges, statistics)
            found[name] = (statistics, histogram)
        self._deliver(found)


class SparseSample:
    """A sparse tensor with duplicates on a device: copied, and reduced by the thread that makes it.

    Args:
        name: Its name.
        tensor: The tensor.
        bins: Of histograms, 0 for none.
        deliver: Given the result by name.
    """

    said = ""
    is_done = False

    def __init__(self, name: str, tensor: torch.Tensor, bins: int, deliver: Deliver) -> None:
        # Its parts, as neither is copied to the host as a sparse tensor without waiting for it.
        self._indices = copy_array(tensor._indices())  # noqa: SLF001  the public name refuses
        self._values = copy_array(tensor._values())  # noqa: SLF001
        self._shape = tensor.shape
        self._name, self._bins, self._deliver = name, bins, deliver
        self.nbytes = self._indices.nbytes + self._values.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for the training's own work."""
        return self._values.is_ready

    def make(self) -> None:
        """Add the duplicates here, and deliver what comes of it."""
        self.is_done = True
        indices = torch.from_numpy(self._indices.read())
        values = torch.from_numpy(self._values.read())
        tensor = torch.sparse_coo_tensor(indices, values, self._shape, check_invariants=False)
        flat = flat_values(tensor)
        hidden = {self._name: tensor.numel() - len(flat)}
        HostSample({self._name: flat}, hidden, self._bins, self._deliver).make()


Sample = HostSample | DeviceSample | SparseSample


def take_samples(
    tensors: Mapping[str, torch.Tensor],
    bins: int,
    deliver: Deliver,
    plans: Plans,
    *,
    spend: Callable[[float], None] | None = None,
    refuse: Refuse | None = None,
) -> list[Sample]:
    """Sample tensors as they are now, one sample for each device and type.

    Of a tensor that several processes share, this one's part is taken.

    Args:
        tensors: By name.
        bins: Of histograms, 0 for none.
        deliver: Given the results by name, of each sample apart.
        plans: Kept from call to call.
        spend: Called with the seconds that a device works on it.
        refuse: Called with the name of a tensor that cannot be read, and why.
    """
    groups: defaultdict[tuple[torch.device, torch.dtype], dict[str, torch.Tensor]]
    groups = defaultdict(dict)
    hidden: dict[str, int] = {}
    samples: list[Sample] = []
    for name, given in tensors.items():
        try:
            tensor = own_part(given)
            is_sparse = tensor.layout != torch.strided
            is_empty = is_sparse and tensor._nnz() == 0  # noqa: SLF001  no public name for it
            if not tensor.numel() or tensor.is_meta or is_empty:
                continue
            if _has_duplicates(tensor):
                samples.append(SparseSample(name, tensor.detach(), bins, deliver))
                continue
            flat = flat_values(tensor)
        except (RuntimeError, NotImplementedError, TypeError) as error:
            if refuse is None:
                raise
            refuse(name, error)
            continue
        hidden[name] = tensor.numel() - len(flat)
        groups[flat.device, flat.dtype][name] = flat
    for (device, _), group in groups.items():
        if device.type in _ON_HOST:
            samples.append(HostSample(group, hidden, bins, deliver))
        else:
            clock = StreamClock(device) if device.type == "cuda" else None
            sample = DeviceSample(group, hidden, bins, deliver, plans, clock=clock, spend=spend)
            samples.append(sample)
    return samples


def _has_duplicates(tensor: torch.Tensor) -> bool:
    """Whether it has to be coalesced, for which a device would be waited for."""
    return (
        tensor.layout == torch.sparse_coo
        and tensor.device.type not in _ON_HOST
        and not tensor.is_coalesced()
    )


def take_evenly_here(values: Any) -> Any:
    """Return at most `device_statistics.SAMPLE` values, every n-th one."""
    return take_evenly(values)
