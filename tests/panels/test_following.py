"""The newest items of tags that pages follow: sent unasked while that is cheap and painted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pages import Page

import nbviz
from nbviz.errors import CommandError
from nbviz.panels.batch import Batch
from nbviz.panels.following import COSTLY_SECONDS, LEAST_PAUSE, SHARE, Following
from nbviz.panels.media import PANEL

NAMED = "map\u202e"  # pages are told of this tag in other words


def listed(page: Page) -> list[dict[str, Any]]:
    """Return what was listed, tag by tag."""
    updates = [update for update in page.updates if update["kind"] == "media_added"]
    return [one for update in updates for one in update["items"]]


def sent(page: Page, tag: str) -> list[dict[str, Any]]:
    return [one["sent"] for one in listed(page) if one["tag"] == tag and "sent" in one]


def follow(page: Page, run: nbviz.Run, *keys: str, view: int = 1) -> str:
    answer = page.ask("set_wanted", run_id=run.run_id, panel="media", view=view, keys=[*keys])
    return answer["kind"]


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_what_pages_follow_comes_unasked_and_the_rest_is_listed(transport) -> None:
    run = nbviz.Run("loop", overhead_budget=1.0)
    page = Page(nbviz.Dashboard(run, transport=transport))
    page.ready()
    noise = np.random.default_rng(0).integers(0, 256, (900, 900), np.uint8)
    values = np.arange(6.0).reshape(2, 3)
    run.log_tensor(NAMED, values, step=1)
    run.log_image("image", noise, step=1)
    run.log_image("other", noise, step=1)
    page.wait_for(lambda: len(listed(page)) == 3)
    name = listed(page)[0]["tag"]
    assert not any(sent(page, tag) for tag in (name, "image", "other"))
    assert follow(page, run, f"300 {name}", "150 image") == "command_done"
    assert follow(page, run, "300 image", view=2) == "command_done"
    for step in (2, 3):
        run.log_tensor(NAMED, values * step, step=step)
        run.log_image("image", noise, step=step)
        run.log_image("other", noise, step=step)
        page.wait_for(
            lambda at=step: all(
                at in [one["step"] for one in sent(page, tag)] for tag in (name, "image")
            )
        )
    assert sent(page, "other") == []
    assert sent(page, "image")[-1]["reduced"] == 3
    asked = page.ask("send_media", run_id=run.run_id, tag=name, step=3, pixels=300)
    newest = sent(page, name)[-1]
    assert {**newest, "buffer": 0, "client_id": page.name, "request_id": asked["request_id"]} == {
        key: value for key, value in asked.items() if key != "data"
    }
    assert asked["maximum"] == 15.0
    follow(page, run)
    follow(page, run, view=2)
    before = len(listed(page)), len(sent(page, "image"))
    run.log_image("image", noise, step=4)
    page.wait_for(lambda: len(listed(page)) > before[0])
    assert len(sent(page, "image")) == before[1]


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_histograms_go_on_from_what_was_sent(transport) -> None:
    run = nbviz.Run("loop", overhead_budget=1.0)
    page = Page(nbviz.Dashboard(run, transport=transport))
    page.ready()
    values = np.random.default_rng(0).normal(size=100)

    def log(*steps: int) -> None:
        for step in steps:
            run.log_histogram("weights", values * step, step=step)
        run.drain_media()

    def parts() -> list[dict[str, Any]]:
        updates = [update for update in page.updates if update["kind"] == "histograms_added"]
        return [one["sent"] for update in updates for one in update["items"] if "sent" in one]

    def steps(part: dict[str, Any]) -> list[int]:
        return [one["step"] for one in part["histograms"]]

    log(1, 2, 3)
    page.wait_for(lambda: any(update["kind"] == "histograms_added" for update in page.updates))
    page.ask("set_wanted", run_id=run.run_id, panel="histograms", view=1, keys=["400 weights"])
    # Of one of which nothing was sent the newest comes; the page asks for those before.
    page.wait_for(lambda: len(parts()) == 1)
    assert (parts()[0]["after"], steps(parts()[0])) == (2, [3])
    asked = page.ask("send_histograms", run_id=run.run_id, tag="weights", step=3, after=-1)
    assert (asked["after"], asked["step"], steps(asked)) == (-1, 3, [1, 2, 3])
    log(4, 5, 6)
    page.wait_for(lambda: parts()[-1]["step"] == 6)
    log(6)  # again: the newer counts
    page.wait_for(lambda: parts()[-1]["after"] == 5)
    log(7)
    page.wait_for(lambda: parts()[-1]["step"] == 7)
    reached = 3
    for part in parts()[1:]:
        assert part["after"] <= reached
        assert steps(part) == list(range(part["after"] + 1, part["step"] + 1))
        reached = part["step"]
    assert reached == 7
    assert sum(len(steps(part)) for part in parts()) == 6  # none twice but the one logged again


@pytest.mark.parametrize("key", ["samples", "-1 samples", "1.5 samples", "300", "300 ", "\u0663 a"])
def test_a_key_that_is_none_is_refused(key) -> None:
    with pytest.raises(CommandError, match="a key must be pixels, a space and a tag"):
        PANEL.view(nbviz.Run(), [key], 0)


def test_too_many_tags_are_refused() -> None:
    with pytest.raises(CommandError, match="at most 64 tags, got 65"):
        PANEL.view(nbviz.Run(), [f"300 {number}" for number in range(65)], 0)


class Rig:
    """A run of which pages follow two tags, and a clock that stands."""

    def __init__(self) -> None:
        self.now = self.spent = 0.0
        self.cost = 0.001
        self.since: list[int] = []
        self.run = nbviz.Run(overhead_budget=1.0)
        self.following = Following(clock=lambda: self.now, cpu_clock=lambda: self.spent)
        self.again_in = math.inf

    def log(self, step: int, *tags: str) -> None:
        for tag in tags:
            self.run.log_tensor(tag, np.full((4, 4), float(step)), step=step)
        self.run.drain_media()

    def send(self, room: float = math.inf, upto: int = 1000) -> dict[str, int]:
        """Return the steps that are sent, by tag."""
        batch = Batch()

        def make(media, step, pixels, since):
            assert pixels == 300
            self.since.append(since)
            self.spent += self.cost
            batch.buffer(bytes(1000))
            if media.tag == "refused":
                raise CommandError("it cannot be sent")
            return step

        made = self.following.add(
            self.run,
            ("tensor",),
            dict.fromkeys(("a", "b", "refused", "unknown"), 300),
            batch,
            make,
            upto=upto,
            room=room,
        )
        assert len(batch.buffers) == len(made)
        self.again_in = batch.again_in
        return made


def test_only_the_newest_is_sent_and_each_once() -> None:
    rig = Rig()
    assert (rig.send(), rig.again_in) == ({}, math.inf)
    rig.log(1, "a", "b")
    rig.log(2, "a", "not followed")
    assert rig.send() == {"a": 2, "b": 1}
    rig.now += 10
    assert (rig.send(), rig.again_in) == ({}, math.inf)
    rig.log(3, "b")
    assert rig.send() == {"b": 3}
    rig.log(3, "b")  # logged again: the newer counts
    rig.now += 10
    assert rig.send() == {"b": 3}
    assert rig.since == [0, 0, 2, 5]  # the versions of what was sent of a tag before


def test_what_is_not_listed_yet_waits_for_its_listing() -> None:
    rig = Rig()
    rig.log(1, "a")
    version = rig.run.kept_media.version
    assert rig.send(upto=version - 1) == {}
    assert rig.send(upto=version) == {"a": 1}


def test_between_two_times_it_rests_as_what_they_cost_says() -> None:
    rig = Rig()
    rig.log(1, "a")
    rig.send()
    rig.log(2, "a")
    assert (rig.send(), rig.again_in) == ({}, pytest.approx(LEAST_PAUSE))
    rig.now += LEAST_PAUSE
    rig.cost = 0.02
    assert rig.send() == {"a": 2}
    rig.log(3, "a")
    rig.now += 0.02 / SHARE
    assert rig.send() == {}
    rig.now += 0.01 / SHARE
    assert rig.send() == {"a": 3}
    rig.now += 0.9
    assert rig.send() == {}
    assert rig.again_in <= LEAST_PAUSE  # the next is looked for before it has come


def test_what_pages_have_not_painted_leaves_no_room() -> None:
    rig = Rig()
    rig.log(1, "a", "b")
    assert rig.send(room=1500) == {"a": 1}
    rig.now += 1
    assert rig.send(room=1500) == {"b": 1}  # it has waited for longest
    rig.log(2, "a", "b")
    rig.now += 1
    spent = rig.spent
    assert (rig.send(room=900), rig.spent) == ({}, spent)
    rig.now += 1
    assert rig.send(room=2000) == {"a": 2, "b": 2}


def test_what_takes_long_or_cannot_be_sent_is_left_to_be_asked_for() -> None:
    rig = Rig()
    rig.log(1, "a", "refused")
    rig.cost = 2 * COSTLY_SECONDS
    assert rig.send() == {"a": 1}
    rig.log(2, "a", "refused", "b")
    rig.now, rig.cost = 100.0, 0.001
    assert rig.send() == {"b": 2}
