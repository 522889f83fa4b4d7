"""Pictures of weights whose device is behind: nobody waits, and none is skipped for ever."""

from __future__ import annotations

from typing import Any

import pytest
import torch

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
