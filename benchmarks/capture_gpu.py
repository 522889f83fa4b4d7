"""Whether logging and watching on a GPU are right and wait for nothing, and what they cost.

Run: python benchmarks/capture_gpu.py   (under four minutes; one PASS or FAIL a line, and exits with
the number of FAIL lines)

First what must hold: numbers as they were at the call while their tensors are changed in place, as
pages are added and under deterministic algorithms; statistics as on the processor; no host wait in
a log call or a sample, as torch itself sees it; nothing for torch's stream sanitizer to say; a CUDA
graph that another thread captures meanwhile; the step of what is logged behind a busy device; the
states of a training, copied to the host beside it. Then
what it costs at steps of three lengths: a bare loop and one that logs loss and accuracy take turns.

Without a GPU: `--simulated` runs the checks on the device that the tests simulate, `--cpu` the
measurements on the processor, whose figures mean nothing. Both are there to find mistakes in here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from nbviz import Run, Trainer, callbacks
from nbviz.recording.capture import captured, device_ring
from nbviz.training.devices.cuda_events import CudaArrival

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Log = Callable[[int, torch.Tensor, torch.Tensor], None]
    Train = Callable[[int, int], None]  # first step, steps

ROUNDS = 10
T_95 = 2.262  # Student's t of 9 degrees of freedom, for ± of a mean of 10
MOST_US = 8.0
MOST_LAUNCHES = 3.0
WAITS = (
    "cudaStreamSynchronize",
    "cudaDeviceSynchronize",
    "cudaEventSynchronize",
    "aten::_local_scalar_dense",
)
LAUNCHES = ("cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cudaMemcpyAsync")
ALLOCATIONS = ("cudaHostAlloc", "cudaMalloc")


@dataclass
class Scale:
    """How much is done: all of it on a GPU, a little in a dry run."""

    device: str = "cuda"
    scalars: int = 20_000
    calls: int = 4000
    seconds: float = 1.2  # of one round of one way
    is_simulated: bool = False
    simulation: Any = None


class Report:
    """Prints a line for each thing that is asked, and counts those that do not hold."""

    def __init__(self) -> None:
        self.failures = 0

    def line(self, holds: bool, text: str) -> None:
        self.failures += not holds
        print("PASS" if holds else "FAIL", text, flush=True)

    def check(self, text: str, act: Callable[[], str]) -> None:
        """Run a check that returns what it found, and raises AssertionError where it fails."""
        began = time.perf_counter()
        try:
            found = act()
        except Exception as error:
            self.line(False, f"{text}: {type(error).__name__}: {str(error)[:300]}")
        else:
            self.line(True, f"{text}: {found} ({time.perf_counter() - began:.1f} s)")


# ---------------------------------------------------------------- what must hold


def check_numbers(scale: Scale, *, deterministic: bool) -> str:
    """Log a number that is changed in place after each call, from a device that is behind."""
    rings = {key: ring.pages for key, ring in captured._rings.items()}
    run = Run(overhead_budget=1)
    loss = torch.zeros((), device=scale.device)
    torch.set_deterministic_debug_mode("error" if deterministic else "default")
    try:
        model = on_device(scale, nn.Linear(64, 64), scale.device)
        inputs = torch.ones(1, 64).to(scale.device)
        with run.watch(model, gradients=False, every_steps=1):
            be_busy(scale)
            for step in range(1, scale.scalars // 2 + 1):
                if step % 100 == 1:
                    model(inputs)  # a sample, whose memory is given back
                loss += 1
                run.log({"loss": loss, "double": loss.double() * 2}, step)
                loss.mul_(3).div_(3)
    finally:
        torch.set_deterministic_debug_mode("default")
    expected = np.arange(1, scale.scalars // 2 + 1, dtype=float)
    wrong = int((run["loss"].values != expected).sum())
    wrong += int((run["double"].values != 2 * expected).sum())
    assert not wrong, f"{wrong} of {scale.scalars} are wrong"
    pages = {key: ring.pages - rings.get(key, 0) for key, ring in captured._rings.items()}
    return f"{scale.scalars:,} scalars, {sum(pages.values())} pages added"


def check_watch(scale: Scale) -> str:
    """Compare all that a watch records with what it records on the processor."""
    found = {}
    for device in ("cpu", scale.device):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(50, 300), nn.ReLU(), nn.Linear(300, 5))
        inputs = torch.randn(20, 50)
        with torch.no_grad():
            model[0].weight[0, :3] = torch.tensor([float("nan"), float("inf"), 1e30])
        model, run = on_device(scale, model, device), Run(overhead_budget=1)
        inputs = inputs.to(device)
        with run.watch(model, activations=True, updates=True, every_steps=1):
            for step in range(1, 4):
                model(inputs).nan_to_num().square().mean().backward()
                for parameter in model.parameters():
                    with torch.no_grad():
                        parameter.sub_(parameter.grad.nan_to_num(), alpha=0.01)
                    parameter.grad = None
                run.log({"step": 1.0}, step)
        found[device] = {tag: run[tag].values for tag in run}
    here, there = found["cpu"], found[scale.device]
    assert here.keys() == there.keys(), here.keys() ^ there.keys()
    for tag, values in here.items():
        np.testing.assert_allclose(there[tag], values, rtol=2e-3, atol=1e-5, err_msg=tag)
    return f"{len(here)} tags"


def check_no_waits(scale: Scale) -> str:
    """Log and sample where torch raises for each operation that waits for the device."""
    torch.manual_seed(0)
    model = on_device(scale, nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 8)), scale.device)
    run, inputs = Run(overhead_budget=1), torch.randn(8, 64).to(scale.device)
    images = torch.rand(64, 3, 16, 16).to(scale.device)
    loss = torch.ones((), device=scale.device)

    def step(number: int) -> None:
        out = model(inputs).square().mean()
        out.backward()
        run.log({"loss": out, "other": loss, "whole": loss.long()}, number)
        run.log_images("images", images, number)
        run.log_histogram("values", images, number)
        run.log_weights(model, number)

    run.weights.want("benchmark", ["0.weight"])
    with run.watch(model, activations=True, every_steps=1):
        step(1)
        run.drain_media()
        with sync_is_error(scale):
            for number in range(2, 12):
                step(number)
    assert len(run["loss"].values) == 11
    return "10 steps with images, histograms, weights and a watch"


def check_graph_capture(scale: Scale) -> str:
    """Log on one thread while another captures a CUDA graph in the default mode."""
    if scale.is_simulated:
        return "needs a real device; the tests have it"
    run, loss = Run(), torch.ones((), device="cuda")
    run.log({"loss": loss}, 0)
    is_over, errors, captures = threading.Event(), [], 0

    def log() -> None:
        step = 1
        while not is_over.is_set():
            try:
                run.log({"loss": loss}, step)
                run.drain_media(wait=False)
            except Exception as error:
                errors.append(error)
                return
            step += 1

    thread = threading.Thread(target=log)
    thread.start()
    static = torch.ones(64, 64, device="cuda")
    try:
        for _ in range(20):
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                out = static @ static
                time.sleep(0.05)  # so that nbviz's own thread comes by
                out = out + 1
            graph.replay()
            captures += 1
    finally:
        is_over.set()
        thread.join()
    torch.cuda.synchronize()
    assert not errors, errors
    assert out[0, 0].item() == 65
    values = run["loss"].values
    assert (values == 1).all()
    return f"{captures} captures, {len(values):,} numbers logged meanwhile"


def check_steps(scale: Scale) -> str:
    """Log media without a step behind a busy device: they belong to the step logged last."""
    run, loss = Run(), torch.ones((), device=scale.device)
    be_busy(scale)
    for step in range(1, 201):
        run.log({"loss": loss}, step)
        if step % 100 == 0:
            run.log_histogram("values", loss.reshape(1))
    assert run.media["values"].steps.tolist() == [100, 200], run.media["values"].steps
    return "histograms at steps 100 and 200"


def check_states(scale: Scale) -> str:
    """Train with a state kept after each step: they are as their steps left them, by then."""
    torch.manual_seed(0)
    width = 8 if scale.is_simulated else 1024
    model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
    on_device(scale, model, scale.device)
    batches = [(each, (each.sum(1) > 0).long()) for each in torch.randn(10, 32, width)]
    seen: list[torch.Tensor] = []  # on the device
    trainer = Trainer(
        model,
        batches,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.Adam(model.parameters()),
        max_epochs=2,
        callbacks=[callbacks.every(1, lambda _: seen.append(model[0].weight.detach().clone()))],
        device=scale.device,
        ring_every=1,
    )
    trainer.start()
    trainer.wait(60)
    states = dict(trainer.ring.weights)
    for step, wanted in enumerate(seen, 1):
        assert torch.equal(states[step]["0.weight"], wanted.cpu()), f"after step {step}"
    return f"{len(seen)} states, {trainer.ring.nbytes / 1e6:,.1f} MB"


def check_sanitizer(scale: Scale) -> str:
    """Run a part of this once more where torch looks for streams that do not wait."""
    if scale.is_simulated:
        return "needs a real device"
    finished = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--sanitized"],
        env={**os.environ, "TORCH_CUDA_SANITIZER": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    said = (finished.stdout + finished.stderr).strip()
    assert finished.returncode == 0, said[-300:]
    assert "CSAN" not in said, said[-300:]
    return "it says nothing"


def run_sanitized(scale: Scale) -> int:
    """What the sanitizer looks at: it sees the operations of the main thread only."""
    device_ring.SEND_SECONDS = 0.0  # so that this thread sends
    run, loss = Run(overhead_budget=1), torch.zeros((), device=scale.device)
    model = nn.Linear(64, 64).to(scale.device)
    inputs = torch.randn(8, 64, device=scale.device)
    with run.watch(model, activations=True, every_steps=10):
        for step in range(1, 101):
            model(inputs).square().mean().backward()
            loss += 1
            run.log({"loss": loss, "double": loss.double()}, step)
            if step % 20 == 0:
                run.log_images("images", torch.rand(4, 3, 8, 8, device=scale.device), step)
    assert run["loss"].values.tolist() == [float(step) for step in range(1, 101)]
    return 0


def be_busy(scale: Scale) -> None:
    """Have the device be some 0.2 s behind; the simulated one is behind by itself."""
    if scale.device == "cuda" and not scale.is_simulated:
        torch.cuda._sleep(int(3e8))


def on_device(scale: Scale, model: nn.Module, device: str) -> nn.Module:
    if scale.is_simulated and device != "cpu":
        from simulated_tensors import model_to_device

        return model_to_device(scale.simulation, model)
    return model.to(device)


@contextlib.contextmanager
def sync_is_error(scale: Scale) -> Generator[None]:
    if scale.is_simulated:
        before = len(scale.simulation.training_waits)
        yield
        assert scale.simulation.training_waits[before:] == []
        return
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


# ---------------------------------------------------------------- what it costs


def make_training(layers: int, width: int, batch: int, device: str, log: Log) -> Train:
    torch.manual_seed(0)
    inside = [part for _ in range(layers) for part in (nn.Linear(width, width), nn.ReLU())]
    model = nn.Sequential(*inside, nn.Linear(width, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    inputs = torch.randn(batch, width, device=device)
    targets = torch.randint(0, 10, (batch,), device=device)

    def train(first: int, steps: int) -> None:
        for step in range(first, first + steps):
            optimizer.zero_grad(set_to_none=True)
            outputs = model(inputs)
            loss = nn.functional.cross_entropy(outputs, targets)
            loss.backward()
            optimizer.step()
            log(step, loss.detach(), (outputs.argmax(1) == targets).float().mean())

    return train


def seconds_of(train: Train, first: int, steps: int, device: str) -> float:
    synchronize(device)
    began = time.perf_counter()
    train(first, steps)
    synchronize(device)
    return time.perf_counter() - began


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def count_arrivals(counts: Counter[int]) -> None:
    """Count, by thread, how often nbviz waits for an event; the profiler cannot tell which."""
    wait = CudaArrival.synchronize

    def synchronize(arrival: CudaArrival) -> None:
        if arrival._event is not None:  # else it was asked before, and has arrived
            counts[threading.get_ident()] += 1
        wait(arrival)

    CudaArrival.synchronize = synchronize


def counted(train: Train, first: int, steps: int, device: str) -> dict[str, Counter[str]]:
    """Return calls by name, of the training's own thread and of all others, for all steps."""
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    synchronize(device)
    with profile(activities=activities) as profiler, record_function("nbviz: training"):
        train(first, steps)
    events = list(profiler.events() or ())
    own = next(event.thread for event in events if event.name == "nbviz: training")
    found: dict[str, Counter[str]] = {"training": Counter(), "others": Counter()}
    for event in events:
        found["training" if event.thread == own else "others"][event.name] += 1
    return found


