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
import sys
from typing import Any

from _lab import NEWEST, Notebook, Page, running_lab
from _live_cells import FIRST_PAINT, FLOOD, LIBRARIES, TRAIN
from _live_page import FINISH, HEAD, WATCH, painted_updates, print_table, run_apart, show


def measure(page: Page, lab: Any, name: str, options: argparse.Namespace) -> list[str]:
    source, read = LIBRARIES[name]
    train = TRAIN.format(points=options.points, rate=options.rate)
    found = painted_updates(
        (page, lab),
        (train, source),
        read,
        seconds=options.seconds,
        name=name.replace(" ", "-"),
    )
    return found.row(name)


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


def in_browser(options: argparse.Namespace) -> None:
    """Measure one library, and nbviz's flood and first paint."""
    with running_lab() as (page, lab):
        print(json.dumps(measure(page(), lab, options.only, options)), flush=True)
        if options.only == "nbviz":
            flood(page(), lab)
            first_paint(page(), lab)


def one_library(name: str, options: argparse.Namespace) -> tuple[list[str], str]:
    """Return a library's row and what else was printed; its page may never come back."""
    command = [sys.executable, __file__, "--only", name, "--points", str(options.points)]
    command += ["--rate", str(options.rate), "--seconds", str(options.seconds)]
    return run_apart(command, name, options.limit)


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
    print(f"\n{options.rate} updates/s asked for {options.seconds:g} s, while training runs:")
    print_table(head, list(rows))
    print(*others, sep="")


if __name__ == "__main__":
    main()
