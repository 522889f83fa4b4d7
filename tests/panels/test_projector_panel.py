"""Embeddings on their way to a page: positions in slices, labels, images, neighbours, layouts."""

from __future__ import annotations

import base64
import time

import numpy as np
import pytest
from pages import Page

import nbviz
from nbviz.panels import projector
from nbviz.panels.projector import layouts
from nbviz.panels.subject import Subject
from nbviz.session.saved import record
from nbviz.session.transport import FRAME_BYTES


@pytest.fixture
def run():
    return nbviz.Run("loop", overhead_budget=1)


def page_of(run: nbviz.Run) -> Page:
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    return page


def ask(page: Page, run: nbviz.Run, kind: str, step: int = 1, **fields) -> dict:
    return page.ask(kind, run_id=run.run_id, tag="features", step=step, **fields)


def positions_of(page: Page, run: nbviz.Run, points: int, dims: int, step: int = 1) -> np.ndarray:
    parts: list[np.ndarray] = []
    while (start := sum(map(len, parts))) < points:
        fields = {"method": "pca", "dims": dims, "start": start}
        answer = ask(page, run, "send_positions", step, **fields)
        assert len(answer["data"]) <= FRAME_BYTES
        values = np.frombuffer(answer["data"], "<u2").reshape(-1, dims)
        assert (answer["start"], answer["count"]) == (start, len(values))
        shares = np.where(values == 65535, np.nan, values / 65534 - 0.5)
        parts.append(np.array(answer["middle"]) + shares * answer["span"])
    return np.concatenate(parts)


@pytest.mark.parametrize("dims", [2, 3])
def test_positions_come_in_slices_and_are_those_of_the_projection(run, dims) -> None:
    vectors = np.random.default_rng(0).standard_normal((400_000, 3)).astype(np.float32)
    vectors[7] = np.nan
    run.log_embedding("features", vectors, step=1)
    page = page_of(run)
    found = positions_of(page, run, 400_000, dims)
    expected = run.media["features"][0].value.projection.positions(dims)
    span = np.nanmax(expected) - np.nanmin(expected)
    assert np.isnan(found[7]).all()
    assert np.isnan(found).sum() == dims
    assert np.nanmax(np.abs(found - expected)) < span / 60_000


def test_the_overview_and_the_labels(run) -> None:
    labels = {
        "class": ["cat", "dog", "cat"],
        "loss": [0.5, np.nan, 2.0],
        "text": [f"one of many\n{i}" for i in range(3)],
    }
    run.log_embedding("features", np.eye(3), labels=labels, images=np.zeros((3, 4, 5)), step=1)
    page = page_of(run)
    overview = ask(page, run, "send_embedding")
    assert (overview["points"], overview["dims_logged"], overview["kept_dims"]) == (3, 3, 3)
    assert (overview["image_height"], overview["image_width"], overview["image_channels"]) == (
        *(4, 5, 1),
    )
    assert overview["data"] == b""  # all points are there
    kinds = [(one["name"], one["column_kind"]) for one in overview["columns"]]
    assert kinds == [("class", "category"), ("loss", "number"), ("text", "category")]
    assert overview["columns"][0]["names"] == ["cat", "dog"]
    codes = ask(page, run, "send_column", column=0, start=0)
    assert np.frombuffer(codes["data"], "<u2").tolist() == [0, 1, 0]
    rest = ask(page, run, "send_column", column=1, start=1)
    assert np.isnan(np.frombuffer(rest["data"], "<f4")[0])
    assert np.frombuffer(rest["data"], "<f4")[1] == 2
    refused = ask(page, run, "send_column", column=3, start=0)
    assert "there are 3" in refused["error"]


def test_many_distinct_texts_come_as_lines(run) -> None:
    names = [f"word {i}" for i in range(3000)]
    run.log_embedding("features", np.zeros((3000, 2)), labels=names, step=1)
    page = page_of(run)
    (column,) = ask(page, run, "send_embedding")["columns"]
    assert (column["column_kind"], column["names"]) == ("text", [])
    answer = ask(page, run, "send_column", column=0, start=10)
    assert answer["data"].decode().split("\n") == names[10:]


def test_images_are_those_of_the_points_that_are_asked_for(run) -> None:
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    run.log_embedding("features", np.eye(3), images=images, step=1)
    page = page_of(run)
    answer = ask(page, run, "send_thumbnails", points=[2, 0, 99])
    assert answer["points"] == [2, 0]
    assert np.frombuffer(answer["data"], np.uint8).tolist() == [8, 9, 10, 11, 0, 1, 2, 3]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbours_are_the_nearest_vectors(run, metric) -> None:
    vectors = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)
    vectors[11] = np.nan
    run.log_embedding("features", vectors, step=1)
    page = page_of(run)
    answer = ask(page, run, "send_neighbours", point=3, count=5, metric=metric)
    own = vectors[3]
    if metric == "cosine":
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(own)
        distances = 1 - vectors @ own / lengths
    else:
        distances = np.linalg.norm(vectors - own, axis=1)
    distances[3] = np.inf
    expected = np.argsort(np.nan_to_num(distances, nan=np.inf))[:5]
    assert answer["points"] == expected.tolist()
    assert np.allclose(answer["distances"], distances[expected], atol=1e-5)


