"""A loop written for a SummaryWriter, with nbviz's in its place: cost, speed, and the first point.

Each writer in a process of its own, all in one run: µs a call of `add_scalar`, and how much of a
tiny MLP's speed is kept with two calls at each step. Then, in JupyterLab, milliseconds from the
first call until its point is drawn in the cell that makes it, while that cell goes on; the page has
been still for a second before.

Run: python benchmarks/drop_ins.py   (about four minutes; --no-browser leaves the last part out)
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from log_calls import calls, kept_by, measured_apart, networks

WRITERS = {
    "nbviz.SummaryWriter": ("nbviz", {}),
    "nbviz's tensorboardX": ("nbviz.integrations.tensorboardX", {}),
    "torch's": ("torch.utils.tensorboard", {}),
    "tensorboardX's": ("tensorboardX", {}),
}
ROUNDS = 60
OPENINGS = 10
IMPORTS = "import time, torch; from pathlib import Path; from nbviz import SummaryWriter"
# The loop goes on until its point was seen, as a course's does that blocks its cell.
LOOP = """
seen, step = Path({mark!r}), 0
writer = SummaryWriter({folder!r})
while not seen.exists():
    step += 1
    if step == 1:
        called = time.time()
    writer.add_scalar("loss", 1 / step, step)
    time.sleep(0.001)  # a short step: the loop is made as a course writes it
"""
# What JupyterLab itself needs for the smallest widget, from such a loop.
SLIDER = """
import ipywidgets
seen, step, called = Path({mark!r}), 0, time.time()
display(ipywidgets.IntSlider())
while not seen.exists():
    step += 1
    time.sleep(0.001)
"""
CURVE, HANDLE = "[data-last-step]:not([data-last-step='0'])", ".noUi-handle"
# What the cell before has left to draw is not part of it.
STILL = """() => new Promise((done) => {
  const notebook = document.querySelector(".jp-Notebook");
  let timer;
  const watcher = new MutationObserver(() => wait());
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { watcher.disconnect(); done(); }, 1000);
  };
  watcher.observe(notebook, { subtree: true, childList: true, attributes: true });
  wait();
})"""
# When the page painted it, by its own clock, which is the kernel's.
WATCH = """([index, selector]) => {
  const cell = document.querySelectorAll(".jp-Notebook .jp-Cell")[index];
  cell.scrollIntoView();
  window.painted = new Promise((done) => {
    const look = () => {
      if (cell.querySelector(selector)) done(Date.now() / 1000);
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def measure(name: str) -> None:
    """Measure one writer in this process, and print JSON."""
    module, options = WRITERS[name]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            writer = importlib.import_module(module).SummaryWriter(folder, **options)
        except ImportError as error:
            print(json.dumps({"missing": error.name or str(error)}))
            return

        def log(step: int, values: dict[str, float]) -> None:
            for tag, value in values.items():
                writer.add_scalar(tag, value, step)

        step_once = networks()["mlp"]

        def train(_: int) -> None:
            _loss, _accuracy = step_once()

        def train_and_log(step: int) -> None:
            loss, accuracy = step_once()
            writer.add_scalar("loss", loss, step)
            writer.add_scalar("accuracy", accuracy, step)

        one = calls(log, 1, 0)
        speed = kept_by(train, train_and_log, 10_000_000, ROUNDS)
        print(json.dumps({"one": one, "mlp": speed}), flush=True)
        os._exit(0)  # writers that join their threads at exit are not part of this


def first_paints(loop: str, selector: str) -> list[float]:
    """Return milliseconds from the call to the paint, of several cells of one page."""
    from _lab import NEWEST, Notebook, running_lab

    found: list[float] = []
    with running_lab() as (new_page, lab), tempfile.TemporaryDirectory() as folder:
        page = new_page()
        marks = [str(Path(folder) / f"seen{number}") for number in range(OPENINGS)]
        cells = [loop.format(mark=mark, folder=f"{mark}-runs") for mark in marks]
        notebook = Notebook(page, lab, [IMPORTS, *cells], kernel=NEWEST, name="drop-ins")
        notebook.run(0)
        for number, mark in enumerate(marks, 1):
            page.evaluate(STILL)
            page.evaluate(WATCH, [number, selector])
            notebook.run(number, wait=False)
            painted = page.evaluate("() => window.painted")
            Path(mark).touch()
            called = notebook.wait_for("called", seconds=60)
            found.append(1000 * (painted - called))
        notebook.end_kernel()
    return found


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in WRITERS:
        measure(arguments[0])
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, 1 torch thread\n")
    print(f"{'':<22}{'µs a scalar':^27}{'speed kept':>12}")
    print(f"{'':<22}{'median':>9}{'p99':>9}{'mean':>9}{'tiny MLP':>12}")
    for name in WRITERS:
        said = measured_apart(__file__, name, 22)
        if said is None:
            continue
        one = said["one"]
        print(
            f"{name:<22}{one['median']:>9.2f}{one['p99']:>9.2f}{one['mean']:>9.2f}"
            f"{said['mlp'][1]:>12.3f}",
            flush=True,
        )
    if "--no-browser" not in arguments:
        print("\nms from the call to the paint in a new cell, of one page")
        print(f"{'':<22}{'first cell':>12}{'second':>9}{'median':>9}{'longest':>9}")
        for name, loop, selector in (
            ("nbviz's first point", LOOP, CURVE),
            ("ipywidgets' slider", SLIDER, HANDLE),
        ):
            times = first_paints(loop, selector)
            shown = (times[0], times[1], statistics.median(times), max(times))
            print(f"{name:<22}{shown[0]:>12.0f}" + "".join(f"{one:>9.0f}" for one in shown[1:]))
    return 0


if __name__ == "__main__":
    began = time.time()
    status = main(sys.argv[1:])
    if len(sys.argv) == 1:
        print(f"\n{time.time() - began:.0f} s")
    sys.exit(status)
