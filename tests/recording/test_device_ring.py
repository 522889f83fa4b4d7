"""The ring of pages: values as they were at the call, nobody waits, none is overwritten early."""

from __future__ import annotations

import signal
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_device import CPU, SlowBackend, make_slow

from nbviz import Run
from nbviz.recording.capture import device_ring
from nbviz.recording.capture.captured import CapturedScalar, seal
from nbviz.recording.capture.device_ring import Batch, PlainBackend, Ring

F32 = torch.float32


def scalar(value: float, dtype: torch.dtype = F32) -> torch.Tensor:
    return torch.tensor(value, dtype=dtype)


def read(taken: tuple[Batch, int], count: int = 1) -> list[float]:
    batch, start = taken
    return batch.read()[start : start + count]


@pytest.fixture
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent only because some time has passed."""
    monkeypatch.setattr(device_ring, "SEND_SECONDS", float("nan"))  # no time is as long


def test_values_of_any_type_as_they_were() -> None:
    values = [
        scalar(0.1),
        scalar(0.1, torch.float64),
        torch.tensor([[3]]),
        torch.tensor((1 << 53) - 1),
        scalar(0.5, torch.bfloat16),
        scalar(0.5, torch.float8_e4m3fn),
        torch.tensor([True]),
        scalar(float("nan")),
        scalar(2.0).requires_grad_(),
        scalar(4.0).requires_grad_() * 2,
        torch.ones(2, 2, dtype=torch.complex64).imag[0, 0],
    ]
    expected = [float(value.detach()) for value in values]
    scalars = [CapturedScalar(value) for value in values]
    seal(scalars)
    values[0].fill_(9)
    values[2].fill_(9)
    assert [one.read() for one in scalars] == pytest.approx(expected, nan_ok=True, abs=0)
    assert all(one.is_ready for one in scalars)


def test_nobody_waits_where_all_pages_are_taken(no_haste: None) -> None:
    backend = SlowBackend()
    ring = Ring(backend, F32, slots=4)
    taken = [ring.capture([scalar(float(n))] * 3) for n in range(5)]
    assert backend.allocated == 5
    assert not any(batch.is_ready for batch, _ in taken)
    backend.arrive(100)
    assert [read(one, 3) for one in taken] == [[float(n)] * 3 for n in range(5)]
    for n in range(100):
        assert read(ring.capture([scalar(float(n))])) == [n]
    assert backend.allocated == ring.pages == 5
    assert len(read(ring.capture([scalar(1.0)] * 9), 9)) == 9, "more than a page holds"


def test_many_calls_travel_together(no_haste: None) -> None:
    backend = SlowBackend()
    ring = Ring(backend, F32, slots=8)
    taken = [ring.capture([scalar(float(n)), scalar(n + 0.5)]) for n in range(8)]
    assert len(backend.under_way) == 1, "the full page; the other one waits for more"
    assert not taken[-1][0].is_ready, "it is asked for"
    assert len(backend.under_way) == 2
    assert [read(one, 2) for one in taken] == [[n, n + 0.5] for n in range(8)]


def test_what_a_slow_loop_logs_is_sent_at_once() -> None:
    backend = SlowBackend()
    ring = Ring(backend, F32)
    ring.capture([scalar(1.0)])
    assert len(backend.under_way) == 1


def test_pages_that_nobody_reads_come_back(no_haste: None) -> None:
    backend = SlowBackend()
    ring = Ring(backend, F32, slots=8)
    for _ in range(50):
        ring.capture([scalar(1.0)] * 5)
        backend.arrive(100)
    assert backend.allocated <= 2


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.integers(1, 5)),
            st.tuples(st.just("read"), st.integers(0, 30)),
            st.tuples(st.just("ask"), st.integers(0, 30)),
            st.tuples(st.just("drop"), st.integers(0, 30)),
            st.tuples(st.just("arrive"), st.integers(1, 3)),
        ),
        max_size=60,
    )
)
def test_no_slot_is_used_twice_at_once(actions: list[tuple[str, int]]) -> None:
    backend = SlowBackend()
    ring = Ring(backend, F32, slots=7)
    held: list[tuple[tuple[Batch, int], list[float]]] = []
    number = 0.0
    for action, count in actions:
        if action == "take":
            values = [number + place for place in range(count)]
            number += count
            held.append((ring.capture([scalar(value) for value in values]), values))
        elif action == "arrive":
            backend.arrive(count)
        elif held and action == "ask":
            taken, values = held[count % len(held)]
            if taken[0].is_ready:
                assert read(taken, len(values)) == values
        elif held:
            taken, values = held.pop(count % len(held))
            if action == "read":
                assert read(taken, len(values)) == values
    for taken, values in held:
        assert read(taken, len(values)) == values


def test_threads_share_a_ring() -> None:
    ring = Ring(PlainBackend(CPU), torch.float64, slots=16)
    errors: list[object] = []

    def work(number: int) -> None:
        for n in range(500):
            value = float(number * 1000 + n)
            found = read(ring.capture([scalar(value, torch.float64)] * 2), 2)
            if found != [value, value]:
                errors.append((value, found))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_signals_handler_may_log_while_its_thread_is_logging() -> None:
    """Also where the page is full just then."""
    taken: list[tuple[Batch, int]] = []

    class Backend(SlowBackend):
        is_signalled = False

        def mark(self, stream: int, old: object) -> None:
            if not self.is_signalled:
                self.is_signalled = True
                signal.raise_signal(signal.SIGUSR1)

    ring = Ring(Backend(), F32, slots=3)
    before = signal.signal(
        signal.SIGUSR1, lambda *_: taken.append(ring.capture([scalar(7.0), scalar(8.0)]))
    )
    try:
        outer = ring.capture([scalar(1.0), scalar(2.0)])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert read(outer, 2) == [1, 2]
    assert read(taken[0], 2) == [7, 8]


def test_scalars_of_a_run(monkeypatch: pytest.MonkeyPatch, no_haste: None) -> None:
    """The way of a device's scalars through a run, with this machine's processor as the device."""
    backend = SlowBackend()
    make_slow(monkeypatch, backend)
    # The collector may come between two calls, and would send what is there by then.
    monkeypatch.setattr("nbviz.recording.run.keep_drained", lambda run: None)
    run = Run()
    loss, accuracy = scalar(0.25), scalar(1.0)
    for step in range(1, 4):
        run.log({"loss": loss, "accuracy": accuracy, "lr": 0.1}, step)
        loss += 1
    run.drain_ready()
    assert len(backend.under_way) == 1, "one for all calls"
    assert run.tags == [], "what has not arrived waits, and so does what came after"
    backend.arrive(1)
    run.drain_ready()
    assert run.series("loss").values.tolist() == [0.25, 1.25, 2.25]
    run.log({"loss": loss, "accuracy": accuracy, "lr": 0.1}, 4)
    assert run["loss"].values.tolist() == [0.25, 1.25, 2.25, 3.25], "reading waits"
    assert run["accuracy"].steps.tolist() == [1, 2, 3, 4]