def measure(
    name: str, shape: tuple[int, int, int], least: float, scale: Scale, report: Report
) -> None:
    """Compare a loop that logs with one that does not, in turns."""
    run = Run()
    bare = make_training(*shape, scale.device, lambda *_: None)
    logging = make_training(
        *shape,
        scale.device,
        lambda step, loss, accuracy: run.log({"loss": loss, "accuracy": accuracy}, step),
    )
    ways = {"bare": bare, "logging": logging}
    for way in ways.values():
        seconds_of(way, 1, 30, scale.device)
    one = seconds_of(bare, 1, 30, scale.device) / 30
    steps = max(5, int(scale.seconds / one))
    first = 100
    for way in ways.values():  # pages are made
        seconds_of(way, first, steps, scale.device)
    ratios: list[float] = []
    for number in range(ROUNDS):
        first += steps
        order = list(ways) if number % 2 else list(reversed(ways))
        times = {way: seconds_of(ways[way], first, steps, scale.device) for way in order}
        ratios.append(times["bare"] / times["logging"])
    kept = statistics.mean(ratios)
    interval = T_95 * statistics.stdev(ratios) / ROUNDS**0.5
    text = f"{name}, {1e3 * one:.2f} ms a step"
    report.line(
        kept + interval >= least, f"{text}: kept {kept:.4f} ± {interval:.4f} (at least {least})"
    )
    few = min(steps, 50)
    first += steps
    arrivals: Counter[int] = Counter()
    count_arrivals(arrivals)
    counts = {way: counted(ways[way], first, few, scale.device) for way in ways}

    def more(thread: str, names: tuple[str, ...]) -> float:
        here, there = (
            sum(counts[way][thread][name] for name in names) / few for way in ("bare", "logging")
        )
        return there - here

    launches, waits = more("training", LAUNCHES), more("training", WAITS)
    waits += arrivals[threading.get_ident()] / few
    report.line(launches <= MOST_LAUNCHES, f"{text}: {launches:.2f} launches a step for nbviz")
    report.line(
        waits <= 0,
        f"{text}: {waits:.2f} waits a step in the training's thread, "
        f"{more('others', WAITS):.2f} in others",
    )
    allocations = sum(
        counts["logging"][thread][name] for thread in counts["logging"] for name in ALLOCATIONS
    )
    report.line(
        allocations == 0, f"{text}: {allocations} host and device allocations after warm-up"
    )
    run.drain()


