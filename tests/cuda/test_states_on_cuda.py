"""States of a training on a CUDA device: copied while it goes on, as they were after their step."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
import torch
from simulated_tensors import model_to_device
from torch import nn

from nbviz import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]

STEPS = 12
SCHEDULES = ["random", "callers first", "others first", "behind"]


def make_trainer(simulation: Simulation | None = None, **options: Any) -> Trainer:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    # A transposed weight: a copy of it to the host would need memory in between.
    model[0].weight = nn.Parameter(model[0].weight.detach().t().contiguous().t())
    if simulation is not None:
        model_to_device(simulation, model)
    inputs = torch.randn(4, 8, 3)
    batches = [(each, (each.sum(1) > 0).long()) for each in inputs]
    trainer = Trainer(
        model,
        batches,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1, momentum=0.9),
        max_epochs=STEPS // 4,
        device="cpu" if simulation is None else "cuda",
        **{"ring_every": 1, **options},
    )
    trainer.start()
    trainer.wait(180)
    return trainer


def momentum(trainer: Trainer) -> dict[int, list[torch.Tensor]]:
    states = {one.checkpoint.step: one.checkpoint for one in trainer.ring._entries}
    found: dict[int, list[torch.Tensor]] = {}
    for step, state in states.items():
        state.wait()
        kept = state.parts["optimizers"][""]["state"]["state"].values()
        found[step] = [one["momentum_buffer"] for one in kept]
    return found


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("has_room", [True, False])
def test_each_is_as_on_the_host_and_nothing_waits(
    simulate: Simulate, schedule: Schedule, has_room: bool
) -> None:
    here = make_trainer()
    simulation = simulate(3, schedule)
    simulation.free_bytes = 1 << 33 if has_room else 0
    there = make_trainer(simulation)
    waits = [one for one in simulation.training_waits if one.thread.startswith("nbviz-run")]
    assert [one for one in waits if "nbviz.recording.run.end" not in one.where] == []
    assert there.ring.steps == here.ring.steps == list(range(STEPS + 1))
    for (step, mine), (_, expected) in zip(there.ring.weights, here.ring.weights, strict=True):
        for name, tensor in expected.items():
            assert mine[name].device.type == "cpu"
            torch.testing.assert_close(mine[name], tensor, msg=f"{name} after step {step}")
    for step, expected in momentum(here).items():
        torch.testing.assert_close(momentum(there)[step], expected)
    assert simulation.launches["temporary copy"] == 0
    arrival = there.ring._entries[-1].checkpoint.arrival
    assert arrival is not None
    assert (arrival.seconds() > 0) is not has_room  # the present stream copied by itself


def test_memory_on_the_device_is_given_back(simulate: Simulate) -> None:
    simulation = simulate(4, "others first")
    held: list[int] = []
    for every in (12, 12, 1):
        trainer = make_trainer(simulation, ring_every=every)  # the one before is let go
        trainer.ring.weights  # noqa: B018  waits
        simulation.finish()
        gc.collect()
        held.append(simulation.live_bytes)
    assert len(trainer.ring.steps) == STEPS + 1
    assert held[2] == held[1] > 0
