"""Learning-rate schedulers that go on from a rate set by hand."""

from __future__ import annotations

from typing import Any, cast

import torch

from nbviz.errors import attribute_of, has_attribute

_OF_GROUPS = ("initial_lr", "max_lr", "min_lr")
_OF_SCHEDULERS = ("base_lrs", "max_lrs", "eta_min")


def rescale_schedule(scheduler: Any, factor: float, place: int | None = None) -> None:
    """Move the rest of a schedule in proportion, after the optimizer's rate was multiplied.

    Schedulers that multiply the present rate (StepLR, MultiStepLR, ExponentialLR,
    CosineAnnealingLR, LinearLR, ReduceLROnPlateau …) go on from it by themselves. Those that
    compute each rate from a base (LambdaLR, OneCycleLR, CyclicLR, CosineAnnealingWarmRestarts …)
    find it scaled, and so do the closed forms that `SequentialLR` and `scheduler.step(epoch)` use.
    A scheduler of your own does so if it keeps its base in `base_lrs`. While a schedule holds the
    rate at 0 there is no ratio to keep: a rate set then lasts until the scheduler's next step.

    Args:
        scheduler: Any object with torch's scheduler attributes; what it lacks is left alone.
        factor: New rate divided by the old one, above 0.
        place: That of the parameter group whose rate was set; None for all of them. What a
            scheduler keeps for all groups together stays, then.
    """
    _rescale_groups(scheduler.optimizer, factor, place)
    _rescale_scheduler(scheduler, factor, place)


def _rescale_groups(optimizer: Any, factor: float, place: int | None) -> None:
    groups = optimizer.param_groups
    for group in groups if place is None else groups[place : place + 1]:
        for key in _OF_GROUPS:
            if key in group:
                group[key] = group[key] * factor


def _rescale_scheduler(scheduler: Any, factor: float, place: int | None) -> None:
    # SequentialLR and ChainedScheduler offer no public way to what they hold.
    for inner in attribute_of(scheduler, "_schedulers", ()):
        _rescale_scheduler(inner, factor, place)
    for name in _OF_SCHEDULERS:
        value = attribute_of(scheduler, name, None)
        if isinstance(value, list):
            rates = cast("list[Any]", value)
            scaled = [
                each * factor if place in (None, index) else each
                for index, each in enumerate(rates)
            ]
            setattr(scheduler, name, scaled)
        elif isinstance(value, float | int) and place is None:
            setattr(scheduler, name, value * factor)
    if has_attribute(scheduler, "_last_lr"):
        scheduler._last_lr = [  # noqa: SLF001  what get_last_lr() returns until the next step
            lr.clone() if isinstance(lr := group["lr"], torch.Tensor) else lr
            for group in scheduler.optimizer.param_groups
        ]
