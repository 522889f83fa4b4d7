"""PR curves: values as scikit-learn has them, what is refused, and what TensorBoard reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.metrics
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.pr_curve import metadata
from tensorboard.util import tensor_util
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.media.pr_curves import Curve, PrCurves

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = np.random.default_rng(0)
TARGETS = GENERATOR.random(3000) < 0.3
# Rounded: equal scores are one point of a curve.
SCORES = np.clip(GENERATOR.normal(size=3000) * 0.2 + TARGETS * 0.3 + 0.3, 0, 1).round(3)
CLASSES = GENERATOR.integers(0, 4, 800)
LOGITS = GENERATOR.normal(size=(800, 4)) + 2 * np.eye(4)[CLASSES]
PROBABILITIES = torch.tensor(LOGITS).softmax(1).numpy()


def logged(*arguments: Any, **options: Any) -> PrCurves:
    run = nbviz.Run("a")
    run.log_pr_curve("c", *arguments, step=1, **options)
    value = run.media["c"][0].value
    assert isinstance(value, PrCurves)
    return value


def check(curve: Curve, targets: np.ndarray, scores: np.ndarray) -> None:
    expected = sklearn.metrics.average_precision_score(targets, scores)
    assert curve.average_precision == pytest.approx(expected, abs=1e-12)
    assert curve.roc_auc == pytest.approx(sklearn.metrics.roc_auc_score(targets, scores), abs=1e-12)
    for place in (0, 20, 63, 126):
        above = scores >= place / 126
        assert curve.true_positives[place] == (above & targets).sum()
        assert curve.false_positives[place] == (above & ~targets).sum()
    assert (curve.positives, curve.negatives) == (targets.sum(), (~targets).sum())
    for threshold, true, false in curve.points:
        above = scores >= threshold
        assert (true, false) == ((above & targets).sum(), (above & ~targets).sum())


FORMS = {
    "numpy": (TARGETS, SCORES),
    "lists": (TARGETS.astype(int).tolist(), SCORES.tolist()),
    "a column of floats": (torch.tensor(TARGETS)[:, None].float(), torch.tensor(SCORES)[:, None]),
    "a target for each row": (TARGETS.astype(int), SCORES[:, None]),
}


@pytest.mark.parametrize("form", FORMS)
def test_two_classes_have_one_curve_as_scikit_learn_has_it(form: str) -> None:
    (curve,) = logged(*FORMS[form]).curves
    assert curve.name == ""
    assert len(curve.points) <= 361
    check(curve, TARGETS, SCORES)


@pytest.mark.parametrize("targets", [CLASSES, torch.tensor(CLASSES), np.eye(4)[CLASSES]])
def test_several_classes_have_a_curve_each(targets) -> None:
    found = logged(targets, PROBABILITIES, classes=list("abcd"))
    assert [curve.name for curve in found.curves] == list("abcd")
    for number, curve in enumerate(found.curves):
        check(curve, number == CLASSES, PROBABILITIES[:, number])


def test_the_calibration_has_every_sample_once() -> None:
    (curve,) = logged(TARGETS, SCORES).curves
    samples, scores, positives = curve.calibration.T
    assert (samples.sum(), positives.sum()) == (3000, TARGETS.sum())
    assert scores.sum() == pytest.approx(SCORES.sum())
    inside = (SCORES >= 0.4) & (SCORES < 0.5)
    assert samples[4] == inside.sum()
    assert positives[4] == TARGETS[inside].sum()


def test_half_precision_and_arrays_that_change_are_taken_as_they_were() -> None:
    run = nbviz.Run("a")
    target, score = torch.tensor([0, 1, 1]), torch.tensor([0.25, 0.5, 1.0], dtype=torch.bfloat16)
    run.log_pr_curve("c", target, score, 1)
    target[:], score[:] = 0, 0
    (curve,) = run.media["c"][0].value.curves
    assert (curve.positives, curve.average_precision, curve.roc_auc) == (2, 1, 1)


def test_what_has_no_class_or_no_score_is_left_out_and_counted() -> None:
    found = logged([1, 0, -1, 1], [0.5, 0.2, 0.9, np.nan])
    assert found.left_out == 2
    (curve,) = found.curves
    assert (curve.positives, curve.negatives) == (1, 1)


@pytest.mark.parametrize(
    ("targets", "scores"),
    [([1], [0.5]), ([0, 0], [0.1, 0.2]), ([1, 1], [0.0, 1.0]), ([0, 1], [np.nan, np.nan])],
)
def test_where_an_area_has_no_meaning_it_is_nan(targets, scores) -> None:
    (curve,) = logged(targets, scores).curves
    assert np.isnan(curve.roc_auc)


REFUSED = {
    "logits": (([0, 1], [-3.0, 4.0]), r"from 0 to 1, got -3 to 4; of logits log \.sigmoid\(\)"),
    "classes in place of scores": (([0, 1], [0, 1]), "needs scores as floats"),
    "other samples": (([0, 1, 1], [0.5, 0.5]), r"of shape \(3,\) and scores of shape \(2,\)"),
    "three axes": (([0], np.zeros((1, 2, 2))), "needs scores as floats"),
    "empty": (([], []), "in which there is nothing"),
    "a third class": (([0, 2], [0.5, 0.5]), "targets of 0 and 1, got up to 2"),
    "a class that has no score": (([0, 3], np.zeros((2, 3))), "class indices from 0 to 2"),
    "soft targets": (([0.3, 1.0], [0.5, 0.5]), "targets of 0 and 1"),
    "a million classes": (([0], np.zeros((1, 1_000_000))), "at most 128 curves"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_curve_is_refused_by_name(case: str) -> None:
    arguments, message = REFUSED[case]
    run = nbviz.Run("a")
    with pytest.raises(LoggingError, match=message):
        run.log_pr_curve("c", *arguments, step=1)
    assert not run.media


def record(path: Path) -> nbviz.Run:
    run = nbviz.Run("a", dir=path, overhead_budget=1)
    for step in (1, 2):
        run.log_pr_curve("val/two", TARGETS, SCORES / step, step)
        run.log_pr_curve(
            "val/four", CLASSES, PROBABILITIES, step, classes=["a", "b", "<i>", "\ud800"]
        )
    run.log_pr_curve("one", [0], [0.5], 1)
    run.finish()
    return run


def test_it_is_read_back_from_its_journal(tmp_path: Path) -> None:
    run = record(tmp_path)
    opened = nbviz.open_run(tmp_path)
    assert set(opened.media) == set(run.media) == {"val/two", "val/four", "one"}
    for tag, media in run.media.items():
        again = opened.media[tag]
        assert (again.kind, again.steps.tolist()) == ("pr_curve", media.steps.tolist())
        for one, other in zip(media, again, strict=True):
            assert other.value.left_out == one.value.left_out
            for mine, theirs in zip(one.value.curves, other.value.curves, strict=True):
                for name in ("positives", "negatives", "average_precision", "roc_auc"):
                    np.testing.assert_equal(getattr(theirs, name), getattr(mine, name))
                for name in ("true_positives", "false_positives", "points", "calibration"):
                    np.testing.assert_array_equal(getattr(theirs, name), getattr(mine, name))
    assert [one.name for one in opened.media["val/four"][0].value.curves][2] == "<i>"


def test_tensorboard_reads_a_curve_for_each_class(tmp_path: Path) -> None:
    record(tmp_path)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    said = metadata.parse_plugin_metadata(events.SummaryMetadata("val/two").plugin_data.content)
    assert said.num_thresholds == 127
    with SummaryWriter(str(tmp_path / "theirs")) as other:
        other.add_pr_curve("val/two", TARGETS, SCORES)
    theirs = EventAccumulator(str(tmp_path / "theirs"), size_guidance={"tensors": 0}).Reload()
    expected = tensor_util.make_ndarray(theirs.Tensors("val/two")[0].tensor_proto)
    found = tensor_util.make_ndarray(events.Tensors("val/two")[0].tensor_proto)
    assert found.shape == (6, 127)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    tags = {"val/four/a", "val/four/b", "val/four/<i>"}
    assert tags <= set(events.PluginTagToContent("pr_curves"))
    second = tensor_util.make_ndarray(events.Tensors("val/four/b")[0].tensor_proto)
    assert second[0, 0] == (CLASSES == 1).sum()


def test_curves_of_other_writers_are_read(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as other:
        other.add_pr_curve("theirs", TARGETS, SCORES, 3, num_thresholds=50)
    media = nbviz.open_run(tmp_path).media["theirs"]
    (curve,) = media[0].value.curves
    assert (media.kind, media[0].step, len(curve.true_positives)) == ("pr_curve", 3, 50)
    assert (curve.positives, curve.negatives) == (TARGETS.sum(), (~TARGETS).sum())
    assert curve.roc_auc == pytest.approx(sklearn.metrics.roc_auc_score(TARGETS, SCORES), abs=0.01)
