"""What can be set: an optimizer's numbers, dropout, and a rate that a scheduler drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim import lr_scheduler as schedulers

from nbviz.errors import CommandError
from nbviz.training.commands import Control

if TYPE_CHECKING:
    from collections.abc import Callable


def make_control(optimizer: torch.optim.Optimizer, scheduler: Any = None) -> Control:
    control = Control()
    control.registry.for_optimizer(optimizer, scheduler)
    return control


def weight() -> nn.Parameter:
    return nn.Parameter(torch.ones(2))


def test_sgd_and_adam_offer_their_numbers() -> None:
    names = [s.name for s in make_control(SGD([weight()], lr=0.1)).settings()]
    assert {"lr", "momentum", "weight_decay"} <= set(names)
    settings = {s.name: s for s in make_control(AdamW([weight()], lr=0.1)).settings()}
    assert {"lr", "beta1", "beta2", "eps", "weight_decay"} <= settings.keys()
    assert settings["beta2"].value == 0.999
    assert settings["lr"].scale == "log"


def test_betas_are_set_one_by_one() -> None:
    optimizer = Adam([weight()])
    make_control(optimizer).set(beta1=0.5)
    assert optimizer.param_groups[0]["betas"] == (0.5, 0.999)


def test_lr_keeps_the_ratio_between_groups_even_through_zero() -> None:
    optimizer = SGD([{"params": [weight()]}, {"params": [weight()], "lr": 0.01}], lr=0.1)
    control = make_control(optimizer)
    for lr in (0.5, 0.0, 0.2):
        control.set(lr=lr)
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([lr, lr / 10])


def test_group_without_weight_decay_stays_without() -> None:
    groups = [{"params": [weight()], "weight_decay": 0.0}, {"params": [weight()]}]
    optimizer = SGD(groups, lr=0.1, weight_decay=0.01)
    control = make_control(optimizer)
    control.set(weight_decay=0.1)
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.0, 0.1]


def test_rate_held_in_a_tensor_is_set_in_place() -> None:
    rate = torch.tensor(0.1)
    control = make_control(Adam([weight()], lr=rate))
    control.set(lr=0.25)
    assert rate.item() == 0.25


@pytest.mark.parametrize(
    "values", [{"lr": -1}, {"momentum": 1.0}, {"weight_decay": -0.1}, {"lr": float("nan")}]
)
def test_values_out_of_range_are_refused(values: dict[str, float]) -> None:
    optimizer = SGD([weight()], lr=0.1, momentum=0.9)
    with pytest.raises(CommandError, match="must be finite and 0 ≤"):
        make_control(optimizer).set(**values)
    assert optimizer.param_groups[0]["lr"] == 0.1
    for value in ("x", True, 10**400, torch.ones(2)):
        with pytest.raises(CommandError, match="lr must be a number, got"):
            make_control(optimizer).set(lr=value)


def test_rmsprop_without_momentum_does_not_offer_it() -> None:
    assert "momentum" not in [s.name for s in make_control(RMSprop([weight()])).settings()]
    with_momentum = make_control(RMSprop([weight()], momentum=0.9))
    assert "momentum" in [s.name for s in with_momentum.settings()]


@pytest.mark.parametrize("compiled", [False, True])
def test_dropout_of_all_layers(compiled: bool) -> None:
    model = nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.Dropout2d(0.2)))
    control = Control()
    control.registry.for_dropout(torch.compile(model) if compiled else model)
    control.set(dropout=0.5)
    assert [m.p for m in model.modules() if hasattr(m, "p")] == [0.5, 0.5]
    with pytest.raises(CommandError, match="0 ≤ dropout < 1, got 1"):
        control.set(dropout=1)


def test_model_without_dropout_offers_none() -> None:
    control = Control()
    control.registry.for_dropout(nn.Linear(2, 2))
    assert control.settings() == []


SCHEDULERS: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
    "step": lambda o: schedulers.StepLR(o, step_size=3, gamma=0.5),
    "multi_step": lambda o: schedulers.MultiStepLR(o, [3, 7], gamma=0.1),
    "exponential": lambda o: schedulers.ExponentialLR(o, gamma=0.9),
    "cosine": lambda o: schedulers.CosineAnnealingLR(o, T_max=20, eta_min=0.001),
    "one_cycle": lambda o: schedulers.OneCycleLR(o, max_lr=1.0, total_steps=20),
    "lambda": lambda o: schedulers.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "linear": lambda o: schedulers.LinearLR(o, start_factor=0.1, total_iters=15),
    "polynomial": lambda o: schedulers.PolynomialLR(o, total_iters=20, power=2),
    "cyclic": lambda o: schedulers.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=4),
    "restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=6),
    "sequential": lambda o: schedulers.SequentialLR(
        o,
        [schedulers.LinearLR(o, 0.1, total_iters=8), schedulers.CosineAnnealingLR(o, T_max=12)],
        milestones=[8],
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedule_goes_on_in_proportion_to_the_rate_set(name: str) -> None:
    rates: dict[float, list[float]] = {}
    for factor in (1.0, 3.0):
        optimizer = SGD([weight()], lr=0.1, momentum=0.9)
        scheduler = SCHEDULERS[name](optimizer)
        control = make_control(optimizer, scheduler)
        rates[factor] = []
        for step in range(18):
            if step == 5:
                control.set(lr=factor * optimizer.param_groups[0]["lr"])
                assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]]
            optimizer.step()
            scheduler.step()
            rates[factor].append(optimizer.param_groups[0]["lr"])
    assert rates[3.0][:5] == rates[1.0][:5]
    assert rates[3.0][5:] == pytest.approx([3 * rate for rate in rates[1.0][5:]], rel=1e-6)


def test_rate_zero_is_refused_where_a_scheduler_multiplies_it() -> None:
    optimizer = SGD([weight()], lr=0.1)
    control = make_control(optimizer, SCHEDULERS["step"](optimizer))
    with pytest.raises(CommandError, match="0 < lr"):
        control.set(lr=0)


def test_a_rate_says_which_scheduler_drives_it() -> None:
    first, second = weight(), weight()
    optimizer = SGD([{"params": [first]}, {"params": [second], "lr": 0.01}], lr=0.1, momentum=0.9)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 10)
    drivers = {one.name: one.driver for one in make_control(optimizer, scheduler).settings()}
    assert drivers["lr"] == drivers["lr/0"] == drivers["lr/1"] == "CosineAnnealingLR"
    assert drivers["momentum"] == ""
    assert {one.driver for one in make_control(optimizer).settings()} == {""}
