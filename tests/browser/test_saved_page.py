"""A saved page in a browser that has no kernel and no network."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np
import pytest
import torch
from pages import wait_until
from PIL import Image
from playwright.sync_api import expect

import nbviz
from nbviz import charts
from nbviz.panels.system.samples import samples_of
from nbviz.pictures.svg import image_html, in_both_schemes
from nbviz.recording.media.png import encode_png

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

WHITE = base64.b64encode(encode_png(np.full((2, 2, 3), 255, np.uint8))).decode()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    run = nbviz.Run("<b>digits</b>")
    model = torch.nn.Linear(6, 4)
    for step in range(1, 301):
        run.log({"loss/train": 2 / step, "accuracy/val": 1 - 1 / step}, step=step)
    run.log_weights(model, step=300)
    run.log_image("samples/photo", np.linspace(0, 1, 96).reshape(8, 12), step=300)
    run.log_text("samples/text", "<b>bold</b>", step=300)
    run.log_histogram("values", np.arange(50.0), step=299)
    run.log_histogram("values", np.arange(60.0), step=300)
    run.print("<img src=x onerror=document.title='owned'>")
    run.finish()
    return nbviz.Dashboard(run).save_html(tmp_path / "page.html")


def test_page_replays_the_run_and_asks_nobody(offline: Page, saved: Path) -> None:
    page = offline
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", note)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.goto(saved.as_uri())
        all_is_drawn(page, scheme)
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.remove_listener("console", note)
    assert said == []


def all_is_drawn(page: Page, scheme: str) -> None:
    root = page.locator(".nbviz[data-nbviz=ready]")
    expect(root).to_be_visible()
    expect(root).to_have_attribute("data-theme", scheme)
    expect(root).to_contain_text("300")
    expect(page.locator("#nbviz-picture")).to_have_count(0)
    expect(page.locator("[data-last-step='300']")).to_be_visible()
    expect(page.locator(".nbviz-slot-weights canvas").first).to_be_visible()
    page.locator("[data-tab=media]").click()
    media = page.locator(".nbviz-slot-media")
    photo = media.locator("img[src]")
    expect(photo).to_be_visible()
    assert photo.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 12
    page.locator("[data-tab=text]").click()
    expect(page.locator(".nbviz-slot-text .nbviz-text-body")).to_have_text("<b>bold</b>")
    page.locator("[data-tab=histograms]").click()
    values = page.locator(".nbviz-slot-histograms [data-tag=values]")
    expect(values.locator("canvas")).to_be_visible()
    page.locator("[data-tab=log]").click()
    expect(page.locator(".nbviz-slot-log")).to_contain_text("<img src=x onerror=")
    expect(page.locator("[data-action=start]:visible")).to_have_count(0)
    expect(page).to_have_title("<b>digits</b>")


def test_charts_of_a_box_read_out_and_mark_what_is_selected(offline: Page, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = {"a": rng.random(60), "b": rng.random(60), "kind": np.repeat(["x", "y", "z"], 20)}
    x = np.linspace(-2, 2, 21)
    box = ipywidgets.VBox(
        [
            charts.line([3, 2, 1], title="loss"),
            charts.heatmap(np.outer([1, 2, 3], [1, -2, 3, 4]), labels=(list("xyz"), list("abcd"))),
            charts.contour(x, x, np.sin(x) * np.cos(x[:, None])),
            charts.quiver(*np.meshgrid(x[::4], x[::4]), *np.meshgrid(x[::4], x[::4])),
            charts.parallel(rows, color=rows["kind"]),
        ]
    )
    page = offline
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(nbviz.save_html(box, tmp_path / "charts.html").as_uri())
    drawn = page.locator("[data-nbviz-chart]")
    expect(drawn.locator(".nbviz[data-nbviz=ready]")).to_have_count(4)
    expect(page.locator("img")).to_have_count(1)  # bqplot's line is a picture
    cells = drawn.nth(0).locator("canvas")
    cells.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        cells.press(key)
    expect(drawn.nth(0)).to_contain_text("row y, column b: −4")
    before = cells.evaluate("(canvas) => canvas.toDataURL()")
    cells.press("Enter")
    page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before",
        arg=[cells.element_handle(), before],
    )
    assert said == []


def test_page_without_scripts_shows_the_picture(browser: Browser, saved: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(saved.as_uri())
    picture = page.locator("#nbviz-picture")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    assert box["height"] > 200
    context.close()


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A trainer's page, with its graph, weights by step and a fork."""
    torch.manual_seed(0)
    model = torch.nn.Sequential()
    model.first, model.act, model.last = (
        torch.nn.Linear(6, 8),
        torch.nn.ReLU(),
        torch.nn.Linear(8, 2),
    )
    inputs = torch.randn(60, 8, 6)
    trainer = nbviz.LiveTrainer(
        model,
        [(each, (each.sum(1) > 0).long()) for each in inputs],
        loss_fn=torch.nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.5),
        max_epochs=1,
        threads=1,
        ring_every=20,
        name="first",
    )
    trainer.start()
    trainer.wait(180)
    fork = trainer.fork("second", step=20, lr=0.01)
    fork.start()
    fork.wait(180)
    path = trainer.save_html(tmp_path / "trained.html")
    trainer.close()
    return path


