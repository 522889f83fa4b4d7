"""Tables on their way to a page: rows by range, sorted and filtered in the kernel."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz.panels.batch import SavedBatch
from nbviz.panels.tables import PANEL
from nbviz.panels.tables.order import Arrangement, arranged
from nbviz.recording.media.png import decode_image
from nbviz.session.transport import FRAME_BYTES, PULL_FRAME_BYTES

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def run() -> nbviz.Run:
    return nbviz.Run("a", overhead_budget=1)


@pytest.fixture
def page(run: nbviz.Run) -> Page:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    return page


def ask(page: Page, run: nbviz.Run, step: int = 1, **fields: Any) -> dict[str, Any]:
    asked = {"first": 0, "count": 100, "sort": -1, "descending": False, "filter": "", **fields}
    return page.ask("send_rows", run_id=run.run_id, tag="t", step=step, **asked)


def test_rows_are_sent_by_range(run, page) -> None:
    for step in (1, 2):
        run.log_table(
            "t", {"n": np.arange(1000) * step, "t": [f"{NASTY}{i}" for i in range(1000)]}, step
        )
    run.drain_media()
    sent = ask(page, run, 9, first=990)
    assert (sent["step"], sent["total"], sent["matching"], sent["first"]) == (2, 1000, 1000, 990)
    assert sent["rows"] == [[2 * i, f"{NASTY}{i}"] for i in range(990, 1000)]
    assert [one["column_kind"] for one in sent["columns"]] == ["number", "text"]
    assert len(ask(page, run, count=10**9)["rows"]) == 500
    assert ask(page, run, count=-1)["rows"] == []
    assert ask(page, run, first=5000)["rows"] == []


SORTED = {
    "n": ([3.0, np.nan, 1.0, 3.0, -np.inf], [4, 2, 0, 3, 1], [0, 3, 2, 4, 1]),
    "t": (["b", None, "C", "a", "b"], [3, 0, 4, 2, 1], [2, 0, 4, 3, 1]),
    "f": ([True, None, False, True, False], [2, 4, 0, 3, 1], [0, 3, 2, 4, 1]),
    "i": ([np.eye(2), None, np.eye(2), None, np.eye(2)], [0, 2, 4, 1, 3], [0, 2, 4, 1, 3]),
}


@pytest.mark.parametrize("column", SORTED)
def test_rows_are_sorted_with_nothing_last_and_equal_ones_as_they_were(run, column) -> None:
    values, rising, falling = SORTED[column]
    run.log_table("t", {column: values}, 1)
    table = run.media["t"][0].value
    assert arranged(table, Arrangement(0)).tolist() == rising
    assert arranged(table, Arrangement(0, descending=True)).tolist() == falling


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("cat", [0, 2]),
        ("CAT", [0, 2]),
        ("0.9", [0]),
        ("score > 0.4", [0, 1]),
        ("score >= 0.5 and class = cat", [0]),
        ("class != cat", [1, 3]),
        ("Class = 'Dog'", [1]),
        ("right = true", [0, 3]),
        ("score < nan", []),
        ("nothing = 3", []),
        ("a.*b", [3]),
        ("  ", [0, 1, 2, 3]),
    ],
)
def test_rows_are_filtered_by_a_text_or_by_conditions(run, text, rows) -> None:
    run.log_table(
        "t",
        {
            "score": [0.9, 0.5, 0.1, np.nan],
            "class": ["cat", "dog", "Cat", "a.*b"],
            "right": [True, False, False, True],
        },
        1,
    )
    assert arranged(run.media["t"][0].value, Arrangement(filter=text)).tolist() == rows


def test_a_hundred_thousand_rows_are_sorted_filtered_and_reached_at_their_end(run, page) -> None:
    generator = np.random.default_rng(0)
    score = generator.random(100_000)
    run.log_table("t", {"score": score, "id": [f"n{i}" for i in range(100_000)]}, 1)
    run.drain_media()
    best = ask(page, run, sort=0, descending=True, count=3)
    assert [row[0] for row in best["rows"]] == np.sort(score)[::-1][:3].tolist()
    last = ask(page, run, sort=0, first=99_999, count=9)
    assert last["rows"] == [[score.max(), f"n{score.argmax()}"]]
    few = ask(page, run, filter="score > 0.999", sort=1)
    assert few["matching"] == (score > 0.999).sum()
    assert few["total"] == 100_000


def test_what_json_has_no_number_for_and_what_is_long(run, page) -> None:
    run.log_table(
        "t",
        {"n": [np.nan, np.inf, -np.inf], "i": [2**60, 1, 2], "t": ["x" * 900, "a\nb", "\x00"]},
        1,
    )
    run.drain_media()
    rows = ask(page, run)["rows"]
    assert [row[0] for row in rows] == [None, "∞", "−∞"]
    assert [row[1] for row in rows] == [str(2**60), 1, 2]
    assert [row[2] for row in rows] == ["x" * 300 + "…", "a\nb", "␀"]


def test_thumbnails_come_with_their_rows_in_the_order_asked_for(run, page) -> None:
    images = torch.arange(4).reshape(4, 1, 1).expand(4, 8, 8) * 60
    run.log_table("t", {"n": [3, 1, 2, 0], "image": images.to(torch.uint8)}, 1)
    run.drain_media()
    sent = ask(page, run, sort=0, count=2)
    assert sent["rows"] == [[0, 0], [1, 1]]
    ends = np.cumsum(sent["images"])
    pictures = [sent["data"][start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert [decode_image(one)[0, 0, 0] for one in pictures] == [180, 60]
    assert ends[-1] == len(sent["data"])


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_what_no_frame_holds_is_asked_for_in_parts(run, transport) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (200, 64, 64, 3), np.uint8)
    run.log_table("t", {"image": images, "n": np.arange(200)}, 1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run, transport=transport))
    page.ready()
    limit = PULL_FRAME_BYTES if transport == "pull" else FRAME_BYTES
    found: list[int] = []
    while len(found) < 200:
        sent = ask(page, run, first=len(found), count=200)
        assert sent["rows"]
        assert len(sent["data"]) + len(json.dumps(sent["rows"])) <= limit
        found += [row[1] for row in sent["rows"]]
    assert found == list(range(200))


def test_a_saved_page_holds_the_first_thousand_rows(run) -> None:
    run.log_table("t", {"n": np.arange(5000)}, 1)
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    (answer,) = batch.answers
    assert (answer["total"], answer["first"]) == (5000, 0)
    assert answer["rows"] == [[i] for i in range(1000)]


def test_a_saved_page_holds_as_many_large_rows_as_it_has_room_for(run) -> None:
    run.log_table("t", {"t": ["x" * 300] * 5000}, 1)
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    (answer,) = batch.answers
    assert 500 < len(answer["rows"]) < 1000
