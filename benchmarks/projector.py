"""Frames a second of the projector while it is turned: 10,000 to 1,000,000 points, 2D and 3D.

In JupyterLab in headless Chromium without a GPU, while a small network trains in the kernel.
Printed for each: the seconds from the log call until the first frame is painted, and over three
seconds of a drag that moves every frame the frames painted a second, the longest gap between two,
and how much slower the training was than by itself.

Run: python benchmarks/projector.py   (needs what `make setup` installs; under two minutes)
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from _lab import NEWEST, Notebook, running_lab
from _live_cells import TRAIN
from _live_page import steps_and_seconds, training_speed

if TYPE_CHECKING:
    from playwright.sync_api import Locator

LIMIT_MS = 180_000  # a million points travel in slices, beside the training
SHOWN = """\
import numpy as np, nbviz
run = nbviz.Run("points", overhead_budget=1, media_budget=2_000_000_000)
nbviz.Dashboard(run, panels=["projector"], arrangement="stack")
"""
LOGGED = """\
rng = np.random.default_rng(0)
kinds = rng.integers(0, 10, {points})
middles = rng.standard_normal((10, 8)).astype(np.float32) * 4
vectors = middles[kinds] + rng.standard_normal(({points}, 8), np.float32)
run.log_embedding("points {points}", vectors, labels=kinds, step=1)
"""
# Drags in circles for some milliseconds, a move in each frame.
DRAGGED = """async ([canvas, ms]) => {
  const {left, top, width, height} = canvas.getBoundingClientRect();
  const first = Number(canvas.dataset.frames);
  const began = performance.now();
  let last = began, longest = 0, busy = 0, painted = first, angle = 0;
  while (performance.now() - began < ms) {
    angle += 0.06;
    canvas.dispatchEvent(new PointerEvent("pointermove", {
      bubbles: true, pointerId: window.nbvizPointer, buttons: 1,
      clientX: left + width * (0.5 + 0.2 * Math.cos(angle)),
      clientY: top + height * (0.5 + 0.2 * Math.sin(angle)),
    }));
    await new Promise(requestAnimationFrame);
    // This callback came after the panel's own of the same frame.
    const now = performance.now();
    const count = Number(canvas.dataset.frames);
    if (count > painted) {
      longest = Math.max(longest, now - last);
      last = now;
      painted = count;
    }
  }
  const seconds = (performance.now() - began) / 1000;
  return {rate: (painted - first) / seconds, longest};
}"""
CATCH = """(canvas) => canvas.addEventListener(
  "pointerdown", ({pointerId}) => { window.nbvizPointer = pointerId; }, {once: true})"""


def turn(canvas: Locator, seconds: float) -> dict[str, float]:
    """Drag the cloud, and return how smoothly it moved."""
    page = canvas.page
    canvas.evaluate(CATCH)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    page.mouse.down()
    found = page.evaluate(DRAGGED, [canvas.element_handle(), seconds * 1000])
    page.mouse.up()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    head = ("first frame", "frames/s", "longest gap", "training slower")
    print(f"{'points':>10} {'':>3} {head[0]:>12} {head[1]:>9} {head[2]:>12} {head[3]:>16}")
    with running_lab() as (open_page, lab):
        train = TRAIN.format(points=10, rate=1)
        cells = [train + SHOWN, *(LOGGED.format(points=points) for points in arguments.points)]
        notebook = Notebook(open_page(), lab, cells, kernel=NEWEST, name="projector")
        notebook.run(0)
        notebook.wait_for("COUNT[0]", lambda count: count > 200)
        alone = training_speed(notebook, notebook.page, min(2.0, arguments.seconds))
        panel = notebook.output(0).locator(".nbviz-projector")
        for place, points in enumerate(arguments.points, 1):
            notebook.run(place)
            began = time.monotonic()
            tag = panel.get_by_label("Embedding", exact=True)
            if place > 1:
                tag.select_option(f"points {points}", timeout=LIMIT_MS)
            panel.locator(f"xpath=self::*[@data-points='{points}']").wait_for(timeout=LIMIT_MS)
            first = time.monotonic() - began
            canvas = panel.locator(".nbviz-space-picture")
            canvas.scroll_into_view_if_needed()
            for dims in ("3D", "2D"):
                panel.get_by_role("button", name=dims).click()
                ready = f"{points:,} points of"
                panel.locator(".nbviz-projector-line", has_text=ready).wait_for(timeout=LIMIT_MS)
                count, at = steps_and_seconds(notebook)
                found = turn(canvas, arguments.seconds)
                count2, at2 = steps_and_seconds(notebook)
                slower = alone * (at2 - at) / max(1, count2 - count)
                shown = f"{first:10.2f} s" if dims == "3D" else " " * 12
                print(
                    f"{points:>10,} {dims:>3} {shown} {found['rate']:>9.1f} "
                    f"{found['longest']:>9.0f} ms {slower:>15.2f}×",
                    flush=True,
                )
        notebook.value("STOP.set()")
        notebook.close()


if __name__ == "__main__":
    main()
