"""Optimizers of every number and kind: groups, several at once, closures, what they leave out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from observed import Events, make_batches, make_engine, make_model
from torch import nn

from nbviz.errors import ConfigurationError, TrainingError
from nbviz.training.events import EpochEnded, LineLogged, StepEnded


def lines(events: Events) -> list[str]:
    return [line.text for line in events.of(LineLogged)]


def test_each_group_has_its_series_and_its_control() -> None:
    events, model = Events(), make_model()
    groups = [
        {"params": model[0].parameters(), "lr": 0.0},
        {"params": model[3].parameters(), "lr": 0.1},
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    engine = make_engine(events, model=model, optimizer=optimizer, max_steps=1)
    engine.run()
    scalars = events.of(StepEnded)[0].scalars
    assert (scalars["lr/0"], scalars["lr/1"]) == (0.0, 0.1)
    assert "lr" not in scalars
    values = {setting.name: setting.value for setting in engine.control.settings()}
    assert (values["lr"], values["lr/0"], values["lr/1"]) == (0.1, 0.0, 0.1)
    engine.control.set(**{"lr/0": 0.02})
    assert [group["lr"] for group in optimizer.param_groups] == [0.02, 0.1]
    engine.control.set(lr=0.01)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.01, 0.05])


def test_named_groups_and_one_whose_rate_is_set_under_a_schedule() -> None:
    model = make_model()
    groups = [
        {"params": model[0].parameters(), "name": "body"},
        {"params": model[3].parameters(), "name": "head", "lr": 0.2},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    events = Events()
    engine = make_engine(events, model=model, optimizer=optimizer, scheduler=scheduler, max_steps=2)
    engine.control.set(**{"lr/head": 0.4})
    engine.run()
    first, second = (event.scalars for event in events.of(StepEnded))
    assert (first["lr/body"], first["lr/head"]) == (0.1, 0.4)
    assert (second["lr/body"], second["lr/head"]) == pytest.approx((0.05, 0.2))


def test_parameters_in_no_optimizer_are_named() -> None:
    events, model = Events(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[3] = nn.Linear(8, 2)
    make_engine(events, model=model, optimizer=optimizer, max_steps=1).run()
    (text,) = lines(events)
    assert text.startswith("2 trainable parameters (3.weight, 3.bias) are in no optimizer")
    assert "the optimizer holds 2 that the model does not have" in text


def test_parameters_of_the_loss_in_no_optimizer_are_named() -> None:
    class Scaled(nn.CrossEntropyLoss):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, outputs: Any, targets: Any) -> Any:  # type: ignore[override]
            return super().forward(outputs * self.scale, targets)

    loss_fn, model = Scaled(), make_model()
    said = []
    for parameters in (model.parameters(), [*model.parameters(), *loss_fn.parameters()]):
        events, optimizer = Events(), torch.optim.SGD(parameters, lr=0.1)
        options: dict[str, Any] = {"loss_fn": loss_fn, "optimizer": optimizer, "max_epochs": 1}
        make_engine(events, model=model, **options).run()
        said.append([line.text for line in events.of(LineLogged)])
    assert [text[:60] for text in said[0]] == [
        "1 trainable parameter (loss_fn.scale) is in no optimizer and"
    ]
    assert said[1] == []
    assert loss_fn.scale.item() != 1.0


def test_parameters_thawed_while_it_trains_are_named() -> None:
    events, model = Events(), make_model()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)

    class Thaw:
        def on_epoch(self, _trainer: object, _event: EpochEnded) -> None:
            model[0].requires_grad_(True)

    make_engine(events, model=model, optimizer=optimizer, max_epochs=3, callbacks=[Thaw()]).run()
    (text,) = lines(events)
    assert text.startswith("2 trainable parameters (0.weight, 0.bias) are in no optimizer")


def test_frozen_parameters_are_not_missed() -> None:
    events, model = Events(), make_model()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[3].parameters(), lr=0.1)
    make_engine(events, model=model, optimizer=optimizer, max_steps=1).run()
    assert not lines(events)


@pytest.mark.parametrize("kind", [dict, list])
def test_several_optimizers_are_stepped_by_training_step(kind: type) -> None:
    events, model = Events(), make_model()
    g = torch.optim.Adam(model[0].parameters(), lr=0.1)
    d = torch.optim.SGD(model[3].parameters(), lr=0.2, momentum=0.5)

    def step(model: nn.Module, batch: Any) -> Any:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        for optimizer in (g, d):
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss}

    given = {"g": g, "d": d} if kind is dict else [g, d]
    names = list(given) if kind is dict else ["0", "1"]
    before = [p.detach().clone() for p in model.parameters()]
    engine = make_engine(events, model=model, training_step=step, optimizer=given, max_steps=2)
    engine.control.set(**{f"lr/{names[0]}": 0.05, f"momentum/{names[1]}": 0.9})
    engine.run()
    scalars = events.of(StepEnded)[-1].scalars
    assert (scalars[f"lr/{names[0]}"], scalars[f"lr/{names[1]}"]) == (0.05, 0.2)
    assert (g.param_groups[0]["lr"], d.param_groups[0]["momentum"]) == (0.05, 0.9)
    assert not any(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_several_optimizers_need_a_training_step() -> None:
    model = make_model()
    optimizer = [torch.optim.SGD(model.parameters(), lr=0.1)]
    with pytest.raises(ConfigurationError, match="several optimizers are stepped by training_step"):
        make_engine(Events(), model=model, optimizer=optimizer)


class Sam(torch.optim.Optimizer):
    """Sharpness-aware minimization over SGD, as its implementations ask for the closure."""

    def __init__(self, parameters: Any, lr: float, rho: float = 0.05) -> None:
        super().__init__(parameters, {"lr": lr, "rho": rho})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        assert closure is not None, "SAM requires a closure, but it was not given"
        group = self.param_groups[0]
        norm = torch.stack([p.grad.norm() for p in group["params"]]).norm()
        moves = [p.grad * group["rho"] / norm for p in group["params"]]
        for p, move in zip(group["params"], moves, strict=True):
            p.add_(move)
        torch.enable_grad()(closure)()
        for p, move in zip(group["params"], moves, strict=True):
            p.sub_(move).sub_(group["lr"] * p.grad)


class StrictSam(Sam):
    def step(self, closure: Any) -> None:  # type: ignore[override]
        super().step(closure)


class SilentSam(Sam):
    """Calls the closure without a look at whether it has one."""

    def step(self, closure: Any = None) -> None:
        torch.enable_grad()(closure)()
        super().step(closure)


class KeywordSam(Sam):
    def step(self, *, evaluate: Any) -> None:  # type: ignore[override]
        super().step(evaluate)


def train_by_hand(kind: type[Sam], batches: list[Any]) -> tuple[nn.Module, list[float]]:
    torch.manual_seed(0)
    model, losses = nn.Linear(3, 2), []
    optimizer = kind(model.parameters(), lr=0.1)
    for x, y in batches:

        def closure(x: torch.Tensor = x, y: torch.Tensor = y) -> torch.Tensor:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses.append(closure().item())
        Sam.step(optimizer, closure)
    return model, losses


@pytest.mark.parametrize("kind", [Sam, StrictSam, SilentSam, KeywordSam])
def test_optimizer_that_asks_for_a_closure_gets_one(kind: type[Sam]) -> None:
    events, batches = Events(), make_batches(3)
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = kind(model.parameters(), lr=0.1)
    make_engine(events, batches, model=model, optimizer=optimizer, max_epochs=1).run()
    expected, losses = train_by_hand(kind, batches)
    torch.testing.assert_close(model.weight, expected.weight)
    found = [float(event.scalars["loss/train"]) for event in events.of(StepEnded)]
    assert found == pytest.approx(losses)


def test_lbfgs_trains() -> None:
    events, model = Events(), nn.Linear(3, 2)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)
    make_engine(events, make_batches(1), model=model, optimizer=optimizer, max_epochs=6).run()
    losses = [float(event.scalars["loss/train"]) for event in events.of(StepEnded)]
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize(
    ("options", "what"), [({"accumulate": 2}, "accumulate"), ({"precision": "fp16"}, "fp16")]
)
def test_closure_does_not_go_with_everything(options: dict[str, Any], what: str) -> None:
    model = make_model()
    message = f"evaluates the loss again inside its step, which does not go with .*{what}"
    with pytest.raises(ConfigurationError, match=message):
        make_engine(
            Events(), model=model, optimizer=StrictSam(model.parameters(), lr=0.1), **options
        )
    for kind in (Sam, SilentSam):  # what is missed is met at the first step
        with pytest.raises(ConfigurationError, match=message):
            make_engine(
                Events(), model=model, optimizer=kind(model.parameters(), lr=0.1), **options
            ).run()


def test_step_that_takes_something_else_is_refused_with_what_to_do() -> None:
    class OfTheLoss(torch.optim.SGD):
        def step(self, loss: Any) -> Any:  # type: ignore[override]
            raise AssertionError

    class Late(Sam):
        def step(self, closure: Any = None) -> None:
            super().step(torch.enable_grad()(closure))  # which fails once the weights are moved

    class InTwoParts(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            raise NotImplementedError("call first_step and second_step")

    model = make_model()
    advice = r"Step it yourself in training_step=…, with optimizer=\[optimizer\]"
    with pytest.raises(ConfigurationError, match=f"OfTheLoss.step needs loss, .* {advice}"):
        make_engine(Events(), model=model, optimizer=OfTheLoss(model.parameters(), lr=0.1))
    with pytest.raises(ConfigurationError, match=f"after it had changed the weights.* {advice}"):
        make_engine(Events(), model=model, optimizer=Late(model.parameters(), lr=0.1)).run()
    with pytest.raises(ConfigurationError, match=f"first_step and second_step. {advice}"):
        make_engine(Events(), model=model, optimizer=InTwoParts(model.parameters(), lr=0.1)).run()


def test_error_of_a_step_that_asks_for_no_closure_is_raised() -> None:
    model = make_model()

    class Broken(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            raise ArithmeticError("not today")

    with pytest.raises(ArithmeticError, match="not today"):
        make_engine(Events(), model=model, optimizer=Broken(model.parameters(), lr=0.1)).run()


def test_a_run_of_which_fp16_leaves_out_every_update_ends() -> None:
    events, model = Events(), nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.fill_(float("nan"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    engine = make_engine(
        events, make_batches(12), model=model, optimizer=optimizer, precision="fp16",
        max_epochs=None, max_steps=5,
    )  # fmt: skip
    with pytest.raises(TrainingError, match="no update could be made with the last 100 steps"):
        engine.run()
    assert engine.step == 0


@pytest.mark.parametrize("fused", [False, True])
def test_updates_that_fp16_leaves_out_are_no_steps(fused: bool) -> None:
    events, model = Events(), nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=fused)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    batches = make_batches(12)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return 100 * nn.functional.cross_entropy(outputs, targets)

    make_engine(
        events, batches, model=model, optimizer=optimizer, scheduler=scheduler, loss_fn=loss,
        precision="fp16", max_epochs=1,
    ).run()  # fmt: skip
    steps = events.of(StepEnded)
    left_out = 12 - len(steps)
    assert 0 < left_out < 12
    assert [event.step for event in steps] == list(range(1, len(steps) + 1))
    counted = [event.scalars["skipped_updates"] for event in steps]
    assert counted == sorted(counted)
    assert counted[-1] in (left_out - 1, left_out)  # the last batch may be left out, too
    rates = [event.scalars["lr"] for event in steps]
    assert rates == pytest.approx([0.1 / (1 + n) for n in range(len(steps))])
    assert int(optimizer.state[model.weight]["step"]) == len(steps)
    told = [text for text in lines(events) if "an update was left out" in text]
    assert len(told) == 1 + int(math.log2(left_out))
