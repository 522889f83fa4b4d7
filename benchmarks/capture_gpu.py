"""What logging and watching cost a training on a GPU: step time, and waits for the device.

Run: python benchmarks/capture_gpu.py   (about three minutes; ends at once where there is no GPU)

Each way trains its own copy of one model on the same data: a bare loop; nbviz with loss and
accuracy each step; with the statistics of all weights too; with statistics and histograms of all
weights and gradients, each step, and within the overhead budget of 1 %; and `.item()` with torch's
SummaryWriter, scalars alone and with a histogram of each weight. All of it with large batches,
where the GPU is what the loop waits for, and with small ones, where it is Python.

The ways take turns; "kept" is the median over the rounds of the bare loop's time by the way's own,
in the same round. Waits are those of all threads as the profiler sees them. Its own end counts as
one more `cudaDeviceSynchronize` in every row.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from nbviz import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    Log = Callable[[int, torch.Tensor, torch.Tensor], None]
    Train = Callable[[int, int], None]  # first step, steps

ROUNDS = 3
STEPS = 300
PROFILED = 20
SLOW = "  + add_histogram of weights"
SLOW_STEPS = 5  # of that way, which takes half a second for each
BATCHES = (256, 4)
COUNTED = {
    "cudaStreamSynchronize": "stream",
    "cudaDeviceSynchronize": "device",
    "cudaEventSynchronize": "event",
    "aten::_local_scalar_dense": "item",
    "Memcpy DtoH (Device -> Pageable)": "pageable",
    "cudaHostAlloc": "pinning",
    "cudaMalloc": "malloc",
}


def make_model(device: str) -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, padding=1)]
    for _ in range(12):
        layers += [nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1)]
    layers += [nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(4096, 1024), nn.Linear(1024, 10)]
    return nn.Sequential(*layers).to(device)


def training(model: nn.Module, log: Log, batch: int, device: str) -> Train:
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    torch.manual_seed(1)
    inputs = torch.randn(batch, 3, 32, 32, device=device)
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


def ways(batch: int, device: str, stack: contextlib.ExitStack) -> dict[str, Train]:
    """Return each way to train by its name; watches end with the stack."""

    def bare(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        pass

    def nbviz_way(**options: float | None) -> Train:
        # A budget of all the time where each step is asked for, else the 1 % that is the default.
        run = Run(overhead_budget=1) if options.get("every_steps") else Run()
        model = make_model(device)
        if options:
            stack.enter_context(run.watch(model, **options))

        def log(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
            run.log({"loss": loss, "accuracy": accuracy}, step)

        return training(model, log, batch, device)

    plain = {"gradients": False, "histograms": False}
    found = {
        "bare loop": training(make_model(device), bare, batch, device),
        "nbviz: loss, accuracy": nbviz_way(),
        "nbviz: + weights' statistics, each step": nbviz_way(every_steps=1, **plain),
        "nbviz: + all tensors, each step": nbviz_way(every_steps=1),
        "nbviz: + all tensors, 1 % budget": nbviz_way(every=0.5),
    }
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print("no tensorboard here (pip install tensorboard): SummaryWriter is left out")
        return found
    writer = SummaryWriter(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.callback(writer.close)
    model = make_model(device)

    def item(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        writer.add_scalar("loss", loss.item(), step)
        writer.add_scalar("accuracy", accuracy.item(), step)

    def item_and_histograms(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        item(step, loss, accuracy)
        for name, parameter in model.named_parameters():
            writer.add_histogram(name, parameter, step)

    found[".item() + SummaryWriter"] = training(make_model(device), item, batch, device)
    found[SLOW] = training(model, item_and_histograms, batch, device)
    return found


def milliseconds(train: Train, first: int, steps: int) -> float:
    """Return the time of a step."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    train(first, steps)
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / steps * 1e3


def counts(train: Train, first: int, steps: int) -> dict[str, float]:
    """Count what waits for the device, of all threads, a step."""
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        train(first, steps)
    found = dict.fromkeys(COUNTED, 0)
    for event in profiler.key_averages():
        if event.key in found:
            found[event.key] += event.count
    return {name: count / steps for name, count in found.items()}


def measure(batch: int) -> None:
    with contextlib.ExitStack() as stack:
        found = ways(batch, "cuda", stack)
        steps_of = {name: SLOW_STEPS if name == SLOW else STEPS for name in found}
        first = 1
        for name, train in found.items():  # memory, kernels and plans are made
            train(first, min(20, steps_of[name]))
        first += 20
        times: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(ROUNDS):
            for name, train in found.items():
                times[name].append(milliseconds(train, first, steps_of[name]))
            first += STEPS
        print(f"\nbatches of {batch}\n{'':<42}ms a step   kept   a step: ", end="")
        print("  ".join(f"{short:>8}" for short in COUNTED.values()))
        for name, train in found.items():
            pairs = zip(times["bare loop"], times[name], strict=True)
            kept = statistics.median(bare / own for bare, own in pairs)
            counted = counts(train, first, min(PROFILED, steps_of[name]))
            row = "  ".join(f"{counted[key]:>8.2f}" for key in COUNTED)
            print(f"{name:<42}{statistics.median(times[name]):>9.2f} {kept:>6.3f}   {'':<8}{row}")


def main() -> int:
    if not torch.cuda.is_available():
        print("no GPU: nothing to measure here")
        return 0
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    for batch in BATCHES:
        measure(batch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
