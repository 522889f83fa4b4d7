"""Confusion matrices on their way to a page."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
from pages import Page
from protocol_types import FIXTURES

import nbviz
from nbviz.panels.batch import SavedBatch
from nbviz.panels.confusion import PANEL
from nbviz.session.transport import FRAME_BYTES, PULL_FRAME_BYTES

LONG = "<script>alert(1)</script>" * 10


def ask(page: Page, run: nbviz.Run, tag: str, step: int) -> dict[str, Any]:
    return page.ask("send_confusion", run_id=run.run_id, tag=tag, step=step)


def parts_of(sent: dict[str, Any]) -> list[np.ndarray]:
    """Return the gaps between the cells, their values, and the sums."""
    data, parts = zlib.decompress(sent["data"]), []
    for name, count in zip(sent["types"], (sent["cells"],) * 2 + (3 * sent["size"],), strict=True):
        size = np.dtype(name).itemsize * count
        planes = np.frombuffer(data[:size], np.uint8).reshape(-1, count)
        parts.append(np.frombuffer(planes.T.tobytes(), np.dtype(name).newbyteorder("<")))
        data = data[size:]
    assert not data
    return parts


def matrix_of(sent: dict[str, Any]) -> np.ndarray:
    gaps, values, _ = parts_of(sent)
    dense = np.zeros(sent["size"] ** 2)
    dense[np.cumsum(gaps.astype(int))] = values
    return dense.reshape(sent["size"], -1)


def sums_of(sent: dict[str, Any]) -> np.ndarray:
    return parts_of(sent)[2].reshape(3, -1)


@pytest.fixture
def run() -> nbviz.Run:
    return nbviz.Run("a", overhead_budget=1)


@pytest.fixture
def page(run: nbviz.Run) -> Page:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    return page


def test_the_matrix_at_or_before_a_step_is_sent_with_its_names(run, page) -> None:
    for step in (10, 20):
        run.log_confusion_matrix("c", [0, 1, 1, -1], [0, 1, 0, 0], step, classes=["cat", LONG])
    run.drain_media()
    assert [ask(page, run, "c", step)["step"] for step in (5, 19, 99)] == [10, 10, 20]
    sent = ask(page, run, "c", 20)
    assert matrix_of(sent).tolist() == [[1, 0], [1, 1]]
    assert sums_of(sent).tolist() == [[1, 2], [2, 1], [1, 1]]
    assert (sent["omitted"], sent["left_out"]) == (0, 1)
    assert sent["names"] == ["cat", LONG[:59] + "…"]


def test_a_thousand_classes_are_sent_in_few_bytes(run, page) -> None:
    generator = np.random.default_rng(0)
    targets = np.arange(1000).repeat(50)
    predictions = np.where(
        generator.random(50_000) < 0.7, targets, generator.integers(0, 1000, 50_000)
    )
    run.log_confusion_matrix(
        "c", targets, predictions, 1, classes=[f"n{i:08}" for i in range(1000)]
    )
    run.drain_media()
    sent = ask(page, run, "c", 1)
    assert sent["omitted"] == 0
    assert matrix_of(sent).sum() == 50_000
    assert len(sent["data"]) < 60_000
    assert run.kept_media["c"][0].nbytes < 150_000


@pytest.mark.parametrize(
    ("scale", "kind"), [(1, "uint8"), (100, "uint16"), (40_000, "uint32"), (0.1, "float32")]
)
def test_a_full_matrix_of_any_counts_is_sent_whole(run, page, scale, kind) -> None:
    matrix = np.random.default_rng(0).integers(1, 100, (300, 300)) * scale
    run.log_confusion_matrix("c", matrix=matrix, step=1)
    run.drain_media()
    sent = ask(page, run, "c", 1)
    assert (sent["types"][:2], sent["omitted"]) == (["uint8", kind], 0)
    np.testing.assert_allclose(matrix_of(sent), matrix, rtol=1e-7)
    np.testing.assert_allclose(sums_of(sent), [matrix.sum(1), matrix.sum(0), matrix.diagonal()])


def test_values_beyond_float32_keep_their_size(run, page) -> None:
    matrix = np.array([[1e300, 0.5], [1e-300, 0]])
    run.log_confusion_matrix("c", matrix=matrix, step=1)
    run.drain_media()
    sent = ask(page, run, "c", 1)
    assert sent["types"][1] == "float64"
    assert matrix_of(sent).tolist() == matrix.tolist()


@pytest.mark.parametrize("limit", [FRAME_BYTES, PULL_FRAME_BYTES])
def test_of_what_no_frame_holds_the_largest_cells_are_sent_and_all_sums(run, limit) -> None:
    generator = np.random.default_rng(0)
    matrix = generator.random((1000, 1000))
    run.log_confusion_matrix("c", matrix=matrix, step=1, classes=[LONG] * 1000)
    run.drain_media()
    batch = SavedBatch()
    sent = PANEL.item(
        run.run_id, run.kept_media["c"], 1, batch, {"client_id": "", "request_id": 0}, limit
    )
    data = batch.buffers[0]
    assert len(data) + sum(map(len, sent["names"])) <= limit
    assert len(data) > limit / 3
    assert sent["cells"] + sent["omitted"] == 1_000_000
    found = {**sent, "data": data}
    kept = matrix_of(found)
    least = np.sort(matrix.reshape(-1))[-sent["cells"]]
    assert kept[kept > 0].min() >= least.astype(np.float32)
    assert kept[kept > 0] == pytest.approx(matrix[kept > 0], rel=1e-7)
    np.testing.assert_allclose(sums_of(found), [matrix.sum(1), matrix.sum(0), matrix.diagonal()])


def test_the_example_of_the_protocol_is_what_is_sent(run, page) -> None:
    example = json.loads((FIXTURES / "confusion_sent.json").read_text(encoding="utf-8"))
    matrix = [[8, 2, 0], [1, 9, 0], [0, 0, 5]]
    run.log_confusion_matrix("c", matrix=matrix, step=1)
    run.drain_media()
    assert matrix_of(ask(page, run, "c", 1)).tolist() == matrix
    said = {**example["message"], "data": bytes(example["buffers"][0]["values"])}
    assert said["types"] == ask(page, run, "c", 1)["types"]
    assert matrix_of(said).tolist() == matrix
    assert sums_of(said).tolist() == [[10, 10, 5], [9, 11, 5], [8, 9, 5]]


def test_a_saved_page_holds_steps_spread_over_the_run(run) -> None:
    for step in range(1, 101):
        run.log_confusion_matrix("c", np.arange(5), np.arange(5), step)
    batch = SavedBatch()
    assert PANEL.saved(run, batch, 1e6)
    steps = sorted(answer["step"] for answer in batch.answers)
    assert len(steps) == 24
    assert (steps[0], steps[-1]) == (1, 100)
