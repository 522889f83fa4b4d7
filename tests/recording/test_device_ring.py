"""The ring of slots: values as they were at the call, nobody waits, none is overwritten early."""

from __future__ import annotations

import gc
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_device import CPU, SlowBackend

from nbviz import Run
from nbviz.recording.capture.captured import CapturedScalar
from nbviz.recording.capture.device_ring import Lease, PlainBackend, Ring
from nbviz.recording.scalars import inputs as scalars


def scalar(value: float, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.tensor(value, dtype=dtype)


@pytest.mark.parametrize("backend", [PlainBackend(CPU), SlowBackend()])
def test_values_of_any_type_as_they_were(backend: PlainBackend) -> None:
    ring = Ring(backend)
    values = [
        scalar(0.1),
        scalar(0.1, torch.float64),
        torch.tensor([[3]]),
        scalar(0.5, torch.bfloat16),
        torch.tensor([True]),
        scalar(float("nan")),
        scalar(2.0).requires_grad_(),
    ]
    expected = [float(value.detach()) for value in values]
    lease = ring.capture(values)
    values[0].fill_(9)
    values[2].fill_(9)
    assert lease.read() == pytest.approx(expected, nan_ok=True, abs=0)
    assert lease.is_ready


def test_nobody_waits_where_all_slots_are_taken() -> None:
    backend = SlowBackend()
    ring = Ring(backend, slots=4)
    leases = [ring.capture([scalar(float(n))] * 3) for n in range(5)]
    assert backend.allocated == 5
    assert not any(lease.is_ready for lease in leases)
    backend.arrive(100)
    assert [lease.read() for lease in leases] == [[float(n)] * 3 for n in range(5)]
    for n in range(100):
        assert ring.capture([scalar(float(n))]).read() == [n]
    assert backend.allocated == 5
    assert len(ring.capture([scalar(1.0)] * 9).read()) == 9, "more than a block holds"


def test_slots_that_nobody_reads_come_back() -> None:
    backend = SlowBackend()
    ring = Ring(backend, slots=8)
    for _ in range(50):
        lease = ring.capture([scalar(1.0)] * 3)
        del lease
        gc.collect()
    assert backend.allocated == 1
    assert ring.blocks[0].used == 0


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.integers(1, 5)),
            st.tuples(st.just("read"), st.integers(0, 30)),
            st.tuples(st.just("drop"), st.integers(0, 30)),
            st.tuples(st.just("arrive"), st.integers(1, 3)),
        ),
        max_size=60,
    )
)
def test_no_slot_is_used_twice_at_once(actions: list[tuple[str, int]]) -> None:
    backend = SlowBackend()
    ring = Ring(backend, slots=7)
    held: list[tuple[Lease, list[float]]] = []
    number = 0.0
    for action, count in actions:
        if action == "take":
            values = [number + place for place in range(count)]
            number += count
            held.append((ring.capture([scalar(value) for value in values]), values))
        elif action == "arrive":
            backend.arrive(count)
        elif held:
            lease, values = held.pop(count % len(held))
            if action == "read":
                assert lease.read() == values
            del lease
    for lease, values in held:
        assert lease.read() == values
    held.clear()
    lease = None
    assert all(block.used == 0 for block in ring.blocks)


def test_threads_share_a_ring() -> None:
    ring = Ring(PlainBackend(CPU), slots=16)
    errors: list[object] = []

    def work(number: int) -> None:
        for n in range(500):
            value = float(number * 1000 + n)
            found = ring.capture([scalar(value, torch.float64)] * 2).read()
            if found != [value, value]:
                errors.append((value, found))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_log_call_makes_one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of a device's scalars through a run, with this machine's processor as the device."""
    from nbviz.recording.capture import captured as capture

    backend = SlowBackend()
    monkeypatch.setitem(capture._rings, CPU, Ring(backend))
    monkeypatch.setattr(scalars, "_read_tensor", lambda _, tensor: CapturedScalar(tensor))
    run = Run()
    loss, accuracy = scalar(0.25), scalar(1.0)
    for step in range(1, 4):
        run.log({"loss": loss, "accuracy": accuracy, "lr": 0.1}, step)
        loss += 1
    assert len(backend.under_way) == 3, "one for each call"
    run.drain_ready()
    assert run.tags == [], "what has not arrived waits, and so does what came after"
    backend.arrive(1)
    run.drain_ready()
    assert run.series("loss").values.tolist() == [0.25]
    assert run["loss"].values.tolist() == [0.25, 1.25, 2.25], "reading waits"
    assert run["accuracy"].steps.tolist() == [1, 2, 3]