def measure_call(scale: Scale, report: Report) -> None:
    """Time log calls of two numbers of the device that have nothing else to wait for."""
    run = Run()
    loss, accuracy = (torch.ones((), device=scale.device) for _ in range(2))
    for step in range(2000):
        run.log({"loss": loss, "accuracy": accuracy}, step)
    run.drain()
    rounds: list[float] = []
    launches: list[float] = []
    for number in range(1, 6):
        synchronize(scale.device)
        began = time.perf_counter()
        for step in range(scale.calls):
            run.log({"loss": loss, "accuracy": accuracy}, number * 10**6 + step)
        rounds.append((time.perf_counter() - began) / scale.calls * 1e6)
        run.drain()
        # The driver's part: one launch that puts both where they can be sent together.
        page = torch.empty(2, device=scale.device)
        synchronize(scale.device)
        began = time.perf_counter()
        for _ in range(scale.calls):
            torch.stack([loss, accuracy], out=page)
        launches.append((time.perf_counter() - began) / scale.calls * 1e6)
    own = min(rounds) - min(launches)
    report.line(
        own <= MOST_US,
        f"a log call of two numbers: {min(rounds):.1f} µs, median {statistics.median(rounds):.1f}; "
        f"of which torch.stack takes {min(launches):.1f}, nbviz {own:.1f} (at most {MOST_US:g})",
    )


