"""Dashboards against a page at the other end of the comm."""

from __future__ import annotations

import gc
import json
import math
import os
import re
import threading
import time
import weakref

import numpy as np
import pytest
from pages import SECONDS, Page

import nbviz
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.panels import PANELS
from nbviz.panels.subject import Subject
from nbviz.panels.weights.panel import WeightsPanel
from nbviz.session.feed import Feed
from nbviz.session.wanted import Wanted


@pytest.fixture
def run():
    return nbviz.Run("loop")


def raised(error: Exception) -> None:
    raise error


def feed_of(run) -> Feed:
    feed = Feed(PANELS, Wanted(PANELS), raised)
    feed.subjects.append(Subject.of_run(run))
    return feed


def test_charts_are_lists_of_patterns_also_in_a_saved_page(tmp_path) -> None:
    run = nbviz.Run("loop")
    dashboard = nbviz.Dashboard(run, charts=["loss/*", ("per_class/*", "acc")])
    assert dashboard.charts == [["loss/*"], ["per_class/*", "acc"]]
    page = dashboard.save_html(tmp_path / "page.html").read_text("utf-8")
    found = re.search(r'<script type="application/json" id="nbviz-page">(.*?)</script>', page)
    assert found
    assert json.loads(found[1])["charts"] == dashboard.charts
    assert nbviz.compare(run, charts=[["lr"]]).charts == [["lr"]]


@pytest.mark.parametrize("charts", ["loss/*", [()], [("loss", 3)], [3], 3, [""], [("a", "")]])
def test_charts_that_are_no_patterns_are_refused(charts) -> None:
    with pytest.raises(ConfigurationError, match="charts must be a list with a pattern"):
        nbviz.Dashboard(charts=charts)


def test_a_page_gets_what_was_logged_before_and_after_it_came(run) -> None:
    run.log({"loss": 2.0}, step=1)
    run.drain()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    assert page.points == {"loss": [2.0]}
    run.log({"loss": 1.0, "accuracy": 0.5}, step=2)
    page.wait_for(lambda: page.points == {"loss": [2.0, 1.0], "accuracy": [0.5]})


def test_the_end_of_a_run_always_arrives(run) -> None:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    for step in range(1, 5001):
        run.log({"loss": 1 / step}, step=step)
    run.finish()
    page.wait_for(lambda: page.newest("run_changed")["status"] == "finished")
    page.wait_for(
        lambda: sum(map(len, page.points.values())) > 0 or page.newest("buckets_appended")
    )
    assert page.newest("run_changed")["step"] == 5000


def test_no_number_is_lost_where_json_has_no_name_for_it(run) -> None:
    page = Page(nbviz.Dashboard(run))
    run.log({"loss": math.nan}, step=1)
    run.log({"loss": math.inf}, step=2)
    run.drain()
    page.ready()
    assert math.isnan(page.points["loss"][0])
    assert page.points["loss"][1] == math.inf


def test_a_long_series_comes_as_buckets_that_count_every_point_and_keep_the_extremes(run) -> None:
    for step in range(1, 50_001):
        run.log({"loss": 99.0 if step == 31_415 else 1.0}, step=step)
    run.drain()
    page = Page(nbviz.Dashboard(run))
    received: list[np.ndarray] = []
    dashboard, receive = page.dashboard, page.receive

    def keep(content, buffers=None) -> None:
        received.extend(
            np.frombuffer(buffers[u["buffer"]])
            for u in content["updates"]
            if u["kind"] == "buckets_appended"
        )
        receive(content, buffers)

    dashboard.send = keep
    page.ready()
    columns = received[0].reshape(7, -1)
    assert columns[5].sum() == 50_000
    assert columns[3].max() == 99.0
    assert columns.shape[1] <= 4000


