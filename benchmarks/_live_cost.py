"""The rows of `log_calls.py` with a dashboard, in a real kernel: training speed that is kept.

"no screen": the kernel sends frames to a client that acknowledges them and draws nothing: what
nbviz costs in the kernel. "in JupyterLab": Chromium draws them on the same machine.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent
TESTS = BENCHMARKS.parent / "tests"
sys.path[:0] = [str(TESTS / "kernels"), str(TESTS), str(BENCHMARKS)]

ROUNDS, ROUND_SECONDS = 32, 1.5  # what the page has still to paint weighs on the round after it
SECONDS = 240
SETUP = f"""
import sys, nbviz
sys.path.insert(0, {str(BENCHMARKS)!r})
import log_calls
from nbviz.training.background import BackgroundRun
log_calls.ROUNDS, log_calls.ROUND_SECONDS = {ROUNDS}, {ROUND_SECONDS}
steps, KEPT = log_calls.networks(), {{}}
run = nbviz.Run("cost")
dashboard = nbviz.Dashboard(run)
def go():
    for number, name in enumerate(steps, 1):
        log = lambda step, values: run.log(values, step)
        KEPT[name] = log_calls.kept(log, steps[name], number * 10_000_000)
    KEPT["done"] = True
training = BackgroundRun(go, name="cost")
"""


def no_screen() -> dict[str, Any]:
    from jupyter_client.manager import start_new_kernel
    from kernel_page import KernelPage

    manager, client = start_new_kernel(kernel_name="python3")
    page = KernelPage(client)
    page.run(SETUP)
    page.show("dashboard")
    page.send("ready")
    page.run("training.start()")
    began, sequence = time.monotonic(), 0
    least = 4 * ROUNDS * ROUND_SECONDS  # asking the kernel earlier would be a cost, too
    while time.monotonic() - began < least or not page.value("KEPT.get('done', False)"):
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            page.read(0.1)
        numbers = [received.content.get("sequence", 0) for received in page.received]
        sequence = max([sequence, *numbers])
        page.received.clear()
        page.send("acknowledge", sequence=sequence)
    kept = page.value("KEPT")
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return kept


def in_jupyterlab() -> dict[str, Any]:
    from _lab import NEWEST, Notebook, running_lab

    with running_lab() as (new_page, lab):
        page = new_page()
        cells = [SETUP + "dashboard", "training.start()"]
        notebook = Notebook(page, lab, cells, kernel=NEWEST, name="cost")
        notebook.run(0)
        page.wait_for_selector(".nbviz[data-nbviz=ready]")
        page.locator(".jp-OutputArea").first.evaluate("(area) => area.scrollIntoView()")
        notebook.run(1)
        page.wait_for_timeout(4000 * ROUNDS * ROUND_SECONDS)
        notebook.wait_for("KEPT.get('done', False)", seconds=SECONDS)
        kept = notebook.value("KEPT")
        notebook.end_kernel()
    return kept


ROWS = {
    "nbviz, live, no screen": no_screen,
    "nbviz, live in JupyterLab": in_jupyterlab,
}

if __name__ == "__main__":
    print(json.dumps(ROWS[sys.argv[1]]()))
