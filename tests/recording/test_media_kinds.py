"""Texts and histograms as they are kept: what is Markdown, and what is a sample, also read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.recording.media.inputs import MOST_COUNTED
from nbviz.recording.media.store import PlainText

if TYPE_CHECKING:
    from pathlib import Path

MILLION = 1 << 20


def test_a_text_is_markdown_unless_it_is_said_not_to_be(tmp_path: Path) -> None:
    run = nbviz.Run("texts", dir=tmp_path, overhead_budget=1)
    run.log_text("note", "# A **title**", step=1)
    run.log_text("code", "x = a*b*c", step=2, markdown=False)
    run.finish()
    run.journal.flush()
    for media in (run.media, nbviz.open_run(tmp_path).media):
        assert media["note"][0].value == "# A **title**"
        assert not isinstance(media["note"][0].value, PlainText)
        assert media["code"][0].value == "x = a*b*c"
        assert isinstance(media["code"][0].value, PlainText)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    for tag, text in (("note", b"# A **title**"), ("code", b"x = a*b*c")):
        assert events.SummaryMetadata(tag).plugin_data.plugin_name == "text"
        (event,) = events.Tensors(tag)
        assert list(event.tensor_proto.string_val) == [text]


@pytest.mark.parametrize("make", [lambda values: values, torch.from_numpy])
def test_of_a_million_values_a_sample_is_counted_and_kept_as_such(tmp_path: Path, make) -> None:
    values = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    values[0, :100] = np.nan
    run = nbviz.Run("histograms", dir=tmp_path, overhead_budget=1)
    run.log_histogram("x", make(values), step=1)
    run.log_histogram("small", values[1], step=1)
    run.finish()
    run.journal.flush()
    assert MOST_COUNTED < MILLION
    for media in (run.media, nbviz.open_run(tmp_path).media):
        histogram = media["x"][0].value
        assert 0 < histogram.sampled <= MOST_COUNTED
        assert histogram.count + histogram.nan == MILLION
        assert histogram.nan == pytest.approx(100, abs=10)
        assert histogram.counts.sum() == pytest.approx(histogram.count)
        assert histogram.sum / histogram.count == pytest.approx(np.nanmean(values), abs=0.01)
        deviation = np.sqrt(histogram.sum_squares / histogram.count)
        assert deviation == pytest.approx(np.nanstd(values), abs=0.01)
        whole, _ = np.histogram(values[np.isfinite(values)], histogram.edges)
        assert np.abs(histogram.counts - whole).max() < 0.01 * MILLION
        assert media["small"][0].value.sampled == 0


def test_a_sample_does_not_follow_the_rows() -> None:
    values = np.tile(np.arange(8.0), MILLION // 8)
    run = nbviz.Run(overhead_budget=1)
    run.log_histogram("x", values, step=1, bins=8)
    counts = run.media["x"][0].value.counts
    assert counts == pytest.approx(np.full(8, MILLION / 8), rel=0.001)
