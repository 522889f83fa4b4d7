"""A run and its forks train at the same time, in turns, each as if it were alone."""

from __future__ import annotations

import random
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from resumed_runs import KEPT, SECONDS, STEPS, Noisy, arguments, result
from test_resume import differences

import nbviz
from nbviz import callbacks
from nbviz.errors import TrainingError
from nbviz.training.random_numbers import turns
from nbviz.training.random_numbers.random_state import DeferredRandomState
from nbviz.training.random_numbers.seeds import preserved_random_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAME = "adamw, dropout, batch norm, validation"


class OwnNoise(Noisy):
    """Examples with noise of a generator that the data set keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = np.random.default_rng(3)

    def __getitem__(self, place: int) -> Any:
        noise = torch.tensor(self.numbers.normal(size=6), dtype=torch.float32)
        return self.inputs[place] + 0.1 * noise, self.targets[place]


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each turn be one step."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)


def until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def stands(trainer: nbviz.Trainer) -> None:
    """Wait until a run is paused; from then on no cell draws random numbers of its."""
    until(lambda: trainer.status == "paused")


def family(name: str = NAME, **more: Any) -> tuple[dict[str, Any], nbviz.Trainer, nbviz.Trainer]:
    """Return what a run came to by itself; its trainer, paused at `KEPT`; a fork from there."""
    model, data, options = arguments(name, seed=0)
    trainer = nbviz.Trainer(model, data, **{"ring_every": 10, **options, **more})
    trainer.start()
    trainer.wait(SECONDS)
    first = result(trainer)
    fork = trainer.fork("fork", step=KEPT)
    trainer.rewind(KEPT)
    return first, trainer, fork


def race(*trainers: nbviz.Trainer) -> None:
    """Have runs go on that are paused or have not begun, the same moment."""
    with turns.still(None):
        for one in trainers:
            one.start()
        until(lambda: len(turns._turns.waiting) == len(trainers))


def check(first: dict[str, Any], trainers: Iterable[nbviz.Trainer]) -> None:
    for one in trainers:
        one.wait(SECONDS)
        assert (one.status, one.engine.step) == ("finished", STEPS)
        assert differences(first, result(one)) == []
    assert not turns._turns.members
    assert turns._turns.holder is None


def warnings(trainer: nbviz.Trainer) -> list[str]:
    return [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]


@pytest.mark.parametrize(
    "name", [NAME, "own generator", "two workers", "milestones and validation by steps", "ema"]
)
def test_both_curves_grow_together_each_to_the_last_bit(name: str) -> None:
    seen: list[str] = []
    note = callbacks.every(1, lambda trainer: seen.append(trainer.run.name))
    _, _, options = arguments(name, seed=0)
    first, trainer, fork = family(name, callbacks=[*options.get("callbacks", ()), note])
    other = trainer.fork("other", step=KEPT)
    seen.clear()
    race(trainer, fork, other)
    check(first, (trainer, fork, other))
    assert len(seen) == 3 * (STEPS - KEPT)
    assert sum(one != next_one for one, next_one in pairwise(seen)) > 2 * (STEPS - KEPT)
    losses = {one.run["loss/train"].values.tobytes() for one in (trainer, fork, other)}
    assert len(losses) == 1
    assert warnings(fork) == []


def test_a_data_set_that_keeps_a_generator_is_each_runs_own() -> None:
    data = OwnNoise()
    model, _, options = arguments(NAME, seed=0)
    options["val_loader"] = torch.utils.data.DataLoader(data, batch_size=8)
    shuffled = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
    trainer = nbviz.Trainer(model, shuffled, **options, ring_every=10)
    trainer.start()
    trainer.wait(SECONDS)
    first = result(trainer)
    fork = trainer.fork(step=KEPT)
    copied: Any = fork.options.train_loader
    assert copied.dataset.inputs is data.inputs
    assert copied.dataset.numbers is not data.numbers
    assert fork.options.val_loader is not None
    assert copied.dataset is fork.options.val_loader.dataset  # pyright: ignore[reportAttributeAccessIssue]
    trainer.rewind(KEPT)
    race(trainer, fork)
    check(first, (trainer, fork))


def test_a_draw_by_another_cell_is_said_once_and_changes_nothing() -> None:
    first, trainer, fork = family()

    def draw() -> None:
        torch.manual_seed(1)
        np.random.rand()  # noqa: NPY002
        random.random()

    fork.step(2)
    stands(fork)
    trainer.step(2)
    stands(trainer)
    for _ in range(2):
        draw()  # in a cell
        with fork.between_steps():
            draw()
        trainer.step(3)
        stands(trainer)
        fork.step(3)
        stands(fork)
    for one in (trainer, fork):
        one.resume()
    check(first, (trainer, fork))
    for one in (trainer, fork):
        [said] = warnings(one)
        assert "drew random numbers or set a seed between two turns" in said


def test_what_nbviz_looks_at_leaves_no_trace_in_runs_that_take_turns() -> None:
    first, trainer, fork = family()
    third = trainer.fork("third", step=KEPT)
    third.start()
    third.wait(SECONDS)
    is_over = threading.Event()
    looks = 0

    def look() -> None:
        nonlocal looks
        while not is_over.is_set() or not looks:
            # As for the graph of a model that is not trained just now.
            with preserved_random_state(torch.device("cpu")):
                torch.rand(3)
            with fork.between_steps():
                torch.rand(0)
            looks += 1
            is_over.wait(0.005)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    race(trainer, fork)
    third.rewind(KEPT + 3)
    third.stop()
    assert third.probe(lambda model: torch.rand(1), [KEPT + 2]).values[0] > 0
    third.start()
    trainer.wait(SECONDS)
    fork.wait(SECONDS)
    third.wait(SECONDS)
    is_over.set()
    looking.join()
    check(first, (trainer, fork, third))


def test_what_becomes_of_one_leaves_the_other_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused, stopped, rewound, without memory at a change of turns, failed in a step."""
    first, trainer, fork = family()
    with turns.still(None):
        fork.start()
        fork.pause()
    trainer.start()  # it is paused, so that this resumes
    until(lambda: trainer.status == "finished")
    check_one(first, trainer)
    fork.resume()
    trainer.rewind(KEPT)
    trainer.stop_and_wait()
    check_one(first, fork)

    failing = trainer.fork("failing", step=KEPT)
    defer = DeferredRandomState.defer

    def no_memory(random_state: DeferredRandomState) -> Any:
        if random_state is failing.engine._random and failing.engine.step > KEPT + 3:
            raise MemoryError("there is none")
        return defer(random_state)

    monkeypatch.setattr(DeferredRandomState, "defer", no_memory)
    race(failing, trainer)
    with pytest.raises(TrainingError, match="there is none"):
        failing.wait(SECONDS)
    check(first, (trainer,))
    monkeypatch.undo()
    assert failing.status == failing.run.status == "failed"
    assert "could not be kept" in warnings(failing)[-1]

    broken = trainer.fork("broken", step=KEPT)
    trainer.rewind(KEPT)
    broken.model.register_forward_pre_hook(lambda *_: 1 / 0)
    race(broken, trainer)
    with pytest.raises(TrainingError, match="division"):
        broken.wait(SECONDS)
    check(first, (trainer,))


