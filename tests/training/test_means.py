"""Means of scalars of every type, over batches of every size."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from nbviz.training.optimizing.schedule import Schedule
from nbviz.training.steps.means import Means
from nbviz.training.steps.metrics import MetricMeans, read_metrics
from nbviz.training.steps.numbers import read_number


def refuse(name: str, reason: str) -> None:
    raise AssertionError(f"{name}: {reason}")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_mean_of_many_batches_is_as_exact_as_its_values(kind: torch.dtype) -> None:
    means = Means(refuse)
    value = torch.tensor(2.3, dtype=kind)
    for _ in range(400):
        means.add({"loss": value}, 64)
    assert means.values()["loss"].item() == pytest.approx(value.item(), rel=1e-12)
    assert means.values()["loss"].item() == pytest.approx(2.3, rel=4e-3)


def test_large_errors_are_squared_in_64_bits() -> None:
    metrics = read_metrics(["mse", "mae"])
    measured = MetricMeans(metrics, refuse)
    for _ in range(3):
        measured.add(torch.full((4,), 1e19), torch.zeros(4), 4)
    assert measured.values()["mse"].item() == pytest.approx(1e38, rel=1e-6)
    assert measured.values()["mae"].item() == pytest.approx(1e19, rel=1e-6)


def test_what_a_cuda_graph_overwrites_was_copied() -> None:
    output = torch.zeros((), dtype=torch.float64)
    means = Means(refuse)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    told: list[float] = []

    class Plateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics: Any, epoch: Any = None) -> None:
            told.append(float(metrics))

    schedule = Schedule(Plateau(optimizer), "epoch")
    for value in (1.0, 2.0, 6.0):
        output.fill_(value)  # the same memory at each replay
        means.add({"loss": output})
        schedule.step_ended({"loss/train": output})
    assert means.values()["loss"] == 3.0
    schedule.epoch_ended()
    assert told == [3.0]


def test_one_batch_alone_costs_no_operation() -> None:
    loss = torch.tensor(2.0, requires_grad=True)
    means = Means(refuse, is_single=True)
    means.add({"loss": loss})
    kept = means.values()["loss"]
    assert kept.data_ptr() == loss.data_ptr()
    assert not kept.requires_grad


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array(1.5), 1.5),
        (np.array([2]), 2.0),
        (np.bool_(True), 1.0),
        (np.float16(0.5), 0.5),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (True, 1.0),
        (torch.tensor([[3]]), 3.0),
        (torch.tensor(True), 1.0),
    ],
)
def test_numbers_of_every_kind(value: Any, expected: float) -> None:
    assert float(read_number(value)) == expected


class Unshown:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "got NoneType None"),
        ("0.5", "got str '0.5'"),
        (torch.ones(3), r"got a tensor of shape \(3,\)"),
        (torch.tensor(1j), "got a complex tensor"),
        (np.ones(2), r"numpy array of shape \(2,\)"),
        (Decimal("sNaN"), "got Decimal .*, and "),
        (10**400, "got int .*, and int too large"),
        (Unshown(), "got Unshown that cannot be shown"),
    ],
)
def test_what_is_not_one_number(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_number(value)
