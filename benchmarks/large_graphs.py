"""A model of 10,103 operations in JupyterLab: how soon its graph is seen, and a box of it opened.

From the end of the trace, and from a double-click, to the painted frame, by stages: what the kernel
does, the way to the page, the layout in the page's worker, and the drawing.

    python benchmarks/large_graphs.py [--rounds 5] [--pictures FOLDER]

Needs what `make setup` installs; about a minute.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from _lab import NEWEST, Notebook, Page, running_lab

MODEL = """
import random, time
import nbviz, torch
from torch import nn
torch.set_num_threads(1)

class Stage(nn.Module):
    '''Operations that follow each other without a pattern that could be folded.'''
    def __init__(self, count, seed):
        super().__init__()
        self.count, self.seed = count, seed
    def forward(self, x):
        choose = random.Random(self.seed)
        kept, made = x, 0
        while made < self.count:
            kind = choose.randrange(5)
            if kind == 4:
                x = x + kept
                kept = x
            else:
                x = (torch.relu, torch.sigmoid, torch.tanh, torch.sin)[kind](x)
            made += 1
        return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.stages = nn.ModuleList(Stage(1000, seed) for seed in range(10))
        self.neck = Stage(99, 99)
        self.head = nn.Linear(16, 100)
    def forward(self, words):
        x = self.embed(words)
        for stage in self.stages:
            x = stage(x)
        return self.head(self.neck(x))

from nbviz.inspection.graph.hierarchy.hierarchy import Hierarchy
from nbviz.session import requests, transport
from nbviz.widgets import graph_view
MARKS = {}
def timed(owner, name, label):
    work = getattr(owner, name)
    def run(*args, **kwargs):
        began = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            MARKS[label] = MARKS.get(label, 0) + 1000 * (time.perf_counter() - began)
    setattr(owner, name, run)
