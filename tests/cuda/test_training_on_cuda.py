"""A whole training on a CUDA device: metrics, validation, watch, weights, overlays and pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from pages import wait_until
from simulated_tensors import model_to_device, to_device
from torch import nn

from nbviz import Trainer
from nbviz.inspection.graph.overlays.device_values import DeviceValues
from nbviz.recording.recorder import CONFUSION_TAG, PREDICTIONS_TAG
from nbviz.training import spikes

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]


AT_THE_END = "nbviz.recording.run.end"


def make_trainer(simulation: Simulation | None = None) -> Trainer:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    if simulation is not None:
        model_to_device(simulation, model)
    inputs = torch.randn(4, 8, 3)
    batches = [(each, (each.sum(1) > 0).long()) for each in inputs]
    return Trainer(
        model,
        batches,
        val_loader=batches[:2],
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        metrics=["accuracy"],
        max_epochs=3,
        overhead_budget=1,
        device="cpu" if simulation is None else "cuda",
    )


@pytest.mark.parametrize("schedule", ["random", "others first"])
def test_as_on_the_host(simulate: Simulate, schedule: Schedule) -> None:
    here = make_trainer()
    here.start()
    here.wait(180)
    simulation = simulate(3, schedule)
    there = make_trainer(simulation)
    there.run.watch(there.engine.model, every_steps=2)
    there.run.weights.want("page 1", ["0.weight"])
    for overlay, node in (("weight_norm", "0"), ("time", "0")):
        there.overlays.want(f"page {overlay}", overlay, [node])
    there.start()
    there.wait(180)
    waits = [one for one in simulation.training_waits if one.thread.startswith("nbviz-run")]
    assert [one for one in waits if AT_THE_END not in one.where] == []
    for tag in here.run:
        np.testing.assert_allclose(
            there.run[tag].values, here.run[tag].values, rtol=1e-5, atol=1e-7, err_msg=tag
        )
    # What validations say of the classifier was collected there, and the same.
    confusion, expected = (run.media[CONFUSION_TAG] for run in (there.run, here.run))
    assert confusion.steps.tolist() == expected.steps.tolist() == [4, 8, 12]
    assert confusion[-1].value.matrix.tolist() == expected[-1].value.matrix.tolist()
    predictions, expected = (run.media[PREDICTIONS_TAG][-1].value for run in (there.run, here.run))
    np.testing.assert_allclose(predictions.own, expected.own, rtol=1e-5)
    assert predictions.inputs.texts == expected.inputs.texts
    assert there.run["weights/0.weight/norm"].values.all()
    image = there.run.weights.latest("0.weight")
    assert image is not None
    assert image.step == 12
    expected = here.engine.model[0].weight.detach()
    assert image.maximum == pytest.approx(float(expected.max()), rel=1e-4)


def test_a_pause_waits_only_for_the_pictures(simulate: Simulate) -> None:
    simulation = simulate(4, "others first")
    trainer = make_trainer(simulation)
    trainer.step(2)
    wait_until(lambda: trainer.run.status == "paused")
    # Of the pictures that pages look at, here none.
    assert simulation.training_waits == []
    trainer.resume()
    trainer.wait(180)
    assert len(trainer.run["loss/train"].values) == 12


@pytest.mark.parametrize("schedule", ["random", "callers first", "others first", "behind"])
def test_numbers_of_an_overlay_cost_the_training_neither_a_wait_nor_pinned_memory(
    simulate: Simulate, schedule: Schedule
) -> None:
    simulation = simulate(5, schedule)
    norms = {name: to_device(simulation, torch.tensor(float(name))) for name in range(50)}
    simulation.forget()
    values = DeviceValues({**norms, "here": 2})
    assert simulation.training_waits == []
    assert simulation.calls["pinned"] == 0
    for norm in norms.values():
        norm.zero_()
    assert values.read() == {**{name: float(name) for name in range(50)}, "here": 2.0}
    assert values.is_ready
    assert simulation.calls["pinned"] == 0


@pytest.mark.parametrize("schedule", ["random", "callers first", "others first"])
def test_a_spike_is_known_without_a_wait(
    simulate: Simulate, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spikes, "READ_SECONDS", 0.0)
    simulation = simulate(6, schedule)
    loss = to_device(simulation, torch.tensor(0.0))
    simulation.forget()
    watch, found = spikes.SpikeWatch(), []
    for step in range(1, 1000):
        loss.fill_(50.0 if step == 131 else 1.0 + step / 1000)  # where that of the step before was
        spike = watch.take(step, loss)
        if spike is not None:
            found.append(spike)
    assert simulation.training_waits == []
    assert [(one.step, one.loss) for one in found] == [(131, 50.0)]
    assert found[0].median == pytest.approx(1.0805)
