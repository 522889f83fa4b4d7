"""Panels beside what else draws the same in a notebook: frames, latency, and training's speed.

In JupyterLab, for each kind and library in a notebook of its own: a small network trains in a
background thread while the kernel makes a new heatmap, 60 histograms, a grid of 64 images, a
confusion matrix or a table so many times a second. Columns as in `live_panels.py`. Then what
`projector.py` and `drawing_pad.py` print; curves have `live_panels.py`.

Run: python benchmarks/panels.py   (needs what `make setup` installs; under fifteen minutes; --quick
measures three seconds of each, and is through in about eight)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from _lab import running_lab
from _live_cells import TRAIN
from _live_page import HEAD, painted_updates, print_table, run_each_apart

# All that is logged is kept and shown: not thinned to a share of the time.
RUN = """
import nbviz
run = nbviz.Run("bench", overhead_budget=1.0, media_budget=1_000_000_000)
"""
SHOWN = "nbviz.Dashboard(run, panels=['{panel}'], arrangement='stack')"
# Each first shows step POINTS, and `update_for` then counts on from it.
NORMAL = "DATA = [rng.standard_normal({shape}).astype('float32') for _ in range(8)]"
DATA = {
    "heatmap 256²": NORMAL.format(shape=(256, 256)),
    "heatmap 1024²": NORMAL.format(shape=(1024, 1024)),
    "60 histograms": NORMAL.format(shape=(60, 10_000)),
    "64 images": "DATA = [rng.random((64, 3, 32, 32)).astype('float32') for _ in range(8)]",
    "confusion, 1,000 classes": "DATA = [rng.integers(0, 50, (1000, 1000)) for _ in range(4)]",
    "table, 100,000 rows": (
        "DATA = [{'sample': np.arange(100_000), 'loss': rng.random(100_000)} for _ in range(4)]"
    ),
}
NBVIZ = {
    "heatmap 256²": ("media", "run.log_tensor('map', data, step)"),
    "heatmap 1024²": ("media", "run.log_tensor('map', data, step)"),
    "60 histograms": (
        "histograms",
        "for number, part in enumerate(data): run.log_histogram(f'layer{number}', part, step)",
    ),
    "64 images": ("media", "run.log_images('grid', data, step)"),
    "confusion, 1,000 classes": (
        "confusion",
        "run.log_confusion_matrix('confusion', matrix=data, step=step)",
    ),
    "table, 100,000 rows": ("tables", "run.log_table('samples', data, step)"),
}
PLOTLY = {
    "heatmap 256²": "go.Heatmap(z=data)",
    "heatmap 1024²": "go.Heatmap(z=data)",
    "60 histograms": "*(go.Histogram(x=part, nbinsx=64) for part in data)",
    "64 images": (
        "go.Image(z=(data.reshape(8, 8, 3, 32, 32).transpose(0, 3, 1, 4, 2)"
        ".reshape(256, 256, 3) * 255).astype('uint8'))"
    ),
    "confusion, 1,000 classes": "go.Heatmap(z=data)",
    "table, 100,000 rows": (
        "go.Table(header={'values': list(data)}, cells={'values': [*data.values()]})"
    ),
}
BQPLOT = {
    "heatmap 256²": "bqplot.HeatMap(color=data, scales={'x': x, 'y': y, 'color': shades})",
    "heatmap 1024²": "bqplot.HeatMap(color=data, scales={'x': x, 'y': y, 'color': shades})",
    "60 histograms": (
        "*(bqplot.Hist(sample=part, bins=64, scales={'sample': x, 'count': y}) for part in data)"
    ),
}
MATPLOTLIB = {
    "heatmap 256²": "figure.subplots().imshow(data)",
    "heatmap 1024²": "figure.subplots().imshow(data)",
    "60 histograms": (
        "[axes.hist(part, 64) for axes, part in zip(figure.subplots(6, 10).flat, data)]"
    ),
    "64 images": (
        "figure.subplots().imshow("
        "data.reshape(8, 8, 3, 32, 32).transpose(0, 3, 1, 4, 2).reshape(256, 256, 3))"
    ),
    "confusion, 1,000 classes": "figure.subplots().imshow(data)",
}
CANNOT = {
    "bqplot": {
        "64 images": "its Image is one picture, made before",
        "confusion, 1,000 classes": "as its heatmap of 1024²",
        "table, 100,000 rows": "it has no tables",
    },
    "matplotlib inline": {"table, 100,000 rows": "its tables are drawn whole, as one picture"},
}
RATES = dict(zip(DATA, (30, 10, 10, 5, 2, 2), strict=True))
READ = {
    "nbviz": "(e) => e.querySelector('[data-step]')?.dataset.step",
    "bqplot": "(e) => e.querySelector('.bqplot .mainheading')?.textContent",
    "plotly": "(e) => e.querySelector('.gtitle')?.textContent",
    "matplotlib inline": "(e) => e.querySelector('[data-shown]')?.dataset.shown",
}


def source_of(kind: str, library: str) -> str | None:
    """Return the cell that shows the display and has `update`; None where there is none."""
    if library == "nbviz":
        panel, call = NBVIZ[kind]
        update = f"def update(step, _values):\n    data = DATA[step % len(DATA)]\n    {call}\n"
        return f"{RUN}\n{update}\nupdate(POINTS, None)\nrun.drain()\n" + SHOWN.format(panel=panel)
    if library == "bqplot" and kind in BQPLOT:
        return f"""
