"""Five hundred runs in one view: how soon it stands, how smoothly it moves, what it costs.

500 finished runs of 20 tags and 10,000 points each, in JupyterLab. Printed for nbviz: the time from
running the cell to the painted table and to the painted curves, a sort, a hide, a filter, frames a
second while the pointer passes over the curves and while the table scrolls, what travels, and the
page's heap. `--files` reads the same runs from event files. Beside it plotly's widget with the
curves of one tag, a quarter of what nbviz draws: of the twenty runs that nbviz shows, and of all,
each reduced to as many points as a chart is wide.

Run: python benchmarks/run_table.py   (needs what `make setup` installs; under six minutes)
"""

from __future__ import annotations

import argparse
from typing import Any

from _lab import NEWEST, Notebook, Page, running_lab
from _live_page import Wire

RUNS = """\
import numpy as np, nbviz
RUNS, TAGS, POINTS = {runs}, {tags}, {points}
rng = np.random.default_rng(0)
names = ["loss/train", "loss/val", "accuracy/train", "accuracy/val"]
names += [f"metric{{i}}/train" for i in range(TAGS - len(names))]
steps = np.arange(1, POINTS + 1)
seconds = steps * 0.05
noise = rng.normal(0, 0.02, POINTS)
runs = []
for place in range(RUNS):
    lr, width = 10 ** -rng.uniform(1, 4), int(2 ** rng.integers(3, 9))
    optimizer = ["SGD", "Adam", "AdamW"][place % 3]
    run = nbviz.Run(f"run {{place:03d}}", config={{"lr": lr, "width": width, "optimizer": optimizer,
                                                  "seed": place, "depth": 3}})
    run.begin()
    pace = 1 / (0.2 + abs(np.log10(lr) + 2.5)) * (width / 64) ** 0.2
    loss = 2.3 * np.exp(-steps * pace / POINTS * 6) + noise + 0.2
    for i, name in enumerate(names):
        values = 1 - loss / 3 if name.startswith("accuracy") else loss * (1 + 0.1 * (i % 4))
        run._store.extend(name, steps, seconds, values)
    run.meter.step = POINTS
    run.finish()
    runs.append(run)
"""
NBVIZ = "dashboard = nbviz.compare(runs); dashboard"
FILES = """\
import pathlib, tempfile
from nbviz.recording.event_files.messages import hparams_event, scalar_records
from nbviz.recording.event_files.records import frame
directory = tempfile.TemporaryDirectory()
for run in runs:
    folder = pathlib.Path(directory.name) / run.name
    folder.mkdir()
    with open(folder / "events.out.tfevents.1700000000.host.1", "wb") as file:
        file.write(frame([hparams_event(1.7e9, run.hparams)]))
        for start in range(0, POINTS, 1000):  # as steps are logged: all tags of some, then of more
            part = slice(start, start + 1000)
            values = [run[name].values[part] for name in names]
            file.write(scalar_records(1.7e9 + seconds[part], steps[part], names, values))
        file.write(scalar_records(1.7e9 + seconds[-1:], steps[-1:], names,
                                  [run[name].values[-1:] for name in names]))
del runs, run
"""
NBVIZ_FILES = "dashboard = nbviz.compare(directory.name); dashboard"
PLOTLY = """\
import plotly.graph_objects as go
every = max(1, POINTS // 800)
figure = go.FigureWidget([
    go.Scattergl(x=steps[::every], y=run["loss/train"].values[::every], name=run.name, mode="lines")
    for run in runs[:{shown}]
])
figure.update_layout(height=500, showlegend=True)
figure
"""
LONGEST_WAIT = 60_000  # milliseconds for anything to be painted
# Runs a cell, and returns the milliseconds until a selector's element is there and painted; null
# where that takes too long.
TIMED = """async ([index, selectors, most]) => {
  const panel = window.nbvizPanel, began = performance.now();
  panel.content.activeCellIndex = index;
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const waits = selectors.map((selector) => new Promise((resolve) => {
    const seen = () => {
      if (performance.now() - began > most) return resolve(null);
      if (!cell.querySelector(selector)) return requestAnimationFrame(seen);
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    };
    seen();
  }));
  window.jupyterapp.commands.execute('notebook:run-cell');
  return await Promise.all(waits);
}"""
# Does something, and returns the milliseconds until a condition holds in a painted frame.
UNTIL = """async ([act, holds]) => {
  const root = document.querySelector('.nbviz');
  const run = new Function('root', act), test = new Function('root', `return ${holds}`);
  const began = performance.now();
  run(root);
  while (!test(root)) await new Promise(requestAnimationFrame);
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - began;
}"""
FRAMES = """async ([act, milliseconds]) => {
  const run = new Function('share', act);
  const began = performance.now();
  let frames = 0, longest = 0, before = began;
  for (;;) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (now - began > milliseconds) return [1000 * frames / (now - began), longest];
    frames += 1;
    run((now - began) / milliseconds);
  }
}"""
HOVER = """
const over = document.querySelector('.nbviz .nbviz-plot-over');
const { width } = over.getBoundingClientRect();
const box = over.getBoundingClientRect();
over.dispatchEvent(new MouseEvent('mousemove', { bubbles: true,
  clientX: box.left + share * width, clientY: box.top + 40 }));
"""
POINT = """
const rows = document.querySelectorAll('.nbviz .nbviz-runs-row');
const row = rows[Math.floor(share * 200) % rows.length];
row.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
"""
SCROLL = """
const grid = document.querySelector('.nbviz .nbviz-runs-grid');
grid.scrollTop = share * grid.scrollHeight;
"""
# A click on the first name of the legend hides its line.
PLOTLY_HIDE = """
if (share * 6 < (window.nbvizHides ?? 0)) return;
window.nbvizHides = (window.nbvizHides ?? 0) + 1;
const name = document.querySelectorAll('.jp-Notebook .js-plotly-plot .legendtoggle')[
  window.nbvizHides % 20];
for (const kind of ['mousedown', 'mouseup', 'click'])
  name.dispatchEvent(new MouseEvent(kind, { bubbles: true, view: window, detail: 1 }));
"""
HIDE = """
if (share * 6 < (window.nbvizHides ?? 0)) return;
window.nbvizHides = (window.nbvizHides ?? 0) + 1;
const eyes = document.querySelectorAll('.nbviz .nbviz-runs-row [data-action=eye]');
eyes[window.nbvizHides % eyes.length].click();
"""
PLOTLY_HOVER = """
const over = document.querySelector('.jp-Notebook .js-plotly-plot .nsewdrag');
const box = over.getBoundingClientRect();
over.dispatchEvent(new MouseEvent('mousemove', { bubbles: true,
  clientX: box.left + share * box.width, clientY: box.top + 200 }));
"""


