"""Calls that need no checks, and those that do although they look alike: all are kept as given."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from nbviz import Run
from nbviz.errors import LoggingError, RunStopped
from nbviz.recording.scalars.attention import SMALL_STEPS
from nbviz.recording.scalars.inbox import HEAD
from nbviz.recording.scalars.inputs import MOST_STEPS
from nbviz.training.commands import Control


class Unreadable(Fraction):
    """A number that cannot be read."""

    def __float__(self) -> float:
        raise RuntimeError("not now")


BEFORE = {"loss": 0.5, "accuracy": 0.25}


class Number(float):
    """A float of a class of its own."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run that knows the tags, so that plain calls need no checks.

    No other thread takes in what waits, or has the next call look up.
    """
    monkeypatch.setattr("nbviz.recording.run.keep_drained", lambda _: None)
    run = Run()
    run.log(BEFORE, 1)
    run.log({"loss": 0.5}, 1)
    return run


def test_a_plain_call_waits_as_it_is_and_raises_the_newest_step(run: Run) -> None:
    run.drain()
    assert run.plain_calls.put({"loss": 2.0, "accuracy": 3.0}, 7, 10.0)
    number, seconds, _, step, *values = run._scalars.entries
    assert (number, seconds, step, values) == (0, 10.0, 7, [2.0, 3.0])
    assert run._steps.logged == 7
    assert run.plain_calls.put({"loss": 2.0, "accuracy": 3.0}, 6, 10.0)
    assert run._steps.logged == 7


def test_log_adds_what_a_plain_call_adds(run: Run) -> None:
    run.drain()
    run.log({"loss": 2.0, "accuracy": 3.0}, 7)
    run.log({"loss": 4.0}, 5)
    number, _, _, step, *values, second, _, _, earlier, value = run._scalars.entries
    assert (number, step, values) == (0, 7, [2.0, 3.0])
    assert (second, earlier, value) == (1, 5, 4.0)
    assert run._steps.logged == 7


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ({"accuracy": 1.0, "loss": 1.0}, 2),  # another order
        ({"loss": 1.0, "accuracy": 1}, 2),
        ({"loss": Number(1), "accuracy": 1.0}, 2),
        ({"loss": np.float64(1), "accuracy": 1.0}, 2),
        ({"loss": torch.ones(()), "accuracy": 1.0}, 2),
        (BEFORE, None),
        (BEFORE, True),
        (BEFORE, np.int64(2)),
        (BEFORE, -1),
        (BEFORE, MOST_STEPS),
        ({}, 2),
    ],
)
def test_what_needs_checks_is_no_plain_call(run: Run, values: dict[str, Any], step: Any) -> None:
    run.drain()
    assert not run.plain_calls.put(values, step, 10.0)
    assert not run._scalars.entries
    assert run._steps.logged == 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1.5, 1.5),
        (1, 1.0),
        (Number(1), 1.0),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.array([2]), 2.0),
        (torch.tensor(3.0, requires_grad=True), 3.0),
        (torch.ones(1, 1, dtype=torch.bfloat16), 1.0),
        (True, 1.0),
    ],
)
def test_one_number_of_a_known_tag_waits_as_a_float(run: Run, value: Any, kept: float) -> None:
    run.drain()
    run.plain_calls.attention = False
    assert run.plain_calls.put_one("loss", value, 7)
    assert run.plain_calls.put_one("loss", value, 3)
    _, _, _, step, number, _, _, _, earlier, again = run._scalars.entries
    assert (step, number, earlier, again) == (7, kept, 3, kept)
    assert {type(number), type(again)} == {float}
    assert run._steps.logged == 7


@pytest.mark.parametrize(
    ("tag", "value", "step"),
    [
        ("accuracy", 1.0, 2),  # never logged alone
        ("new", 1.0, 2),
        (["loss"], 1.0, 2),
        (None, 1.0, 2),
        ("loss", "1", 2),
        ("loss", {"a": 1.0}, 2),
        ("loss", torch.ones(2), 2),
        ("loss", 10**400, 2),
        ("loss", Unreadable(2), 2),
        ("loss", 1.0, -1),
        ("loss", 1.0, MOST_STEPS),
    ],
)
def test_what_is_wrong_or_new_is_left_to_log(run: Run, tag: Any, value: Any, step: int) -> None:
    run.drain()
    run.plain_calls.attention = False
    assert not run.plain_calls.put_one(tag, value, step)
    assert not run._scalars.entries
    assert run._steps.logged == 1


def test_all_kinds_of_calls_give_the_same_series(run: Run) -> None:
    calls: list[tuple[dict[str, Any], Any]] = [
        ({"loss": 1.0, "accuracy": 0.5}, 2),
        ({"loss": 1}, 3),
        ({"loss": np.float32(1.5)}, np.int64(4)),
        ({"loss": torch.tensor(2.0), "accuracy": Number(0.75)}, 5),
        ({"loss": 2.5}, None),
    ]
    for values, step in calls:
        run.log(values, step)
    assert run["loss"].steps.tolist() == [1, 1, 2, 3, 4, 5, 6]
    assert run["loss"].values.tolist() == [0.5, 0.5, 1, 1, 1.5, 2, 2.5]
    assert run["accuracy"].values.tolist() == [0.25, 0.5, 0.75]
    for step in (-1, MOST_STEPS):
        with pytest.raises(LoggingError):
            run.log({"loss": 1.0}, step)


def test_stop_acts_at_a_call_whose_values_are_kept(run: Run) -> None:
    run.drain()
    run.plain_calls.attention = False
    run.log({"loss": 1.0}, 2)
    assert len(run._scalars.entries) == HEAD + 1
    run.control.stop()
    assert not run.plain_calls.put_one("loss", 1.0, 3)
    with pytest.raises(RunStopped):
        run.log({"loss": 1.0}, 3)
    assert run["loss"].steps.tolist() == [1, 1, 2, 3]


def test_the_control_that_a_run_follows_is_that_of_its_calls(run: Run) -> None:
    own, other = run.control, Control()
    run.plain_calls.attention = False
    run.follow_control(other)
    assert run.control is other
    assert run.plain_calls.limit == SMALL_STEPS
    other.begin()
    other.pause()
    assert run.plain_calls.needs_attention
    assert run.plain_calls.limit == 0
    run.leave_trainer()
    assert run.control is own
    assert not run.plain_calls.needs_attention
    assert run.plain_calls.limit == SMALL_STEPS
    other.stop()  # of the control that it follows no more
    assert run.plain_calls.limit == SMALL_STEPS
    own.pause()
    run.plain_calls.attention = False
    assert run.plain_calls.limit == 0


def test_a_call_of_a_late_step_waits_as_any(run: Run) -> None:
    run.drain()
    run.plain_calls.attention = False
    for step in (SMALL_STEPS - 1, SMALL_STEPS, MOST_STEPS - 1):
        run.log({"loss": 1.0}, step)
    assert run._steps.logged == MOST_STEPS - 1
    assert run["loss"].steps.tolist()[2:] == [
        SMALL_STEPS - 1, SMALL_STEPS, MOST_STEPS - 1,
    ]  # fmt: skip


def test_more_than_may_wait_makes_the_next_call_look_up(run: Run) -> None:
    run.drain()
    run.plain_calls.attention = False
    run.plain_calls.most_waiting = 12
    for step in (2, 3):
        run.log({"loss": 1.0}, step)
        assert not run.plain_calls.attention
    run.log({"loss": 1.0}, 4)
    assert run.plain_calls.attention
