"""Images, histograms, tensors and texts in event files: TensorBoard reads ours, we read others'."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
import tensorboardX
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram import summary_v2 as histogram_plugin
from tensorboard.util import tensor_util
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.inspection.tensors.histograms import make_histogram
from nbviz.recording.event_files.arrays import read_array, tensor_field
from nbviz.recording.event_files.layout import read_layout
from nbviz.recording.event_files.media_messages import (
    histogram_field,
    read_histogram,
)
from nbviz.recording.event_files.messages import media_event
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.writer import EventFileWriter

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
VALUES = np.random.default_rng(1).normal(size=5000)


def record(path: Path) -> nbviz.Run:
    run = nbviz.Run("a", dir=path, overhead_budget=1)
    for step in (1, 5, 9):
        run.log({"loss": 1 / step}, step)
        run.log_image("samples/fixed", PIXELS, step)
        run.log_histogram("weights", VALUES * step, step, bins=30)
        run.log_text("generated", f"<b>step</b> {step}\nand ü", step)
        run.log_tensor("table", np.arange(6, dtype=np.int16).reshape(2, 3) * step, step)
    run.log_histogram("odd", [np.nan, np.inf, 3.0, 3.0], 9)
    run.finish()
    return run


def test_what_was_logged_reads_back(tmp_path: Path) -> None:
    run = record(tmp_path)
    opened = nbviz.open_run(tmp_path)
    assert set(opened.media) == set(run.media)
    for tag, media in run.media.items():
        again = opened.media[tag]
        assert again.kind == media.kind
        assert again.steps.tolist() == media.steps.tolist()
        np.testing.assert_allclose(again.wall_times, media.wall_times)
        for one, other in zip(media, again, strict=True):
            if media.kind == "image":
                np.testing.assert_array_equal(other.value.pixels, PIXELS)
                assert (other.value.height, other.value.width) == (12, 16)
            elif media.kind == "histogram":
                for name in ("counts", "edges", "minimum", "maximum", "count", "nan", "inf", "sum"):
                    np.testing.assert_array_equal(
                        getattr(one.value, name), getattr(other.value, name)
                    )
            elif media.kind == "tensor":
                np.testing.assert_array_equal(other.value, one.value)
                assert other.value.dtype == one.value.dtype
            else:
                assert other.value == one.value
    assert not any("generated" in line.text for line in opened.lines.since(0))


def test_tensorboard_reads_our_media(tmp_path: Path) -> None:
    record(tmp_path)
    events = EventAccumulator(
        str(tmp_path), size_guidance={"images": 0, "histograms": 0, "tensors": 0}
    ).Reload()
    images = events.Images("samples/fixed")
    assert [image.step for image in images] == [1, 5, 9]
    assert (images[0].height, images[0].width) == (12, 16)
    with PIL.Image.open(io.BytesIO(images[0].encoded_image_string)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)
    histogram = events.Histograms("weights")[1].histogram_value
    assert histogram.num == 5000
    assert histogram.min == pytest.approx(VALUES.min() * 5)
    assert histogram.max == pytest.approx(VALUES.max() * 5)
    assert histogram.sum == pytest.approx(VALUES.sum() * 5)
    assert histogram.sum_squares == pytest.approx((VALUES**2).sum() * 25)
    expected, _ = np.histogram(VALUES * 5, 30)
    assert np.abs(np.asarray(histogram.bucket)[1:] - expected).sum() <= 2
    texts = events.Tensors("generated")
    assert [text.step for text in texts] == [1, 5, 9]
    assert tensor_util.make_ndarray(texts[0].tensor_proto).item().decode() == "<b>step</b> 1\nand ü"
    table = tensor_util.make_ndarray(events.Tensors("table")[1].tensor_proto)
    assert table.tolist() == [[0, 5, 10], [15, 20, 25]]
    assert len(events.Scalars("loss")) == 3


@pytest.mark.parametrize("writer", [SummaryWriter, tensorboardX.SummaryWriter])
def test_other_writers_media_are_read(tmp_path: Path, writer) -> None:
    with writer(str(tmp_path)) as other:
        for step in (3, 7):
            other.add_image("picture", PIXELS, step, dataformats="HWC")
            other.add_histogram("values", VALUES * step, step, bins=40)
            other.add_text("note", f"at {step}", step)
        other.add_images("batch", np.stack([PIXELS] * 4), 1, dataformats="NHWC")
    media = nbviz.open_run(tmp_path).media
    assert media["picture"].steps.tolist() == [3, 7]
    np.testing.assert_array_equal(media["picture"][0].value.pixels, PIXELS)
    assert media["batch"][0].value.pixels.ndim == 3
    for item in media["values"]:
        histogram = item.value
        assert histogram.count == 5000 == histogram.counts.sum()
        assert histogram.minimum == pytest.approx(VALUES.min() * item.step)
        assert len(histogram.edges) == len(histogram.counts) + 1
        assert (np.diff(histogram.edges) > 0).all()
        assert histogram.edges[0] <= histogram.minimum
        assert histogram.maximum <= histogram.edges[-1]
    assert [item.value for item in media["note"]] == ["at 3", "at 7"]


def test_tensorboards_newer_forms_are_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    PIL.Image.fromarray(PIXELS).save(file, "PNG")
    writer = EventFileWriter(tmp_path, 1.0)
    for step in (1, 2):
        event = Event(wall_time=2.0, step=step)
        value = event.summary.value.add(tag="picture")
        if step == 1:  # later events leave it out
            value.metadata.plugin_data.plugin_name = "images"
        content = [b"16", b"12", file.getvalue()]
        value.tensor.CopyFrom(tensor_util.make_tensor_proto(np.array(content, object), 7, [3]))
        pb = histogram_plugin.histogram_pb("values", VALUES, buckets=10).value[0]
        event.summary.value.append(pb)
        writer.write(frame([event.SerializeToString()]))
    writer.close()
    media = nbviz.open_run(tmp_path).media
    np.testing.assert_array_equal(media["picture"].at(2).value.pixels, PIXELS)
    assert media["picture"].steps.tolist() == [1, 2]
    histogram = media["values"][1].value
    np.testing.assert_allclose(histogram.counts, np.histogram(VALUES, 10)[0])
    np.testing.assert_allclose(histogram.edges, np.histogram(VALUES, 10)[1])


def test_what_is_damaged_or_no_image_is_left_out(tmp_path: Path) -> None:
    writer = EventFileWriter(tmp_path, 1.0)
    for content in (b"<svg onload=alert(1)>", b"", b"\xff\xd8\xffno jpeg"):
        event = Event(wall_time=2.0, step=1)
        image = Summary.Image(height=1, width=1, colorspace=3, encoded_image_string=content)
        event.summary.value.add(tag="bad", image=image)
        event.summary.value.add(tag="worse").histo.bucket.append(3.0)
        event.summary.value.add(tag="good", simple_value=1.0)
        writer.write(frame([event.SerializeToString()]))
    writer.close()
    opened = nbviz.open_run(tmp_path)
    assert len(opened.media) == 0
    assert len(opened["good"]) == 3
    assert any("6 values" in line.text for line in opened.lines.since(0))


def test_a_restarted_training_stands_beside(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with SummaryWriter(str(tmp_path), filename_suffix=name) as other:
            for step in (1, 2):
                other.add_text("note", f"{name} {step}", step)
    media = nbviz.open_run(tmp_path).media
    found = {tag: [item.value for item in media[tag]] for tag in media}
    assert sorted(found) == ["note", "note (2)"]
    assert sorted(len(values) for values in found.values()) == [2, 2]


def test_a_removed_journal_is_written_anew(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path, overhead_budget=1)
    run.log_text("note", "first", 1)
    assert run.journal.flush()
    run.journal.path.unlink()
    run.log_text("note", "second", 2)
    assert run.journal.flush()
    run.finish()
    assert [item.value for item in nbviz.open_run(tmp_path).media["note"]] == ["first", "second"]


def test_a_watch_is_in_the_journal(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path, overhead_budget=1)
    model = torch.nn.Linear(3, 2)
    with run.watch(model, every_steps=1):
        model(torch.randn(4, 3)).sum().backward()
        run.log({"loss": 1.0}, 1)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    assert opened["weights/weight/norm"].values[0] == run["weights/weight/norm"].values[0]
    assert opened.media["gradients/bias"][0].value.count == 2


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(["<f4", "<f8", "<f2", "<i8", "<i4", "|u1", "|b1", "<u2"]),
    st.lists(st.integers(0, 4), max_size=3),
)
def test_arrays_of_any_shape(dtype: str, shape: list[int]) -> None:
    array = (np.random.default_rng(0).normal(size=shape) * 50).astype(dtype)
    event = media_event(1.0, 300, "x", array)
    (slot,) = read_layout(event).slots
    found = read_array(event, slot.start, slot.stop) if slot.content == "array" else None
    if found is None:
        assert slot.is_tensor  # one number: a scalar if its plugin says so
        return
    np.testing.assert_array_equal(found, array)
    assert tensor_field(array)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(width=32), min_size=1, max_size=50), st.integers(1, 20))
def test_any_histogram_reads_back(values: list[float], bins: int) -> None:
    histogram = make_histogram(np.array(values), bins)
    event = media_event(1.0, 1, "x", histogram)
    (slot,) = read_layout(event).slots
    again = read_histogram(event, slot.start, slot.stop)
    for name in ("counts", "edges", "minimum", "maximum", "count", "nan", "inf"):
        np.testing.assert_array_equal(getattr(histogram, name), getattr(again, name))
    assert histogram_field(histogram) in event