def heap(page: Page) -> float:
    """Megabytes of the page's heap, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Runtime.getHeapUsage")
    session.detach()
    return found["usedSize"] / 1e6


def milliseconds(value: float | None) -> str:
    return f"over {LONGEST_WAIT // 1000} s" if value is None else f"{value:,.0f} ms"


def say(what: str, value: str) -> None:
    print(f"  {what:<44}{value}", flush=True)


def measure_nbviz(page: Page, lab: Any, options: argparse.Namespace) -> None:
    wire = Wire(page)
    made = RUNS.format(**vars(options)) + (FILES if options.files else "")
    cells = [made, NBVIZ_FILES if options.files else NBVIZ]
    notebook = Notebook(page, lab, cells, kernel=NEWEST, name="run-table")
    notebook.run(0)
    before, sent = heap(page), wire.bytes
    table, curves = page.evaluate(
        TIMED,
        [
            1,
            [".nbviz .nbviz-runs-row .nbviz-runs-name", ".nbviz [data-last-step]"],
            LONGEST_WAIT,
        ],
    )
    source = "event files of " if options.files else ""
    print(f"nbviz, {source}{options.runs} runs × {options.tags} tags × {options.points:,} points")
    say("cell to painted table", milliseconds(table))
    say("cell to painted curves", milliseconds(curves))
    best = "root.querySelector('.nbviz-runs-row .nbviz-runs-cell:nth-child(5)').textContent !== ''"
    settled = page.evaluate(UNTIL, ["", best])
    notebook.wait_for(
        "all(one.is_whole for one in __import__('nbviz.panels.runs.values', fromlist=['x'])."
        "_values.values()) and not dashboard._session._feed._has_more"
    )
    page.wait_for_timeout(1000)  # what still comes after the first paint is counted, too
    say("then to the first best value", f"{settled:,.0f} ms")
    say("received in all", f"{(wire.bytes - sent) / 1e6:,.1f} MB")
    say("heap", f"{heap(page):,.0f} MB (before: {before:,.0f} MB)")
    count = "root.querySelectorAll('.nbviz-chart .nbviz-legend-name').length"
    lines = page.evaluate(
        f"(() => {{ const root = document.querySelector('.nbviz'); return {count}; }})()"
    )
    took = page.evaluate(
        UNTIL,
        [
            "root.querySelector('[aria-label^=\"Hide run\"]').click()",
            f"{count} < {lines}",
        ],
    )
    say("hide a run in all charts", f"{took:,.0f} ms")
    first = (
        "root.querySelector('.nbviz-runs-row[aria-rowindex=\"2\"] .nbviz-runs-name').textContent"
    )
    now = page.evaluate(
        f"(() => {{ const root = document.querySelector('.nbviz'); return {first}; }})()"
    )
    took = page.evaluate(
        UNTIL, ["root.querySelector('[data-sort^=best]').click()", f"{first} !== {now!r}"]
    )
    say("sort by the best value", f"{took:,.0f} ms")
    sent = wire.bytes
    took = page.evaluate(
        UNTIL,
        [
            (
                "const box = root.querySelector('.nbviz-runs-filter');"
                "box.value = 'adam lr<0.01'; box.dispatchEvent(new Event('input'))"
            ),
            "/ of /.test(root.querySelector('.nbviz-runs-count').textContent)",
        ],
    )
    say("filter", f"{took:,.0f} ms")
    page.wait_for_timeout(3000)  # as above
    say("  twenty others' curves, received", f"{(wire.bytes - sent) / 1e6:,.1f} MB")
    for what, act in (
        ("pointer over the curves", HOVER),
        ("pointer over the rows, a run bold in all", POINT),
        ("table scrolls through all runs", SCROLL),
        ("runs are hidden, two a second", HIDE),
    ):
        rate, longest = page.evaluate(FRAMES, [act, 3000])
        say(what, f"{rate:.0f} frames/s, longest {longest:.0f} ms")
    say("heap at the end", f"{heap(page):,.0f} MB")
    if options.picture:
        page.locator(".nbviz").screenshot(path=options.picture)
    notebook.end_kernel()


def measure_plotly(page: Page, lab: Any, options: argparse.Namespace, shown: int) -> None:
    wire = Wire(page)
    one_tag = {**vars(options), "runs": shown, "tags": 4}
    cells = [RUNS.format(**one_tag), PLOTLY.format(shown=shown)]
    notebook = Notebook(page, lab, cells, kernel=NEWEST, name=f"plotly-{shown}")
    notebook.run(0)
    before, sent = heap(page), wire.bytes
    (painted,) = page.evaluate(TIMED, [1, [".js-plotly-plot .nsewdrag"], LONGEST_WAIT])
    print(f"plotly, one tag of {shown} runs, every {max(1, options.points // 800)}th point")
    say("cell to painted figure", milliseconds(painted))
    if painted is not None:
        page.wait_for_timeout(2000)  # what still comes after the first paint is counted, too
        say("received in all", f"{(wire.bytes - sent) / 1e6:,.1f} MB")
        say("heap", f"{heap(page):,.0f} MB (before: {before:,.0f} MB)")
        for what, act in (
            ("pointer over the curves", PLOTLY_HOVER),
            ("runs are hidden, two a second", PLOTLY_HIDE),
        ):
            rate, longest = page.evaluate(FRAMES, [act, 3000])
            say(what, f"{rate:.1f} frames/s, longest {longest:,.0f} ms")
    notebook.end_kernel()


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--tags", type=int, default=20)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--only", choices=("nbviz", "plotly"))
    parser.add_argument("--files", action="store_true", help="read the runs from event files")
    parser.add_argument("--picture", help="where to write a picture of the view")
    options = parser.parse_args()
    with running_lab() as (page, lab):
        if options.only != "plotly":
            measure_nbviz(page(), lab, options)
        if options.only != "nbviz":
            for shown in sorted({min(20, options.runs), options.runs}):
                measure_plotly(page(), lab, options, shown)


if __name__ == "__main__":
    main()
