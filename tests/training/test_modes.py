"""What other cells change about a model, and about torch, while a run trains it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch
from observed import SECONDS, Events, make_batches, make_engine
from torch import nn
from torch.overrides import TorchFunctionMode

import nbviz
from nbviz.training.background import BackgroundRun
from nbviz.training.between_steps import between_steps
from nbviz.training.devices.thread_settings import default_device
from nbviz.training.events import LineLogged, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable


class Net(nn.Module):
    """Notes at each pass which of its parts are in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.last = nn.Sequential(nn.Dropout(0.1), nn.Linear(4, 2))
        self.seen: list[tuple[bool, bool, bool]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append((self.training, self.first[1].training, self.last[0].training))
        return self.last(self.first(x))


def train(model: Net, at_step_two: Callable[[], Any], **options: Any) -> Events:
    events = Events()

    def act(event: Any) -> None:
        if isinstance(event, StepEnded) and event.step == 2:
            at_step_two()

    make_engine(events, model=model, observers=(events, act), max_steps=4, **options).run()
    return events


def test_whole_model_set_to_eval_mode_trains_on_in_train_mode() -> None:
    model = Net()
    model.first[1].eval()
    events = train(model, model.eval)
    assert model.seen == 4 * [(True, False, True)]  # the frozen part stays frozen
    (line,) = events.of(LineLogged)
    assert line.text.startswith("model.eval() was called while the run trains; it is undone")


def test_a_look_in_eval_mode_and_back_thaws_nothing() -> None:
    model = Net()
    model.first.eval()

    def look() -> None:
        model.eval()
        model.train()

    events = train(model, look)
    assert model.seen == 4 * [(True, False, True)]
    assert "model.train() was called" in events.of(LineLogged)[0].text


def test_part_that_is_frozen_meanwhile_stays_frozen() -> None:
    model = Net()
    events = train(model, model.first.eval)
    assert model.seen == 2 * [(True, True, True)] + 2 * [(True, False, True)]
    assert not events.of(LineLogged)


def test_step_of_the_users_may_thaw_parts() -> None:
    model = Net()
    model.first.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: Any, batch: Any) -> Any:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        if len(model.seen) == 2:
            model.first.train()
        return loss

    train(model, lambda: None, training_step=step, optimizer=optimizer)
    assert model.seen == 2 * [(True, False, True)] + 2 * [(True, True, True)]


def test_eval_in_a_block_between_two_steps() -> None:
    events, model = Events(), Net()
    engine = make_engine(events, make_batches(), model=model)
    run = BackgroundRun(engine.run, name="looked at")
    run.start()
    events.wait_for_count("StepEnded", 2)
    with between_steps(model):
        model.eval()
        before = engine.step
    events.wait_for(lambda: engine.step > before + 2, "steps after the block")
    with between_steps(model):
        model.first.eval()
        seen = len(model.seen)
    events.wait_for(lambda: len(model.seen) > seen + 2, "steps after the block")
    engine.control.stop()
    run.wait(SECONDS)
    assert all(whole and last for whole, _, last in model.seen)
    assert not any(first for _, first, _ in model.seen[seen:])


@pytest.mark.parametrize("where", ["before", "after"])
def test_settings_that_torch_keeps_for_each_thread(where: str) -> None:
    seen: list[Any] = []

    def look() -> None:
        seen.append((default_device().type, torch.is_autocast_enabled("cpu")))
        seen.append(torch.get_autocast_dtype("cpu"))

    run = BackgroundRun(look, name="settings")
    try:
        if where == "before":
            torch.set_default_device("meta")
            torch.set_autocast_enabled("cpu", True)
            torch.set_autocast_dtype("cpu", torch.float16)
        run.start()
        run.wait(SECONDS)
        assert default_device().type == ("meta" if where == "before" else "cpu")
    finally:
        torch.set_default_device(None)
        torch.set_autocast_enabled("cpu", False)
        torch.set_autocast_dtype("cpu", torch.bfloat16)
    expected = [("meta", True), torch.float16]
    assert seen == (expected if where == "before" else [("cpu", False), torch.bfloat16])


class Calls(TorchFunctionMode):
    """Counts what it sees on each thread, and how often it was entered."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = 0
        self.threads: list[int] = []

    def __enter__(self) -> Any:
        self.entered += 1
        return super().__enter__()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.threads.append(threading.get_ident())
        return func(*args, **(kwargs or {}))


def test_modes_that_see_calls_of_functions_see_those_of_a_run() -> None:
    def look() -> None:
        torch.ones(2).add(1)
        threads.append(threading.get_ident())

    threads: list[int] = []
    model = nn.Linear(2, 2)
    with Calls() as calls, nbviz.record(model) as recorded:
        for _ in range(2):  # the second time there is nothing left of the first
            run = BackgroundRun(look, name="modes")
            run.start()
            run.wait(SECONDS)
        model(torch.ones(1, 2))
    for thread in set(threads):
        assert calls.threads.count(thread) == 2 * threads.count(thread)
    assert calls.entered == 1
    assert threading.get_ident() in calls.threads
    assert "add" not in recorded.graph.to_dot()
    seen = len(calls.threads)
    run = BackgroundRun(look, name="without")
    run.start()
    run.wait(SECONDS)
    assert len(calls.threads) == seen


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_gradients_are_on_in_a_run(off: Any) -> None:
    events = Events()
    engine = make_engine(events, max_steps=2)
    with off():
        engine.run()
        assert not torch.is_grad_enabled()
    assert events[-1].reason == "finished"


def test_a_run_starts_where_a_default_device_was_set_to_none() -> None:
    torch.set_default_device("meta")
    torch.set_default_device(None)
    seen: list[str] = []
    run = BackgroundRun(lambda: seen.append(torch.ones(1).device.type), name="settings")
    run.start()
    run.wait(SECONDS)
    assert seen == ["cpu"]