def test_a_range_is_answered_in_buckets(run) -> None:
    for step in range(1, 1001):
        run.log({"loss": float(step)}, step=step)
    run.drain()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    answer = page.ask(
        "send_range", run_id=run.run_id, series=[0], first_step=101, last_step=300, points=50
    )
    columns = np.frombuffer(answer["data"]).reshape(7, answer["counts"][0])
    assert answer["counts"][0] <= 50
    assert (columns[2].min(), columns[3].max(), columns[5].sum()) == (101.0, 300.0, 200.0)


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("control", {"name": "explode", "arguments": {}}, "no command 'explode'"),
        ("control", {"name": "pause", "arguments": [1]}, "arguments must be a mapping"),
        ("control", {"name": "__init__", "arguments": {}}, "no command"),
        ("send_range", {"series": [7], "first_step": 0, "last_step": 1, "points": 5}, "series 7"),
        ("send_range", {"series": [0], "first_step": "x", "last_step": 1, "points": 5}, "'x'"),
        ("set_wanted", {"panel": "weights", "view": 1, "keys": "all"}, "keys must be a list"),
        ("set_wanted", {"panel": "graph", "view": 1, "keys": ["time"]}, "no model"),
        ("set_wanted", {"panel": "log", "view": 1, "keys": []}, "of a panel 'log'"),
        ("set_wanted", {"panel": "radar", "view": 1, "keys": []}, "of a panel 'radar'"),
        ("send_graph", {"scopes": [""]}, "has no model"),
        ("send_asset", {"name": "../protocol"}, "no asset"),
        ("dance", {}, "no request 'dance'"),
    ],
)
def test_every_bad_request_is_answered_with_what_was_wrong(run, kind, fields, says) -> None:
    run.log({"loss": 1.0}, step=1)
    run.drain()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    answer = page.ask(kind, run_id=run.run_id, **fields)
    assert answer["kind"] == "command_failed"
    assert says in answer["error"]


@pytest.mark.parametrize("message", [None, 3, [], {}, {"kind": "ready"}, {"client_id": "x"}])
def test_nonsense_from_a_page_is_left_alone(run, message) -> None:
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    dashboard._handle_custom_msg(message, [])
    assert page.messages == []


def test_another_runs_id_is_refused(run) -> None:
    page = Page(nbviz.Dashboard(run))
    answer = page.ask("control", run_id="other", name="pause", arguments={})
    assert "no run 'other'" in answer["error"]


def test_pause_and_stop_act_at_log_calls(run) -> None:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    logged = threading.Semaphore(0)
    ended: list[BaseException] = []

    def loop() -> None:
        try:
            for step in range(1, 10**9):
                run.log({"loss": 1.0}, step=step)
                logged.release()
        except nbviz.errors.RunStopped as error:
            ended.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    assert logged.acquire(timeout=180)
    assert page.control("pause")["kind"] == "command_done"
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    stood = run["loss"].last.step
    assert page.control("step", n=3)["kind"] == "command_done"
    page.wait_for(lambda: run["loss"].last.step == stood + 3 and run.status == "paused")
    page.control("stop")
    thread.join(180)
    assert isinstance(ended[0], nbviz.errors.RunStopped)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "stopped")


def test_several_runs_are_compared_and_one_run_is_shown_twice(run) -> None:
    other = nbviz.Run("other")
    run.log({"loss": 1.0}, step=1)
    other.log({"loss": 2.0}, step=1)
    run.drain()
    other.drain()
    both = Page(nbviz.Dashboard(run, other))
    one = Page(nbviz.Dashboard(run))
    both.ready()
    one.ready()
    assert [u["name"] for u in both.updates if u["kind"] == "run_added"] == ["loop", "other"]
    run.log({"loss": 3.0}, step=2)
    both.wait_for(lambda: 3.0 in both.points["loss"])
    one.wait_for(lambda: one.points["loss"] == [1.0, 3.0])


def test_what_no_page_asks_for_is_not_sent(run) -> None:
    page = Page(nbviz.Dashboard(run))
    run.log({"loss": 1.0}, step=1)
    run.drain()
    assert page.messages == []


