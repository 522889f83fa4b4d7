"""How live is live? nbviz beside bqplot, plotly and matplotlib inline, in one JupyterLab.

For each library the same notebook: a small network trains in a background thread while 4 curves of
20,000 points each get a new point 60 times a second. Printed: frames in which the page painted
something new, the time from the log call to the painted frame, bytes an update on the wire, and
what the display costs training. Then a flood of log calls, and the time to the first paint.

Run: python benchmarks/live_panels.py   (needs what `make setup` installs; about six minutes)
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from typing import Any

import numpy as np
from _lab import NEWEST, Notebook, Page, running_lab
from _live_cells import FIRST_PAINT, FLOOD, LIBRARIES, TRAIN

WATCH = """([index, read]) => {
  const area = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const shown = eval(read);
  const now = () => performance.timeOrigin + performance.now();
  window.painted = []; window.gaps = []; window.watching = true;
  let last, before = performance.now(), isInFrame = false;
  const note = () => {
    const value = shown(area);
    if (value === undefined || value === last) return;
    last = value;
    // The first task after a frame: what changed in that frame has been painted then. What changes
    // between two frames is painted with the next.
    const push = () => setTimeout(() => window.painted.push([now(), Number(value)]));
    if (isInFrame) push();
    else requestAnimationFrame(push);
  };
  new MutationObserver(note).observe(area,
    {subtree: true, childList: true, attributes: true, characterData: true});
  const frame = () => {
    const at = performance.now();
    window.gaps.push(at - before);
    before = at;
    isInFrame = true;
    setTimeout(() => { isInFrame = false; });
    if (window.watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
FINISH = "() => { window.watching = false; return [window.painted, window.gaps]; }"


def show(page: Page, index: int) -> None:
    """Scroll a cell's output into view: what cannot be seen is not drawn."""
    page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputArea").evaluate(
        "(area) => area.scrollIntoView()"
    )


class Wire:
    """Counts what the page's websockets receive."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", lambda s: s.on("framereceived", self._count))

    def _count(self, payload: str | bytes) -> None:
        self.bytes += len(payload)


def training_speed(notebook: Notebook, page: Page, seconds: float) -> float:
    before = notebook.value("(COUNT[0], __import__('time').time())")
    page.wait_for_timeout(seconds * 1000)
    after = notebook.value("(COUNT[0], __import__('time').time())")
    return (after[0] - before[0]) / (after[1] - before[1])


def measure(page: Page, lab: Any, name: str, options: argparse.Namespace) -> list[str]:
    points, rate, seconds = options.points, options.rate, options.seconds
    source, read = LIBRARIES[name]
    wire = Wire(page)
    notebook = Notebook(
        page,
        lab,
        [TRAIN.format(points=points, rate=rate), source, f"done = update_for({seconds}, update)"],
        kernel=NEWEST,
        name=name.replace(" ", "-"),
    )
    notebook.run(0)
    notebook.wait_for("COUNT[0]", lambda count: count > 200)
    alone = training_speed(notebook, page, 2)
    notebook.run(1)
    show(page, 1)
    page.wait_for_function(
        f"(i) => ({read})(document.querySelectorAll('.jp-Notebook .jp-Cell')[i]) !== undefined",
        arg=1,
        timeout=40_000,
    )
    page.evaluate(WATCH, [1, read])
    notebook.run(2)
    began_bytes = wire.bytes
    count, began = notebook.value("(COUNT[0], __import__('time').time())")
    page.wait_for_timeout(seconds * 1000)  # asking the kernel meanwhile would be traffic, too
    notebook.wait_for("done.is_set()", seconds=60)
    count2, ended = notebook.value("(COUNT[0], __import__('time').time())")
    sent_bytes = wire.bytes - began_bytes
    page.wait_for_timeout(500)
    painted, gaps = page.evaluate(FINISH)
    logged = {int(k): v for k, v in notebook.value("LOGGED").items()}
    notebook.value("STOP.set()")
    notebook.end_kernel()
    painted = [(at, int(step)) for at, step in painted if int(step) in logged]
    frames = [(at, step) for at, step in painted if at / 1000 <= max(logged.values())]
    span = max(logged.values()) - min(logged.values())
    # Each logged step is on the screen with the first frame that shows it or a later one.
    latencies, position = [], 0
    for step in sorted(logged):
        while position < len(painted) and painted[position][1] < step:
            position += 1
        if position < len(painted):
            latencies.append(painted[position][0] - logged[step] * 1000)
    p50, p95 = np.percentile(latencies, [50, 95]) if latencies else (np.nan, np.nan)
    slowdown = alone / ((count2 - count) / (ended - began))
    return [
        name,
        f"{len(logged) / span:.0f}",
        f"{len(frames) / span:.1f}",
        f"{p50:.0f} / {p95:.0f}",
        f"{sent_bytes / len(logged) / 1000:.2f}",
        f"{slowdown:.2f}×",
        f"{max(gaps):.0f}",
    ]


def flood(page: Page, lab: Any, rate: int = 1000, seconds: int = 10) -> None:
    calls = rate * seconds
    notebook = Notebook(
        page,
        lab,
        [FLOOD.format(calls=calls, rate=rate), "threading.Thread(target=pour).start()"],
        kernel=NEWEST,
        name="flood",
    )
    notebook.run(0)
    page.wait_for_selector(".nbviz[data-nbviz=ready]")
    show(page, 0)
    notebook.run(1)
    page.wait_for_selector("[data-last-step]", state="attached")
    page.evaluate(WATCH, [0, LIBRARIES["nbviz"][1]])
    notebook.wait_for("flood_done.is_set()", seconds=seconds * 6)
    page.wait_for_function(
        f"Number(document.querySelector('[data-last-step]').dataset.lastStep) >= {calls}"
    )
    page.wait_for_timeout(100)
    painted, gaps = page.evaluate(FINISH)
    ended = notebook.value("flood_ended")
    lag = min(at for at, step in painted if step >= calls) / 1000 - ended
    recorded = notebook.value("[len(flood[tag]) for tag in FLOOD_TAGS]")
    exact = notebook.value(
        "all((flood[t].values == [(s * 7919 + i) % 1000 / 1000 for s in range(1, CALLS + 1)]).all()"
        " for i, t in enumerate(FLOOD_TAGS))"
    )
    took = notebook.value("float(flood['metric0/train'].wall_times[-1])")
    print(
        f"\nFlood: {rate:,} calls/s × 20 tags asked for {seconds} s, {calls / took:,.0f}/s made.\n"
        f"  lag after it {lag:.2f} s, longest frame {max(gaps):.0f} ms, "
        f"lost {20 * calls - sum(recorded)} of {20 * calls:,}, values exact: {exact}"
    )
    notebook.end_kernel()


def first_paint(page: Page, lab: Any) -> None:
    notebook = Notebook(page, lab, [FIRST_PAINT, "trainer"], kernel=NEWEST, name="first-paint")
    notebook.run(0)
    took = page.evaluate(
        """async () => {
          const panel = window.nbvizPanel, began = performance.now();
          panel.content.activeCellIndex = 1;
          const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[1];
          const painted = new Promise((resolve) => {
            const seen = () => {
              if (!cell.querySelector('.nbviz[data-nbviz=ready] [data-status=ready]')) return;
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
            };
            new MutationObserver(seen).observe(cell,
              {subtree: true, childList: true, attributes: true});
          });
          window.jupyterapp.commands.execute('notebook:run-cell');
          return await painted;
        }"""
    )
    print(f"\nFirst paint: {took:.0f} ms after the cell was run (toolbar shows the run's state)")
    notebook.end_kernel()


HEAD = [
    "made/s",
    "painted/s",
    "p50 / p95 ms",
    "kB/update",
    "training slower",
    "longest frame ms",
]


def in_browser(options: argparse.Namespace) -> None:
    """Measure one library, and nbviz's flood and first paint."""
    with running_lab() as (page, lab):
        print(json.dumps(measure(page(), lab, options.only, options)), flush=True)
        if options.only == "nbviz":
            flood(page(), lab)
            first_paint(page(), lab)


def one_library(name: str, options: argparse.Namespace) -> tuple[list[str], str]:
    """Return a library's row and what else was printed; its page may never come back."""
    print(f"{name} …", file=sys.stderr)
    command = [sys.executable, __file__, "--only", name, "--points", str(options.points)]
    command += ["--rate", str(options.rate), "--seconds", str(options.seconds)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, complaints = process.communicate(timeout=options.limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return [name, f"page frozen: no answer within {options.limit:g} s"], ""
    row, _, rest = printed.partition("\n")
    if process.returncode != 0:
        print(complaints[-2000:], file=sys.stderr)
        return [name, "failed"], rest
    return json.loads(row), rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--limit", type=float, default=150, help="seconds for one library")
    parser.add_argument("--only", choices=LIBRARIES, help="one library, without a table")
    options = parser.parse_args()
    if options.only is not None:
        in_browser(options)
        return
    rows, others = zip(*(one_library(name, options) for name in LIBRARIES), strict=True)
    head = [f"4 × {options.points:,} points", *HEAD]
    widths = [
        max(len(r[i]) for r in [head, *rows] if len(r) == len(head)) for i in range(len(head))
    ]
    print(f"\n{options.rate} updates/s asked for {options.seconds:g} s, while training runs:")
    for row in [head, *rows]:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)))
    print(*others, sep="")


if __name__ == "__main__":
    main()
