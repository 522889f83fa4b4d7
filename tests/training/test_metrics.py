"""The named metrics against scikit-learn, whole and in parts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sklearn import metrics as reference

from nbviz.training.steps.metrics import MetricMeans, read_metrics


def measure(name: str, *batches: tuple[torch.Tensor, torch.Tensor]) -> float:
    errors: list[Any] = []
    means = MetricMeans(read_metrics([name]), lambda *error: errors.append(error))
    for outputs, targets in batches:
        means.add(outputs, targets, len(targets))
    assert not errors
    return float(means.values()[name])


def parts(outputs: torch.Tensor, targets: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(outputs[:7], targets[:7]), (outputs[7:], targets[7:])]


@pytest.fixture
def scores() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(60, 8, generator=generator),
        torch.randint(0, 8, (60,), generator=generator),
    )


def test_class_metrics_agree_with_the_reference(scores: tuple[torch.Tensor, torch.Tensor]) -> None:
    outputs, targets = scores
    answers, truth = outputs.argmax(1).numpy(), targets.numpy()
    for name, expected in (
        ("accuracy", reference.accuracy_score(truth, answers)),
        ("f1", reference.f1_score(truth, answers, average="macro")),
        ("top5_accuracy", reference.top_k_accuracy_score(truth, outputs.numpy(), k=5)),
    ):
        assert measure(name, *parts(outputs, targets)) == pytest.approx(expected)


def test_binary_scores(scores: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, targets = scores[0][:, 0], (scores[1] > 3).float()
    for outputs in (logits, logits[:, None]):
        answers = (logits > 0).long().numpy()
        expected = reference.f1_score(targets.numpy(), answers)
        assert measure("f1", *parts(outputs, targets)) == pytest.approx(expected)
        right = reference.accuracy_score(targets.numpy(), answers)
        assert measure("accuracy", (outputs, targets)) == pytest.approx(right)


def test_regression_metrics() -> None:
    outputs, targets = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([1.0, 0.0, 1.0])
    assert measure("mae", (outputs, targets)) == pytest.approx(5 / 3)
    assert measure("mse", (outputs, targets)) == pytest.approx(13 / 3)


def test_classes_in_the_second_or_the_last_dimension_and_ignored_targets() -> None:
    targets = torch.tensor([[0, 1, 2], [2, -100, -100]])
    last = torch.nn.functional.one_hot(targets.clamp(min=0), 4).float()
    last[0, 0] = torch.tensor([0.0, 9.0, 0.0, 0.0])
    for outputs in (last, last.movedim(-1, 1)):
        assert measure("accuracy", (outputs, targets)) == pytest.approx(3 / 4)


def test_shapes_that_do_not_fit_are_said_and_the_metric_is_dropped() -> None:
    errors: list[Any] = []
    means = MetricMeans(read_metrics(["accuracy"]), lambda *error: errors.append(error))
    for _ in range(2):
        means.add(torch.ones(4, 3), torch.ones(5).long(), 4)
    ((name, error),) = errors
    assert name == "accuracy"
    assert "outputs have shape (4, 3), targets (5,)" in str(error)
    assert means.values() == {}


def test_callable_is_weighted_by_samples() -> None:
    means = MetricMeans(read_metrics({"mean": lambda o, t: o.mean()}), lambda *error: None)
    means.add(torch.ones(3), torch.ones(3), 3)
    means.add(torch.zeros(1), torch.zeros(1), 1)
    assert means.values()["mean"] == 0.75
