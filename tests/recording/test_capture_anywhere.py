"""Numbers and samples leave a device wherever the caller stands: default device, inference, graph.

With this machine's processor as the device; what is CUDA's own is not reached here.
"""

from __future__ import annotations

import threading

import pytest
import torch
from slow_device import CPU, SlowBackend, make_slow

from nbviz import Run
from nbviz.errors import LoggingError
from nbviz.inspection.tensors.device_statistics import (
    count_in_bins,
    flat_values,
    make_plan,
    reduce_rows,
)
from nbviz.recording.capture import arrays
from nbviz.recording.capture.captured import CapturedScalar
from nbviz.recording.capture.device_ring import PlainBackend, Ring
from nbviz.recording.scalars import inputs as scalars
from nbviz.recording.watching import jobs
from nbviz.recording.watching.jobs import DeviceSample, Plans, take_samples
from nbviz.training.devices import cuda_events


def test_slots_made_in_inference_mode_are_used_outside_of_it() -> None:
    ring = Ring(PlainBackend(CPU), torch.float32)

    def read(value: float) -> float:
        batch, place = ring.capture([torch.tensor(value)])
        return batch.read()[place]

    with torch.inference_mode():
        inside = read(1.0)
    assert read(2.0) == 2
    with torch.inference_mode():
        assert read(3.0) == 3
    assert inside == 1


def test_a_default_device_does_not_move_the_hosts_side() -> None:
    value = torch.tensor(0.5)
    tensors = [torch.randn(20_000), torch.randn(3)]
    with torch.device("meta"):
        assert Ring(PlainBackend(CPU), torch.float32).capture([value])[0].read() == [0.5]
        plan = make_plan([len(one) for one in tensors], CPU)
    assert plan.owners.tolist() == [0, 0, 0, 1]


def test_statistics_where_only_deterministic_algorithms_are_allowed() -> None:
    tensors = [flat_values(one) for one in (torch.randn(20_000), torch.randn(3), torch.ones(8192))]
    plan = make_plan([len(one) for one in tensors], CPU)
    parts = reduce_rows(tensors, plan)
    expected = count_in_bins(tensors, parts, plan, 8)
    torch.use_deterministic_algorithms(True)
    try:
        found = count_in_bins(tensors, reduce_rows(tensors, plan), plan, 8)
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(found, expected)


def test_sparse_gradients_without_entries_are_left_out() -> None:
    empty = torch.zeros(4, 4).to_sparse_csr()
    assert take_samples({"weight": empty}, 8, lambda _: None, Plans()) == []


def test_a_sample_costs_what_the_device_works_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        is_stopped = False

        def stop(self) -> None:
            self.is_stopped = True

        def seconds(self) -> float:
            return 5.0

    def hold(tensor: torch.Tensor) -> arrays.CapturedArray:
        assert clock.is_stopped, "else its time is not known when the copy has arrived"
        return arrays.copy_array(tensor)

    monkeypatch.setattr(jobs, "hold", hold)
    clock, spent = Clock(), []
    ways = {"clock": clock, "spend": spent.append}
    DeviceSample({"w": torch.ones(9)}, {"w": 0}, 8, lambda _: None, Plans(), **ways).make()
    assert 0 < spent[0] < 5, "the caller's own time is counted by the caller"


def test_who_waits_for_a_device_keeps_nobody_from_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dashboard that waits must not hold the lock that the training's own thread takes."""
    is_waiting, may_arrive = threading.Event(), threading.Event()

    class Backend(SlowBackend):
        def arrive(self, count: int) -> None:
            is_waiting.set()
            assert may_arrive.wait(180)
            super().arrive(count)

    make_slow(monkeypatch, Backend())
    run = Run()
    run.log({"loss": torch.tensor(0.25)})
    reader = threading.Thread(target=run.drain)
    reader.start()
    assert is_waiting.wait(180)
    assert run._store.lock.acquire(timeout=180)
    run._store.lock.release()
    run.log({"loss": torch.tensor(0.5)})
    assert run.newest_step() == 2, "counted at the call, not waited for"
    may_arrive.set()
    reader.join(180)
    assert run.series("loss").values.tolist()[0] == 0.25
    assert run["loss"].values.tolist() == [0.25, 0.5]


def test_a_value_in_a_cuda_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class OnGPU:
        is_cuda, is_meta = True, False
        device = torch.device("cuda:0")

        def numel(self) -> int:
            return 1

        def is_complex(self) -> bool:
            return False

    assert not cuda_events.is_captured(), "asked where there is no driver, too"
    assert isinstance(scalars._read_tensor("loss", OnGPU()), CapturedScalar)
    monkeypatch.setattr(scalars, "is_captured", lambda: True)
    with pytest.raises(LoggingError, match=r"while a CUDA graph is captured; log it after"):
        scalars._read_tensor("loss", OnGPU())


def test_events_are_asked_in_relaxed_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's own function is not here; what is given to it, and that it is undone, is."""
    mode = 0

    def exchange(reference: object) -> int:
        nonlocal mode
        cell = reference._obj
        mode, cell.value = cell.value, mode
        return 0

    class Event:
        is_done = False

        def __init__(self, *, blocking: bool) -> None:
            assert blocking

        def record(self, stream: object) -> None:
            assert stream == "side"

        def query(self) -> bool:
            assert mode == 2
            return self.is_done

        def synchronize(self) -> None:
            assert mode == 2

    monkeypatch.setattr(cuda_events, "_exchange", lambda: exchange)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    arrival = cuda_events.CudaArrival("side")
    assert not arrival.query()
    Event.is_done = True
    assert arrival.query()
    assert mode == 0
    other = cuda_events.CudaArrival("side")
    other.synchronize()
    assert other.query()
    assert mode == 0