def test_the_graph_panel_is_sent_when_a_page_asks(run) -> None:
    page = Page(nbviz.Dashboard(run))
    answer = page.ask("send_asset", name="graph")
    assert answer["name"] == "graph"
    assert b"export{" in answer["data"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"panels": ["curves", "radar"]}, "radar"),
        ({"transport": "pigeon"}, "pigeon"),
        ({"frames_per_second": 0}, "0"),
    ],
)
def test_bad_options_are_named(run, options, says) -> None:
    with pytest.raises(ConfigurationError, match=says):
        nbviz.Dashboard(run, **options)


def test_what_is_logged_while_a_second_page_opens_reaches_the_first(run) -> None:
    feed = feed_of(run)
    first = feed.cursor()
    run.log({"loss": 1.0}, step=1)
    feed.read()
    feed.collect(first, 1e6)
    run.log({"loss": 2.0, "late": 0.0}, step=2)
    run.note("late")
    run.drain()
    snapshot = feed.snapshot(feed.cursor(), upto=first)
    news = feed.collect(first, 1e6)
    updates = [*snapshot.updates, *news.updates]
    points = [u["counts"] for u in updates if u["kind"] == "points_appended"]
    assert points == [[1], [1, 1]]
    told = [u["lines"] for u in news.updates if u["kind"] == "lines_appended"]
    assert [[line["text"] for line in lines] for lines in told] == [["late"]]


def test_a_burst_comes_as_buckets_that_count_every_new_point(run) -> None:
    feed = feed_of(run)
    cursor = feed.cursor()
    run.log({"loss": 0.0}, step=1)
    feed.read()
    feed.collect(cursor, 1e6)
    for step in range(2, 5002):
        run.log({"loss": float("nan") if step == 9 else float(step)}, step=step)
    feed.read()
    batch = feed.collect(cursor, 1e6)
    burst = next(u for u in batch.updates if u["kind"] == "buckets_appended")
    columns = np.frombuffer(batch.buffers[burst["buffer"]]).reshape(7, burst["counts"][0])
    assert (columns[0][0], columns[5].sum(), columns[6].sum()) == (2, 5000, 1)
    assert (np.diff(columns[0]) > 0).all()
    assert (np.nanmin(columns[2]), np.nanmax(columns[3])) == (2.0, 5001.0)


def test_a_panel_that_fails_keeps_nothing_from_the_others(run, monkeypatch) -> None:
    def fail(self, part, entry, batch, extent) -> None:
        batch.add({"kind": "graph_added", "run_id": batch.buffer(b"never sent") or ""})
        raise ValueError("no such picture")

    monkeypatch.setattr(WeightsPanel, "updates", fail)
    page = Page(nbviz.Dashboard(run))
    page.ready()
    for step in range(1, 6):
        run.log({"loss": float(step)}, step=step)
    run.print("still here")
    page.wait_for(lambda: page.points.get("loss") == [1, 2, 3, 4, 5])

    def said() -> list[str]:
        told = [update["lines"] for update in page.updates if update["kind"] == "lines_appended"]
        return [line["text"] for lines in told for line in lines]

    page.wait_for(lambda: "still here" in said())
    page.wait_for(lambda: any("ValueError: no such picture" in text for text in said()))
    assert not any(update["kind"] == "graph_added" for update in page.updates)
    assert sum("no such picture" in text for text in said()) == 1


def test_half_a_character_in_a_log_line_does_not_break_the_view(run) -> None:
    page = Page(nbviz.Dashboard(run))
    run.print("token \ud83d")
    run.log({"tag\ud83d": 1.0}, step=1)
    page.ready()
    json.dumps(page.messages, ensure_ascii=False).encode()
    assert "token \\ud83d" in [line["text"] for line in page.newest("lines_appended")["lines"]]


