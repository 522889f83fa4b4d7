"""Images, histograms and texts that a cell logs: seen, scrubbed, and pictured in both themes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator
    from view import Snapshots

SHOWN = """\
import numpy as np, torch, nbviz
run = nbviz.Run("media", overhead_budget=1)
nbviz.Dashboard(run, panels=("curves", "media", "histograms", "text", "log"), arrangement="stack")
"""
LOGGED = """\
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 4))
optimizer = torch.optim.Adam(model.parameters(), 0.01)
watch = run.watch(model, every_steps=1, every=0)
heat = lambda step: np.outer(np.sin(np.arange(24) + step), np.cos(np.arange(16)))
rows, columns = np.mgrid[0:240, 0:360]
for step in range(1, 41):
    loss = (model(torch.randn(32, 16)) - 1).square().mean()
    loss.backward(); optimizer.step(); optimizer.zero_grad()
    run.log({"loss": loss.item()}, step=step)
    run.log_histogram("samples/values", torch.randn(4000) * step + step, step=step)
    if step % 10 == 0:
        wave = np.sin(rows / (4 + step)) + np.cos(columns / 30)
        photo = np.stack([wave, -wave, np.cos(rows / 50)], -1) / 4 + 0.5
        run.log_image("samples/photo", np.clip(photo, 0, 1), step=step)
        run.log_image("samples/digit", (wave[:8, :8] > wave[:8, :8].mean()) * 1.0, step=step)
        run.log_text("samples/text", f"<img src=x onerror=alert(1)> step {step}\\n" * 30, step=step)
        run.log_tensor("attention", heat(step), step=step)
run.finish()
"""
LISTED = "sorted({tag.split('/')[0] for tag in run.kept_media})"


def card(view: Locator, tag: str) -> Locator:
    return view.locator(f'[data-tag="{tag}"]')


def test_media_are_seen_at_any_step(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, LOGGED)
    notebook.page.set_viewport_size({"width": 1340, "height": 2600})
    notebook.run(0)
    view = View(notebook.output(0))
    media = view.open("media")
    expect(media).to_contain_text("run.log_image")  # the panels were chosen by name
    notebook.run(1)
    expect(media.locator(".nbviz-media")).to_be_visible()
    assert {"samples", "attention", "weights"} <= set(notebook.value(LISTED))
    for tag in ("samples/photo", "samples/digit", "samples/text", "attention"):
        expect(seen(view.root, tag)).to_have_attribute("data-step", "40")
    text = seen(view.root, "samples/text").locator(".nbviz-text-body")
    expect(text).to_contain_text("<img src=x onerror=alert(1)> step 40")
    assert view.root.locator("img[src=x]").count() == 0
    photo = card(view.root, "samples/photo").locator("img").first
    assert photo.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 360
    digit = card(view.root, "samples/digit").locator("img").first
    assert digit.evaluate("(image) => getComputedStyle(image).imageRendering") == "pixelated"
    weights = card(view.root, "weights/0.weight")
    newest = notebook.value("int(run.kept_media['weights/0.weight'].steps[-1])")
    weights.scroll_into_view_if_needed()
    expect(weights).to_have_attribute("data-step", str(newest))

    snapshots.take(notebook, view.root, "media-wide")

    slider = view.root.get_by_role("slider", name="Step shown")
    slider.focus()
    for _ in range(15):
        slider.press("ArrowLeft")
    # The budget for overhead is 1: nothing was left out.
    step = int((slider.get_attribute("aria-valuetext") or "").removeprefix("step "))
    assert step == 25
    values = card(view.root, "samples/values")
    for tag in ("samples/values", "samples/photo", "samples/text", "attention"):
        kept = notebook.value(f"run.kept_media[{tag!r}].at({step}).step")
        expect(seen(view.root, tag)).to_have_attribute("data-step", str(kept))
    kept = notebook.value(f"run.kept_media['samples/text'].at({step}).step")
    seen(view.root, "samples/text")
    expect(text).to_contain_text(f"step {kept}")
    canvas = values.locator("canvas")
    canvas.hover(position={"x": 40, "y": 100})
    expect(values.locator(".nbviz-tip")).to_contain_text("step")
    slider.press("Home")
    expect(card(view.root, "samples/photo")).to_contain_text("first at step 10")
    slider.press("End")
    seen(view.root, "samples/text")
    expect(text).to_contain_text("step 40")
    photo.click()
    expect(card(view.root, "samples/photo")).to_have_attribute("data-enlarged", "true")
    snapshots.take(notebook, view.root, "media-enlarged")
    photo.click()
    compare_photos(view, notebook)
    snapshots.take(notebook, view.root, "media-compared")
    view.root.evaluate("(root) => { root.style.width = '420px'; }")
    snapshots.take(notebook, view.root, "media-narrow")


def compare_photos(view: View, notebook: Notebook) -> None:
    """What is drawn as the difference of two steps is that of what was logged; a pixel is told."""
    shown = seen(view.root, "samples/photo")
    compare = view.root.get_by_role("combobox", name="Compare images with")
    compare.select_option(label="With the first step")
    names = shown.locator("figcaption")
    expect(names).to_have_count(3)
    expect(names.nth(0)).to_have_text("step 40")
    expect(names.nth(1)).to_have_text("step 10")
    pixels = "run.kept_media['samples/photo'].at({}).value.pixels.astype(int)"
    change = f"abs({pixels.format(40)} - {pixels.format(10)})"
    largest = notebook.value(f"int({change}.max())")
    expect(names.nth(2)).to_have_text(f"difference ≤ {largest}")
    at = notebook.value(f"divmod(int({change}[..., 0].argmax()), 360)")
    drawn = shown.locator("canvas").evaluate(
        "(canvas, [y, x]) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[0]", at
    )
    red = notebook.value(f"int({change}[{at[0]}, {at[1]}, 0])")
    assert drawn == pytest.approx(255 * red / largest, abs=1)
    photo = shown.locator("img").first
    box = photo.bounding_box()
    assert box is not None
    photo.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    tip = shown.locator(".nbviz-tip")
    expect(tip).to_have_text(re.compile(r"^x \d+, y \d+: "))
    x, y, *colors = map(int, re.findall(r"\d+", tip.inner_text()))
    assert (x, y) == (pytest.approx(180, abs=2), pytest.approx(120, abs=2))
    assert colors == notebook.value(f"{pixels.format(40)}[{y}, {x}].tolist()")


def seen(root: Locator, tag: str) -> Locator:
    """Bring a card into sight, without which its item is not loaded, and return it."""
    found = card(root, tag)
    found.scroll_into_view_if_needed()
    return found
