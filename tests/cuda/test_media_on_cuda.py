"""Images, histograms and tensors of a CUDA device: one copy there, the rest by nbviz's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from simulated_tensors import to_device

from nbviz import Run
from nbviz.recording.capture import staging
from nbviz.recording.media import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]


@pytest.mark.usefixtures("nobody_collects")
@pytest.mark.parametrize("as_list", [False, True])
def test_many_images_are_one_copy(simulate: Simulate, as_list: bool) -> None:
    simulation, here, there = simulate(), Run(), Run()
    host = torch.rand(16, 3, 8, 6, device="cpu")
    batch = to_device(simulation, host)
    images = list(batch) if as_list else batch
    simulation.forget()
    there.log_images("samples", images, 1)
    assert simulation.training_waits == []
    assert simulation.launches.total() == 1
    assert simulation.calls["cudaEventRecord"] == 1
    assert simulation.calls["pinned"] == 0, "not by the training's own thread"
    batch.zero_()
    here.log_images("samples", host, 1)
    assert there.media["samples"].at(1).value.data == here.media["samples"].at(1).value.data


@pytest.mark.usefixtures("nobody_collects")
def test_images_of_several_sizes(simulate: Simulate) -> None:
    simulation, here, there = simulate(1), Run(), Run()
    host = [torch.rand(3, 8, 6), torch.rand(5, 4), torch.rand(4, 3, 3)]
    images = [to_device(simulation, one) for one in host]
    simulation.forget()
    there.log_images("samples", images, 1)
    assert simulation.launches.total() == 1
    here.log_images("samples", host, 1)
    assert there.media["samples"].at(1).value.data == here.media["samples"].at(1).value.data


@pytest.mark.parametrize("schedule", ["callers first", "others first", "behind"])
@pytest.mark.parametrize("most_copied", [inputs._MOST_COPIED, 10])
def test_a_histogram_is_counted_there(
    simulate: Simulate, schedule: Schedule, most_copied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_MOST_COPIED", most_copied)
    simulation, here, there = simulate(2, schedule), Run(), Run()
    host = torch.randn(30_000)
    host[:2] = torch.tensor([float("nan"), float("inf")])
    values = to_device(simulation, host)
    simulation.forget()
    for step in range(2):
        there.log_histogram("values", values, step)
        here.log_histogram("values", host, step)
        values.mul_(2)
        host = host * 2
    assert simulation.training_waits == []
    for step in range(2):
        found, expected = (run.media["values"].at(step).value for run in (there, here))
        assert found.counts.tolist() == expected.counts.tolist()
        assert found.edges.tolist() == expected.edges.tolist()
        assert (found.nan, found.inf) == (1, 1)
    copied = simulation.launches["memcpy to host"]
    assert copied == 2, "the counts; not the values"


def test_what_is_kept_is_not_pinned(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """One piece of pinned memory serves all sizes; arrays of more come in parts."""
    monkeypatch.setattr(staging, "PINNED_BYTES", 1 << 12)
    simulation, run = simulate(3), Run()
    for step, size in enumerate((3, 1000, 5000, 12_345)):
        run.log_tensor("x", to_device(simulation, torch.arange(size) + step), step)
    assert simulation.training_waits == []
    for step, size in enumerate((3, 1000, 5000, 12_345)):
        assert run.media["x"].at(step).value.tolist() == list(range(step, size + step))
    assert simulation.pinned_bytes == 1 << 12
    assert simulation.calls["cudaHostAlloc"] == 1


def test_types_that_numpy_has_not(simulate: Simulate) -> None:
    simulation, run = simulate(4), Run()
    host = torch.tensor([0.5, -2.0])
    for step, dtype in enumerate((torch.bfloat16, torch.float16, torch.float8_e4m3fn)):
        run.log_tensor("x", to_device(simulation, host.to(dtype)), step)
        value = run.media["x"].at(step).value
        assert value.dtype == np.float32
        assert value.tolist() == host.tolist()
