"""What does a cell that is run again leave behind? A trainer's cell beside those of plain widgets.

In a real JupyterLab each cell is run 100 times. Printed for each, from the tenth run on: growth a
run of the kernel's memory and Python objects, and of the page's JavaScript heap and nodes, after
both have collected garbage and malloc has given back what is free; then how many widgets, comms and
models of the page are left. A part of some 20 MB comes and goes with malloc's arenas, of which it
has up to eight a core: over few runs it says nothing, and where objects do not grow, memory does
not either. IPython keeps what cells have returned (`Out`), so that the cells here end with a line
that returns nothing.

Run: python benchmarks/soak.py   (needs what `make setup` installs; about five minutes)
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from _lab import NEWEST, Notebook, Page, running_lab

WARM = 10  # runs that are not counted: caches fill
TRAINER = """
import nbviz, torch
from torch import nn
from IPython.display import display
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
batches = [(torch.randn(16, 8), torch.randint(0, 2, (16,))) for _ in range(20)]
trainer = nbviz.LiveTrainer(
    model, batches, loss_fn=nn.CrossEntropyLoss(), metrics=["accuracy"], max_epochs=2,
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1), threads=1,
)
display(trainer)
trainer.start()
trainer.wait(60)
"""
LOOP = """
import nbviz
from IPython.display import display
run = nbviz.Run("own")
display(nbviz.Dashboard(run))
for step in range(1, 41):
    run.log({"loss": 1 / step}, step=step)
run.finish()
"""
CANVAS = """
import nbviz.integrations.hiddenlayer as hl
history, canvas = hl.History(), hl.Canvas()
for step in range(10):
    history.log(step, loss=1 / (step + 1))
    canvas.draw_plot(history["loss"])
"""
CHART = """
import numpy as np
from IPython.display import display
from nbviz import charts
chart = charts.scatter(np.arange(50), np.arange(50) ** 2, title="points")
display(chart)
"""
FIGURE = """
import bqplot, numpy as np
from IPython.display import display
try:
    for widget in (figure, *axes, marks, *scales.values()):
        widget.close()
except NameError:
    pass
scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale()}
axes = bqplot.Axis(scale=scales["x"]), bqplot.Axis(scale=scales["y"], orientation="vertical")
marks = bqplot.Scatter(x=np.arange(50), y=np.arange(50) ** 2, scales=scales)
figure = bqplot.Figure(marks=[marks], axes=list(axes), title="points")
display(figure)
"""
SLIDER = """
import ipywidgets
from IPython.display import display
try:
    slider.close()
except NameError:
    pass
slider = ipywidgets.IntSlider()
display(slider)
"""
CELLS = {
    "LiveTrainer": TRAINER,
    "Run and Dashboard": LOOP,
    "hiddenlayer's Canvas": CANVAS,
    "charts.scatter": CHART,
    "bqplot.Figure": FIGURE,  # what charts are drawn with; closed, as charts are
    "ipywidgets.IntSlider": SLIDER,
}
DRAWN = ".nbviz[data-nbviz=ready], .bqplot.figure, .widget-slider, .jupyter-widget-slider"

KERNEL = (
    "[__import__('gc').collect(), "
    "getattr(__import__('ctypes').CDLL(None), 'malloc_trim', int)(0), "
    "__import__('psutil').Process().memory_info().rss, "
    "len(getattr(__import__('ipywidgets').widgets.widget, '_instances', None) "
    "or __import__('ipywidgets').Widget.widgets), "
    "len(__import__('comm').get_comm_manager().comms), "
    "len(__import__('gc').get_objects())][2:]"
)
MODELS = """async () => {
  const rendermime = window.nbvizPanel.content.rendermime;
  const mime = "application/vnd.jupyter.widget-view+json";
  const manager = await rendermime.createRenderer(mime)._manager?.promise;
  return manager?._models ? Object.keys(manager._models).length : -1;
}"""


@dataclass
class Use:
    """What is held after a number of runs.

    Attributes:
        kernel: Bytes of the kernel's process.
        objects: Of Python, in the kernel.
        page: Bytes of the page's JavaScript heap.
        widgets: Widgets of the kernel.
        comms: Comms of the kernel.
        nodes: Nodes of the page's documents, in them or held by scripts.
        models: Models of widgets in the page, -1 if it does not tell.
    """

    kernel: int
    objects: int
    page: int
    nodes: int
    widgets: int
    comms: int
    models: int


def measure(notebook: Notebook, page: Page) -> Use:
    """Collect garbage on both sides, and return what is left."""
    session: Any = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    nodes = session.send("Memory.getDOMCounters")["nodes"]
    session.detach()
    kernel, widgets, comms, objects = notebook.value(KERNEL)
    return Use(kernel, objects, int(used), nodes, widgets, comms, page.evaluate(MODELS))


def soak(source: str, page: Page, lab: Any, name: str, runs: int) -> tuple[Use, Use]:
    """Run a cell again and again; return what is held after the warm-up and at the end."""
    notebook = Notebook(page, lab, [source], kernel=NEWEST, name=name)
    first: Use | None = None
    for number in range(1, runs + 1):
        notebook.run(0)
        notebook.output(0).locator(DRAWN).first.wait_for(state="visible")
        if number == WARM:
            first = measure(notebook, page)
    assert first is not None
    last = measure(notebook, page)
    notebook.close()
    return first, last


def main() -> None:
    """Print a line for each cell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    if runs <= WARM:
        parser.error(f"--runs must be over {WARM}, got {runs}.")
    print(
        f"{'':22}{'kernel':>12}{'objects':>9}{'page':>12}{'nodes':>8}{'widgets':>10}{'comms':>8}{'models':>8}"
    )
    with running_lab() as (open_page, lab):
        for number, (name, source) in enumerate(CELLS.items()):
            page = open_page()
            first, last = soak(source, page, lab, f"soak-{number}", runs)
            page.close()
            lab.end_kernel(lab.kernel(NEWEST))
            counted = runs - WARM
            kernel, heap = last.kernel - first.kernel, last.page - first.page
            nodes = (last.nodes - first.nodes) / counted
            objects = (last.objects - first.objects) / counted
            print(
                f"{name:22}{kernel / counted / 1e3:9,.0f} kB{objects:9,.0f}"
                f"{heap / counted / 1e3:9,.0f} kB{nodes:8,.0f}"
                f"{last.widgets:10,}{last.comms:8,}{last.models:8,}",
                flush=True,
            )


if __name__ == "__main__":
    main()
