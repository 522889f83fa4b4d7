"""Pictures of weights on a CUDA device: as on the host, and the training waits for none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from simulated_tensors import to_device
from torch import nn

from nbviz.inspection.tensors.heatmaps import reduce_weights
from nbviz.recording.weights_store import WeightsStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulated_device import Schedule, Simulation

    Simulate = Callable[..., Simulation]


@pytest.mark.parametrize("schedule", ["random", "others first", "behind"])
def test_as_on_the_host(simulate: Simulate, schedule: Schedule) -> None:
    simulation = simulate(1, schedule)
    torch.manual_seed(0)
    model = nn.ParameterDict(
        {
            "matrix": to_device(simulation, torch.randn(300, 20, device="cpu")),
            "kernels": to_device(simulation, torch.randn(4, 3, 3, 3, device="cpu")),
        }
    )
    store = WeightsStore(seconds=0)
    store.watch(model)
    store.want("page", ["matrix", "kernels"])
    simulation.finish()
    expected = {
        name: reduce_weights(name, one.detach().inner.clone(), 1) for name, one in model.items()
    }
    store.capture(1, wait=False)
    with torch.no_grad():
        for parameter in model.values():
            parameter.zero_()
    for step in range(2, 5):
        store.capture(step, wait=False)
    assert simulation.waits == []
    assert simulation.calls["pinned"] == 0
    found = {}

    def look() -> None:  # as a page's thread
        for name in model:
            while (image := store.latest(name)) is None:
                simulation.work(1)
            found[name] = image

    page = threading.Thread(target=look)
    page.start()
    page.join(180)
    first = [name for name, image in found.items() if image.step == 1]
    for name in first:
        assert np.abs(found[name].cells - expected[name].cells).max() <= 1
        assert found[name].maximum == pytest.approx(expected[name].maximum)
        assert found[name].std == pytest.approx(expected[name].std, rel=1e-5)
    for name in found.keys() - set(first):
        assert found[name].maximum == 0, "after the weights became 0"
    if schedule == "behind":
        assert set(first) == set(model), "one after the other, or none would ever arrive"
    store.capture(9)
    assert {store.latest(name).step for name in model} == {9}