def test_graph_runs_and_weights_of_a_saved_page(offline: Page, trained: Path) -> None:
    page = offline
    page.goto(trained.as_uri())
    expect(page.locator(".nbviz[data-nbviz=ready]")).to_be_visible()

    def opened(name: str) -> Locator:
        page.locator(f"[data-tab={name}]").first.click()
        return page.locator(f".nbviz-slot-{name}")

    graph = opened("graph")
    for text in ("first", "act", "last", "6→8"):
        expect(graph).to_contain_text(text)
    rows = opened("runs").locator(".nbviz-runs-row")
    expect(rows.filter(has_text="second")).to_be_visible()
    expect(rows.filter(has_text="first").first).to_be_visible()
    weights = opened("weights")
    card = weights.locator("canvas").first
    expect(card).to_be_visible()
    newest = card.evaluate("(canvas) => canvas.toDataURL()")
    slider = page.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    page.wait_for_function(
        "([canvas, newest]) => canvas.toDataURL() !== newest", arg=[card.element_handle(), newest]
    )
    slider.press("End")
    page.wait_for_function(
        "([canvas, newest]) => canvas.toDataURL() === newest", arg=[card.element_handle(), newest]
    )


def test_what_the_machine_did_is_in_a_saved_page(offline: Page, tmp_path: Path) -> None:
    model = torch.nn.Linear(6, 2)
    trainer = nbviz.LiveTrainer(
        model,
        [(torch.randn(8, 6), torch.zeros(8, 2))] * 4,
        loss_fn=torch.nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        max_epochs=1,
    )
    trainer.step(1)
    wait_until(lambda: samples_of(trainer.run).measures)
    trainer.resume()
    trainer.wait(180)
    page = offline
    page.goto(trainer.save_html(tmp_path / "page.html").as_uri())
    page.locator("[data-tab=system]").click()
    slot = page.locator(".nbviz-slot-system")
    expect(slot.locator("[data-chart=CPU] canvas").first).to_be_visible()
    expect(slot.locator("[data-chart=Memory] .nbviz-system-value b").last).to_contain_text("GB")
    trainer.close()


def test_a_drawing_on_white_is_dark_on_a_dark_page(offline: Page, tmp_path: Path) -> None:
    """As hiddenlayer's graphs and canvases are, which matplotlib or Graphviz draws."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><g>'
        '<rect width="60" height="20" fill="#fff"/><rect x="20" width="20" height="20"/>'
        f'<image x="40" width="20" height="20" href="data:image/png;base64,{WHITE}"/></g></svg>'
    )
    path = tmp_path / "drawing.html"
    path.write_text(
        '<meta name="color-scheme" content="light dark"><style>body{margin:0}</style>'
        + image_html(in_both_schemes(drawing), "a box")
    )
    offline.goto(path.as_uri())
    image = offline.get_by_alt_text("a box")
    for scheme, (paper, ink) in {"light": (255, 0), "dark": (18, 237)}.items():
        offline.emulate_media(color_scheme=scheme)
        with Image.open(io.BytesIO(image.screenshot())) as shot:
            found = [shot.convert("L").getpixel((x, 10)) for x in (10, 30, 50)]
        assert abs(found[0] - paper) <= 3, (scheme, found)
        assert abs(found[1] - ink) <= 3, (scheme, found)
        assert found[2] >= 230, "an image stays as it is"
