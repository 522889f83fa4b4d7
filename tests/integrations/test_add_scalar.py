"""add_scalar of both writers: whatever way a call takes, the series has what was given."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from nbviz import SummaryWriter
from nbviz.errors import LoggingError, RunStopped
from nbviz.integrations import tensorboardX

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = [SummaryWriter, tensorboardX.SummaryWriter]


@pytest.fixture(params=WRITERS, ids=["torch", "tensorboardX"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return request.param(str(tmp_path))


def test_all_kinds_of_calls_are_one_series(writer: Any) -> None:
    calls: list[tuple[Any, Any]] = [
        (0.5, 1),
        (1.5, 1),
        (2.5, 2),
        (3, 3),
        (np.float32(4.5), np.int64(4)),
        (torch.tensor(5.5), torch.tensor(5)),
        (6.5, 6.0),
        (float("nan"), 7),
        (float("inf"), 8),
    ]
    for value, step in calls:
        writer.add_scalar("loss", value, step)
    series = writer.run["loss"]
    assert series.steps.tolist() == [1, 1, 2, 3, 4, 5, 6, 7, 8]
    np.testing.assert_array_equal(series.values, [0.5, 1.5, 2.5, 3, 4.5, 5.5, 6.5, np.nan, np.inf])


def test_two_tags_may_have_counters_of_their_own(writer: Any) -> None:
    for step in range(300):
        writer.add_scalar("loss", step / 2, step)
        if step % 10 == 9:
            writer.add_scalar("epoch/accuracy", step / 4, step // 10)
    assert writer.run["loss"].steps.tolist() == list(range(300))
    accuracy = writer.run["epoch/accuracy"]
    assert accuracy.steps.tolist() == list(range(30))
    assert accuracy.values.tolist() == [step / 4 for step in range(9, 300, 10)]
    assert len(accuracy.segments) == 1


def test_what_begins_again_is_a_segment_of_its_own(writer: Any) -> None:
    for _ in range(2):
        for step in range(50):
            writer.add_scalar("loss", float(step), step)
    assert [len(one) for one in writer.run["loss"].segments] == [50, 50]


def test_dated_calls_stand_among_the_others(writer: Any) -> None:
    writer.add_scalar("loss", 0.0, 0)
    writer.add_scalar("loss", 1.0, 1)
    writer.add_scalar("loss", 2.0, 2, walltime=1.7e9)
    series = writer.run["loss"]
    assert series.values.tolist() == [0, 1, 2]
    assert writer.run.meter.started_at + series.wall_times[2] == pytest.approx(1.7e9)


def test_steps_that_are_left_out_are_counted_by_the_tag(writer: Any) -> None:
    for value in range(5):
        writer.add_scalar("a", float(value))
        writer.add_scalar("b", float(value), 100)
    assert writer.run["a"].steps.tolist() == [0, 1, 2, 3, 4]
    assert writer.run["b"].steps.tolist() == [100] * 5


@pytest.mark.parametrize("tag", [["loss"], {}, None, 3, b"loss", ""])
def test_what_is_no_tag_is_said_at_each_call(writer: Any, tag: Any) -> None:
    writer.add_scalar("loss", 1.0, 1)
    writer.add_scalar("loss", 1.0, 2)
    for step in (3, 4):
        with pytest.raises(LoggingError, match="tag"):
            writer.add_scalar(tag, 1.0, step)
    assert writer.run["loss"].steps.tolist() == [1, 2]


@pytest.mark.parametrize("tag", [["loss"], None, 3])
def test_what_is_no_tag_is_said_of_several_values(writer: Any, tag: Any) -> None:
    with pytest.raises(LoggingError, match="tag"):
        writer.add_scalars(tag, {"a": 1.0}, 1)
    with pytest.raises(LoggingError, match="tag"):
        writer.add_histogram(tag, [1.0], 1)
    with pytest.raises(LoggingError, match="mapping"):
        writer.add_scalars("loss", 1.0, 1)
    writer.run.drain()
    assert writer.run.tags == []


def test_several_values_may_come_in_anything_that_has_items(writer: Any) -> None:
    class Proxy:
        def items(self) -> list[tuple[str, float]]:
            return [("a", 1.0), ("b", 2.0)]

    writer.add_scalars("both", Proxy(), 1)
    given = torch.nn.ParameterDict({"c": torch.nn.Parameter(torch.tensor(3.0))})
    writer.add_scalars("both", given, 1)
    writer.run.drain()
    assert {tag: writer.run[tag].values.tolist() for tag in writer.run.tags} == {
        "both/a": [1], "both/b": [2], "both/c": [3],
    }  # fmt: skip


def test_a_number_that_cannot_be_read_is_said_each_time(writer: Any) -> None:
    def log(value: torch.Tensor) -> torch.Tensor:
        with pytest.raises(LoggingError, match="'loss' cannot be read"):
            writer.add_scalar("loss", value, 3)
        return value

    for _ in range(2):
        writer.add_scalar("loss", 1.0, 1)
        torch.func.vmap(log)(torch.ones(3))
    assert writer.run["loss"].steps.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("value", "step", "said"),
    [
        (1.0, -1, "0 or more"),
        (1.0, 2**63, "0 or more"),
        (1.0, "two", "whole number"),
        ("one", 2, "number"),
        (torch.ones(2), 2, "one number"),
    ],
)
def test_bad_input_is_said_after_good_calls(writer: Any, value: Any, step: Any, said: str) -> None:
    writer.add_scalar("loss", 1.0, 1)
    writer.add_scalar("loss", 1.0, 1)
    with pytest.raises(LoggingError, match=said):
        writer.add_scalar("loss", value, step)
    writer.add_scalar("loss", 2.0, 3)
    assert writer.run["loss"].values.tolist() == [1, 1, 2]


def test_stop_acts_at_the_next_call(writer: Any) -> None:
    for step in range(10):
        writer.add_scalar("loss", 1.0, step)
    writer.run.control.stop()
    with pytest.raises(RunStopped):
        writer.add_scalar("loss", 1.0, 10)
    assert writer.run["loss"].last_step == 10


def test_many_waiting_calls_are_taken_in_order(writer: Any) -> None:
    for step in range(100_000):
        writer.add_scalar("loss", float(step), step)
        writer.add_scalar("accuracy", -float(step), step)
    for tag, sign in (("loss", 1), ("accuracy", -1)):
        series = writer.run[tag]
        assert len(series) == 100_000
        assert (series.values == sign * series.steps).all()
        assert all(a <= b for a, b in pairwise(series.wall_times[:1000].tolist()))
