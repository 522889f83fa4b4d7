"""Points that no page draws wait in the recording; those who come to look miss none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz.panels import PANELS
from nbviz.panels.curves.panel import MAX_SERIES
from nbviz.panels.curves.wanted_series import UNKNOWN_SERIES, WantedSeries
from nbviz.panels.panel import View
from nbviz.panels.runs.values import values_of
from nbviz.panels.subject import Subject
from nbviz.session.feed import Feed
from nbviz.session.saved import record
from nbviz.session.transport import FRAME_BYTES
from nbviz.session.wanted import Wanted


@pytest.fixture
def run():
    return nbviz.Run("loop")


def log(run, first: int, last: int, *tags: str) -> None:
    for step in range(first, last + 1):
        run.log(dict.fromkeys(tags, float(step)), step=step)
    run.drain()


def watch(page: Page, run, *series: int, view: int = 1) -> None:
    fields = {"run_id": run.run_id, "view": view, "known": len(run.tags)}
    answer = page.ask("set_wanted", panel="curves", keys=list(map(str, series)), **fields)
    assert answer["kind"] == "command_done"


def test_what_is_not_looked_at_waits_and_then_comes_whole(run) -> None:
    page = Page(nbviz.Dashboard(run))
    log(run, 1, 3, "loss", "norm")
    page.ready()
    watch(page, run, 0)
    log(run, 4, 6, "loss", "norm")
    page.wait_for(lambda: page.points["loss"] == [1, 2, 3, 4, 5, 6])
    assert page.points["norm"] == [1, 2, 3]
    watch(page, run, 0, 1)
    page.wait_for(lambda: page.points["norm"] == [1, 2, 3, 4, 5, 6])
    log(run, 7, 7, "loss", "norm")
    page.wait_for(lambda: page.points["norm"] == page.points["loss"] == [1, 2, 3, 4, 5, 6, 7])


def test_a_page_that_opens_is_not_sent_what_nobody_looks_at(run) -> None:
    dashboard = nbviz.Dashboard(run)
    first = Page(dashboard)
    log(run, 1, 3, "loss", "norm")
    first.ready()
    watch(first, run, 0)
    second = Page(dashboard, "page-2")

    def both(content, buffers=None) -> None:
        first.receive(content, buffers)
        second.receive(content, buffers)

    dashboard.send = both
    second.ready()
    assert second.points == {"loss": [1, 2, 3]}
    assert first.points == {"loss": [1, 2, 3], "norm": [1, 2, 3]}
    log(run, 4, 4, "loss", "norm")
    watch(second, run, 1)
    # The first page, which had some of it, has each point once too.
    second.wait_for(lambda: second.points.get("norm") == [1, 2, 3, 4])
    first.wait_for(lambda: first.points.get("norm") == [1, 2, 3, 4])
    first.wait_for(lambda: first.points["loss"] == second.points["loss"] == [1, 2, 3, 4])


def test_many_series_at_once_come_one_frame_after_the_other(run) -> None:
    tags = [f"layer{i}/norm" for i in range(60)]
    log(run, 1, 3000, *tags)
    wanted = Wanted(PANELS)
    feed = Feed(PANELS, wanted, failed=pytest.fail)
    feed.subjects.append(Subject.of_run(run))
    cursor = feed.cursor()
    wanted.want(run.run_id, "curves", "page", 1, View((), 60))
    feed.collect(cursor, 1e6)
    wanted.want(run.run_id, "curves", "page", 1, View(tuple(map(str, range(60))), 60))
    received: dict[int, int] = {}
    frames = 0
    while True:
        batch = feed.collect(cursor, 1e6)
        if not batch.updates:
            break
        frames += 1
        assert batch.size < 1.2e6
        for update in batch.updates:
            assert update["kind"] != "buckets_appended"
            if update["kind"] == "points_appended":
                for number, count in zip(update["series"], update["counts"], strict=True):
                    received[number] = received.get(number, 0) + count
    assert received == dict.fromkeys(range(60), 3000)
    assert frames == 5


def test_before_a_page_decides_it_is_sent_the_first_series_only(run) -> None:
    tags = [f"tag{i}" for i in range(3 * UNKNOWN_SERIES)]
    page = Page(nbviz.Dashboard(run))
    log(run, 1, 2, *tags)
    page.ready()
    assert list(page.points) == tags[:UNKNOWN_SERIES]
    watch(page, run, 250)
    page.wait_for(lambda: page.points.get("tag250") == [1, 2])
    log(run, 3, 3, *tags)
    page.wait_for(lambda: page.points["tag250"] == [1, 2, 3])
    assert page.points["tag0"] == [1, 2]
    # What the page does not know yet is sent until it decides.
    log(run, 4, 4, "fresh")
    page.wait_for(lambda: page.points.get("fresh") == [4])


def test_a_page_that_pulls_is_not_sent_what_it_does_not_draw(run) -> None:
    page = Page(nbviz.Dashboard(run, transport="pull"))
    log(run, 1, 2, "loss", "norm")
    page.ready()
    watch(page, run, 0)
    log(run, 3, 3, "loss", "norm")
    page.send("pull", sequence=0)
    assert page.points == {"loss": [1, 2, 3], "norm": [1, 2]}
    watch(page, run, 0, 1)
    page.send("pull", sequence=1)
    assert page.points["norm"] == [1, 2, 3]


def test_a_saved_page_holds_every_series(run) -> None:
    tags = [f"tag{i}" for i in range(UNKNOWN_SERIES + 5)]
    log(run, 1, 2, *tags)
    saved = record(PANELS, [Subject.of_run(run)])
    appended = next(u for u in saved.updates if u["kind"] == "points_appended")
    assert appended["counts"] == [2] * len(tags)
    assert np.frombuffer(saved.buffers[appended["buffer"]])[-1] == 2


def test_views_and_pages_look_together_until_they_go() -> None:
    wanted = Wanted(PANELS)

    def looked_at(run_id: str = "run") -> list[int]:
        series = wanted.of(run_id, "curves") or WantedSeries()
        return [number for number in range(6) if number in series]

    wanted.want("run", "curves", "a", 1, View(("1",), 5))
    wanted.want("run", "curves", "a", 2, View(("2",), 5))
    wanted.want("run", "curves", "b", 1, View(("3",), 4))
    assert looked_at() == [1, 2, 3, 4, 5]
    assert wanted.forget("b") == [("run", "curves")]
    assert looked_at() == [1, 2, 5]
    assert wanted.forget("a") == [("run", "curves")]
    # A page that is reloaded decides the same again.
    assert looked_at() == [1, 2, 5]
    assert wanted.forget("a") == []
    assert 7 in (wanted.of("another run", "curves") or WantedSeries())


@pytest.mark.parametrize("keys", [["9"], ["-1"], ["x"], [1], None])
def test_series_that_do_not_exist_are_refused(run, keys) -> None:
    page = Page(nbviz.Dashboard(run))
    log(run, 1, 1, "loss")
    page.ready()
    fields = {"panel": "curves", "keys": keys, "known": 1}
    answer = page.ask("set_wanted", run_id=run.run_id, view=1, **fields)
    assert answer["kind"] == "command_failed"
    log(run, 2, 2, "loss")
    page.wait_for(lambda: page.points["loss"] == [1, 2])


def test_a_range_of_very_many_series_is_refused_and_of_many_fits_a_message(run) -> None:
    log(run, 1, 300, *(f"tag{number}" for number in range(MAX_SERIES)))
    page = Page(nbviz.Dashboard(run))
    page.ready()
    asked = {"run_id": run.run_id, "first_step": 1, "last_step": 300, "points": 4000}
    refused = page.ask("send_range", series=[0] * (MAX_SERIES + 1), **asked)
    assert "at most 1,000 numbers, got 1,001" in refused["error"]
    answer = page.ask("send_range", series=list(range(MAX_SERIES)), **asked)
    assert len(answer["data"]) <= FRAME_BYTES
    columns = np.frombuffer(answer["data"])
    first = columns[: 7 * answer["counts"][0]].reshape(7, -1)
    assert (first[2].min(), first[3].max(), first[5].sum()) == (1, 300, 300)


def test_a_page_is_told_once_which_tags_a_training_will_log() -> None:
    model = torch.nn.Linear(2, 2)
    data = [(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long))] * 2
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = nbviz.Trainer(
        model,
        data,
        val_loader=data,
        loss_fn=torch.nn.CrossEntropyLoss(),
        metrics=["accuracy"],
        optimizer=optimizer,
        gradient_clip=1.0,
        max_epochs=1,
        device="cpu",
    )
    page = Page(nbviz.Dashboard(trainer))
    page.ready()
    (told,) = [one for one in page.updates if one["kind"] == "tags_expected"]
    trainer.start()
    trainer.wait(180)
    # As it then does, and nothing else.
    assert set(told["tags"]) == set(trainer.run)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "finished")
    assert len([one for one in page.updates if one["kind"] == "tags_expected"]) == 1


def test_what_is_sorted_in_behind_a_pages_points_comes_to_it(run) -> None:
    page = Page(nbviz.Dashboard(run))
    log(run, 11, 20, "loss")
    page.ready()
    watch(page, run, 0)
    page.wait_for(lambda: page.points["loss"] == list(range(11, 21)))
    table = values_of(run)
    table.look_at_all()
    with ThreadPoolExecutor(1) as other:
        other.submit(log, run, 5, 12, "loss").result()
    page.wait_for(lambda: page.points["loss"] == sorted([*range(5, 13), *range(11, 21)]))
    table.look_at_all()
    assert table.columns()[0, 2:].tolist() == [5, 5, 20, 20]
