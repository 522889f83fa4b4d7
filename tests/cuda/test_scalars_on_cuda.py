"""Scalars of a CUDA device: exact whatever is done first, few kernels, and nobody waits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import torch
from pages import wait_until
from simulated_tensors import model_to_device, to_device
from torch import nn

from nbviz import Run
from nbviz.recording.capture import device_ring
from nbviz.recording.capture.device_ring import CudaBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]

SCHEDULES: tuple[Schedule, ...] = ("random", "callers first", "others first", "behind")
STEPS = 12
RUNS = [(seed, schedule) for schedule in SCHEDULES for seed in range(3)]


def log_steps(simulation: Simulation, run: Run, steps: int = STEPS) -> None:
    """Log numbers that are changed in place after each call."""
    loss = to_device(simulation, torch.tensor(0.0))
    for step in range(1, steps + 1):
        loss += 1
        run.log({"loss": loss, "more": {"double": loss.double() * 2, "half": loss / 2}}, step)
        loss.add_(0.5).sub_(0.5)


def assert_exact(run: Run, steps: int = STEPS) -> None:
    assert run["loss"].values.tolist() == [float(step) for step in range(1, steps + 1)]
    assert run["more/double"].values.tolist() == [2.0 * step for step in range(1, steps + 1)]
    assert run["more/half"].values.tolist() == [step / 2 for step in range(1, steps + 1)]


@pytest.mark.parametrize(("seed", "schedule"), RUNS)
def test_numbers_are_those_of_the_call(
    simulate: Simulate, seed: int, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a watch, whose memory the device gives back, and pages that are soon full."""
    monkeypatch.setattr(device_ring, "SLOTS", 4)
    simulation = simulate(seed, schedule)
    model, run = model_to_device(simulation, nn.Linear(3, 2)), Run(overhead_budget=1)
    with run.watch(model, every_steps=3):
        inputs = to_device(simulation, torch.ones(1, 3))
        loss = to_device(simulation, torch.tensor(0.0))
        for step in range(1, STEPS + 1):
            model(inputs)
            loss += 1
            values = {"loss": loss, "more/double": loss.double() * 2, "more/half": loss / 2}
            run.log(values, step)
            loss.add_(0.5).sub_(0.5)
    assert simulation.training_waits == []
    assert_exact(run)
    assert simulation.reused


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.usefixtures("deterministic")
def test_memory_that_is_filled_when_it_is_made(
    simulate: Simulate, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_ring, "SLOTS", 4)
    simulation, run = simulate(1, schedule), Run()
    log_steps(simulation, run)
    assert simulation.training_waits == []
    assert_exact(run)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_from_several_streams_and_threads(simulate: Simulate, schedule: Schedule) -> None:
    simulation, runs = simulate(2, schedule), [Run() for _ in range(3)]

    def work(run: Run) -> None:
        with torch.cuda.stream(torch.cuda.Stream()):
            log_steps(simulation, run)

    threads = [threading.Thread(target=work, args=(run,)) for run in runs[1:]]
    for thread in threads:
        thread.start()
    log_steps(simulation, runs[0])
    for thread in threads:
        thread.join()
    assert simulation.training_waits == []
    for run in runs:
        assert_exact(run)


def test_of_another_device_than_the_present_one(simulate: Simulate) -> None:
    simulation, run = simulate(3, "others first", devices=2), Run()
    losses = [to_device(simulation, torch.tensor(1.0), index) for index in (0, 1)]
    for step in range(1, 6):
        run.log({"here": losses[0], "there": losses[1]}, step)
        losses[0] += 1
        losses[1] += 1
    assert torch.cuda.current_device() == 0
    assert run["here"].values.tolist() == run["there"].values.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("nobody_collects")
