"""What watching a model costs a training on the processor, beside torch's `add_histogram`.

Run: python benchmarks/watch.py   (about a minute)
"""

from __future__ import annotations

import sys
import tempfile
import time
from typing import TYPE_CHECKING

import torch
from torch import nn

from nbviz import Run

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 6.0


def steps_per_second(model: nn.Module, after: Callable[[int], None]) -> float:
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    inputs = torch.randn(64, 784)
    began, step = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()
        step += 1
        after(step)
    return step / (time.perf_counter() - began)


def main() -> int:
    from torch.utils.tensorboard import SummaryWriter

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 10))
    count = sum(one.numel() for one in model.parameters())
    bare = steps_per_second(model, lambda _: None)
    print(f"MLP with {count:,} weights, one torch thread: {bare:.0f} steps/s bare\n")
    print(f"{'':<44}kept   samples   overhead said")
    for name, budget in (("nbviz.watch, default (1 %)", 0.01), ("nbviz.watch, every 0.5 s", 1.0)):
        run = Run(overhead_budget=budget)
        with run.watch(model) as watch:
            speed = steps_per_second(model, lambda step, run=run: run.log({"step": 1.0}, step))
        run.drain()
        said = run.progress.overhead or 0.0
        print(f"{name:<44}{speed / bare:.2f} {watch.samples:>9} {said:>12.1%}")
        run.finish()
    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        due, taken = 0.0, 0

        def histograms(step: int) -> None:
            nonlocal due, taken
            if time.perf_counter() >= due:
                due, taken = time.perf_counter() + 0.5, taken + 1
                for name, one in model.named_parameters():
                    writer.add_histogram(f"weights/{name}", one, step)
                    writer.add_histogram(f"gradients/{name}", one.grad, step)

        speed = steps_per_second(model, histograms)
        print(f"{'torch add_histogram, every 0.5 s':<44}{speed / bare:.2f} {taken:>9}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
