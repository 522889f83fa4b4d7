"""Numbers that are not finite and are meant: a healthy run has them, and what breaks is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from resumed_runs import SECONDS
from test_find_nonfinite import BATCH, BREAKS_AT, Breaks, batches, by_zero, check_rewound, run
from torch import nn

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

INFINITY = float("inf")
SEEDS = 3


def scores(*, learnt: bool) -> nn.Parameter:
    """What is added to six scores, of which it leaves two out."""
    return nn.Parameter(torch.zeros(6).masked_fill(torch.arange(6) > 3, -INFINITY), learnt)


def by_parameter(model: Any, given: torch.Tensor) -> torch.Tensor:
    return torch.softmax(given + model.added, 1)


def by_logarithm(model: Any, given: torch.Tensor) -> torch.Tensor:
    del model
    return torch.softmax(given + (torch.arange(6) < 4).float().log(), 1)


def by_choice(model: Any, given: torch.Tensor) -> torch.Tensor:
    del model
    with torch.no_grad():
        unused = torch.log(-given.abs())
    return given + torch.where(torch.isnan(unused), torch.zeros_like(given), unused)


class Scored(nn.Module):
    """A layer, perhaps a fault, and then something that is not finite and is meant."""

    def __init__(
        self,
        mixed: Callable[[Any, torch.Tensor], torch.Tensor],
        act: Callable[[torch.Tensor], torch.Tensor] = torch.tanh,
        *,
        learnt: bool = False,
    ) -> None:
        super().__init__()
        self.first, self.broken, self.last = nn.Linear(6, 6), Breaks(act), nn.Linear(6, 2)
        self.added = scores(learnt=learnt)
        self.unused = nn.Parameter(torch.full((2,), float("nan")))
        self.mixed = mixed

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.last(self.mixed(self, self.broken(self.first(given))))


def found_in(trainer: nbviz.Trainer) -> FirstNonFinite:
    found = trainer.find_nonfinite()
    assert found is not None
    return found


@pytest.mark.parametrize("learnt", [False, True])
@pytest.mark.parametrize("mixed", [by_parameter, by_logarithm, by_choice])
def test_a_healthy_run_is_left_alone(mixed: Any, learnt: bool) -> None:
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        trainer = run(Scored(mixed, learnt=learnt), max_steps=30)
        before = trainer.run
        assert trainer.find_nonfinite() is None
        assert (trainer.run, trainer.status) == (before, "finished")


def log_of_less(given: torch.Tensor) -> torch.Tensor:
    scale = torch.ones(BATCH, 1)
    scale[3] = -1
    return given + scale.log()


@pytest.mark.parametrize("mixed", [by_parameter, by_logarithm, by_choice])
@pytest.mark.parametrize(("act", "name"), [(by_zero, "div"), (log_of_less, "log")])
def test_what_breaks_beside_them_is_named(mixed: Any, act: Any, name: str) -> None:
    torch.manual_seed(0)
    trainer = run(Scored(mixed, act))
    found = found_in(trainer)
    assert (found.step, found.operation, found.module) == (BREAKS_AT, name, "broken")
    assert found.sample == 3
    assert trainer.engine.step == BREAKS_AT - 1
    trainer.stop_and_wait()


def test_a_weight_that_is_none_from_the_beginning() -> None:
    torch.manual_seed(0)
    model = nn.Linear(6, 2)
    with torch.no_grad():
        model.weight[1, 2] = float("nan")
    found = found_in(run(model))
    assert str(found) == (
        "before step 1 the weight weight was no longer finite: 1 of 12 values of it (2 × 6, "
        "float32), NaN (so the run began)."
    )


def test_a_row_of_a_mask_in_the_batch_that_leaves_all_out() -> None:
    mask = torch.zeros(BATCH, 6).masked_fill(torch.arange(6) > 3, -INFINITY)
    data = [((inputs, mask.clone()), targets) for inputs, targets in batches()]
    data[BREAKS_AT - 1][0][1][2] = -INFINITY
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 2))

    def step(model: Any, batch: Any) -> dict[str, Any]:
        (inputs, added), targets = batch
        mixed = torch.softmax(model[0](inputs) + added, 1)
        return {"loss": nn.functional.cross_entropy(model[1](mixed), targets)}

    trainer = run(model, train_loader=data, loss_fn=None, training_step=step)
    found = found_in(trainer)
    assert (found.step, found.operation, found.sample) == (BREAKS_AT, "softmax", 2)
    assert found.facts == ("softmax of -inf alone: 1 row",)
    check_rewound(trainer, str(found))


def test_which_tensor_of_the_batch() -> None:
    data = [{"x": x, "y": y, "weight": torch.ones(BATCH)} for x, y in batches()]
    data[BREAKS_AT - 1]["weight"][5] = INFINITY

    def step(model: Any, batch: Any) -> dict[str, Any]:
        losses = nn.functional.cross_entropy(model(batch["x"]), batch["y"], reduction="none")
        return {"loss": (losses * batch["weight"]).mean()}

    found = found_in(run(nn.Linear(6, 2), train_loader=data, loss_fn=None, training_step=step))
    assert str(found) == (
        "in step 31 the batch itself is not finite: 1 of 8 values of batch['weight'] (8, float32), "
        "infinite, of sample 5 in the batch."
    )


class Sparse(nn.Module):
    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.embed, self.broken = nn.Embedding(50, 8, sparse=True), Breaks(act)
        self.last = nn.Linear(8, 2)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.last(self.broken(self.embed((given.abs() * 10).long().clamp(0, 49)).mean(1)))


def spoiled_gradient(given: torch.Tensor) -> torch.Tensor:
    def spoil(gradient: torch.Tensor) -> torch.Tensor:
        return gradient * INFINITY

    given.register_hook(spoil)
    return given


@pytest.mark.parametrize(
    ("act", "phase", "operation"),
    [(by_zero, "forward", "div"), (spoiled_gradient, "backward", "the gradient of mean")],
)
def test_a_model_with_sparse_gradients(act: Any, phase: str, operation: str) -> None:
    torch.manual_seed(0)
    found = found_in(run(Sparse(act)))
    assert (found.step, found.phase, found.operation) == (BREAKS_AT, phase, operation)


def a_row_alone(given: torch.Tensor) -> torch.Tensor:
    given = given.clone()
    given[6, 0] = float("nan")
    return given


def outside(given: torch.Tensor) -> torch.Tensor:
    values = given.detach().numpy().copy()
    values[4] = [INFINITY, *values[4, 1:]]
    return given * torch.from_numpy(values)


def too_large(given: torch.Tensor) -> torch.Tensor:
    return given + (given * 1e15 - 2e25) ** 2


@pytest.mark.parametrize(
    ("act", "operation", "sample", "facts"),
    [
        (a_row_alone, "fill", 6, ()),
        (outside, "a tensor made of numbers", 4, ()),
        (too_large, "pow", None, ("what it was given is at most 2e+25 in size", "lr 0.1")),
    ],
)
def test_what_is_said_of_it(act: Any, operation: str, sample: int | None, facts: Any) -> None:
    torch.manual_seed(0)
    found = found_in(run(nn.Sequential(nn.Linear(6, 12), Breaks(act), nn.Linear(12, 2))))
    assert (found.step, found.operation, found.module) == (BREAKS_AT, operation, "1")
    assert (found.sample, found.facts) == (sample, facts)


class Own(nn.Module):
    """Takes a logarithm in its own `forward`, as the loss does, too."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 2)
        self.broken = Breaks(lambda given: -given)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return torch.log(self.broken(self.layer(given).exp()))


def test_in_the_models_own_forward_and_in_the_loss() -> None:
    torch.manual_seed(0)
    found = found_in(run(Own()))
    assert "in step 31 log in the model's own forward was the first" in str(found)
    assert found.is_in_model

    def loss(given: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        is_late = trainers[0].engine.step_number >= BREAKS_AT
        return nn.functional.cross_entropy(given, targets) / (0 if is_late else 1)

    trainers: list[nbviz.Trainer] = []
    torch.manual_seed(0)
    model = nn.Linear(6, 2)
    trainer = nbviz.Trainer(
        model, batches(), loss_fn=loss, max_steps=50, threads=1, device="cpu", ring_every=10,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
    )  # fmt: skip
    trainers.append(trainer)
    trainer.start()
    trainer.wait(SECONDS)
    found = found_in(trainer)
    assert "in step 31 div outside the model was the first" in str(found)
    assert not found.is_in_model
