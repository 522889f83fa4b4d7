"""Pictures of weights: none is waited for or skipped for ever, and they are kept by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz import Run
from nbviz.inspection.tensors import heatmaps
from nbviz.panels.batch import SavedBatch
from nbviz.panels.weights import PANEL
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


def captured_at(store: WeightsStore, model: torch.nn.Linear, *steps: int) -> None:
    for step in steps:
        with torch.no_grad():
            model.weight.fill_(step)
        store.capture(step)


def test_pictures_are_kept_by_step_and_those_after_a_restart_are_no_more() -> None:
    model, store = watched()
    captured_at(store, model, 1, 2, 5)
    assert store.kept["weight"].steps.tolist() == [1, 2, 5]
    heatmap: Any = store.kept["weight"].at(4).value
    assert (heatmap.step, heatmap.maximum) == (2, pytest.approx(2, rel=1e-3))
    store.want("page 1", [])  # a page looks away: what is kept stays
    assert store.latest("weight") is None
    store.want("page 1", ["weight"])
    captured_at(store, model, 3)
    assert store.kept["weight"].steps.tolist() == [1, 2, 3]


def test_they_are_thinned_to_a_part_of_the_media_budget() -> None:
    run = nbviz.Run("a", media_budget=1_000_000, overhead_budget=1)
    model = torch.nn.Linear(100, 100)
    run.log_weights(model, step=0)
    run.weights.want("page 1", ["weight"])
    captured_at(run.weights, model, *range(1, 101))
    kept = run.weights.kept
    assert kept.nbytes <= 250_000
    assert len(kept["weight"]) > 8
    assert (kept["weight"][0].step, kept["weight"][-1].step) == (1, 100)
    for step in range(1, 101):
        run.log_tensor("t", torch.zeros(5000), step=step)
    assert kept.nbytes > 200_000
    assert run.media.nbytes + kept.nbytes <= 1_000_000  # together they are within it


def test_a_page_is_told_their_steps_and_asks_for_them() -> None:
    run = nbviz.Run("a", overhead_budget=1)
    model = torch.nn.Linear(3, 2)
    run.log_weights(model, step=0)
    run.weights.want("another", ["weight"])
    captured_at(run.weights, model, 5)
    page = Page(nbviz.Dashboard(run))
    page.ready()
    kinds = [update["kind"] for update in page.updates]
    assert "layers_listed" in kinds
    assert "weights_kept" not in kinds  # it does not look at them
    asked = {"run_id": run.run_id, "panel": "weights", "view": 1, "known": 1}
    page.ask("set_wanted", **asked, keys=["weight"])
    captured_at(run.weights, model, 10, 20)

    def listed() -> list[int]:
        updates = [one for one in page.updates if one["kind"] == "weights_kept"]
        return [item["count"] for update in updates for item in update["items"]]

    page.wait_for(lambda: sum(listed()) >= 3)
    sent = page.ask("send_weights", run_id=run.run_id, name="weight", step=15)
    assert (sent["step"], sent["shape"]) == (10, [2, 3])
    cells = np.frombuffer(sent["data"], "<i2") * sent["scale"]
    np.testing.assert_allclose(cells, 10, rtol=1e-3)
    refused = page.ask("send_weights", run_id=run.run_id, name="<b>", step=15)
    assert "no heatmap of '<b>' is kept" in refused["error"]


def test_while_a_run_rests_they_are_made_of_its_states() -> None:
    seen: dict[int, torch.Tensor] = {}

    def note(trainer: nbviz.Trainer) -> None:
        seen[trainer.engine.step] = trainer.engine.model.weight.detach().clone()

    model = torch.nn.Linear(3, 2)
    trainer = nbviz.LiveTrainer(
        model,
        [(torch.ones(4, 3), torch.zeros(4, 2))] * 10,
        loss_fn=torch.nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=2,
        ring_every=5,
        threads=1,
        callbacks=[nbviz.callbacks.every(1, note)],
    )
    page = Page(trainer)
    page.ready()
    trainer.start()
    trainer.wait(180)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "finished")
    run_id = trainer.run.run_id
    asked = {"run_id": run_id, "panel": "weights", "view": 1, "known": 1}
    page.ask("set_wanted", **asked, keys=["weight"])  # nothing was looked at before

    def listed() -> int:
        updates = [one for one in page.updates if one["kind"] == "weights_kept"]
        return sum(item["count"] for update in updates for item in update["items"])

    page.wait_for(lambda: listed() >= len(trainer.trainer.ring.steps))
    assert trainer.trainer.ring.steps == [0, 5, 10, 15, 20]
    for wanted, nearest in ((5, 5), (14, 10), (20, 20)):
        sent = page.ask("send_weights", run_id=run_id, name="weight", step=wanted)
        assert sent["step"] == nearest
        cells = np.frombuffer(sent["data"], "<i2") * sent["scale"]
        expected = seen[nearest].numpy().ravel()
        np.testing.assert_allclose(cells, expected, atol=2e-4)
    trainer.close()


def test_a_saved_page_has_those_of_earlier_steps() -> None:
    run = nbviz.Run("a")
    model = torch.nn.Linear(3, 2)
    run.log_weights(model, step=0)
    run.weights.want("page 1", ["weight"])
    captured_at(run.weights, model, *range(1, 101))
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    (kept,) = [update for update in batch.updates if update["kind"] == "weights_kept"]
    steps = np.frombuffer(batch.buffers[kept["buffer"]])
    assert (len(steps), steps[0], steps[-1]) == (24, 1, 100)
    assert sorted(answer["step"] for answer in batch.answers) == steps.tolist()


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
