"""Looking at a model while a run trains it: the run stands, and nobody reads `.grad` beside it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError, RunActiveError
from nbviz.inspection.graph.overlays.timing import call_seconds
from nbviz.trainer import Trainer
from nbviz.training.devices.device import move_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 180.0  # a limit on a hang


class Watched(nn.Parameter):
    """A parameter that notes which threads read its gradient."""

    readers: set[int]

    @property
    def grad(self) -> Any:
        self.readers.add(threading.get_ident())
        return torch.Tensor.grad.__get__(self)

    @grad.setter
    def grad(self, value: Any) -> None:
        torch.Tensor.grad.__set__(self, value)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = Watched(torch.randn(8, 2))
        self.weight.readers = self.readers = set[int]()
        self.calls_at_once = 0
        self.most_at_once = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls_at_once += 1
        self.most_at_once = max(self.most_at_once, self.calls_at_once)
        result = x @ self.weight
        self.calls_at_once -= 1
        return result


def data() -> list[tuple[torch.Tensor, torch.Tensor]]:
    inputs = torch.randn(20, 16, 8)
    return [(x, (x.sum(1) > 0).long()) for x in inputs]


def make(model: nn.Module, **options: Any) -> Trainer:
    given = {
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "max_epochs": 100_000,
        "device": "cpu",
        "threads": 1,
        **options,
    }
    return Trainer(model, data(), **given)


@pytest.fixture
def trainer() -> Iterator[Trainer]:
    made = make(Net())
    made.start()
    wait_for(lambda: made.engine.step > 2)
    yield made
    made.stop_and_wait()


def wait_for(condition: Callable[[], bool]) -> None:
    changed = threading.Event()
    for _ in range(int(SECONDS * 1000)):
        if condition():
            return
        changed.wait(0.001)
    raise AssertionError("it did not happen")


def look_again(trainer: Trainer) -> None:
    """Wake the run at its safe point three times; it must not leave it."""
    for _ in range(3):
        with trainer.between_steps():
            pass


def test_the_run_stands_in_the_block_and_goes_on_after_it(trainer: Trainer) -> None:
    for _ in range(20):
        with trainer.between_steps():
            stood = trainer.engine.step
            kept = trainer.engine.model.weight.detach().clone()
            assert trainer.status == "running"
            look_again(trainer)
            assert trainer.engine.step == stood
            assert torch.equal(trainer.engine.model.weight, kept)
        wait_for(lambda before=stood: trainer.engine.step > before)


def test_commands_given_in_the_block_are_carried_out_after_it(trainer: Trainer) -> None:
    with trainer.between_steps():
        stood = trainer.engine.step
        trainer.set(lr=0.025)
        trainer.pause()
        assert trainer.engine.optimizer.param_groups[0]["lr"] == 0.1
        assert trainer.status == "running"
    wait_for(lambda: trainer.status == "paused")
    assert trainer.engine.step == stood
    assert trainer.engine.optimizer.param_groups[0]["lr"] == 0.025


def test_a_paused_run_is_resumed_after_the_block(trainer: Trainer) -> None:
    trainer.pause()
    wait_for(lambda: trainer.status == "paused")
    with trainer.between_steps():
        stood = trainer.engine.step
        trainer.resume()
        look_again(trainer)
        assert trainer.engine.step == stood
    wait_for(lambda: trainer.engine.step > stood)


def test_a_run_started_in_the_block_begins_after_it() -> None:
    trainer = make(Net(), max_steps=3)
    with trainer.between_steps():
        trainer.start()
        with pytest.raises(RunActiveError, match="after the block"):
            trainer.wait()
        with pytest.raises(RunActiveError, match="after the block"):
            trainer.stop_and_wait()
        assert trainer.engine.step == 0
    trainer.wait(SECONDS)
    assert trainer.engine.step == 3


def test_the_runs_own_thread_does_not_wait_for_itself() -> None:
    steps: list[int] = []

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        with trainer.between_steps():
            steps.append(trainer.engine.step)
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(Net(), loss_fn=None, training_step=step, max_steps=2)
    trainer.start()
    trainer.wait(SECONDS)
    assert steps == [0, 1]


def test_a_run_within_a_step_of_another_leaves_that_one_known() -> None:
    inner = make(Net(), max_steps=1)

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        inner.engine.run()
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(Net(), loss_fn=None, training_step=step, max_epochs=100_000)
    trainer.start()
    wait_for(lambda: trainer.engine.step > 2)
    with trainer.between_steps():
        stood = trainer.engine.step
        look_again(trainer)
        assert trainer.engine.step == stood
    trainer.stop_and_wait()
    assert trainer.status == "stopped"


def test_a_look_during_a_run_within_a_step_waits_for_the_end_of_that_step() -> None:
    inside, may_go_on, seen = threading.Event(), threading.Event(), []

    def inner_step(model: nn.Module, batch: Any) -> torch.Tensor:
        inside.set()
        assert may_go_on.wait(SECONDS)
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    inner = make(Net(), loss_fn=None, training_step=inner_step, max_steps=1)

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        inner.engine.run()
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(Net(), loss_fn=None, training_step=step, max_steps=2)
    trainer.start()
    assert inside.wait(SECONDS)

    def look() -> None:
        with trainer.between_steps():
            seen.append((may_go_on.is_set(), trainer.engine.step))

    looking = threading.Thread(target=look)
    looking.start()
    wait_for(lambda: bool(seen) or trainer.control.needs_attention)
    may_go_on.set()
    looking.join(SECONDS)
    trainer.wait(SECONDS)
    assert seen == [(True, 1)]


def test_several_may_look_at_once(trainer: Trainer) -> None:
    seen: list[bool] = []

    def look() -> None:
        for _ in range(30):
            with trainer.between_steps():
                stood = trainer.engine.step
                look_again(trainer)
                seen.append(trainer.engine.step == stood)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert seen == [True] * 90


def test_a_run_that_fails_keeps_nobody_waiting() -> None:
    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        has_begun.set()
        wait_for(lambda: trainer.control.needs_attention)
        raise ZeroDivisionError

    has_begun = threading.Event()
    trainer = make(Net(), loss_fn=None, training_step=step)
    trainer.start()
    assert has_begun.wait(SECONDS)
    with trainer.between_steps():
        assert trainer.status == "failed"


@pytest.mark.parametrize("look", [nbviz.trace, nbviz.summary, nbviz.graph])
def test_a_model_in_training_is_traced_between_its_steps(trainer: Trainer, look: Any) -> None:
    model = trainer.engine.model
    for _ in range(10):
        look(model, torch.zeros(3, 8))
    assert model.most_at_once == 1
    assert threading.get_ident() not in model.readers


@pytest.mark.parametrize("look", [nbviz.trace, nbviz.summary, nbviz.graph])
def test_no_gradient_is_read_for_a_loop_may_train_that_is_not_known(look: Any) -> None:
    model = Net()
    look(model, torch.zeros(3, 8))
    assert not model.readers


def test_another_trainer_of_a_model_in_training_leaves_its_gradients_alone(
    trainer: Trainer,
) -> None:
    model = trainer.engine.model
    with pytest.raises(RunActiveError, match="training the same model"):
        make(model, optimizer=trainer.engine.optimizer).start()
    assert threading.get_ident() not in model.readers


def test_another_trainers_graph_waits_for_the_run_that_trains(trainer: Trainer) -> None:
    model = trainer.engine.model
    other = make(model, optimizer=trainer.engine.optimizer)
    answers: list[Any] = []
    other.graph.ask(answers.append)
    assert answers[0].parameter_count == 16
    assert model.most_at_once == 1


def test_a_model_in_training_is_not_moved(trainer: Trainer) -> None:
    with pytest.raises(ConfigurationError, match="another run trains it"):
        move_model(trainer.engine.model, None, torch.device("meta"))


class Meta(nn.Module):
    """Learns in its forward pass, as meta-learning does."""

    def __init__(self, change: str) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.change = change

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.change == "none":
            self.inner.zero_grad()
        elif self.change == "zero":
            self.inner.zero_grad(set_to_none=False)
        elif self.change == "delete":
            del self.inner.weight.grad
        elif self.change == "method":
            with torch.enable_grad():
                self.inner(x).sum().backward()
        else:
            with torch.enable_grad():
                torch.autograd.backward([self.inner(x).sum()])
        return self.inner(x)


@pytest.mark.parametrize("look", [nbviz.trace, call_seconds])
@pytest.mark.parametrize("change", ["none", "zero", "delete", "method", "function"])
def test_gradients_changed_in_the_pass_are_put_back(change: str, look: Any) -> None:
    model = Meta(change)
    model.inner(torch.ones(2, 4)).sum().backward()
    before = [parameter.grad for parameter in model.parameters()]
    copies = [gradient.clone() for gradient in before]
    if look is nbviz.trace:
        look(model, torch.ones(2, 4))
    else:
        look(model, (torch.ones(2, 4),), {})
    for parameter, gradient, copy in zip(model.parameters(), before, copies, strict=True):
        assert parameter.grad is gradient
        assert torch.equal(gradient, copy)
