"""Media on their way to a page: told in increments, sent when they are asked for."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz.inspection.tensors.heatmaps import reduce_weights
from nbviz.panels.batch import Batch
from nbviz.panels.media import panel as media_panel
from nbviz.panels.media.items import media_item
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.text.panel import TextPanel
from nbviz.recording.media.png import decode_image
from nbviz.session.transport import PULL_FRAME_BYTES


@pytest.fixture
def run():
    return nbviz.Run("loop")


def told(page: Page) -> list[tuple[str, str, int]]:
    updates = [update for update in page.updates if "items" in update]
    return [
        (one["tag"], one["item_kind"], one["count"])
        for update in updates
        for one in update["items"]
    ]


ASKED = {
    "send_media": {"pixels": 512},
    "send_text": {},
    "send_histograms": {"after": -1},
}


def ask(
    page: Page, run: nbviz.Run, tag: str, step: int, kind: str = "send_media", **fields: int
) -> dict:
    asked = {**ASKED[kind], **fields}
    return page.ask(kind, run_id=run.run_id, tag=tag, step=step, **asked)


def test_a_page_is_told_what_there_is_and_then_only_what_is_new(run) -> None:
    run.log_image("samples/image", np.zeros((8, 8), np.uint8), step=1)
    run.log_histogram("weights/fc", np.arange(100.0), step=1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    assert told(page) == [("samples/image", "image", 1), ("weights/fc", "histogram", 1)]
    page.updates.clear()
    run.log_text("notes", "hello", step=2)
    page.wait_for(lambda: told(page))
    assert told(page) == [("notes", "text", 1)]


def test_a_second_page_is_told_everything_once(run) -> None:
    dashboard = nbviz.Dashboard(run)
    first = Page(dashboard)
    first.ready()
    for step in (1, 2, 3):
        run.log_text("notes", f"step {step}", step=step)
    first.wait_for(lambda: sum(count for *_, count in told(first)) == 3)
    second = Page(dashboard, "page-2")
    second.ready()
    assert told(second) == [("notes", "text", 3)]


def test_each_kind_is_sent_as_it_was_logged(run) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    run.log_image("image", picture, step=4)
    run.log_text("text", "a <b>bold</b> \ud800 claim", step=4)
    run.log_tensor("tensor", np.array([[1.0, -2.0], [np.nan, 0.5]]), step=4)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    image = ask(page, run, "image", 9)
    assert (image["kind"], image["step"], image["reduced"]) == ("image_sent", 4, 1)
    assert np.array_equal(decode_image(image["data"]), picture)
    text = ask(page, run, "text", 4, "send_text")
    assert (text["text"], text["omitted"]) == ("a <b>bold</b> \\ud800 claim", 0)
    assert text["markdown"]
    run.log_text("plain", "*text*", step=4, markdown=False)
    run.drain_media()
    assert not ask(page, run, "plain", 4, "send_text")["markdown"]
    tensor = ask(page, run, "tensor", 4)
    cells = np.frombuffer(tensor["data"], np.int16).reshape(tensor["rows"], tensor["columns"])
    assert cells[1, 0] == -32768
    assert np.allclose(cells[0] * tensor["scale"], [1.0, -2.0], atol=1e-4)
    assert (tensor["minimum"], tensor["maximum"], tensor["nonfinite"]) == (-2.0, 1.0, 1)


def test_the_item_at_or_before_a_step_is_sent(run) -> None:
    for step in (10, 20, 30):
        run.log_text("text", str(step), step=step)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    assert [ask(page, run, "text", step, "send_text")["step"] for step in (10, 19, 20, 99)] == [
        10,
        10,
        20,
        30,
    ]


def test_histograms_come_with_their_past_and_then_only_what_is_new(run) -> None:
    for step in range(1, 301):
        run.log_histogram("weights/fc", np.arange(50.0) * step, step=step, bins=8)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    sent = ask(page, run, "weights/fc", 300, "send_histograms")
    steps = [one["step"] for one in sent["histograms"]]
    assert (len(steps), steps[0], steps[-1]) == (100, 1, 300)
    numbers = np.frombuffer(sent["data"])
    assert len(numbers) == 100 * 17
    assert numbers[-17:-9].sum() == 50
    assert numbers[-1] == 49.0 * 300
    newer = ask(page, run, "weights/fc", 300, "send_histograms", after=297)
    assert [one["step"] for one in newer["histograms"]] == [298, 299, 300]
    info = newer["histograms"][-1]
    values = np.arange(50.0) * 300
    assert info["mean"] == pytest.approx(values.mean())
    assert info["std"] == pytest.approx(values.std())


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_a_large_image_is_reduced_to_what_the_transport_carries(run, transport) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1000, 3), np.uint8)
    run.log_image("noise", noise, step=1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run, transport=transport))
    page.ready()
    page.send("send_media", request_id=7, run_id=run.run_id, tag="noise", step=1, pixels=4000)
    page.wait_for(lambda: 7 in page.answers)
    sent = page.answers[7]
    assert len(sent["data"]) <= (PULL_FRAME_BYTES if transport == "pull" else 1_000_000)
    factor = sent["reduced"]
    assert factor > 1
    small = decode_image(sent["data"])
    assert small.shape == (-(-1500 // factor), -(-1000 // factor), 3)
    assert small[0, 0, 0] == round(noise[:factor, :factor, 0].mean())
    assert (sent["height"], sent["width"]) == (1500, 1000)


def test_an_image_is_no_larger_than_it_is_shown(run) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 900), np.uint8)
    run.log_image("noise", noise, step=1)
    run.drain_media()
    batch = Batch()
    image = media_item(run.run_id, run.kept_media["noise"], 1, batch, pixels=300)
    assert image["reduced"] == 3
    assert decode_image(batch.buffers[image["buffer"]]).shape == (300, 300, 1)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=(300, 700)).astype(np.float32),
        np.random.default_rng(0).normal(size=(300, 7)).T,
        np.array([[1.0, np.inf], [np.nan, -2.0]]),
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.arange(6, dtype=np.uint16).reshape(2, 3),
        np.array([[True, False]]),
        np.array(2.5),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_tensor_is_sent_from_what_is_kept_which_stays_as_it_is(run, values) -> None:
    run.log_tensor("kept", values, step=1)
    run.drain_media()
    kept = run.media["kept"][0].value
    batch = Batch()
    sent = media_item(run.run_id, run.kept_media["kept"], 1, batch)
    cells = np.frombuffer(batch.buffers[sent["buffer"]], np.int16)
    expected = reduce_weights("kept", torch.from_numpy(values.astype(np.float64)), 0)
    np.testing.assert_allclose(cells, expected.cells.reshape(-1), atol=1)
    assert sent["maximum"] == pytest.approx(expected.maximum)
    assert sent["shape"] == list(values.shape)
    np.testing.assert_array_equal(kept, values)
    assert not kept.flags.writeable


def test_images_are_reduced_on_a_thread_of_the_dashboard_s_own(run, monkeypatch) -> None:
    threads: list[str] = []

    def noted(*arguments, **options):
        threads.append(threading.current_thread().name)
        return media_item(*arguments, **options)

    monkeypatch.setattr(media_panel, "media_item", noted)
    run.log_image("image", np.zeros((4, 4)), step=1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    ask(page, run, "image", 1)
    assert threads == ["nbviz-answers"]


def test_what_is_not_there_is_refused_with_its_name(run) -> None:
    page = Page(nbviz.Dashboard(run))
    page.ready()
    answer = ask(page, run, "nothing", 1)
    assert answer["kind"] == "command_failed"
    assert "'nothing'" in answer["error"]


def test_a_very_long_text_is_cut_and_says_so(run) -> None:
    run.log_text("text", "x" * 150_000, step=1)
    run.drain_media()
    text = TextPanel().item(run.run_id, run.kept_media["text"], 1, Batch(), NO_ADDRESS, 1_000_000)
    assert (len(text["text"]), text["omitted"]) == (100_000, 50_000)


def test_a_watch_s_histograms_reach_the_page(run) -> None:
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    page = Page(nbviz.Dashboard(run))
    page.ready()
    run.watch(model, every=0)
    for step in range(1, 4):
        model(torch.ones(2, 4)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        run.log({"loss": 1.0}, step=step)
    page.wait_for(lambda: {tag for tag, *_ in told(page)} >= {"weights/weight", "weights/bias"})
    sent = ask(page, run, "weights/weight", 3, "send_histograms")
    assert sent["histograms"][-1]["count"] == 12


def test_a_tag_of_another_panel_is_refused_by_what_it_holds(run) -> None:
    run.log_text("notes", "hello", step=1)
    run.log_image("image", np.zeros((8, 8), np.uint8), step=1)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    assert "'notes' holds text, not image or tensor or video" in ask(page, run, "notes", 1)["error"]
    refused = ask(page, run, "image", 1, "send_text")
    assert "'image' holds image, not text" in refused["error"]
