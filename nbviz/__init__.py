"""Watch, steer and understand a PyTorch training run inside the notebook cell that started it.

Names are imported when they are first used, so that `import nbviz` is quick, and a machine without
Jupyter can use `Run`, `Trainer` and the rest that has no screen.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbviz import callbacks, charts, datasets, errors
    from nbviz.charts.boxes_page import save_html
    from nbviz.errors import StopTraining
    from nbviz.inspection.graph.trace.trace import trace
    from nbviz.integrations.experiment import define_metric, finish, init, unwatch, watch
    from nbviz.integrations.tensorboard.writer import SummaryWriter
    from nbviz.integrations.tracked_values import (
        Audio,
        Histogram,
        Image,
        Object3D,
        Plotly,
        Settings,
        Table,
        Video,
        login,
    )
    from nbviz.integrations.visdom.client import Visdom
    from nbviz.magics import load_ipython_extension, unload_ipython_extension
    from nbviz.playground.draw_pad import DrawPad
    from nbviz.recording.current import log
    from nbviz.recording.journal.open_runs import open_runs
    from nbviz.recording.journal.opened import open_run
    from nbviz.recording.run import Run
    from nbviz.recording.scalars.series import Sample, Series
    from nbviz.trainer import Trainer
    from nbviz.trainer_commands import step_through
    from nbviz.widgets.active import active
    from nbviz.widgets.dashboard import Dashboard, compare
    from nbviz.widgets.graph_view import GraphView, graph, record
    from nbviz.widgets.live_cell import live
    from nbviz.widgets.live_trainer import LiveTrainer
    from nbviz.widgets.make_dot import make_dot
    from nbviz.widgets.shown_summary import summary

__all__ = [
    "Audio",
    "Dashboard",
    "DrawPad",
    "GraphView",
    "Histogram",
    "Image",
    "LiveTrainer",
    "Object3D",
    "Plotly",
    "Run",
    "Sample",
    "Series",
    "Settings",
    "StopTraining",
    "SummaryWriter",
    "Table",
    "Trainer",
    "Video",
    "Visdom",
    "active",
    "callbacks",
    "charts",
    "compare",
    "datasets",
    "define_metric",
    "errors",
    "finish",
    "graph",
    "init",
    "live",
    "load_ipython_extension",
    "log",
    "login",
    "make_dot",
    "open_run",
    "open_runs",
    "record",
    "save_html",
    "step_through",
    "summary",
    "trace",
    "unload_ipython_extension",
    "unwatch",
    "watch",
]

_HOMES = {
    "unwatch": "nbviz.integrations.experiment",
    "watch": "nbviz.integrations.experiment",
    "define_metric": "nbviz.integrations.experiment",
    "init": "nbviz.integrations.experiment",
    "finish": "nbviz.integrations.experiment",
    "Audio": "nbviz.integrations.tracked_values",
    "Settings": "nbviz.integrations.tracked_values",
    "Table": "nbviz.integrations.tracked_values",
    "Image": "nbviz.integrations.tracked_values",
    "Object3D": "nbviz.integrations.tracked_values",
    "Plotly": "nbviz.integrations.tracked_values",
    "Video": "nbviz.integrations.tracked_values",
    "login": "nbviz.integrations.tracked_values",
    "Histogram": "nbviz.integrations.tracked_values",
    "Dashboard": "nbviz.widgets.dashboard",
    "DrawPad": "nbviz.playground.draw_pad",
    "GraphView": "nbviz.widgets.graph_view",
    "LiveTrainer": "nbviz.widgets.live_trainer",
    "Run": "nbviz.recording.run",
    "Sample": "nbviz.recording.scalars.series",
    "Series": "nbviz.recording.scalars.series",
    "StopTraining": "nbviz.errors",
    "SummaryWriter": "nbviz.integrations.tensorboard.writer",
    "Trainer": "nbviz.trainer",
    "Visdom": "nbviz.integrations.visdom.client",
    "active": "nbviz.widgets.active",
    "compare": "nbviz.widgets.dashboard",
    "graph": "nbviz.widgets.graph_view",
    "live": "nbviz.widgets.live_cell",
    "load_ipython_extension": "nbviz.magics",
    "log": "nbviz.recording.current",
    "make_dot": "nbviz.widgets.make_dot",
    "open_run": "nbviz.recording.journal.opened",
    "open_runs": "nbviz.recording.journal.open_runs",
    "record": "nbviz.widgets.graph_view",
    "save_html": "nbviz.charts.boxes_page",
    "step_through": "nbviz.trainer_commands",
    "summary": "nbviz.widgets.shown_summary",
    "trace": "nbviz.inspection.graph.trace.trace",
    "unload_ipython_extension": "nbviz.magics",
}


def __getattr__(name: str) -> Any:  # noqa: PLR0911
    if name in ("callbacks", "charts", "datasets", "errors"):
        return importlib.import_module(f"nbviz.{name}")
    if name in ("data_types", "plot"):  # of code that is written for W&B
        kind = "tracked_plots" if name == "plot" else "tracked_values"
        return importlib.import_module(f"nbviz.integrations.{kind}")
    if name == "config":  # another one for each run of `init`
        from nbviz.integrations.experiment import experiment

        return experiment().config
    if name == "run":
        from nbviz.integrations.experiment import newest

        return newest()
    if name == "__version__":
        from importlib.metadata import version

        return version("nbviz")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    from nbviz.integrations.refused import call_of

    return call_of(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