def test_a_selection_reaches_python(run) -> None:
    run.log_embedding("features", np.zeros((20, 2)), step=1)
    page = page_of(run)
    bits = np.zeros(20, bool)
    bits[[0, 9, 19]] = True
    selected = base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()
    asked = {"run_id": run.run_id, "tag": "features"}
    assert page.ask("select_points", **asked, selected=selected)["kind"] == "command_done"
    assert run.projector_selection("features") == [0, 9, 19]
    for bad, said in (("?", "base64"), ("AAAAAAAA", ""), ("////////", "there is no point")):
        answer = page.ask("select_points", **asked, selected=bad)
        assert said in answer.get("error", "")


def wait_for_state(page: Page, *states: str) -> dict:
    def newest() -> dict:
        found = [one for one in page.updates if one["kind"] == "layout_changed"]
        return found[-1] if found else {"state": ""}

    deadline = time.monotonic() + 900  # UMAP compiles itself first
    while newest()["state"] not in states:
        assert time.monotonic() < deadline, newest()
        page.send("acknowledge", sequence=page.sequence)
        time.sleep(0.02)
    return newest()


def test_a_layout_is_worked_out_beside_and_keeps_groups_together(run) -> None:
    """With t-SNE; UMAP takes the same way, and half a minute to compile itself."""
    kinds = np.arange(90) % 3
    random = np.random.default_rng(0)
    vectors = random.standard_normal((3, 8))[kinds] * 20 + random.standard_normal((90, 8))
    vectors[5] = np.nan
    run.log_embedding("features", vectors, step=1)
    page = page_of(run)
    of = {"method": "tsne", "dims": 2}
    early = ask(page, run, "send_positions", **of, start=0)
    assert "start it first" in early["error"]
    assert ask(page, run, "start_layout", **of)["kind"] == "command_done"
    done = wait_for_state(page, "done", "failed")
    assert done["state"] == "done", done["text"]
    answer = ask(page, run, "send_positions", **of, start=0)
    values = np.frombuffer(answer["data"], "<u2").reshape(90, 2)
    assert values[5].tolist() == [65535, 65535]
    places, kinds = np.delete(values.astype(float), 5, 0), np.delete(kinds, 5)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (kinds[apart.argmin(1)] == kinds).mean() > 0.95


def test_a_layout_is_cancelled_and_what_is_missing_is_named(run, monkeypatch) -> None:
    run.log_embedding("features", np.random.default_rng(0).standard_normal((3000, 20)), step=1)
    page = page_of(run)
    of = {"method": "tsne", "dims": 2}
    assert ask(page, run, "start_layout", **of)["kind"] == "command_done"
    busy = ask(page, run, "start_layout", **{**of, "dims": 3})
    assert "cancel it, or wait for it" in busy["error"]
    assert ask(page, run, "cancel_layout", **of)["kind"] == "command_done"
    assert wait_for_state(page, "cancelled")["text"] == "cancelled"
    needed = {"tsne": ("no_such_module", "openTSNE", "tsne")}
    monkeypatch.setattr(layouts, "NEEDED", needed)
    missing = ask(page, run, "start_layout", **of)
    assert 'pip install "nbviz[tsne]"' in missing["error"]


def test_a_process_that_fails_is_said_and_another_can_be_started(run, monkeypatch) -> None:
    monkeypatch.setattr(layouts.layout_process, "__file__", "/nonexistent/layout_process.py")
    run.log_embedding("features", np.random.default_rng(0).standard_normal((30, 5)), step=1)
    page = page_of(run)
    of = {"method": "tsne", "dims": 2}
    assert ask(page, run, "start_layout", **of)["kind"] == "command_done"
    assert "No such file" in wait_for_state(page, "failed")["text"]
    assert ask(page, run, "start_layout", **of)["kind"] == "command_done"


def test_a_saved_page_has_a_sample_of_the_same_points_at_each_step(run) -> None:
    random = np.random.default_rng(0)
    for step in (1, 2, 3):
        labels = np.arange(8000) if step == 1 else None
        run.log_embedding("features", random.standard_normal((8000, 4)), labels=labels, step=step)
        run.drain_media()
    saved = record([projector.PANEL], [Subject.of_run(run)])
    answers = saved.answers
    views = [one for one in answers if one["kind"] == "embedding_sent"]
    assert {one["step"] for one in views} == {1, 2, 3}
    assert {(one["points"], one["points_logged"]) for one in views} == {(5000, 8000)}
    chosen = [np.frombuffer(saved.buffers[one["buffer"]], "<u4") for one in views]
    assert all(np.array_equal(one, chosen[0]) for one in chosen)
    assert np.all(np.diff(chosen[0].astype(int)) > 0)
    columns = [one for one in answers if one["kind"] == "column_sent"]
    assert len(columns) == 1  # the same at all steps
    values = np.frombuffer(saved.buffers[columns[0]["buffer"]], "<f4")
    assert np.array_equal(values, chosen[0])
    places = [one for one in answers if one["kind"] == "positions_sent"]
    assert {(one["step"], one["dims"]) for one in places} == {
        (s, d) for s in (1, 2, 3) for d in (2, 3)
    }
