"""Targets, scores and cells of a CUDA device: copied there, and counted by nbviz's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from simulated_tensors import to_device

from nbviz import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]

TARGETS = torch.arange(60) % 5
SCORES = torch.rand(60, 5, generator=torch.Generator().manual_seed(0)).softmax(1)


@pytest.mark.parametrize("schedule", ["callers first", "others first", "behind"])
def test_nothing_waits_and_the_values_are_those_of_the_call(
    simulate: Simulate, schedule: Schedule
) -> None:
    simulation, here, there = simulate(2, schedule), Run(), Run()
    targets, scores = to_device(simulation, TARGETS), to_device(simulation, SCORES)
    simulation.forget()

    def log(run: Run, targets: Any, scores: Any) -> None:
        run.log_confusion_matrix("confusion", targets, scores, 1)
        run.log_pr_curve("pr", targets, scores, 1)
        run.log_predictions("samples", targets, scores, 1, inputs=scores.reshape(60, 1, 5))
        columns = {
            "target": targets,
            "image": scores.reshape(60, 1, 5),
            "cell": [scores[0, 0]] * 60,
        }
        run.log_table("table", columns, 1)

    log(there, targets, scores)
    log(here, TARGETS, SCORES)
    scores.zero_()
    targets.zero_()
    assert simulation.training_waits == []
    found, expected = ({tag: of[0].value for tag, of in run.media.items()} for run in (there, here))
    assert found["confusion"].matrix.tolist() == expected["confusion"].matrix.tolist()
    samples, expected_samples = found["samples"], expected["samples"]
    assert samples.ranked.tolist() == expected_samples.ranked.tolist()
    assert samples.own.tolist() == expected_samples.own.tolist()
    assert samples.inputs.pictures.tolist() == expected_samples.inputs.pictures.tolist()
    for one, other in zip(found["pr"].curves, expected["pr"].curves, strict=True):
        assert one.roc_auc == other.roc_auc
        assert one.points.tolist() == other.points.tolist()
    assert found["table"].to_dict() == expected["table"].to_dict()
