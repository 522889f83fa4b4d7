"""Sounds and videos that a cell logs: drawn, played, scrubbed, and saved with the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Page
    from view import Snapshots

SOUNDS = """\
import numpy as np, nbviz
run = nbviz.Run("sounds", overhead_budget=1)
seconds = np.arange(4 * 44_100) / 44_100
for step in (1, 2, 3):
    sweep = np.sin(2 * np.pi * (200 + 600 * step * seconds) * seconds) * np.exp(-seconds / 2)
    run.log_audio("samples/sweep", sweep, step=step)
    run.log_audio("samples/stereo", np.stack([sweep, sweep[::-1]]) / step, step=step)
    run.log_audio("samples/long", np.tile(sweep, 5), step=step)
run.finish()
nbviz.Dashboard(run, panels=["audio"], arrangement="stack")
"""
VIDEOS = """\
import numpy as np, nbviz
run = nbviz.Run("videos", overhead_budget=1)
y, x = np.mgrid[0:90, 0:120]
for step in (1, 2, 3):
    at = np.linspace(0.1, 0.9, 12)
    frames = np.zeros((12, 90, 120, 3))
    for number, place in enumerate(at):
        near = np.hypot(x - 120 * place, y - 45 - 20 * np.sin(9 * place)) < 6 + 3 * step
        frames[number, near] = 1, place, 0.2
    run.log_video("samples/ball", frames, fps=12, step=step)
run.finish()
nbviz.Dashboard(run, panels=["media"], arrangement="stack")
"""
INK = """(canvas) => {
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  let ink = 0, sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = data.subarray(i, i + 3);
    if (Math.max(r, g, b) - Math.min(r, g, b) > 40) {
      ink += 1;
      sum += (i / 4) % width;
    }
  }
  return [ink / (width * height), sum / ink / width];
}"""


def test_sounds_are_drawn_and_played(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots, open_saved: Callable[[Path], Page]
) -> None:
    notebook = make_notebook(SOUNDS)
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("audio")
    sweep = panel.locator('[data-tag="samples/sweep"]')
    expect(sweep).to_have_attribute("data-step", "3")
    expect(sweep).to_contain_text("4.00 s, 44.1 kHz, mono")
    expect(panel.locator('[data-tag="samples/long"]')).to_contain_text("20.0 s, 44.1 kHz")
    for form in ("Spectrogram", "Wave"):
        panel.get_by_role("button", name=form).click()
        assert sweep.locator("canvas").evaluate(INK)[0] > 0.02
        snapshots.take(notebook, view.root, f"audio-{form.lower()}")

    canvas = sweep.locator("canvas")
    canvas.press("ArrowRight")
    expect(canvas).to_have_attribute("aria-valuenow", "200")
    sweep.get_by_role("button", name="Play").click()
    expect(sweep.get_by_role("button", name="Pause")).to_be_visible()
    expect(canvas).not_to_have_attribute("aria-valuenow", "200")
    sweep.get_by_role("button", name="Pause").click()
    expect(sweep.get_by_role("button", name="Play")).to_be_visible()

    path = notebook.lab.folder / "sounds.html"
    notebook.value(f"str(nbviz.Dashboard(run).save_html({str(path)!r}))")
    page = open_saved(path)
    page.locator("[data-tab=audio]").click()
    saved = page.locator('.nbviz-slot-audio [data-tag="samples/sweep"]')
    expect(saved).to_have_attribute("data-step", "3")
    assert saved.locator("canvas").evaluate(INK)[0] > 0.02
    long = page.locator('.nbviz-slot-audio [data-tag="samples/long"]')
    long.scroll_into_view_if_needed()
    expect(long).to_contain_text("the first 4.53 s of 20.0 s")


def test_videos_play_and_are_scrubbed(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots, open_saved: Callable[[Path], Page]
) -> None:
    notebook = make_notebook(VIDEOS)
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("media")
    ball = panel.locator('[data-tag="samples/ball"]')
    expect(ball).to_have_attribute("data-step", "3")
    expect(ball).to_contain_text("120 × 90, 12 frames, 12 a second")
    video = ball.locator(".nbviz-video")
    canvas = ball.locator("canvas")
    slider = ball.get_by_role("slider")
    places = []
    for frame in (0, 6, 11):
        slider.fill(str(frame))
        expect(video).to_have_attribute("data-frame", str(frame))
        ink, place = canvas.evaluate(INK)
        assert ink > 0.02
        places.append(place)
    assert places == pytest.approx([0.1, 0.536, 0.9], abs=0.03)
    snapshots.take(notebook, view.root, "video")
    ball.get_by_role("button", name="Play").click()
    expect(video).not_to_have_attribute("data-frame", "11")
    ball.get_by_role("button", name="Pause").click()

    path = notebook.lab.folder / "videos.html"
    notebook.value(f"str(nbviz.Dashboard(run).save_html({str(path)!r}))")
    page = open_saved(path)
    page.locator("[data-tab=media]").click()
    saved = page.locator('.nbviz-slot-media [data-tag="samples/ball"]')
    expect(saved).to_have_attribute("data-step", "3")
    saved.get_by_role("slider").fill("6")
    assert saved.locator("canvas").evaluate(INK)[1] == pytest.approx(0.536, abs=0.03)
