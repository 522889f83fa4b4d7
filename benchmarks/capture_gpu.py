"""What logging and watching cost a training on a GPU: step time, and waits for the device.

Run: python benchmarks/capture_gpu.py   (about a minute; says so and ends where there is no GPU)

Each way trains the same model on the same data: a bare loop; nbviz with loss and accuracy each
step; nbviz with those and statistics and histograms of all weights and gradients each step; the
same within the overhead budget of 1 %; and `.item()` with torch's SummaryWriter, scalars alone and
with a histogram of each weight.
"""

from __future__ import annotations

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

STEPS = 300
PROFILED = 20
WAITS = (
    "cudaStreamSynchronize",
    "cudaDeviceSynchronize",
    "cudaEventSynchronize",
    "aten::item",
    "aten::_local_scalar_dense",
)
Log = "Callable[[int, torch.Tensor, torch.Tensor], None]"


def make_model() -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, padding=1)]
    for _ in range(12):
        layers += [nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1)]
    layers += [nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(4096, 1024), nn.Linear(1024, 10)]
    return nn.Sequential(*layers).cuda()


def training(model: nn.Module, log: Callable[[int, torch.Tensor, torch.Tensor], None]) -> Callable:
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    inputs = torch.randn(256, 3, 32, 32, device="cuda")
    targets = torch.randint(0, 10, (256,), device="cuda")

    def run(first: int, steps: int) -> float:
        torch.cuda.synchronize()
        began = time.perf_counter()
        for step in range(first, first + steps):
            optimizer.zero_grad(set_to_none=True)
            outputs = model(inputs)
            loss = nn.functional.cross_entropy(outputs, targets)
            loss.backward()
            optimizer.step()
            log(step, loss.detach(), (outputs.argmax(1) == targets).float().mean())
        torch.cuda.synchronize()
        return (time.perf_counter() - began) / steps * 1e3

    return run


def ways(model: nn.Module, folder: str) -> dict[str, Callable]:
    from torch.utils.tensorboard import SummaryWriter

    scalars, watched = Run("scalars"), Run("watched", overhead_budget=1)
    budgeted, writer = Run("budgeted"), SummaryWriter(folder)

    def log_to(run: Run) -> Callable:
        return lambda step, loss, accuracy: run.log({"loss": loss, "accuracy": accuracy}, step)

    def item(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        writer.add_scalar("loss", loss.item(), step)
        writer.add_scalar("accuracy", accuracy.item(), step)

    def item_and_histograms(step: int, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        item(step, loss, accuracy)
        for name, parameter in model.named_parameters():
            writer.add_histogram(name, parameter, step)

    def watching(run: Run, **options: float) -> Callable:
        def train(first: int, steps: int) -> float:
            with run.watch(model, **options):
                return training(model, log_to(run))(first, steps)

        return train

    return {
        "bare loop": training(model, lambda *_: None),
        "nbviz: loss, accuracy": training(model, log_to(scalars)),
        "nbviz: + all tensors, each step": watching(watched, every_steps=1, every=0.0),
        "nbviz: + all tensors, 1 % budget": watching(budgeted),
        ".item() + SummaryWriter": training(model, item),
        "  + add_histogram of weights": training(model, item_and_histograms),
    }


def waits_of(train: Callable, first: int) -> dict[str, float]:
    """Count what waits for the device, of all threads, a step."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        train(first, PROFILED)
    counts = dict.fromkeys(WAITS, 0)
    for event in profiler.key_averages():
        if event.key in counts:
            counts[event.key] += event.count
    return {name: count / PROFILED for name, count in counts.items()}


def main() -> int:
    if not torch.cuda.is_available():
        print("no GPU: nothing to measure here")
        return 0
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    model = make_model()
    with tempfile.TemporaryDirectory() as folder:
        found = ways(model, folder)
        first, bare, steps_of = 1, 0.0, dict.fromkeys(found, STEPS)
        steps_of["  + add_histogram of weights"] = STEPS // 10
        names = "  ".join(name.removeprefix("cuda").removeprefix("aten::") for name in WAITS)
        print(f"{'':<36}ms a step   kept   waits a step: {names}")
        for name, train in found.items():
            train(first, 20)
            first += 20
            milliseconds = train(first, steps_of[name])
            first += steps_of[name]
            bare = bare or milliseconds
            waits = waits_of(train, first)
            first += PROFILED
            row = "  ".join(f"{waits[one]:.1f}" for one in WAITS)
            print(f"{name:<36}{milliseconds:>9.2f} {bare / milliseconds:>6.2f}   {row}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
