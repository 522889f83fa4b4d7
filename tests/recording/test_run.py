"""What is logged is there, and what cannot be logged is said at once."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from collections import UserDict
from decimal import Decimal

import numpy as np
import pytest
import torch
from pages import wait_until
from torch import nn

import nbviz
from nbviz import Run
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.recording.recorded_run import MOST_MARKS


def test_one_scalar_after_another() -> None:
    run = Run("mine")
    for step in range(1, 1001):
        run.log({"loss": 1 / step}, step=step)
    series = run["loss"]
    np.testing.assert_array_equal(series.steps, np.arange(1, 1001))
    np.testing.assert_array_equal(series.values, 1 / np.arange(1, 1001))
    assert (np.diff(series.wall_times) >= 0).all()
    assert 0 <= series.wall_times[0] <= series.wall_times[-1] <= run.progress.elapsed_seconds
    assert run.progress.step == 1000
    assert run.progress.status == "running"


def test_tags_in_order_of_appearance() -> None:
    run = Run()
    run.log({"b": 1.0, "a": 2.0}, 1)
    run.log({"c": 1.0}, 1)
    assert list(run) == run.tags == ["b", "a", "c"]
    assert len(run) == 3
    assert "a" in run
    assert "z" not in run
    with pytest.raises(KeyError, match=r"no tag 'z'.*tags: b, a, c"):
        run["z"]


def test_a_run_without_tags_is_still_a_run() -> None:
    run = Run()
    assert run
    with pytest.raises(KeyError, match="none yet"):
        run["loss"]


def test_steps_count_up_by_themselves() -> None:
    run = Run()
    for value in range(5):
        run.log({"loss": float(value)})
    run.log({"loss": 5.0}, step=10)
    run.log({"loss": 6.0})
    run.log({"other": 7.0})
    assert run["loss"].steps.tolist() == [1, 2, 3, 4, 5, 10, 11]
    assert run["other"].steps.tolist() == [12]
    assert run.newest_step() == 12


def test_calls_with_different_tags_keep_each_tag_in_order() -> None:
    run = Run()
    for step in range(100):
        run.log({"loss": float(step)}, step)
        run.log({"loss": step + 0.5, "accuracy": 1.0} if step % 3 else {"accuracy": 0.0}, step)
    expected = [v for s in range(100) for v in ([s, s + 0.5] if s % 3 else [s])]
    assert run["loss"].values.tolist() == expected


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (True, 1.0),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (np.bool_(True), 1.0),
        (np.array([2.5]), 2.5),
        (np.array(2), 2.0),
        (Decimal("0.25"), 0.25),
        (torch.tensor(0.5), 0.5),
        (torch.tensor([[3]]), 3.0),
        (torch.tensor(True), 1.0),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (torch.tensor(0.5, requires_grad=True), 0.5),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
    ],
    ids=repr,
)
def test_numbers_of_every_kind(value, number) -> None:
    run = Run()
    run.log({"x": value}, step=1)
    np.testing.assert_array_equal(run["x"].values, [number])


def test_a_tensor_or_a_dict_may_change_after_the_call() -> None:
    run = Run()
    tensor, values = torch.tensor(1.0), {"a": 1.0}
    for step in range(3):
        run.log({"t": tensor}, step)
        run.log(values, step)
        tensor += 1
        values["a"] += 1
    assert run["t"].values.tolist() == run["a"].values.tolist() == [1, 2, 3]


def test_nested_mappings_become_tags() -> None:
    run = Run()
    run.log({"loss": {"train": 1.0, "val": {"a": 2.0}}, "lr": 3}, step=1)
    run.log(UserDict({"lr": 4.0}), step=2)
    assert list(run) == ["loss/train", "loss/val/a", "lr"]
    assert run["lr"].values.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        (3, 1.0, "a tag must be a string, got int 3"),
        (None, 1.0, "a tag must be a string, got NoneType None"),
        ("", 1.0, "a tag must not be empty"),
        ("  ", 1.0, "a tag must not be empty"),
        ("x", "abc", "'x' needs a number, got str 'abc'"),
        ("x", None, "'x' needs a number, got NoneType None"),
        ("x", [1.0], r"'x' needs a number, got list \[1.0\]"),
        ("x", 1j, "'x' needs a real number, got complex 1j"),
        ("x", np.complex128(1j), "'x' needs a real number, got complex 1j"),
        ("x", Decimal("sNaN"), "'x' needs a number, and Decimal .* cannot be read as one"),
        ("x", 10**400, "'x' is too large"),
        ("x", Decimal("1e400"), "'x' is too large"),
        ("x", torch.ones(2), r"tensor of shape \(2,\); reduce it first"),
        ("x", torch.ones(0), r"tensor of shape \(0,\)"),
        ("x", torch.ones(1, device="meta"), "without values"),
        ("x", torch.ones(1, dtype=torch.complex64), "real number"),
        ("x", np.ones(3), r"numpy array of shape \(3,\)"),
        ("x", np.array(["a"]), "numpy array of shape"),
        ("x", {1: 2.0}, "a tag must be a string"),
    ],
)
def test_what_cannot_be_logged_is_said_and_the_rest_is_kept(tag, value, message) -> None:
    run = Run()
    run.log({"before": 1.0, "after": 1.0}, step=1)
    with pytest.raises(LoggingError, match=message):
        run.log({"before": 2.0, tag: value, "after": 2.0}, step=2)
    assert run["before"].values.tolist() == run["after"].values.tolist() == [1, 2]
    assert list(run) == ["before", "after"]


@pytest.mark.parametrize("step", [-1, 1.5, "3", True, 1 << 63, 1 << 70, math.nan])
def test_a_step_must_be_a_whole_number(step) -> None:
    run = Run()
    run.log({"x": 1.0}, step=1)
    with pytest.raises(LoggingError, match="step must be a whole number of 0 or more"):
        run.log({"x": 2.0}, step=step)
    assert run["x"].values.tolist() == [1.0]


@pytest.mark.parametrize("values", [None, [1.0], 3.0, "loss"])
def test_only_mappings_are_logged(values) -> None:
    with pytest.raises(LoggingError, match="mapping of tags to numbers"):
        Run().log(values)


@pytest.mark.parametrize("model", [None, 5, {}, torch.zeros(3), nn.Linear(1, 1).state_dict()])
def test_what_is_no_model_is_refused_by_its_name(model) -> None:
    run = Run()
    for call in (run.log_weights, run.watch):
        with pytest.raises(ConfigurationError, match=r"must be a torch\.nn\.Module, got"):
            call(model)
    with pytest.raises(ConfigurationError, match="must be a torch optimizer, got int"):
        run.steer(3)
    run.log({"x": 1.0}, step=1)
    assert run["x"].values.tolist() == [1.0]


def test_a_run_ends_once_and_says_how() -> None:
    run = Run()
    run.log({"x": 1.0}, step=7)
    run.finish()
    run.finish(ValueError("too late"))
    assert run.progress.status == "finished"
    assert not run.is_active
    assert [event.event for event in run.events] == ["started", "ended"]
    assert run.events[-1].text == "finished after 7 steps"
    run.log({"x": 2.0}, step=8)  # still kept
    assert run["x"].values.tolist() == [1, 2]
    assert run.status == "finished"


def test_an_error_ends_a_with_block_and_is_shown() -> None:
    run = Run()

    def loop() -> None:
        with run:
            nbviz.log({"x": 1.0}, step=1)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        loop()
    assert run.progress.status == "failed"
    assert run.events[-1].text == "failed: ZeroDivisionError: division by zero"
    errors = [line.text for line in run.lines.since(0) if line.level == "error"]
    assert "_ = 1 / 0" in errors[0]
    assert run["x"].values.tolist() == [1.0]


def test_lines() -> None:
    run = Run()
    run.print("epoch", 1)
    run.note("careful", "warning")
    assert [(line.level, line.text) for line in run.lines.since(0)] == [
        ("print", "epoch 1"),
        ("warning", "careful"),
    ]


def test_a_run_is_not_copied() -> None:
    run = Run("mine")
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(LoggingError, match="'mine' cannot be copied or sent"):
            attempt(run)


def test_what_a_forked_process_is_told_depends_on_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run("mine")
    run.leave_to_parent()  # as in a child
    with pytest.raises(LoggingError, match=r"'mine' belongs to .* nbviz\.Run\(dir=\.\.\.\)"):
        run.log({"loss": 1.0})
    monkeypatch.setattr(torch.utils.data, "get_worker_info", object)
    with pytest.raises(LoggingError, match=r"a worker of a DataLoader; .* num_workers=0"):
        run.log({"loss": 1.0})


def test_a_step_is_shown_with_the_status_that_it_was_made_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run()
    run.begin()
    run.meter.pause(run.meter.started_at)
    read = run.meter.read

    def go_on(*given: object):
        if run.meter.status == "paused":  # just after the status was read
            run.meter.resume(run.meter.started_at)
            run.meter.step += 1
        return read(*given)

    monkeypatch.setattr(run.meter, "read", go_on)
    run.drain()
    assert (run.progress.status, run.progress.step) == ("running", 1)


def test_a_run_that_nobody_holds_goes() -> None:
    run = Run()
    run.log({"x": 1.0})
    reference = weakref.ref(run)
    del run
    gc.collect()
    # The collector may hold it for the moment of one look.
    wait_until(lambda: gc.collect() is not None and reference() is None)


class Unspeakable(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_an_error_whose_text_raises_ends_the_run_all_the_same() -> None:
    run = Run()

    def loop() -> None:
        with run:
            run.log({"x": 1.0}, step=1)
            run.print("seen", Unspeakable())
            raise Unspeakable

    with pytest.raises(Unspeakable):
        loop()
    assert run.status == run.progress.status == "failed"
    assert run.events[-1].text.startswith("failed: Unspeakable: (its text cannot be shown")
    printed, *errors = [line for line in run.lines.since(0) if line.level in ("print", "error")]
    assert printed.text.startswith("seen (its text cannot be shown: its __str__ raised Runtime")
    assert len(errors) == 1
    assert "Unspeakable" in errors[0].text


def test_a_subscriber_that_raises_is_not_called_again() -> None:
    run = Run()
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise Unspeakable

    run.subscribe(fail)
    run.log({"x": 1.0})
    run.finish()
    assert len(calls) == 1
    assert run["x"].values.tolist() == [1]
    warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert "is not called again" in warnings[0]


def test_of_many_marks_the_later_ones_are_lines_of_the_log_which_is_said_once() -> None:
    run = nbviz.Run("loop")
    for step in range(MOST_MARKS + 100):
        run.mark("command", step, f"mark {step}")
    run.mark("warning", 1, "another kind")
    run.finish()
    kinds = [one.event for one in run.events]
    assert [kinds.count(kind) for kind in ("command", "warning", "ended")] == [MOST_MARKS, 1, 1]
    lines = [line.text for line in run.lines.since(0)]
    assert f"mark {MOST_MARKS + 99}" in lines
    assert len([text for text in lines if "are lines of the log alone" in text]) == 1


def test_of_many_validations_fewer_are_marks_and_nothing_is_said() -> None:
    run = nbviz.Run("loop")
    for step in range(MOST_MARKS + 2):
        run.mark("validation", step, f"validation {step}")
    assert 0 < len(run.events) < MOST_MARKS
    lines = [line.text for line in run.lines.since(0)]
    assert not [text for text in lines if "lines of the log alone" in text]


def test_the_first_nan_of_tags_is_a_mark_on_the_curves() -> None:
    run = nbviz.Run("loop")
    for step in range(1, 6):
        broken = math.nan if step >= 3 else 1.0
        run.log({"loss": broken, "accuracy": broken, "late": 1.0, "up": math.inf}, step=step)
    run.drain()
    run.log({"late": math.nan, "loss": 1.0}, step=9)
    run.log({"loss": math.nan}, step=10)
    run.drain()
    marks = [(one.step, one.text) for one in run.events if one.event == "warning"]
    assert marks == [(3, "NaN in loss, accuracy at step 3"), (9, "NaN in late at step 9")]
    assert [one.wall_time >= 0 for one in run.events if one.event == "warning"] == [True, True]