def check_one(first: dict[str, Any], trainer: nbviz.Trainer) -> None:
    trainer.wait(SECONDS)
    assert differences(first, result(trainer)) == []


def test_a_run_that_waits_for_its_fork_lets_it_have_its_turns() -> None:
    first, trainer, fork = family()
    waited: list[str] = []

    def wait(trainer: nbviz.Trainer) -> None:
        if trainer.run.name != "fork" and not waited:
            fork.start()
            fork.wait(SECONDS)
            waited.append(fork.status)

    trainer.engine.callbacks.add(callbacks.every(KEPT + 4, wait))
    trainer.start()
    check(first, (trainer, fork))
    assert waited == ["finished"]

    trainer.rewind(KEPT)
    fork.rewind(KEPT)
    with trainer.between_steps():
        fork.resume()
        fork.wait(SECONDS)
        assert trainer.engine.step == KEPT
    trainer.resume()
    check(first, (trainer, fork))


def test_a_run_that_stands_inside_a_step_leaves_its_turn() -> None:
    first, trainer, fork = family()
    assert trainer.step_into().name == "batch"
    assert trainer.step_into().name == "forward"  # dropout has drawn
    fork.step(3)
    stands(fork)
    torch.rand(3)
    with fork.between_steps(), trainer.between_steps():  # which ends the step
        assert trainer.engine.step == KEPT + 1
    for one in (trainer, fork):
        one.resume()
    check(first, (trainer, fork))


def test_a_run_without_forks_takes_no_turns() -> None:
    seen: list[tuple[bool, bool, int]] = []

    def look(trainer: nbviz.Trainer) -> None:
        turn = trainer.engine.turn
        seen.append((turn.is_shared, trainer.control.needs_attention, len(turns._turns.members)))

    model, data, options = arguments(NAME, seed=0)
    trainer = nbviz.Trainer(model, data, **options, callbacks=[callbacks.every(1, look)])
    trainer.start()
    trainer.wait(SECONDS)
    assert seen == [(False, False, 0)] * STEPS


def test_a_run_goes_on_where_it_was_forked_while_it_trained() -> None:
    model, data, options = arguments(NAME, seed=0)
    trainer = nbviz.Trainer(model, data, **options | {"max_steps": 10_000_000}, ring_every=10)
    trainer.start()
    until(lambda: trainer.engine.step >= STEPS)
    fork = trainer.fork("fork", step=STEPS)
    fork.start()
    here, there = trainer.engine.step, fork.engine.step
    until(lambda: trainer.engine.step > here + 5 and fork.engine.step > there + 5)
    assert (trainer.status, fork.status) == ("running", "running")
    trainer.stop_and_wait()
    here = fork.engine.step
    until(lambda: fork.engine.step > here + 5)
    fork.stop_and_wait()
    steps = min(trainer.engine.step, fork.engine.step)
    one, other = (each.run["loss/train"].values[:steps] for each in (trainer, fork))
    assert one.tobytes() == other.tobytes()