import bqplot
x, y, shades = bqplot.LinearScale(), bqplot.LinearScale(), bqplot.ColorScale()
def made(data):
    return [{BQPLOT[kind]}]
figure = bqplot.Figure(marks=made(DATA[0]), title=str(POINTS))
def update(step, _values):
    for mark, part in zip(figure.marks, made_of(DATA[step % len(DATA)])):
        mark.{"sample" if kind == "60 histograms" else "color"} = part
    figure.title = str(step)
def made_of(data):
    return {"data" if kind == "60 histograms" else "[data]"}
figure
"""
    if library == "plotly" and kind in PLOTLY:
        traces = PLOTLY[kind]
        return f"""
import plotly.graph_objects as go
def made(data):
    return [{traces}]
figure = go.FigureWidget(made(DATA[0]), {{"title": {{"text": str(POINTS)}}}})
KEYS = {{"heatmap": "z", "histogram": "x", "image": "z", "table": "cells"}}
def update(step, _values):
    new = made(DATA[step % len(DATA)])
    with figure.batch_update():
        for trace, fresh in zip(figure.data, new):
            key = KEYS[trace.type]
            trace[key] = fresh[key]
        figure.layout.title.text = str(step)
figure
"""
    if library == "matplotlib inline" and kind in MATPLOTLIB:
        return f"""
import base64, io
from IPython.display import HTML, display
from matplotlib.figure import Figure
def picture(step):
    data = DATA[step % len(DATA)]
    figure = Figure(figsize=(8, 4))
    {MATPLOTLIB[kind]}
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    text = base64.b64encode(buffer.getvalue()).decode()
    return HTML(f'<img data-shown="{{step}}" src="data:image/png;base64,{{text}}">')
def update(step, _values):
    handle.update(picture(step))
handle = display(picture(POINTS), display_id=True)
"""
    return None


def in_browser(kinds: list[str], library: str, seconds: float) -> None:
    """Measure one library in some kinds, and print a row of each as JSON."""
    with running_lab() as (new_page, lab):
        for kind in kinds:
            source = source_of(kind, library)
            assert source is not None
            train = TRAIN.format(points=10, rate=RATES[kind]) + DATA[kind]
            page = new_page()
            found = painted_updates(
                (page, lab),
                (train, source),
                READ[library],
                seconds=seconds,
                name=f"panels {kinds.index(kind)}",
                alone_seconds=min(2.0, seconds),
            )
            page.context.close()
            print(json.dumps(found.row(library)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", choices=DATA, default=list(DATA))
    parser.add_argument("--libraries", nargs="*", choices=READ, default=list(READ))
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--limit", type=float, default=90, help="seconds for one measurement")
    parser.add_argument("--only", choices=READ, help="one library of the kinds, no table")
    parser.add_argument("--quick", action="store_true", help="all of it in about eight minutes")
    parser.add_argument(
        "--apart",
        action="store_true",
        help="training on a core of its own, all else on the others (Linux): its slow-down is then"
        " what is done in its process, and frames are those of fewer cores",
    )
    options = parser.parse_args()
    if options.apart:
        core, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, others)
        os.environ["NBVIZ_BENCH_CORE"] = str(core)
    if options.quick:
        options.seconds, options.limit = 3.0, 45.0
    if options.only is not None:
        in_browser(options.kinds, options.only, options.seconds)
        return
    began = time.monotonic()
    rows: dict[str, dict[str, list[str]]] = {}
    for library in options.libraries:
        command = [sys.executable, __file__, "--seconds", str(options.seconds)]
        command += ["--only", library, "--kinds"]
        can = [kind for kind in options.kinds if source_of(kind, library) is not None]
        rows[library] = run_each_apart(command, can, library, options.limit)
    for kind in options.kinds:
        of = [
            rows[one].get(kind, [one, f"cannot: {CANNOT.get(one, {}).get(kind, '')}"])
            for one in rows
        ]
        print(f"\n{kind}, {RATES[kind]} a second asked for:")
        print_table(["", *HEAD], of)
    print(f"\n{time.monotonic() - began:.0f} s for these", flush=True)
    if options.kinds != list(DATA):
        return
    quick = {
        "projector": ["--seconds", "1.5"],
        "drawing_pad": ["--strokes", "2", "--waits", "0", "0.2"],
    }
    for name, arguments in quick.items():
        print(f"\n{name.replace('_', ' ')}:", flush=True)
        script = str(Path(__file__).with_name(f"{name}.py"))
        command = [sys.executable, script, *(arguments if options.quick else [])]
        if subprocess.run(command, check=False).returncode != 0:
            print(f"{name} failed", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
