"""Whatever breaks a rewind, a fork or a probe: the run is in one of two states, and says which."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import torch
from faults import Fault, errors, interrupt, raising
from resumed_runs import SECONDS, arguments
from test_find_nonfinite import BREAKS_AT, by_zero
from test_find_nonfinite import trained as broken_run
from test_resume import differences
from torch import nn

import nbviz
from nbviz.errors import CheckpointError, RunActiveError, TrainingError
from nbviz.one_at_a_time import OneAtATime
from nbviz.training.rewinding import recomputing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.training.events import StepEnded

BEFORE, AFTER = 20, 17  # the step where the run is, and to which it is rewound
POINTS = 6  # places of a fault, of each kind


def trained(**more: Any) -> nbviz.Trainer:
    model, data, options = arguments("adamw, dropout, batch norm, validation", seed=0)
    options |= {"max_steps": BEFORE, "ring_every": 8}
    trainer = nbviz.Trainer(model, data, **options, **more)
    trainer.start()
    trainer.wait(SECONDS)
    return trainer


def state(trainer: nbviz.Trainer) -> dict[str, Any]:
    parts = dict(trainer.engine.capture().parts)
    del parts["threads"]  # how long steps took
    return {**parts, "drawn": torch.get_rng_state()}


def probe(trainer: nbviz.Trainer) -> None:
    trainer.probe(
        lambda model: sum(float(one.detach().sum()) for one in model.parameters()), [9, AFTER]
    )


def with_fork() -> nbviz.Trainer:
    trainer = trained()
    fork = trainer.fork("other", step=AFTER)
    FORKS[trainer] = fork
    with torch.no_grad():
        for parameter in fork.model.parameters():
            parameter.add_(1)
    return trainer


FORKS: weakref.WeakKeyDictionary[nbviz.Trainer, nbviz.Trainer] = weakref.WeakKeyDictionary()
CHANGES: dict[str, tuple[Callable[..., nbviz.Trainer], Callable[[nbviz.Trainer], Any], int]] = {
    "rewind": (trained, lambda trainer: trainer.rewind(AFTER), AFTER),
    "find": (lambda: broken_run(by_zero), lambda trainer: trainer.find_nonfinite(), BREAKS_AT - 1),
}
KEEPS = (with_fork, lambda trainer: trainer.keep(FORKS[trainer]), AFTER)
LOOKS: dict[str, Callable[[nbviz.Trainer], Any]] = {
    "probe": probe, "fork": lambda trainer: trainer.fork(step=AFTER),
}  # fmt: skip


class Tried:
    """Something done with a trainer, once with each fault; made anew where it has changed."""

    def __init__(
        self, make: Callable[..., nbviz.Trainer], act: Callable[[nbviz.Trainer], Any], there: int
    ) -> None:
        self._make = make
        self._act = act
        self._there = there
        self._trainer: nbviz.Trainer | None = None

    def calls(self, *, on_main: bool) -> int:
        trainer = self._make()
        with Fault(0, interrupt, on_main=on_main) as fault:
            self._act(trainer)
        trainer.stop_and_wait()
        return fault.calls

    def check(self, fault: Fault) -> None:
        trainer = self._trainer = self._trainer or self._make()
        before, run, status = state(trainer), trainer.run, trainer.status
        raised: BaseException | None = None
        try:
            with fault:
                self._act(trainer)
        except BaseException as error:  # noqa: BLE001  looked at below
            raised = error
        place = fault.place, raised
        assert type(trainer.run) is nbviz.Run, place
        assert not trainer.engine.callbacks.recomputes, place
        hooks = [one._forward_hooks for one in trainer.model.modules()]
        assert not any(hooks), place
        said = "" if raised is None else "\n".join([str(raised), *getattr(raised, "__notes__", [])])
        if trainer.run is run:
            assert differences(before, state(trainer)) == [], place
            assert (trainer.status, trainer.engine.step) == (status, run.progress.step), place
            began = not isinstance(raised, KeyboardInterrupt) or said.strip()
            assert not began or raised is None or "as it was" in said, place
            return
        # The fault may have come where the run's own thread goes on, and ends it.
        while trainer.is_active and trainer.status != "paused":
            time.sleep(0.005)
        assert trainer.engine.step == trainer.run.progress.step == self._there, place
        assert len(trainer.run["loss/train"]) == self._there, place
        assert trainer.run.status == trainer.status, place
        if raised is not None:
            assert f"set to step {self._there}" in said, place
        if trainer.is_active:
            trainer.stop_and_wait()
        self._trainer = None


def points(calls: int, offset: int) -> range:
    stride = max(1, calls // POINTS)
    # What goes back has to have been entered: the method, and what says its state.
    return range(3 + offset % stride, calls, stride)


@pytest.mark.parametrize("name", [*CHANGES, *LOOKS])
def test_an_error_at_any_place_leaves_one_of_two_states(name: str) -> None:
    tried = Tried(*CHANGES[name]) if name in CHANGES else Tried(trained, LOOKS[name], BEFORE)
    calls = tried.calls(on_main=False)
    assert calls > 500
    kinds = itertools.cycle(errors())
    for at in points(calls, 97):
        tried.check(Fault(at, raising(next(kinds))))


@pytest.mark.parametrize("case", [CHANGES["rewind"], KEEPS], ids=["rewind", "keep"])
def test_an_error_where_it_was_asked_for_leaves_one_of_two_states(case: Any) -> None:
    tried = Tried(*case)
    kinds = itertools.cycle(errors())
    for at in points(tried.calls(on_main=True), 29):
        tried.check(Fault(at, raising(next(kinds)), on_main=True))


@pytest.mark.parametrize("name", [*CHANGES, *LOOKS])
@pytest.mark.parametrize("on_main", [True, False])
def test_the_kernels_interrupt_at_any_place_leaves_one_of_two_states(
    name: str,
    on_main: bool,
) -> None:
    tried = Tried(*CHANGES[name]) if name in CHANGES else Tried(trained, LOOKS[name], BEFORE)
    for at in points(tried.calls(on_main=on_main), 41):
        tried.check(Fault(at, interrupt, on_main=on_main))


def test_an_interrupt_while_a_fork_is_kept_leaves_one_of_two_states() -> None:
    tried = Tried(*KEEPS)
    for at in points(tried.calls(on_main=True), 41)[::2]:
        tried.check(Fault(at, interrupt, on_main=True))


def test_an_interrupt_behind_all_that_was_done_says_where_the_run_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doing = OneAtATime.doing

    @contextmanager
    def interrupted(one: OneAtATime, what: str, whose: str) -> Generator[None]:
        with doing(one, what, whose):
            yield
        raise KeyboardInterrupt

    trainer = trained()
    monkeypatch.setattr(OneAtATime, "doing", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        trainer.rewind(AFTER)
    assert caught.value.__notes__ == [f"The run has been set to step {AFTER}."]
    assert trainer.engine.step == AFTER
    trainer.stop_and_wait()


class Changes:
    """The user, who does something with the model after a step; from another cell, say."""

    def __init__(self) -> None:
        self.act: Callable[[nn.Sequential], None] | None = None

    def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
        if self.act is not None and event.step == BEFORE - 2:
            model: Any = trainer.model
            self.act(model)


def test_weights_that_the_user_changed_are_those_that_the_run_has_after_a_probe() -> None:
    trainer = trained()
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.zero_()
    before = state(trainer)
    probe(trainer)
    assert differences(before, state(trainer)) == []
    trainer.rewind(AFTER)
    first = state(trainer)
    trainer.resume()
    trainer.wait(SECONDS)
    trainer.rewind(AFTER)
    assert differences(first, state(trainer)) == []
    trainer.stop_and_wait()


def test_a_model_that_is_changed_meanwhile_so_that_nothing_fits() -> None:
    user = Changes()
    trainer = trained(callbacks=[user])
    old = trainer.run

    def fail(*_: Any) -> None:
        raise ValueError("a mistake")

    def widen(model: nn.Sequential) -> None:
        model.append(nn.Linear(2, 3)).register_forward_pre_hook(fail)

    user.act = widen
    with pytest.raises(CheckpointError) as raised:
        trainer.rewind(BEFORE - 1)
    there = BEFORE - 2
    assert str(raised.value) == (
        "what the run was after step 20 could not be put back (the checkpoint is of another model: "
        "5.weight, 5.bias of this Sequential are not in it). It is after step 18 now; start() goes "
        "on from there."
    )
    assert (trainer.status, trainer.engine.step) == ("ready", there)
    assert trainer.run is not old
    assert trainer.run["loss/train"].steps.tolist() == list(range(1, there + 1))
    [said] = [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]
    assert "could not be put back" in said


def test_a_run_that_trained_goes_on_after_what_failed() -> None:
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **options | {"max_steps": 10_000_000}, ring_every=10)
    trainer.start()
    reach(trainer, 30)

    def fail(model: nn.Module) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        trainer.probe(fail, [7])
    assert "The run is as it was, after step" in raised.value.__notes__[-1]
    assert trainer.status == "running"
    reach(trainer, trainer.engine.step + 5)
    trainer.stop_and_wait()


def reach(trainer: nbviz.Trainer, step: int) -> None:
    while trainer.engine.step < step:
        assert trainer.is_active
        time.sleep(0.005)


def test_a_run_that_cannot_begin_can_be_started_again() -> None:
    trainer = trained()
    trainer.rewind(AFTER)
    trainer.stop_and_wait()

    class Fails:
        def __enter__(self) -> None:
            raise MemoryError("there is none")

        def __exit__(self, *_: object) -> None: ...

    surroundings, trainer.surroundings = trainer.surroundings, Fails
    trainer.start()
    with pytest.raises(TrainingError, match="there is none"):
        trainer.wait(SECONDS)
    assert trainer.status == trainer.run.status == "stopped"
    trainer.surroundings = surroundings
    trainer.start()
    trainer.wait(SECONDS)
    assert (trainer.status, trainer.engine.step) == ("finished", BEFORE)


def test_steps_that_are_not_followed_are_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trained()
    before = state(trainer)

    def fail(*_: object) -> None:
        raise MemoryError("there is none")

    monkeypatch.setattr(recomputing._Repeating, "__call__", fail)
    with pytest.raises(CheckpointError, match=r"went past step 17.*as it was, after step 20"):
        trainer.rewind(AFTER)
    assert differences(before, state(trainer)) == []


def test_two_cells_at_once_leave_one_of_two_states() -> None:
    """One goes back while the other looks; the second is refused, and the run is whole."""
    trainer = trained()
    before = state(trainer)
    refused: list[BaseException] = []
    looks = threading.Event()

    def other() -> None:
        assert looks.wait(SECONDS)
        for act in (lambda: trainer.rewind(AFTER), lambda: trainer.fork(step=AFTER)):
            try:
                act()
            except RunActiveError as error:
                refused.append(error)

    thread = threading.Thread(target=other)
    thread.start()

    def look(model: nn.Module) -> float:
        del model
        looks.set()
        thread.join(SECONDS)
        return 1.0

    assert trainer.probe(look, [3]).values.tolist() == [1.0]
    said = [str(one) for one in refused]
    assert len(said) == 2
    assert all("is busy (probe, in another cell or a page)" in one for one in said)
    assert differences(before, state(trainer)) == []
    assert trainer.ring.first is not None
    assert trainer.ring.first.step == 0
    trainer.rewind(AFTER)
    trainer.stop_and_wait()