# ---------------------------------------------------------------- the whole


def run_checks(scale: Scale, report: Report) -> None:
    report.check("numbers", lambda: check_numbers(scale, deterministic=False))
    report.check("numbers, deterministic", lambda: check_numbers(scale, deterministic=True))
    report.check("watch as on the processor", lambda: check_watch(scale))
    report.check("no wait in log and sample", lambda: check_no_waits(scale))
    report.check("steps behind a busy device", lambda: check_steps(scale))
    report.check("states to go back to", lambda: check_states(scale))
    report.check("while a graph is captured", lambda: check_graph_capture(scale))
    report.check("torch's sanitizer", lambda: check_sanitizer(scale))


def run_measurements(scale: Scale, report: Report) -> None:
    measure_call(scale, report)
    is_gpu = scale.device == "cuda"
    measure("launch-bound", (1, 64, 64), 0.95, scale, report)
    measure("longer", (16, 256, 64), 0.99, scale, report)
    measure("GPU-bound", (6, 8192, 8192) if is_gpu else (2, 256, 256), 0.99, scale, report)


@contextlib.contextmanager
def simulated(scale: Scale) -> Generator[None]:
    import pytest

    tests = Path(__file__).resolve().parent.parent / "tests" / "cuda"
    sys.path.insert(0, str(tests))
    from simulated_cuda import in_place_of_cuda
    from simulated_device import Simulation

    simulation = scale.simulation = Simulation(schedule="others first")
    with pytest.MonkeyPatch.context() as patch, in_place_of_cuda(simulation, patch):
        yield
        time.sleep(1)  # nbviz's own thread still looks at the device
        simulation.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description="nbviz on a GPU: checks and costs.")
    for name in ("--simulated", "--cpu", "--sanitized"):
        parser.add_argument(name, action="store_true")
    given = parser.parse_args()
    report = Report()
    began = time.perf_counter()
    if given.simulated:
        scale = Scale(scalars=400, is_simulated=True)
        with simulated(scale):
            run_checks(scale, report)
        return report.failures
    if given.cpu:
        run_measurements(Scale(device="cpu", calls=200, seconds=0.05), report)
        return 0
    if not torch.cuda.is_available():
        print("no GPU: nothing to measure here; --simulated and --cpu make a dry run")
        return 0
    if given.sanitized:
        return run_sanitized(Scale())
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", flush=True)
    run_checks(Scale(), report)
    run_measurements(Scale(), report)
    print(f"{report.failures} FAIL, {time.perf_counter() - began:.0f} s")
    return report.failures


if __name__ == "__main__":
    sys.exit(main())
