"""What each library's notebook runs in `live_panels.py`: the same loop, the same 4 curves."""

from __future__ import annotations

TRAIN = """
import collections, os, threading, time, numpy as np, torch
torch.set_num_threads(1)
POINTS, RATE = {points}, {rate}
rng = np.random.default_rng(0)
HISTORY = np.cumsum(rng.normal(size=(4, POINTS)), axis=1)
LOGGED, STOP, COUNT = {{}}, threading.Event(), [0]

def train():
    if "NBVIZ_BENCH_CORE" in os.environ:
        os.sched_setaffinity(0, {{int(os.environ["NBVIZ_BENCH_CORE"])}})  # of this thread
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))
    while not STOP.is_set():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        COUNT[0] += 1

def update_for(seconds, update):
    def loop():
        step, began = POINTS, time.perf_counter()
        while (now := time.perf_counter()) - began < seconds:
            step += 1
            values = HISTORY[:, -1] + rng.normal(size=4)
            LOGGED[step] = time.time()
            update(step, values)
            ahead = began + (step - POINTS) / RATE - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
        DONE.set()
    DONE = threading.Event()
    threading.Thread(target=loop, daemon=True).start()
    return DONE

threading.Thread(target=train, daemon=True).start()
"""

NBVIZ = """
import nbviz
run = nbviz.Run("bench")
TAGS = [f"loss/series{i}" for i in range(4)]
for step in range(1, POINTS + 1):
    run.log(dict(zip(TAGS, HISTORY[:, step - 1].tolist())), step=step)
run.drain()
def update(step, values):
    run.log(dict(zip(TAGS, values.tolist())), step=step)
dashboard = nbviz.Dashboard(run, panels=["curves"], frames_per_second=60)
dashboard
"""

BQPLOT = """
import bqplot
from IPython.display import display
x_scale, y_scale = bqplot.LinearScale(), bqplot.LinearScale()
xs, ys = np.arange(1, POINTS + 1, dtype=float), HISTORY.copy()
line = bqplot.Lines(x=xs, y=ys, scales={"x": x_scale, "y": y_scale})
figure = bqplot.Figure(marks=[line], title="0", axes=[
    bqplot.Axis(scale=x_scale), bqplot.Axis(scale=y_scale, orientation="vertical")])
def update(step, values):
    global xs, ys
    xs = np.append(xs[1:], step)
    ys = np.concatenate([ys[:, 1:], values[:, None]], axis=1)
    with line.hold_sync():
        line.x, line.y = xs, ys
    figure.title = str(step)
figure
"""

PLOTLY = """
import plotly.graph_objects as go
xs, ys = np.arange(1, POINTS + 1, dtype=float), HISTORY.copy()
figure = go.FigureWidget([go.Scatter(x=xs, y=row) for row in ys], {"title": {"text": "0"}})
def update(step, values):
    global xs, ys
    xs = np.append(xs[1:], step)
    ys = np.concatenate([ys[:, 1:], values[:, None]], axis=1)
    with figure.batch_update():
        for trace, row in zip(figure.data, ys):
            trace.x, trace.y = xs, row
        figure.layout.title.text = str(step)
figure
"""

MATPLOTLIB = """
import base64, io
from IPython.display import HTML, display
from matplotlib.figure import Figure
xs, ys = np.arange(1, POINTS + 1, dtype=float), HISTORY.copy()
def picture(step):
    figure = Figure(figsize=(8, 3))
    axes = figure.subplots()
    axes.plot(xs, ys.T)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return HTML(f'<img data-shown="{step}" src="data:image/png;base64,{data}">')
def update(step, values):
    global xs, ys
    xs = np.append(xs[1:], step)
    ys = np.concatenate([ys[:, 1:], values[:, None]], axis=1)
    handle.update(picture(step))
handle = display(picture(0), display_id=True)
"""

# How the page tells which step it shows.
LIBRARIES = {
    "nbviz": (NBVIZ, "(e) => e.querySelector('[data-last-step]')?.dataset.lastStep"),
    "bqplot Lines": (BQPLOT, "(e) => e.querySelector('.bqplot .mainheading')?.textContent"),
    "plotly FigureWidget": (PLOTLY, "(e) => e.querySelector('.gtitle')?.textContent"),
    "matplotlib inline": (MATPLOTLIB, "(e) => e.querySelector('[data-shown]')?.dataset.shown"),
}

FLOOD = """
import threading, time, nbviz
flood = nbviz.Run("flood")
FLOOD_TAGS = [f"metric{{i}}/train" for i in range(20)]
CALLS, flood_done = {calls}, threading.Event()
def pour():
    began = time.perf_counter()
    for step in range(1, CALLS + 1):
        values = {{tag: (step * 7919 + i) % 1000 / 1000 for i, tag in enumerate(FLOOD_TAGS)}}
        flood.log(values, step=step)
        ahead = began + step / {rate} - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
    global flood_ended
    flood_ended = time.time()
    flood_done.set()
flood_dashboard = nbviz.Dashboard(flood, panels=["curves"])
flood_dashboard
"""

FIRST_PAINT = """
import torch, nbviz
from torch import nn
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
train_loader, val_loader = nbviz.datasets.digits()
trainer = nbviz.LiveTrainer(model, train_loader, val_loader=val_loader,
                            loss_fn=nn.CrossEntropyLoss(),
                            optimizer=torch.optim.SGD(model.parameters(), 0.1), max_epochs=2)
"""
