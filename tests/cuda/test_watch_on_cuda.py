"""Watching a model on a CUDA device: as on the host, with little memory, and nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from simulated_tensors import model_to_device, to_device
from torch import nn

from nbviz import Run
from nbviz.inspection.tensors import device_statistics
from nbviz.recording.watching import watch as watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))


def train(run: Run, model: nn.Module, inputs: torch.Tensor, steps: int = 3) -> None:
    for step in range(1, steps + 1):
        loss = model(inputs).square().mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(parameter.grad, alpha=0.1)
                parameter.grad = None
        run.log({"loss": loss}, step)


@pytest.mark.parametrize("schedule", ["random", "callers first", "others first"])
def test_as_on_the_host(simulate: Simulate, schedule: Schedule) -> None:
    host, inputs = make_model(), torch.randn(5, 6)
    here, there = Run(overhead_budget=1), Run(overhead_budget=1)
    options = {"activations": True, "updates": True, "every_steps": 1}
    with here.watch(host, **options):
        train(here, host, inputs)
    here.drain_media()
    here.drain()
    simulation = simulate(5, schedule)
    model = model_to_device(simulation, make_model())
    with there.watch(model, **options):
        train(there, model, to_device(simulation, inputs))
    assert simulation.training_waits == []
    assert set(there) == set(here)
    for tag in here:
        np.testing.assert_allclose(there[tag].values, here[tag].values, rtol=1e-4, atol=1e-6)
    for tag in here.media:
        for one, other in zip(here.media[tag], there.media[tag], strict=True):
            assert one.value.counts.sum() == other.value.counts.sum()


def test_little_memory(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what the model takes, at most about three times what is reduced at once."""
    monkeypatch.setattr(device_statistics, "CHUNK", 1 << 17)
    simulation, run = simulate(6, "callers first"), Run(overhead_budget=1)
    model = nn.ParameterList([to_device(simulation, torch.ones(1 << 18)) for _ in range(4)])
    watch = run.watch(model, gradients=False, every_steps=1)
    watch.step_ended(1)
    simulation.finish()
    run.drain_media()
    used = simulation.live_bytes
    simulation.forget()
    watch.step_ended(2)
    assert simulation.peak_bytes - used <= 3 * 4 * device_statistics.CHUNK + (1 << 20)
    watch.stop()


def test_updates_copy_a_bounded_part(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_MOST_COPIED", 1000)
    simulation, run = simulate(7), Run(overhead_budget=1)
    sizes = [600, 600, 300, 5000]
    model = nn.ParameterList([to_device(simulation, torch.full((size,), 4.0)) for size in sizes])
    watch = run.watch(model, gradients=False, weights=False, updates=True, every_steps=1)
    for step in range(1, 9):
        watch.step_ended(step)
        assert watch._previous is not None
        assert sum(one.numel() for one in watch._previous[1].values()) <= 1000
        with torch.no_grad():
            for parameter in model:
                parameter.mul_(1.25)
    watch.stop()
    assert simulation.training_waits == []
    for number in range(4):
        values = run[f"update_to_weight_ratio/{number}"].values
        assert len(values) >= 1
        np.testing.assert_allclose(values, 0.25, rtol=1e-5)


def test_the_same_sizes_pin_no_more_memory(simulate: Simulate) -> None:
    simulation, run = simulate(8), Run(overhead_budget=1)
    outputs = nn.Sequential(nn.Identity())
    with run.watch(outputs, weights=False, gradients=False, activations=True, every_steps=1):
        for size in (3, 50, 700, 9000, 12_000):
            outputs(to_device(simulation, torch.ones(size)).requires_grad_())
            if size == 3:
                simulation.finish()
                run.drain_media()
                simulation.forget()
            run.drain_media()
    assert simulation.calls["cudaHostAlloc"] == 0