timed(Hierarchy, "__init__", "boxes")
timed(Hierarchy, "level", "levels")
timed(graph_view, "graph_bundle", "saved picture")
timed(transport.Transport, "answer", "answer")
timed(requests.RequestHandler, "handle", "requests")
words = torch.zeros(1, 8, dtype=torch.long)
model = Net().eval()
graph = nbviz.trace(model, words)
"""
SHOW = """
graph.__dict__.pop("hierarchy", None)
MARKS.clear()
traced = time.time()
view = nbviz.graph(graph)
view
"""
# Notes when frames come over the wire and when the worker is asked and has answered.
WATCH = """() => {
  const now = () => performance.timeOrigin + performance.now();
  window.noted = {};
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const size = data.byteLength ?? data.size ?? data.length;
        (window.noted.frames ??= []).push([now(), size]);
      });
    }
  };
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (data, ...more) {
    if (data?.plan) {
      window.noted.asked = now();
      this.addEventListener("message", () => { window.noted.placed = now(); }, { once: true });
    }
    return post.call(this, data, ...more);
  };
}"""
PAINTED = """async ([index, scope, act]) => {
  const now = () => performance.timeOrigin + performance.now();
  window.noted.frames = [];
  const cell = document.querySelectorAll(".jp-Notebook .jp-Cell")[index];
  const isShown = () => scope === null
    ? cell.querySelector(".nbviz-graph[data-ready=true]")
    : cell.querySelector(`[data-node-id="${CSS.escape(scope)}"][aria-expanded=true]`);
  const painted = new Promise((resolve) => {
    let isDone = false;
    const seen = () => {
      if (isDone || !isShown()) return;
      isDone = true;
      window.noted.drawn = now();
      requestAnimationFrame(() => setTimeout(() => resolve(now())));
    };
    const observer = new MutationObserver(seen);
    observer.observe(cell, { subtree: true, childList: true, attributes: true });
    if (act === "run") {
      window.nbvizPanel.content.activeCellIndex = index;
      window.nbvizPanel.content.deselectAll();
      window.jupyterapp.commands.execute("notebook:run-cell");
      cell.scrollIntoView();
    } else {
      window.noted.began = now();
      const box = cell.querySelector(`[data-node-id="${CSS.escape(scope)}"] .nbviz-graph-label`);
      box.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    }
  });
  const at = await painted;
  return { ...window.noted, painted: at };
}"""

AT_REST = "async () => { await Promise.all(document.getAnimations().map((a) => a.finished)); }"


def opening(notebook: Notebook, page: Page) -> dict[str, float]:
    """Show the graph, and return what each stage took, in ms."""
    noted = page.evaluate(PAINTED, [1, None, "run"])
    page.locator(".jp-Notebook .jp-Cell").nth(1).scroll_into_view_if_needed()
    marks = notebook.value("MARKS")
    began = notebook.value("traced") * 1000
    return split(noted, marks, began)


def expanding(notebook: Notebook, page: Page, scope: str) -> dict[str, float]:
    """Open a box by a double-click, and return what each stage took, in ms."""
    notebook.value("MARKS.clear()")
    page.evaluate(AT_REST)  # a reader opens no box while the one before still unfolds
    noted = page.evaluate(PAINTED, [1, scope, "open"])
    return split(noted, notebook.value("MARKS"), noted["began"])


def split(noted: dict[str, Any], marks: dict[str, float], began: float) -> dict[str, float]:
    return {
        "all, until painted": noted["painted"] - began,
        "kernel: boxes and levels": max(marks.get("boxes", 0.0), marks.get("levels", 0.0)),
        "kernel: picture to save": marks.get("saved picture", 0.0),
        "kernel: all requests": marks.get("requests", 0.0),
        "kernel: answers": marks.get("answer", 0.0),
        "until layout is asked": noted["asked"] - began,
        "layout and back": noted["placed"] - noted["asked"],
        "drawing elements": noted["drawn"] - noted["placed"],
        "until painted then": noted["painted"] - noted["drawn"],
        "kB on the wire": sum(size for _, size in noted["frames"]) / 1000,
    }


def rounds(page: Page, lab: Any, count: int, pictures: Path | None) -> None:
    page.add_init_script(f"({WATCH})()")
    notebook = Notebook(page, lab, [MODEL, SHOW], kernel=NEWEST, name="large")
    notebook.run(0)
    print(notebook.value("repr(graph)"), file=sys.stderr)
    found: dict[str, list[dict[str, float]]] = {}
    for turn in range(count + 1):
        shown = opening(notebook, page)
        steps = {"opens": shown}
        if pictures and turn == 0:
            picture(page, pictures / "large.png")
        wide = "stages.4"
        for name, scope in scopes(notebook, wide):
            steps[name] = expanding(notebook, page, scope)
            if pictures and turn == 0:
                picture(page, pictures / f"large-{name.replace(' ', '-')}.png")
        for name, step in steps.items():
            found.setdefault(name, []).append(step)
    for name, turns in found.items():
        print(f"\n{name:28} {'first':>8} {'median':>8} {'worst':>8}  (of those after the first)")
        for stage in turns[0]:
            first, *values = [turn[stage] for turn in turns]
            print(f"  {stage:26} {first:8.0f} {statistics.median(values):8.0f} {max(values):8.0f}")


def scopes(notebook: Notebook, wide: str) -> list[tuple[str, str]]:
    """Return the boxes to open, the outermost first."""
    part = notebook.value(f"graph.level({wide!r})['nodes'][0]['node_id']")
    has_parts = notebook.value(f"graph.level({wide!r})['nodes'][0]['child_count']") > 0
    around = notebook.value(f"graph.hierarchy.around({wide!r})")
    found = [(f"around {i}", box) for i, box in enumerate(around[:-1])]
    part_of_it = [("part", part)] if has_parts else []
    return [*found, ("box of 1000", wide), *part_of_it, ("box of 99", "neck")]


def picture(page: Page, path: Path) -> None:
    page.wait_for_timeout(400)
    page.locator(".nbviz-graph").screenshot(path=path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots")
    options = parser.parse_args()
    with running_lab() as (page, lab):
        rounds(page(), lab, options.rounds, options.pictures)


if __name__ == "__main__":
    main()
