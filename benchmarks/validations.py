"""What collecting a classifier's predictions adds to a validation, on the run's own thread.

Each validation is made with the collecting and without, in turns, on the same engine; the time is
the median of both. "Share" is what collecting adds to the validation; nbviz leaves validations out
where that, with all else, would be more than `overhead_budget` of the run's time.

Run: python benchmarks/validations.py   (about one minute; on CUDA where there is a device)
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from nbviz.training.engine import Engine
from nbviz.training.options import TrainingOptions
from nbviz.training.steps.classified import COLLECTED

ROUNDS = 25
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4)),
        *(nn.Flatten(), nn.Linear(512, 10)),
    )


def many_classes() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 1000))


def engine(model: nn.Module, samples: int, classes: int, batch_size: int) -> Any:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(samples, 1, 28, 28, generator=generator)
    targets = torch.randint(classes, (samples,), generator=generator)
    loader = DataLoader(TensorDataset(images, targets), batch_size)
    return Engine(
        TrainingOptions(
            model,
            loader,
            val_loader=loader,
            loss_fn=nn.CrossEntropyLoss(),
            optimizer=torch.optim.SGD(model.parameters(), 0.1),
            max_epochs=1,
            device=DEVICE,
            threads=1,
        )
    )


def seconds(made: Any) -> float:
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    made._validation.measure(lambda: None)
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print(f"on {DEVICE}, medians of {ROUNDS} rounds\n")
    print("| model | samples | batches | without | with | a batch | share |")
    print("|---|---|---|---|---|---|---|")
    for name, make, samples, classes, size in (
        ("MLP", mlp, 10_000, 10, 256),
        ("MLP, small batches", mlp, 2_000, 10, 16),
        ("CNN", cnn, 10_000, 10, 256),
        ("1,000 classes", many_classes, 10_000, 1000, 256),
    ):
        made = engine(make().to(DEVICE), samples, classes, size)
        batches = -(-samples // size)
        found: dict[bool, list[float]] = {False: [], True: []}
        for number in range(2 * (ROUNDS + 1)):
            collects = number % 2 == 1
            made.classification.wanted = COLLECTED if collects else frozenset()
            taken = seconds(made)
            if number > 1:  # the first of each also copies what the model is given
                found[collects].append(taken)
        without, collecting = (statistics.median(found[one]) for one in (False, True))
        more = collecting - without
        print(
            f"| {name} | {samples:,} | {batches} | {1e3 * without:.1f} ms | "
            f"{1e3 * collecting:.1f} ms | {1e6 * more / batches:.0f} µs | "
            f"{100 * more / without:.1f} % |"
        )


if __name__ == "__main__":
    main()
