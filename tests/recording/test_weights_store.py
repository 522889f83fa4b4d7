"""Pictures of weights whose device is behind: nobody waits, and none is skipped for ever."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nbviz import Run
from nbviz.inspection.tensors import heatmaps
from nbviz.recording.capture import arrays as capture
from nbviz.recording.weights_store import WeightsStore


class Arrival:
    """A copy that arrives when it is told to."""

    def __init__(self) -> None:
        self.is_there = False

    def query(self) -> bool:
        return self.is_there

    def synchronize(self) -> None:
        self.is_there = True


@pytest.fixture
def arrivals(monkeypatch: pytest.MonkeyPatch) -> list[Arrival]:
    made: list[Arrival] = []
    arrived = capture.CapturedArray

    def begin(host: Any) -> capture.CapturedArray:
        made.append(Arrival())
        return arrived(host, made[-1])

    monkeypatch.setattr(capture, "CapturedArray", begin)
    return made


def watched() -> tuple[torch.nn.Linear, WeightsStore]:
    model, store = torch.nn.Linear(3, 2), WeightsStore()
    store.watch(model)
    store.want("page 1", ["weight"])
    return model, store


def test_a_picture_on_its_way_is_not_waited_for_and_not_overtaken(arrivals: list[Arrival]) -> None:
    model, store = watched()
    store.capture(1, wait=False)
    assert store.latest("weight") is None
    assert store.version("weight") == 0
    store.capture(2, wait=False)  # the first has not arrived: no second one is begun
    assert len(arrivals) == 1
    expected = model.weight.detach().clone()
    with torch.no_grad():
        model.weight.zero_()
    arrivals[0].is_there = True
    image = store.latest("weight")
    assert image is not None
    assert image.step == 1
    assert image.maximum == pytest.approx(float(expected.max()))
    version = store.version("weight")
    store.capture(3, wait=False)
    arrivals[1].is_there = True
    assert store.version("weight") > version


def test_at_the_end_the_picture_is_waited_for(arrivals: list[Arrival]) -> None:
    _, store = watched()
    store.capture(1, wait=False)
    store.capture(9)
    image = store.latest("weight")
    assert image is not None
    assert image.step == 9
    assert not arrivals[0].is_there


def test_weights_read_while_a_run_has_begun_to_train_are_not_those_of_the_step_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, model = Run(), torch.nn.Linear(3, 2)
    run.weights.watch(model)
    run.weights.want("page 1", ["weight"])
    reduce = heatmaps.reduce_on_device

    def meanwhile(name: str, tensor: torch.Tensor, step: int) -> heatmaps.ReducedWeights:
        run.meter.step = 1  # on the run's thread, which then has the heatmaps of step 1 made
        return reduce(name, tensor, step)

    monkeypatch.setattr(heatmaps, "reduce_on_device", meanwhile)
    run.capture_idle_weights()
    assert run.weights.latest("weight") is None
    run.capture_idle_weights()  # and once it stands, another one is made
    image = run.weights.latest("weight")
    assert image is not None
    assert image.step == 1
