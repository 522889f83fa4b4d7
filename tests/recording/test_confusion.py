"""Confusion matrices: what is counted, what is refused, and what an event file keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.metrics
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.event_files.messages import media_event
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.writer import EventFileWriter
from nbviz.recording.media import confusion
from nbviz.recording.media.confusion import ConfusionMatrix

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = np.random.default_rng(0)
TARGETS = GENERATOR.integers(0, 7, 500)
SCORES = GENERATOR.normal(size=(500, 7)).astype(np.float32)
NASTY = "<img src=x onerror=alert(1)>"


def logged(*arguments: Any, **options: Any) -> ConfusionMatrix:
    run = nbviz.Run("a")
    run.log_confusion_matrix("c", *arguments, step=1, **options)
    value = run.media["c"][0].value
    assert isinstance(value, ConfusionMatrix)
    return value


FORMS = {
    "numpy": (TARGETS, SCORES),
    "indices": (TARGETS, SCORES.argmax(1)),
    "small integers": (TARGETS.astype(np.uint8), SCORES.argmax(1).astype(np.int16)),
    "lists": (TARGETS.tolist(), SCORES.tolist()),
    "tensors": (torch.tensor(TARGETS), torch.tensor(SCORES, requires_grad=True)),
    "both": (TARGETS, torch.tensor(SCORES)),
    "bfloat16 one-hot": (
        torch.nn.functional.one_hot(torch.tensor(TARGETS)).bfloat16(),
        torch.tensor(SCORES),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_counted_as_scikit_learn_counts(form: str) -> None:
    expected = sklearn.metrics.confusion_matrix(TARGETS, SCORES.argmax(1), labels=range(7))
    np.testing.assert_array_equal(logged(*FORMS[form]).matrix, expected)


def test_pixels_of_a_segmentation_are_samples() -> None:
    target = torch.tensor([[[0, 1], [1, -100]]])
    scores = torch.zeros(1, 3, 2, 2)
    scores[0, 1] = 1
    found = logged(target, scores)
    assert found.size == 3
    assert found.matrix.tolist() == [[0, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("size", "count"),
    [(30, 5_000), (400, 60_000), (3_000, 5_000), (9_999, 30)],
    ids=["few classes", "many samples", "few samples", "hardly any"],
)
@pytest.mark.parametrize("kind", [np.int16, np.int64])
def test_counts_are_right_however_they_are_made(
    monkeypatch: pytest.MonkeyPatch, size: int, count: int, kind: type
) -> None:
    monkeypatch.setattr(confusion, "_PART", 1_000)
    generator = np.random.default_rng(size)
    target, prediction = generator.integers(0, size, (2, count)).astype(kind)
    prediction[::3] = target[::3]
    target[5:1500:7] = -1
    prediction[2::11] = -2
    matrix = logged(target, prediction)
    expected: dict[tuple[int, int], int] = {}
    has_class = (target >= 0) & (prediction >= 0)
    for cell in zip(target[has_class].tolist(), prediction[has_class].tolist(), strict=True):
        expected[cell] = expected.get(cell, 0) + 1
    found = {
        divmod(int(place), matrix.size): int(value)
        for place, value in zip(matrix.places, matrix.values, strict=True)
    }
    assert found == expected
    assert matrix.left_out == count - has_class.sum()
    assert np.all(np.diff(matrix.places.astype(int)) > 0)
    assert (matrix.places.dtype, matrix.values.dtype) == (np.uint32, np.uint32)


def test_samples_may_change_after_the_call() -> None:
    run = nbviz.Run("a")
    target, prediction = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
    run.log_confusion_matrix("c", target, prediction, step=1)
    target[:] = 0
    prediction[:] = 1
    assert run.media["c"][0].value.matrix.tolist() == [[1, 0], [1, 1]]


def test_a_matrix_is_taken_as_it_is() -> None:
    given = [[0.5, 0.25], [0, 1e-9]]
    found = logged(matrix=given, classes=["a", NASTY])
    assert found.matrix.tolist() == given
    assert found.classes == ("a", NASTY)
    counts = logged(matrix=torch.tensor([[3, 0], [1, 2]]))
    assert counts.values.dtype == np.uint32
    assert counts.matrix.tolist() == [[3, 0], [1, 2]]


def test_classes_that_have_no_sample_are_there() -> None:
    assert logged([0], [0], classes=["a", "b", "c"]).size == 3
    assert logged([0], [[0.9, 0.1, 0, 0]]).size == 4


def test_one_sample_and_nothing_but_nan_are_shown_somehow() -> None:
    assert logged([3], [3]).matrix.sum() == 1
    assert logged([0, 1], np.full((2, 3), np.nan)).matrix.sum() == 2


def test_only_what_is_not_0_takes_memory() -> None:
    found = logged(np.arange(1000).repeat(50), np.arange(1000).repeat(50))
    assert found.size == 1000
    assert found.nbytes == 8000


REFUSED = {
    "nothing": ({}, r"'c' needs target and prediction, or matrix= alone; got none of them"),
    "one": ({"target": [1]}, "got target"),
    "all": ({"target": [1], "prediction": [1], "matrix": [[1]]}, "prediction and matrix="),
    "empty": ({"target": [], "prediction": []}, "in which there is nothing"),
    "other samples": (
        {"target": [1, 2], "prediction": [1, 2, 0]},
        r"targets of shape \(2,\) and predictions of shape \(3,\); give one class",
    ),
    "one-hot of whole numbers": (
        {"target": [[0, 1]], "prediction": [1]},
        r"by \.argmax\(1\)",
    ),
    "one score": ({"target": [1], "prediction": [0.3]}, r"write \(score > 0\.5\)"),
    "one score in a column": ({"target": [1], "prediction": [[0.3]]}, r"\(score > 0\.5\)"),
    "names as labels": ({"target": ["cat"], "prediction": ["cat"]}, "convert it first"),
    "a million classes": (
        {"target": [0], "prediction": np.zeros((1, 1_000_000), np.float16)},
        "has 1,000,000 classes; at most 10,000",
    ),
    "too few names": (
        {"target": [0], "prediction": [[1.0, 0, 0]], "classes": ["a", "b"]},
        "has 3 classes, but classes= has 2 names",
    ),
    "a text as names": ({"target": [0], "prediction": [0], "classes": "ab"}, "as a list of names"),
    "a number as names": ({"target": [0], "prediction": [0], "classes": 3}, "got int"),
    "no square": ({"matrix": [[1, 2, 3]]}, r"a square matrix.*got shape \(1, 3\)"),
    "a difference": ({"matrix": [[1, -2], [3, 4]]}, "at least one is negative"),
    "not finite": ({"matrix": [[1, np.nan], [3, 4]]}, "NaN or infinite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_counted_is_refused_by_name(case: str) -> None:
    options, message = REFUSED[case]
    run = nbviz.Run("a")
    with pytest.raises(LoggingError, match=message):
        run.log_confusion_matrix("c", step=1, **options)  # pyright: ignore[reportArgumentType]
    assert not run.media
    run.log_confusion_matrix("c", [0], [0], step=2)
    assert len(run.media["c"]) == 1


def test_a_class_index_beyond_reason_is_said_in_the_log() -> None:
    run = nbviz.Run("a")
    run.log_confusion_matrix("c", [0, 999_999], [0, 1], step=3)
    assert not run.media
    assert "'c' has 1,000,000 classes" in [line.text for line in run.lines.since(0)][-1]


def test_it_is_read_back_from_its_journal_and_tensorboard_passes_over_it(tmp_path: Path) -> None:
    run = nbviz.Run("a", dir=tmp_path, overhead_budget=1)
    for step in (1, 2):
        run.log_confusion_matrix(
            "val/c", TARGETS, np.roll(SCORES, step, 1), step=step, classes=list("abcdefg")
        )
        run.log_confusion_matrix("given", matrix=np.eye(3) / step, step=step)
    run.log_confusion_matrix("nothing", matrix=np.zeros((2, 2)), step=1)
    run.log_confusion_matrix("one", matrix=[[0.5]], step=1)
    run.log_confusion_matrix("names", [0, -1], [0, 0], step=1, classes=[NASTY + "\ud800"])
    run.finish()
    opened = nbviz.open_run(tmp_path)
    assert set(opened.media) == set(run.media)
    for tag, media in run.media.items():
        again = opened.media[tag]
        assert again.kind == "confusion_matrix"
        assert again.steps.tolist() == media.steps.tolist()
        for one, other in zip(media, again, strict=True):
            np.testing.assert_array_equal(one.value.matrix, other.value.matrix)
            assert other.value.left_out == one.value.left_out
    assert opened.media["val/c"][0].value.classes == tuple("abcdefg")
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    table = tensor_util.make_ndarray(events.Tensors("given")[0].tensor_proto)
    assert table.tolist() == [[0, 4, 8], [1, 1, 1]]


@pytest.mark.parametrize(
    ("size", "places", "values"),
    [(0, [0], [1]), (2, [4], [1]), (2, [1, 1], [1, 1]), (10**6, [0], [1]), (2, [0], [-1.0])],
)
def test_a_damaged_one_is_left_out_and_counted(tmp_path: Path, size, places, values) -> None:
    damaged = ConfusionMatrix(size, np.array(places), np.array(values, np.float64))
    writer = EventFileWriter(tmp_path, 1.0)
    writer.write(frame([media_event(1.0, 1, "c", damaged)]))
    writer.close()
    opened = nbviz.open_run(tmp_path)
    assert not opened.media
    assert any("a confusion matrix that is damaged" in line.text for line in opened.lines.since(0))


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (GENERATOR.integers(0, 3, (9, 9)), np.uint32),
        (GENERATOR.integers(0, 3, (9, 9)).astype(np.float32), np.uint32),
        (GENERATOR.integers(0, 2, (9, 9)).astype(bool), np.uint32),
        (GENERATOR.integers(0, 3, (9, 9)) * 0.5, np.float64),
        (np.full((9, 9), 2**32), np.float64),
        (np.zeros((9, 9), np.int64), np.uint32),
    ],
)
def test_a_given_matrix_is_read_by_parts(matrix: Any, kind: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(confusion, "_CELLS", 7)
    found = logged(matrix=matrix)
    np.testing.assert_array_equal(found.matrix, matrix)
    assert found.values.dtype == kind
    assert (np.diff(found.places.astype(np.int64)) > 0).all()
