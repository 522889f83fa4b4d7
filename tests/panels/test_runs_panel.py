"""The run table's kernel half: what pages are told of runs, and the same for Python."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from pages import Page

import nbviz
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.panels import PANELS
from nbviz.panels.runs.values import COLUMNS, MOST_TAGS, RunValues
from nbviz.panels.subject import Subject
from nbviz.session.feed import FEW, Feed
from nbviz.session.saved import record
from nbviz.session.transport import FRAME_BYTES
from nbviz.session.wanted import Wanted

INF, NAN = math.inf, math.nan


def logged(values: list[float], name: str = "run", **config: object) -> nbviz.Run:
    run = nbviz.Run(name, config=config)
    for step, value in enumerate(values, 1):
        run.log({"loss": value}, step=step)
    run.drain()
    return run


def six(run: nbviz.Run) -> list[float]:
    values = RunValues(run)
    values.look_at_all()
    return values.columns()[0].tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0], [2, 3, 1, 2, 3, 1]),
        ([1.0], [1, 1, 1, 1, 1, 1]),
        ([NAN, 2.0, INF, -INF], [-INF, 4, 2, 2, 2, 2]),
        ([NAN], [NAN, 1, NAN, NAN, NAN, NAN]),
    ],
)
def test_newest_lowest_and_highest_with_their_steps(values, expected) -> None:
    np.testing.assert_array_equal(six(logged(values)), expected)


def test_a_long_past_is_searched_exactly_and_then_followed() -> None:
    run = nbviz.Run()
    count = 300_000
    values = np.sin(np.arange(count) / 1000.0)
    values[123_456], values[200_001], values[200_002] = -7.5, 9.25, NAN
    steps = np.arange(1, count + 1)
    run._store.extend("loss", steps, steps * 0.01, values)
    found = RunValues(run)
    found.look_at_all()
    assert found.columns()[0, 2:].tolist() == [-7.5, 123_457, 9.25, 200_002]
    run.log({"loss": -8.0}, step=count + 1)
    run.drain()
    found.look_at_all()
    assert found.columns()[0].tolist() == [-8, count + 1, -8, count + 1, 9.25, 200_002]


def test_after_a_restart_the_new_segment_counts() -> None:
    run = logged([5.0, 0.1, 4.0])
    found = RunValues(run)
    found.look_at_all()
    for step, value in ((1, 3.0), (2, 2.0)):
        run.log({"loss": value}, step=step)
    run.drain()
    found.look_at_all()
    assert found.columns()[0].tolist() == [2, 2, 2, 2, 3, 1]


def test_tags_of_watches_are_left_out_and_others_bounded() -> None:
    run = nbviz.Run()
    run.log({"weights/fc/norm": 1.0, "loss": 1.0}, step=1)
    run.log({f"metric{place}": 1.0 for place in range(300)}, step=1)
    run.drain()
    values = RunValues(run)
    values.look_at_all()
    assert values.tags[0] == "loss"
    assert len(values.tags) == MOST_TAGS
    assert values.columns().shape == (MOST_TAGS, COLUMNS)


def told(page: Page, run: nbviz.Run) -> list[float]:
    """The newest values that a page was sent of a run's first tag."""
    found: list[float] = []
    for message in page.messages:
        buffers = message.get("buffers", [])
        for update in message["updates"]:
            if update["kind"] == "values_read" and update["run_id"] == run.run_id:
                found = np.frombuffer(buffers[update["buffer"]])[:COLUMNS].tolist()
    return found


class Keeping(Page):
    """A page that keeps the buffers beside its messages."""

    def receive(self, content, buffers=None) -> None:
        before = len(self.messages)
        super().receive(content, buffers)
        for message in self.messages[before:]:
            message["buffers"] = buffers or []


def test_pages_are_told_what_a_run_was_made_with_and_how_it_goes() -> None:
    run = logged([3.0, 1.0], "wide", width=64, deep=INF, note="a\nb")
    dashboard = nbviz.Dashboard(run)
    page = Keeping(dashboard)
    page.ready()
    described = page.newest("run_described")
    assert described["config"] == {"width": 64, "deep": "inf", "note": "a␊b"}
    # The newest value is there at once; the extremes come with the first frame.
    assert told(page, run)[:2] == [1, 2]
    page.wait_for(lambda: told(page, run) == [1, 2, 1, 2, 3, 1])
    run.log({"loss": 0.5}, step=3)
    run.finish()
    page.wait_for(lambda: told(page, run) == [0.5, 3, 0.5, 3, 3, 1])
    run.update_config({"width": 65})
    page.wait_for(lambda: page.newest("run_described")["config"]["width"] == 65)
    dashboard.close()


def test_a_run_is_renamed_from_the_page() -> None:
    run = logged([1.0], "before")
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    page.ready()
    answer = page.ask("rename_run", run_id=run.run_id, name=" wide\n ")
    assert answer["kind"] == "command_done"
    assert run.name == "wide␊"
    page.wait_for(lambda: page.newest("run_added")["name"] == "wide␊")
    refused = page.ask("rename_run", run_id=run.run_id, name=" ")
    assert "needs a name" in refused["error"]
    dashboard.close()


def feed_of(runs) -> Feed:
    def fail(error: Exception) -> None:
        raise error

    feed = Feed(PANELS, Wanted(PANELS), fail)
    feed.subjects.extend(map(Subject.of_run, runs))
    return feed


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_of_many_runs_only_those_that_are_active_send_points_unasked(count: int) -> None:
    runs = [logged([3.0, 2.0], f"run {place}") for place in range(count)]
    for run in runs[:-1]:
        run.finish()
    feed = feed_of(runs)
    batch = feed.snapshot(feed.cursor())
    sent = {one["run_id"] for one in batch.updates if one["kind"] == "points_appended"}
    assert sent == {run.run_id for run in (runs if count == FEW else runs[-1:])}
    named = {one["run_id"] for one in batch.updates if one["kind"] == "series_added"}
    assert named == {run.run_id for run in runs}


