"""Accumulation, clipping, precision, schedules and compiled models give what a plain loop gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from observed import Events, make_batches, make_engine
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from nbviz.training.events import StepEnded


def make_linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def train(loader: Any, **options: Any) -> tuple[nn.Linear, Events]:
    events, model = Events(), make_linear()
    make_engine(events, loader, model=model, max_epochs=1, **options).run()
    return model, events


def test_accumulated_batches_make_the_step_of_one_large_batch() -> None:
    batches = make_batches(5)
    whole = [
        tuple(torch.cat(parts) for parts in zip(*batches[i : i + 2], strict=True))
        for i in (0, 2, 4)  # the last has one batch alone
    ]
    accumulated, events = train(batches, accumulate=2, metrics=["accuracy"])
    expected, reference = train(whole, metrics=["accuracy"])
    torch.testing.assert_close(accumulated.weight, expected.weight)
    assert [e.step for e in events.of(StepEnded)] == [1, 2, 3]
    for ours, theirs in zip(events.of(StepEnded), reference.of(StepEnded), strict=True):
        torch.testing.assert_close(dict(ours.scalars), dict(theirs.scalars), check_dtype=False)


def test_gradient_is_clipped_and_its_norm_recorded() -> None:
    model, events = train(make_batches(1), gradient_clip=0.01)
    moved = torch.cat([(a - b).flatten() for a, b in zip(model.parameters(), make_linear().parameters())])  # noqa: B905, E501  # fmt: skip
    assert moved.norm().item() == pytest.approx(0.1 * 0.01, rel=1e-3)
    assert events.of(StepEnded)[0].scalars["grad_norm"] > 0.01


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_autocast_trains_close_to_full_precision(precision: str) -> None:
    kinds: list[torch.dtype] = []

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        kinds.append(outputs.dtype)
        return nn.functional.cross_entropy(outputs.float(), targets)

    model, _ = train(make_batches(4), precision=precision, gradient_clip=10.0, loss_fn=loss)
    expected, _ = train(make_batches(4))
    assert set(kinds) == {torch.bfloat16 if precision == "bf16" else torch.float16}
    torch.testing.assert_close(model.weight, expected.weight, atol=0.02, rtol=0.05)


def test_gradients_can_be_looked_at_after_each_step() -> None:
    seen: list[float] = []
    model = make_linear()

    def look(event: Any) -> None:
        if isinstance(event, StepEnded):
            assert model.weight.grad is not None
            seen.append(float(model.weight.grad.norm()))

    make_engine(look, model=model, max_steps=2).run()
    assert all(seen)


@pytest.mark.parametrize(("interval", "expected"), [("step", [0.1, 0.05]), ("epoch", [0.1, 0.1])])
def test_scheduler_steps_after_its_interval(interval: str, expected: list[float]) -> None:
    model = make_linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = Events()
    options: dict[str, Any] = {"scheduler": StepLR(optimizer, 1, 0.5), "max_epochs": 2}
    make_engine(
        events, make_batches(2), model=model, optimizer=optimizer, scheduler_interval=interval,
        **options,
    ).run()  # fmt: skip
    assert [e.scalars["lr"] for e in events.of(StepEnded)][:2] == expected
    assert events.of(StepEnded)[2].scalars["lr"] == expected[-1] / 2


@pytest.mark.parametrize("val_loader", [None, make_batches(1)])
def test_plateau_scheduler_is_told_the_loss(val_loader: Any) -> None:
    model = make_linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = ReduceLROnPlateau(optimizer, patience=0, threshold=100.0, factor=0.5)
    make_engine(
        Events(), model=model, optimizer=optimizer, scheduler=scheduler, max_epochs=3,
        scheduler_interval="epoch", val_loader=val_loader,
    ).run()  # fmt: skip
    assert optimizer.param_groups[0]["lr"] == 0.0125  # no loss is below minus infinity


def test_compiled_model_trains_and_its_dropout_can_be_set() -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.9), nn.Linear(8, 2))
    compiled: Any = torch.compile(model, backend="eager")
    events = Events()
    engine = make_engine(
        events, model=compiled, val_loader=make_batches(1), max_epochs=2, threads="auto"
    )
    engine.control.set(dropout=0.0)
    engine.run()
    assert model[1].p == 0.0
    assert events[-1].reason == "finished"
    assert model.training