HOSTILE = "a\rb\x1cc\x1dd\x1ee\x85f\u2028g\u2029h\ud800i\x00j\x1bk"


def test_no_text_of_a_run_reaches_a_reader_as_more_than_characters(tmp_path) -> None:
    run = nbviz.Run(HOSTILE)
    run.log({f"{HOSTILE}/loss": 1.0}, step=1)
    run.log_text(HOSTILE, HOSTILE, step=1)
    run.print(HOSTILE)
    run.finish(ValueError(HOSTILE))
    run.drain_media()
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    page.ready()
    answer = page.ask("control", run_id=run.run_id, name=HOSTILE, arguments={})
    tag = page.newest("text_added")["items"][0]["tag"]
    answer_of_text = page.ask("send_text", tag=tag, run_id=run.run_id, step=1)
    assert answer_of_text["kind"] == "text_sent"
    bundle = dashboard.picture()
    saved = dashboard.save_html(tmp_path / "page.html").read_text(encoding="utf-8")
    written = [*bundle.values(), saved, answer["error"], *texts_in(page.messages)]
    for text in written:
        text.encode()
        assert not set(text) & set(HOSTILE) - set("abcdefghijk")


def texts_in(value) -> list[str]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


def test_a_page_never_gets_a_number_that_json_has_not(run, tmp_path) -> None:
    run.log({"loss": 1.0}, step=1)
    with pytest.raises(LoggingError, match="wall_time must be Unix seconds"):
        run.note("after time ended", wall_time=math.inf)
    with pytest.raises(LoggingError, match="wall_time must be Unix seconds"):
        run.mark("warning", 1, "after time ended", math.nan)
    run.mark("warning", 1, "after it ended", 2e11)  # of the year 8307
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    page.ready()  # which would refuse it
    texts = [one["text"] for one in page.newest("events_recorded")["events"]]
    assert texts[-1] == "after it ended"
    assert "after time ended" not in texts
    assert dashboard.save_html(tmp_path / "page.html").stat().st_size > 1000


def test_a_pull_snapshot_of_many_series_stays_small(run) -> None:
    for step in range(1, 5001):
        run.log({f"metric/{i}": float(step) for i in range(20)}, step=step)
    run.drain()
    feed = feed_of(run)
    assert feed.snapshot(feed.cursor(), limit=400_000).size <= 410_000


def test_a_forked_child_neither_writes_to_nor_closes_its_parents_view(run) -> None:
    dashboard = nbviz.Dashboard(run)
    page = Page(dashboard)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with dashboard.transport._collecting, dashboard.transport._lock:
            held.set()
            let_go.wait(SECONDS)

    thread = threading.Thread(target=hold)  # as the view's own thread does now and then
    thread.start()
    assert held.wait(SECONDS)
    child = os.fork()
    if child == 0:
        page.ready()
        dashboard.close()
        os._exit(0 if not page.messages and dashboard.comm is not None else 1)
    let_go.set()
    thread.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert dashboard.comm is not None


def test_a_run_does_not_keep_a_closed_dashboard_alive(run) -> None:
    dashboard = nbviz.Dashboard(run)
    dashboard.close()
    references = [weakref.ref(dashboard), weakref.ref(dashboard._session._emitter)]
    del dashboard
    deadline = time.monotonic() + SECONDS
    while any(reference() is not None for reference in references):
        assert time.monotonic() < deadline, references
        gc.collect()  # the emitter's thread holds it until it has seen that it is closed
    run.log({"loss": 1.0}, step=1)
    assert run["loss"].last.value == 1.0


def test_a_pulling_page_is_answered_inside_its_request(run) -> None:
    page = Page(nbviz.Dashboard(run, transport="pull"))
    page.ready()
    run.log({"loss": 1.0}, step=1)
    run.drain()
    assert page.points == {}
    page.send("pull", sequence=0)
    assert page.points == {"loss": [1.0]}
