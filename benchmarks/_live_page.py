"""What a page paints of updates that a kernel makes while it trains: shared by the benchmarks."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import IO, Any, NamedTuple

import numpy as np
from _lab import NEWEST, Notebook, Page

START_SECONDS = 60  # for a JupyterLab and a browser

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


def steps_and_seconds(notebook: Notebook) -> tuple[int, float]:
    """Return how many steps the training has made, and the kernel's time."""
    count, seconds = notebook.value("(COUNT[0], __import__('time').time())")
    return count, seconds


def training_speed(notebook: Notebook, page: Page, seconds: float) -> float:
    """Return steps a second, over so many seconds."""
    before, began = steps_and_seconds(notebook)
    page.wait_for_timeout(seconds * 1000)  # what is measured: the training alone, meanwhile
    after, ended = steps_and_seconds(notebook)
    return (after - before) / (ended - began)


class Painted(NamedTuple):
    """What came of one series of updates.

    Attributes:
        made: Updates a second.
        frames: Frames a second in which the page painted another of them.
        latencies: Milliseconds from each update to the first frame that shows it or a later one.
        update_bytes: Bytes of the page's websockets an update.
        slowdown: Steps/s of the training alone over steps/s beside them.
        longest_frame: Milliseconds.
    """

    made: float
    frames: float
    latencies: list[float]
    update_bytes: float
    slowdown: float
    longest_frame: float

    def row(self, name: str) -> list[str]:
        """Return a line of a table with `HEAD`."""
        shown = self.latencies or [np.nan]
        p50, p95 = np.percentile(shown, [50, 95])
        return [
            name,
            f"{self.made:.0f}",
            f"{self.frames:.1f}",
            f"{p50:.0f} / {p95:.0f}",
            f"{self.update_bytes / 1000:.2f}",
            f"{self.slowdown:.2f}×",
            f"{self.longest_frame:.0f}",
        ]


HEAD = [
    "made/s",
    "painted/s",
    "p50 / p95 ms",
    "kB/update",
    "training slower",
    "longest frame ms",
]


def painted_updates(
    opened: tuple[Page, Any],
    cells: tuple[str, str],
    read: str,
    *,
    seconds: float,
    name: str,
    alone_seconds: float = 2.0,
) -> Painted:
    """Run a training and a display in a new notebook, then updates beside the training.

    Args:
        opened: A page, and its server.
        cells: What trains (`_live_cells.TRAIN`), and what shows the display and has `update`.
        read: A JavaScript function that takes the display's cell and returns the number of the
            update that it shows, undefined until there is one.
        seconds: How long.
        name: The notebook's.
        alone_seconds: For which the training runs by itself, for comparison.
    """
    page, lab = opened
    wire = Wire(page)
    asked = f"done = update_for({seconds}, update)"
    notebook = Notebook(page, lab, [*cells, asked], kernel=NEWEST, name=name)
    notebook.run(0)
    notebook.wait_for("COUNT[0]", lambda count: count > 200)
    alone = training_speed(notebook, page, alone_seconds)
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
    count, began = steps_and_seconds(notebook)
    page.wait_for_timeout(seconds * 1000)  # asking the kernel meanwhile would be traffic, too
    notebook.wait_for("done.is_set()", seconds=60)
    count2, ended = steps_and_seconds(notebook)
    sent_bytes = wire.bytes - began_bytes
    page.wait_for_timeout(500)  # the last frames may come; that they do is what is measured
    painted, gaps = page.evaluate(FINISH)
    logged = {int(k): v for k, v in notebook.value("LOGGED").items()}
    notebook.value("STOP.set()")
    notebook.end_kernel()
    painted = [(at, int(step)) for at, step in painted if int(step) in logged]
    frames = [(at, step) for at, step in painted if at / 1000 <= max(logged.values())]
    span = (max(logged.values()) - min(logged.values())) or seconds
    latencies, position = [], 0
    for step in sorted(logged):
        while position < len(painted) and painted[position][1] < step:
            position += 1
        if position < len(painted):
            latencies.append(painted[position][0] - logged[step] * 1000)
    return Painted(
        len(logged) / span,
        len(frames) / span,
        latencies,
        sent_bytes / len(logged),
        alone / ((count2 - count) / (ended - began)),
        max(gaps),
    )


def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Print rows below their head; a shorter row is a remark, as wide as it is."""
    widths = [
        max(len(r[i]) for r in [head, *rows] if len(r) == len(head)) for i in range(len(head))
    ]
    for row in [head, *rows]:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)))


def run_apart(command: list[str], name: str, limit: float) -> tuple[list[str], str]:
    """Run a measurement whose page may freeze in a process of its own.

    Returns:
        Its row, which it prints first as JSON, and what else it printed.
    """
    print(f"{name} …", file=sys.stderr)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, complaints = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return [name, f"page frozen: no answer within {limit:g} s"], ""
    row, _, rest = printed.partition("\n")
    if process.returncode != 0:
        print(complaints[-2000:], file=sys.stderr)
        return [name, "failed"], rest
    return json.loads(row), rest


def run_each_apart(
    command: list[str], kinds: list[str], name: str, limit: float
) -> dict[str, list[str]]:
    """Run the measurements of one library in one process, until one of its pages freezes.

    Args:
        command: Measures the kinds that are added to it, and prints a row of each as JSON.
        kinds: What is measured.
        name: The library's.
        limit: Seconds for each kind; where one takes longer another process does the rest.

    Returns:
        A row of each kind.
    """
    rows: dict[str, list[str]] = {}
    while left := [kind for kind in kinds if kind not in rows]:
        print(f"{name}: {', '.join(left)} …", file=sys.stderr)
        process = subprocess.Popen(
            [*command, *left], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        printed: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, printed), daemon=True)
        reader.start()
        for place, kind in enumerate(left):
            try:
                line = printed.get(timeout=limit + (START_SECONDS if place == 0 else 0))
            except queue.Empty:
                rows[kind] = [name, f"page frozen: no answer within {limit:g} s"]
                break
            if not line:  # the process is over
                rows[kind] = [name, "failed"]
                break
            rows[kind] = json.loads(line)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return rows


def _read(printed: IO[str], lines: queue.Queue[str]) -> None:
    for line in printed:
        lines.put(line)
    lines.put("")