def test_what_a_page_of_many_runs_begins_to_look_at_travels_as_coarse_as_all_of_it_may() -> None:
    runs = [nbviz.Run(f"run {place}") for place in range(20)]
    tags = [f"tag{number}" for number in range(20)]
    for run in runs:
        run.begin()
        steps = np.arange(1, 5001)
        for tag in tags:
            run.take_points_of({tag: [(steps, steps * 1.0, steps * 0.5)]})
        run.finish()
    feed = feed_of(runs)
    cursor = feed.cursor()
    feed.snapshot(cursor)
    panel = next(panel for panel in PANELS if panel.name == "curves")
    keys = [str(number) for number in range(20)]
    for run in runs:
        feed._wanted.want(run.run_id, "curves", "page", 1, panel.view(run, keys, 20))
    feed.touch()
    size = 0
    while batch := feed.collect(cursor, FRAME_BYTES).buffers:
        assert sum(map(len, batch)) < 3 * FRAME_BYTES
        size += sum(map(len, batch))
    assert 8e6 < size < 20e6


def test_runs_that_are_over_cost_nothing_until_something_happens_to_them() -> None:
    runs = [logged([3.0, 2.0], f"run {place}") for place in range(3)]
    for run in runs:
        run.finish()
    feed = feed_of(runs)
    cursor = feed.cursor()
    feed.snapshot(cursor)
    while feed.read() or feed.collect(cursor, 1e6).updates:
        pass
    drained: list[int] = []
    for place, run in enumerate(runs):
        run.drain = lambda place=place: drained.append(place)  # type: ignore[method-assign]
    feed.read()
    assert not drained
    runs[1].rename("new")
    feed.touch()
    feed.read()
    assert drained == [0, 1, 2]
    (update,) = feed.collect(cursor, 1e6).updates
    assert (update["kind"], update["name"]) == ("run_added", "new")


def test_a_saved_page_of_several_runs_has_the_table() -> None:
    runs = [logged([3.0, 1.0], "a", lr=0.1), logged([2.0], "b", lr=0.2)]
    saved = record(PANELS, [Subject.of_run(run) for run in runs])
    assert "runs" in saved.panels
    assert "runs" in saved.assets
    values = [one for one in saved.updates if one["kind"] == "values_read"]
    firsts = [np.frombuffer(saved.buffers[one["buffer"]])[:3].tolist() for one in values]
    assert firsts == [[1, 2, 1], [2, 1, 2]]
    assert "runs" not in record(PANELS, [Subject.of_run(runs[0])]).panels


# ------------------------------------------------------------ the same for Python


def test_the_table_for_python() -> None:
    one = logged([3.0, 1.0, 2.0], "one", lr=0.1, loss=7)
    one.finish()
    other = logged([1.5], "other", depth=3)
    shown = nbviz.compare([one], other)
    first, second = shown.table()
    assert list(first) == list(second)
    assert (first["run"], first["state"], first["step"]) == ("one", "finished", 3)
    assert (first["lr"], first["depth"], second["lr"], second["depth"]) == (0.1, None, None, 3)
    # A hyper-parameter that is called like a tag stays what it was.
    assert (first["loss"], first["loss (logged)"]) == (7, 2.0)
    assert (first["lowest loss"], first["step of lowest loss"]) == (1.0, 2)
    assert second["loss"] == 1.5
    frame = shown.to_pandas()
    assert frame.shape == (2, len(first))
    assert frame["run"].tolist() == ["one", "other"]
    shown.close()


def test_the_table_as_csv_has_no_formulas(tmp_path) -> None:
    shown = nbviz.compare(logged([1.0], "=HYPERLINK(0)", note='-1, "x"'))
    shown.to_csv(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["run"], row["note"]) == ("'=HYPERLINK(0)", '\'-1, "x"')
    assert row["loss"] == "1.0"
    shown.close()


def test_without_pandas_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pandas"):
        nbviz.compare(logged([1.0])).to_pandas()


def test_whatever_holds_runs_is_compared(tmp_path) -> None:
    for name in ("a", "b"):
        with nbviz.Run(name, dir=tmp_path / name, config={"name": name}) as run:
            run.log({"loss": 1.0}, step=1)
    live = logged([1.0], "live")
    opened = nbviz.open_run(tmp_path / "a", name="opened")
    inner = nbviz.Dashboard(live)
    shown = nbviz.compare(inner, [opened, live], tmp_path, str(tmp_path / "b"))
    assert [run.name for run in shown.runs] == ["live", "opened", "a", "b", "b"]
    assert [run.config.get("name") for run in shown.runs] == [None, "a", "a", "b", "b"]
    page = Page(shown)
    page.ready()
    assert len([one for one in page.updates if one["kind"] == "run_added"]) == 5
    shown.close()
    inner.close()


def test_what_holds_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="got int"):
        nbviz.compare(3)
    with pytest.raises(ConfigurationError, match="at least one run"):
        nbviz.compare()
    with pytest.raises(ConfigurationError, match="does not exist"):
        nbviz.compare("nowhere")


def test_what_is_sent_is_json() -> None:
    run = logged([1.0], half="\ud800", huge=2**60, missing=None)
    feed = feed_of([run])
    batch = feed.snapshot(feed.cursor())
    (described,) = [one for one in batch.updates if one["kind"] == "run_described"]
    text = json.dumps(described, allow_nan=False)
    assert json.loads(text)["config"] == {"half": "\\ud800", "huge": str(2**60), "missing": None}
