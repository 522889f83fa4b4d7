"""Predictions of samples on their way to a page."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from pages import Page
from protocol_types import FIXTURES
from torch.utils.data import DataLoader, TensorDataset

import nbviz
from nbviz.panels.batch import SavedBatch
from nbviz.panels.predictions import PANEL
from nbviz.recording.media.png import decode_image

LONG = "<script>alert(1)</script>" * 10
SHARES = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
PICTURES = np.arange(4 * 4 * 4).reshape(4, 4, 4).astype(np.uint8)


def numbers_of(data: bytes) -> np.ndarray:
    planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(8, -1)
    return np.frombuffer(planes.T.tobytes(), "<f8")


def rows_of(sent: dict[str, Any]) -> np.ndarray:
    """Index, target, its probability, and class and probability by rank, of each sample."""
    return numbers_of(sent["data"]).reshape(3 + 2 * sent["ranks"], sent["samples"]).T


def parts_of(sent: dict[str, Any]) -> tuple[bytes, np.ndarray, np.ndarray, np.ndarray]:
    """Picture file, steps, probabilities and classes by sample and step."""
    size, steps = sent["picture_bytes"], sent["steps"]
    numbers = numbers_of(sent["data"][size:])
    own, predicted = numbers[steps:].reshape(2, len(sent["indices"]), steps)
    return sent["data"][:size], numbers[:steps], own, predicted


@pytest.fixture
def run() -> nbviz.Run:
    run = nbviz.Run("a", overhead_budget=1)
    for step in (10, 20):
        shares = SHARES if step == 20 else 1 - SHARES
        run.log_predictions(
            "p",
            [0, 1, 1, -1],
            shares,
            step,
            inputs=PICTURES,
            classes=["cat", LONG],
            indices=[5, 6, 7, 8],
        )
    run.drain_media()
    return run


@pytest.fixture
def page(run: nbviz.Run) -> Page:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    return page


def samples(page: Page, run: nbviz.Run, indices: list[int], **fields: Any) -> dict[str, Any]:
    asked = {"tag": "p", "step": 20, "with_inputs": True, **fields}
    return page.ask("send_samples", run_id=run.run_id, indices=indices, **asked)


def test_the_most_confident_mistakes_of_a_step_are_sent_first(run, page) -> None:
    sent = page.ask("send_predictions", run_id=run.run_id, tag="p", step=99)
    assert (sent["step"], sent["size"], sent["mistakes"], sent["labelled"]) == (20, 2, 1, 3)
    assert sent["names"] == ["cat", LONG[:59] + "…"]
    rows = rows_of(sent)
    assert rows[:, 0].tolist() == [6, 8, 5, 7]
    assert (rows[0] / [1, 1, 65535, 1, 65535, 1, 65535]).round(4).tolist() == [
        *(6, 1, 0.1),
        *(0, 0.9),
        *(1, 0.1),
    ]
    early = page.ask("send_predictions", run_id=run.run_id, tag="p", step=5)
    assert (early["step"], early["mistakes"]) == (10, 2)


def test_samples_are_sent_with_their_pictures_and_courses(run, page) -> None:
    sent = samples(page, run, [7, 5, 1000])
    assert sent["indices"] == [7, 5]
    picture, steps, own, predicted = parts_of(sent)
    assert (sent["columns"], sent["height"], sent["width"]) == (2, 4, 4)
    sheet = decode_image(picture)
    np.testing.assert_array_equal(sheet[:, :4, 0], PICTURES[2])
    np.testing.assert_array_equal(sheet[:, 4:8, 0], PICTURES[0])
    assert steps.tolist() == [10, 20]
    np.testing.assert_allclose(own / 65535, [[0.2, 0.8], [0.4, 0.6]], atol=1e-4)
    assert predicted.tolist() == [[0, 1], [1, 0]]
    without = samples(page, run, [7, 5], with_inputs=False)
    assert without["picture_bytes"] == 0
    assert parts_of(without)[1].tolist() == [10, 20]


def test_a_sample_that_a_step_has_not_is_absent_there(run, page) -> None:
    run.log_predictions("p", [1], [[0.3, 0.7]], 30, indices=[6])
    run.drain_media()
    sent = samples(page, run, [5, 6])
    _, _, own, predicted = parts_of(sent)
    assert predicted[:, 2].tolist() == [-2, 1]
    assert own[0, 2] == -1
    assert samples(page, run, [5, 6], step=30)["indices"] == [6]


def test_texts_are_sent_as_they_are(page) -> None:
    run = page.dashboard.runs[0]
    run.log_predictions("t", [0, 1], [1, 1], 20, inputs=[LONG, "b"])
    run.drain_media()
    assert samples(page, run, [1, 0], tag="t")["texts"] == ["b", LONG]


def test_of_what_has_no_room_the_worst_are_sent(run) -> None:
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.ones(5), 5000)
    targets = generator.integers(0, 5, 5000)
    run.log_predictions("many", targets, shares, 1, inputs=generator.random((5000, 16, 16)))
    run.drain_media()
    batch = SavedBatch()
    address: Any = {"client_id": "", "request_id": 0}
    sent = PANEL.item(run.run_id, run.kept_media["many"], 1, batch, address, 50_000)
    assert len(batch.buffers[0]) <= 50_000
    assert sent["samples"] + sent["omitted"] == 5000
    rows = rows_of({**sent, "data": batch.buffers[0]})
    assert rows[:, 0].tolist() == run.media["many"][0].value.worst(sent["samples"])


def test_the_examples_of_the_protocol_are_what_is_sent() -> None:
    examples = [
        json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("predictions_sent", "samples_sent")
    ]
    first, second = (
        {**one["message"], "data": bytes(one["buffers"][0]["values"])} for one in examples
    )
    assert rows_of(first)[:, 0].tolist() == [10, 30, 20, 40, 0]
    assert second["indices"] == [10, 30, 40]
    assert parts_of(second)[1].tolist() == [20, 40]


def test_a_saved_page_holds_steps_and_what_the_worst_samples_look_like(run) -> None:
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    kinds = [answer["kind"] for answer in batch.answers]
    assert kinds == ["predictions_sent", "predictions_sent", "samples_sent"]
    seen = batch.answers[-1]
    assert seen["indices"] == [6, 8, 5, 7]
    data = batch.buffers[seen["buffer"]]
    assert parts_of({**seen, "data": data})[1].tolist() == [10, 20]


def test_followed_samples_of_a_training_s_data_are_changed_by_a_page(run, page) -> None:
    model = torch.nn.Linear(2, 2)
    data = TensorDataset(torch.zeros(20, 2), torch.arange(20) % 2)
    trainer = nbviz.LiveTrainer(
        model,
        DataLoader(data, 4),
        loss_fn=torch.nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=1,
    )
    trainer.run.log_predictions("predictions/train", [0, 1], SHARES[:2], 1, indices=[4, 9])
    trainer.run.log_predictions("predictions/val", [0, 1], SHARES[:2], 1)
    trainer.run.drain_media()
    own = Page(trainer)
    own.ready()

    def edit(action: str, indices: list[int], value: float = 0, part: str = "train") -> Any:
        asked = {"run_id": trainer.run.run_id, "tag": f"predictions/{part}"}
        return own.ask("edit_data", **asked, action=action, indices=indices, value=value)

    sent = own.ask("send_predictions", run_id=trainer.run.run_id, tag="predictions/train", step=1)
    assert sent["is_training"]
    for action, indices, value in (
        ("drop", [9], 0),
        ("relabel", [4], 1),
        ("weight", [4, 5], 2.5),
        ("restore", [5], 0),
    ):
        assert edit(action, indices, value)["kind"] == "command_done"
    assert trainer.data.dropped == [9]
    assert trainer.data.relabelled == {4: 1}
    assert trainer.data.weights == {4: 2.5}
    assert "from 0 to 19" in edit("drop", [20])["error"]
    assert "not known to be those of a training" in edit("drop", [1], part="val")["error"]
    assert trainer.data.dropped == [9]
    trainer.close()
    assert not page.ask("send_predictions", run_id=run.run_id, tag="p", step=1)["is_training"]
