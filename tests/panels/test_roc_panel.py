"""Curves of precision, recall and calibration on their way to a page."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from pages import Page

import nbviz
from nbviz.panels.batch import Batch, SavedBatch
from nbviz.panels.roc import PANEL
from nbviz.session.transport import PULL_FRAME_BYTES


def numbers_of(data: bytes) -> np.ndarray:
    planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(8, -1)
    return np.frombuffer(planes.T.tobytes(), "<f8")


@pytest.fixture
def run() -> nbviz.Run:
    return nbviz.Run("a", overhead_budget=1)


def test_the_curves_at_or_before_a_step_are_sent(run) -> None:
    for step in (10, 20):
        run.log_pr_curve("c", [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6], step)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    found: list[dict[str, Any]] = [
        page.ask("send_roc", run_id=run.run_id, tag="c", step=step) for step in (1, 19, 20)
    ]
    assert [sent["step"] for sent in found] == [10, 10, 20]
    (info,) = found[0]["curves"]
    assert (info["positives"], info["negatives"], info["points"]) == (2, 2, 4)
    assert info["roc_auc"] == 0.75
    numbers = numbers_of(found[0]["data"])
    assert len(numbers) == 2 * 127 + 3 * 4 + 3 * 10
    assert numbers[254:266].tolist() == [0.9, 0.6, 0.4, 0.1, 1, 1, 2, 2, 0, 1, 1, 2]


def test_an_area_without_meaning_is_none(run) -> None:
    run.log_pr_curve("c", [0, 0], [0.1, 0.2], 1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    (info,) = page.ask("send_roc", run_id=run.run_id, tag="c", step=1)["curves"]
    assert (info["average_precision"], info["roc_auc"]) == (None, None)


def test_as_many_classes_as_there_may_be_fit_into_the_smallest_frame(run) -> None:
    generator = np.random.default_rng(0)
    scores = generator.random((4000, 128)).astype(np.float32)
    names = ["<script>alert(1)</script>" * 9] * 128
    run.log_pr_curve("c", generator.integers(0, 128, 4000), scores, 1, classes=names)
    media = run.media["c"]
    batch = Batch()
    sent = PANEL.item("a", media, 1, batch, {"client_id": "", "request_id": 0}, PULL_FRAME_BYTES)
    assert len(str(sent)) + batch.size <= PULL_FRAME_BYTES
    assert len(sent["curves"]) == 128
    assert min(curve["points"] for curve in sent["curves"]) > 30
    assert media[0].nbytes < 1_700_000


def test_a_saved_page_holds_steps_spread_over_the_run(run) -> None:
    for step in range(1, 61):
        run.log_pr_curve("c", [0, 1], [0.2, 0.7], step)
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    steps = sorted(answer["step"] for answer in batch.answers)
    assert (len(steps), steps[0], steps[-1]) == (24, 1, 60)
