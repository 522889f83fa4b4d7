"""Past its memory a run's oldest points go to a file, and read as before."""

from __future__ import annotations

import numpy as np
import processes
import pytest

from nbviz import Run, open_run
from nbviz.errors import ConfigurationError
from nbviz.recording.scalars.budget import MemoryBudget
from nbviz.recording.scalars.series import Series
from nbviz.recording.scalars.spill import SpillFile

POINTS = 100_000


def two_series() -> list[Series]:
    steps = np.cumsum(np.random.default_rng(0).integers(0, 4, POINTS))
    values = np.random.default_rng(1).standard_normal(POINTS)
    both = [Series("a"), Series("b")]
    for start in range(0, POINTS, 1000):
        part = slice(start, start + 1000)
        for series in both:
            series.extend(steps[part], steps[part] * 0.01, values[part])
    return both


def test_the_oldest_points_of_all_series_are_spilled_and_stay_readable(tmp_path) -> None:
    fresh, both = two_series()[0], two_series()
    warnings: list[str] = []
    # Small extents, so that several are mapped.
    budget = MemoryBudget(1_000_000, warnings.append, SpillFile(tmp_path, extent=65_536 * 2))
    before = sum(series.nbytes for series in both)
    budget.enforce(both)
    assert sum(series.nbytes for series in both) <= 1_000_000 < before
    assert budget.spilled_bytes > 0
    for series in both:
        np.testing.assert_array_equal(series.values, fresh.values)
        np.testing.assert_array_equal(series.steps, fresh.steps)
        for ends in [(None, None), (5, 90_000), (100, 20_000)]:
            for column in ("steps", "min", "max", "mean", "count"):
                np.testing.assert_array_equal(
                    getattr(series.sample(*ends, 300), column),
                    getattr(fresh.sample(*ends, 300), column),
                )
    # Both gave their oldest, neither alone.
    assert both[0].segments[0].oldest_in_memory == pytest.approx(
        both[1].segments[0].oldest_in_memory, rel=0.2
    )
    assert not warnings
    assert not list(tmp_path.iterdir()), "the file has no name"


def test_a_directory_that_is_gone_leaves_the_points_in_memory(tmp_path) -> None:
    both = two_series()
    warnings: list[str] = []
    budget = MemoryBudget(1_000_000, warnings.append, SpillFile(tmp_path / "gone"))
    budget.enforce(both)
    budget.enforce(both)
    assert len(warnings) == 1
    assert "stay in memory" in warnings[0]
    assert all(len(series.values) == POINTS for series in both)


def test_a_full_disk_never_stops_logging() -> None:
    code = """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        import numpy as np, nbviz
        run = nbviz.Run(memory_budget=1_000_000)
        for step in range(200_000):
            run.log({"loss": float(step)}, step)
        assert (run["loss"].values == np.arange(200_000)).all()
        warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
        assert len(warnings) == 1, warnings
        assert "memory budget of 1 MB" in warnings[0], warnings
    """
    processes.run(code)


def test_a_run_keeps_to_its_budget() -> None:
    run = Run(memory_budget=1_000_000)
    for step in range(300_000):
        run.log({"loss": float(step)}, step)
    series = run["loss"]
    assert series.nbytes <= 1_200_000
    np.testing.assert_array_equal(series.values, np.arange(300_000))
    assert series.sample(100, 200).count.sum() == 101


def test_a_budget_that_is_too_small_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 1,000,000 bytes, got 10"):
        Run(memory_budget=10)


@pytest.mark.parametrize("portion", [1, 65, 500], ids="{} steps at once".format)
def test_many_tags_within_a_small_budget(portion: int) -> None:
    """Of tags that never fill a block the newest points move to the file, too.

    However many steps are read at once: the arrays of all tags grow with the same step.
    """
    tags, budget = 900, 4_000_000
    run = Run(memory_budget=budget)
    held = []
    for step in range(500):
        run.log({f"t{number}": float(step + number) for number in range(tags)}, step)
        if (step + 1) % portion == 0:
            held.append(sum(run[f"t{number}"].nbytes for number in range(tags)))
    assert max(held) <= budget * 1.06, held  # else 24 bytes a point, 10.8 MB
    for number in (0, 1, 450, 899):
        series = run[f"t{number}"]
        np.testing.assert_array_equal(series.steps, np.arange(500))
        np.testing.assert_array_equal(series.values, np.arange(500) + number)
        assert series.sample(100, 200, 10).count.sum() == 101
    for step in range(500, 5000):
        run.log({"t7": float(step + 7)}, step)
    np.testing.assert_array_equal(run["t7"].values, np.arange(5000) + 7)
    steps, seconds = run["t7"].at(np.array([0, 499, 500, 4095, 4096, 4999]))
    assert steps.tolist() == [0, 499, 500, 4095, 4096, 4999]
    assert (np.diff(seconds) >= 0).all()


def test_more_tags_than_the_budget_has_room_for_are_left_out_and_said() -> None:
    run = Run(memory_budget=1_000_000)
    for number in range(3000):
        run.log({"kept": float(number), f"t{number}": 1.0}, number)
    assert len(run) == 1000
    assert len(run["kept"]) == 3000
    warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert len(warnings) == 1
    assert "1,000 tags take half of the memory budget of 1 MB: 't999'" in warnings[0]
    assert len(run._scalars.numbers) <= 1001
    run.log({"t5": 2.0}, 5000)  # a tag that is there goes on
    assert run["t5"].values.tolist() == [1, 2]


def test_a_file_with_more_tags_than_there_is_room_for_is_read(tmp_path) -> None:
    run = Run(dir=tmp_path)
    for step in range(2):
        run.log({f"t{number}": float(number) for number in range(1100)}, step)
    run.finish()
    opened = open_run(tmp_path, memory_budget=1_000_000)
    assert len(opened) == 1000
    for tag in opened:
        assert opened[tag].values.tolist() == [float(tag[1:])] * 2
    said = [line.text for line in opened.lines.since(0) if line.level == "warning"]
    assert len(said) == 1
    assert "1,000 tags take half of the memory budget of 1 MB" in said[0]
