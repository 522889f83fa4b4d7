"""Charts of your own data for ipywidgets' boxes, whose selection comes back to Python.

    from nbviz.charts import line, scatter

    chart = scatter(frame["width"], frame["length"], color=frame["species"])
    ipywidgets.HBox([chart, line(losses, title="loss")])
    chart.selected                                  # rows that were selected with the mouse
    chart.update(frame["width"], frame["area"])     # other data in the same place

All take lists, numpy arrays, torch tensors on any device, and data frames. `labels=` names what is
drawn, `title=` stands above it, and `color=` is a CSS colour, or one for each thing that is drawn.
"""

from __future__ import annotations

import importlib.util

from nbviz.errors import MissingDependencyError

if importlib.util.find_spec("bqplot") is None:
    raise MissingDependencyError("bqplot")

from nbviz.charts.amounts import bar, boxplot, histogram, pie
from nbviz.charts.matrices import confusion_matrix, contour, correlation, heatmap
from nbviz.charts.scores import pr_curve, roc_curve
from nbviz.charts.spread import parallel, quiver
from nbviz.charts.xy import line, scatter, stem

__all__ = [
    "bar",
    "boxplot",
    "confusion_matrix",
    "contour",
    "correlation",
    "heatmap",
    "histogram",
    "line",
    "parallel",
    "pie",
    "pr_curve",
    "quiver",
    "roc_curve",
    "scatter",
    "stem",
]
