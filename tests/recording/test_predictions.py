"""Predictions of samples: what is ranked, refused, shared by steps, and kept in event files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.predictions.predictions import MOST_SAMPLES, Predictions

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = np.random.default_rng(0)
TARGETS = GENERATOR.integers(0, 5, 40)
SCORES = GENERATOR.normal(size=(40, 5)) * 3
SHARES = torch.tensor(SCORES).softmax(1).numpy()
PICTURES = GENERATOR.integers(0, 256, (40, 8, 6, 3)).astype(np.uint8)
NASTY = "<img src=x onerror=alert(1)>"
ARRAYS = ("indices", "targets", "ranked", "shares", "own")


def logged(*arguments: Any, **options: Any) -> Predictions:
    run = nbviz.Run("a", overhead_budget=1)
    run.log_predictions("p", *arguments, step=1, **options)
    value = run.media["p"][0].value
    assert isinstance(value, Predictions)
    return value


FORMS = {
    "logits": (TARGETS, SCORES),
    "probabilities": (TARGETS.tolist(), SHARES.astype(np.float32)),
    "log-probabilities": (torch.tensor(TARGETS), torch.tensor(SCORES).log_softmax(1)),
    "one-hot targets": (np.eye(5)[TARGETS], torch.tensor(SCORES, requires_grad=True)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_ranked_as_torch_ranks(form: str) -> None:
    value = logged(*FORMS[form])
    top = torch.tensor(SHARES).topk(3)
    np.testing.assert_array_equal(value.ranked, top.indices)
    np.testing.assert_allclose(value.shares, top.values, rtol=1e-5)
    np.testing.assert_allclose(value.own, SHARES[np.arange(40), TARGETS], rtol=1e-5)
    wrong = SHARES.argmax(1) != TARGETS
    by_sureness = np.flatnonzero(wrong)[np.argsort(-SHARES.max(1)[wrong])]
    assert value.worst() == by_sureness.tolist()
    assert value.worst(3) == by_sureness[:3].tolist()


def test_classes_alone_say_nothing_of_how_sure_the_model_is() -> None:
    value = logged([0, 1, -100], torch.tensor([0, 2, 1]))
    assert value.ranked.tolist() == [[0], [2], [1]]
    assert np.isnan(value.shares).all()
    assert value.worst() == [1]  # what has no label is no mistake
    assert (value.size, value.targets.tolist()) == (3, [0, 1, -1])


def test_scores_that_are_nan_are_a_mistake_without_a_class() -> None:
    value = logged([0, 1], [[float("nan"), 1.0], [0.0, 4.0]])
    assert value.predicted.tolist() == [-1, 1]
    assert np.isnan(value.own[0])
    assert value.worst() == [0]


def test_samples_are_kept_by_their_indices() -> None:
    indices = GENERATOR.permutation(400)[:40]
    value = logged(TARGETS, SCORES, indices=torch.tensor(indices), inputs=PICTURES)
    order = np.argsort(indices)
    np.testing.assert_array_equal(value.indices, indices[order])
    np.testing.assert_array_equal(value.targets, TARGETS[order])
    assert value.inputs is not None
    np.testing.assert_array_equal(value.inputs.pictures, PICTURES[order])
    assert value.rows_of(np.array([indices[order][3], 1000])).tolist() == [3, -1]


def test_texts_and_rows_of_numbers_are_inputs_too() -> None:
    texts = logged([0, 1], np.eye(2), inputs=[NASTY, "b" * 1000]).inputs
    assert texts is not None
    assert texts.texts == (NASTY, "b" * 299 + "…")
    rows = logged([0, 1], np.eye(2), inputs=torch.arange(20.0).reshape(2, 10)).inputs
    assert rows is not None
    assert rows.texts[0] == "0, 1, 2, 3, 4, 5, 6, 7, …"


def test_normalised_images_are_shown_from_the_smallest_to_the_largest_number() -> None:
    images = torch.linspace(-2, 3, 2 * 9).reshape(2, 1, 3, 3)
    inputs = logged([0, 1], np.eye(2), inputs=images).inputs
    assert inputs is not None
    assert inputs.pictures is not None
    assert (inputs.pictures.min(), inputs.pictures.max()) == (0, 255)


def test_large_images_become_thumbnails() -> None:
    inputs = logged([0, 1], np.eye(2), inputs=np.zeros((2, 640, 320))).inputs
    assert inputs is not None
    assert inputs.pictures is not None
    assert inputs.pictures.shape == (2, 64, 32, 1)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one score a sample": ({"prediction": [0.2, 0.8]}, r"torch.stack\(\[1 - p, p\], 1\)"),
    "whole numbers in two axes": ({"prediction": np.eye(2, dtype=int)}, "must be floats"),
    "other samples": ({"target": [0, 1, 1]}, r"shape \(3,\) for 2 predictions"),
    "too many samples": (
        {"target": np.zeros(MOST_SAMPLES + 1, int), "prediction": np.zeros(MOST_SAMPLES + 1, int)},
        "Log a fixed set",
    ),
    "too few names": ({"classes": ["a"]}, "1 name; give as many"),
    "too few pictures": ({"inputs": PICTURES[:1]}, "1 image for 2 samples"),
    "too few texts": ({"inputs": ["a"]}, "1 text for 2 samples"),
    "too few rows": ({"inputs": np.zeros((3, 4))}, "3 samples for 2 predictions"),
    "floats as indices": ({"indices": [0.0, 1.0]}, "a whole number for each of the 2"),
    "nothing": ({"prediction": None}, "got NoneType"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_prediction_is_refused_by_name(case: str) -> None:
    change, said = REFUSED[case]
    given: dict[str, Any] = {"target": [0, 1], "prediction": np.eye(2), **change}
    with pytest.raises(LoggingError, match=said):
        nbviz.Run("a").log_predictions("p", step=1, **given)


def test_an_index_that_stands_for_two_samples_is_said() -> None:
    run = nbviz.Run("a", overhead_budget=1)
    run.log_predictions("p", [0, 1], np.eye(2), step=1, indices=[7, 7])
    assert "p" not in run.media
    assert any("index 7 twice" in line.text for line in run.lines.since(0))


def test_pictures_are_kept_once_for_all_steps_and_read_back_from_files(tmp_path: Path) -> None:
    run = nbviz.Run("a", dir=tmp_path, overhead_budget=1)
    names = ["a", "b", "c", "d", NASTY]
    for step in (1, 2, 3):
        inputs = PICTURES if step != 2 else None  # said again at the third step
        run.log_predictions("p", TARGETS, SCORES * step, step, inputs=inputs, classes=names)
    run.log_predictions("p", TARGETS[:20], SCORES[:20], 4)  # other samples: not their pictures
    run.log_predictions("q", [0, 1], [1, 1], 1, inputs=["x", "y"])
    first, second, third, fourth = (item.value for item in run.media["p"])
    assert isinstance(first, Predictions)
    assert first.inputs is second.inputs is third.inputs
    assert fourth.inputs is None
    assert first.nbytes - second.nbytes == PICTURES.nbytes
    run.finish()
    files = list(tmp_path.glob("events*"))
    assert sum(file.stat().st_size for file in files) < 1.5 * PICTURES.nbytes + 20_000
    found = nbviz.open_run(tmp_path)
    for tag in ("p", "q"):
        assert found.media[tag].steps.tolist() == run.media[tag].steps.tolist()
        for kept, read in zip(run.media[tag], found.media[tag], strict=True):
            for name in ARRAYS:
                np.testing.assert_array_equal(getattr(read.value, name), getattr(kept.value, name))
            assert read.value.classes == kept.value.classes
            assert read.value.nbytes == kept.value.nbytes
            assert (read.value.inputs is None) == (kept.value.inputs is None)
    one, *rest = [item.value.inputs for item in found.media["p"]]
    assert one is rest[0] is rest[1]
    np.testing.assert_array_equal(one.pictures, PICTURES)
    assert found.media["q"][0].value.inputs.texts == ("x", "y")
    # TensorBoard shows none of it, and reads the rest of the file.
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    assert {"p", "q"} <= set(events.Tags()["tensors"])