def test_what_a_call_costs(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """One kernel for loss and metrics, and hardly a call of torch beside it."""
    monkeypatch.setattr(device_ring, "SEND_SECONDS", 10.0)
    simulation, run = simulate(), Run()
    loss, accuracy = (to_device(simulation, torch.tensor(value)) for value in (0.5, 0.75))
    count = device_ring.SLOTS // 2
    for step in range(count * 2):  # two pages, and the views of their slots
        run.log({"loss": loss, "accuracy": accuracy}, step)
    run.drain()
    simulation.forget()
    for step in range(count):
        run.log({"loss": loss, "accuracy": accuracy}, count * 2 + step)
    assert simulation.training_waits == []
    assert simulation.launches == {"stack": count}
    calls = simulation.calls.total() - simulation.calls["event.query"]
    # Only the operator; nothing of views, streams, events or memory.
    assert calls <= count * 1.05, simulation.calls
    run.drain()
    assert simulation.launches["memcpy to host"] == 1
    assert simulation.calls["cudaHostAlloc"] == 0


def test_the_last_numbers_arrive_without_a_further_call(simulate: Simulate) -> None:
    simulation, run = simulate(4), Run()
    log_steps(simulation, run, 3)
    # Nothing but nbviz's own thread looks.
    wait_until(lambda: "loss" in run.tags and len(run.series("loss").values) == 3)
    assert run.series("loss").values.tolist() == [1, 2, 3]
    assert simulation.training_waits == []


def test_while_another_thread_captures_a_graph(simulate: Simulate) -> None:
    simulation, run = simulate(5), Run()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        log_steps(simulation, run, 3)  # on the stream that is captured next
    here = to_device(simulation, torch.tensor(7.0))
    simulation.capturing.add(stream)
    is_over, seen = threading.Event(), []

    def look() -> None:
        run.drain()
        seen.append(run.series("loss").values.tolist())
        is_over.set()

    threading.Thread(target=look).start()
    other = Run()
    for step in range(3):
        other.log({"loss": here}, step)  # on the default stream
    assert is_over.wait(180)
    assert other["loss"].values.tolist() == [7, 7, 7]
    simulation.capturing.clear()
    assert simulation.faults == []
    assert seen == [[1, 2, 3]]


def test_without_torchs_private_way_to_the_stream(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = simulate(6)
    monkeypatch.delattr(torch._C, "_cuda_getCurrentRawStream")
    stream = torch.cuda.Stream()
    backend = CudaBackend(torch.device("cuda", 0), stream)
    assert backend.stream() == 0
    with torch.cuda.stream(stream):
        assert backend.stream() == stream.cuda_stream > 0
    run = Run()
    log_steps(simulation, run)
    assert_exact(run)


def test_with_a_step_and_then_without(simulate: Simulate) -> None:
    simulation, run = simulate(7, "behind"), Run()
    loss = to_device(simulation, torch.tensor(1.0))
    for step in (10, None, 20, None):
        run.log({"loss": loss}, step)
        run.log_histogram("values", loss)
    assert simulation.training_waits == []
    assert run.newest_step() == 21
    assert run["loss"].steps.tolist() == [10, 11, 20, 21]
    assert run.media["values"].steps.tolist() == [10, 11, 20, 21]


def test_a_setting_is_applied_without_waiting(simulate: Simulate) -> None:
    simulation, run = simulate(8, "behind"), Run()
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    run.steer(optimizer)
    loss = to_device(simulation, torch.tensor(1.0))
    for step in range(1, 5):
        run.log({"loss": loss}, step)
        if step == 2:
            run.control.set(lr=0.5)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert simulation.training_waits == []


def test_a_full_device_loses_no_number_and_ends_no_loop(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")

    simulation, run = simulate(), Run()
    with monkeypatch.context() as patch:
        patch.setattr(CudaBackend, "allocate", full)
        log_steps(simulation, run, STEPS // 2)
    for step in range(STEPS // 2 + 1, STEPS + 1):
        loss = to_device(simulation, torch.tensor(float(step)))
        run.log({"loss": loss, "more": {"double": loss.double() * 2, "half": loss / 2}}, step)
    assert_exact(run)
