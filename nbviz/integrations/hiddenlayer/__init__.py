"""hiddenlayer's interface: `import nbviz.integrations.hiddenlayer as hl` in place of `hiddenlayer`.

Its graphs, transforms and themes are those of the installed hiddenlayer package, fed by nbviz's own
trace. `History` and `Canvas` are nbviz's, need neither that package nor matplotlib until something
is drawn with it, and show themselves live. hiddenlayer was written by Waleed Abdulla and Phil
Ferriere, https://github.com/waleedka/hiddenlayer.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbviz.integrations.hiddenlayer import (
        canvas,
        ge,
        graph,
        history,
        pytorch_builder,
        transforms,
    )
    from nbviz.integrations.hiddenlayer import values as utils
    from nbviz.integrations.hiddenlayer.canvas import Canvas, show_images
    from nbviz.integrations.hiddenlayer.graph import Graph, Node, build_graph
    from nbviz.integrations.hiddenlayer.history import History
    from nbviz.integrations.hiddenlayer.values import write

__all__ = [
    "Canvas",
    "Graph",
    "History",
    "Node",
    "build_graph",
    "canvas",
    "ge",
    "graph",
    "history",
    "pytorch_builder",
    "show_images",
    "transforms",
    "utils",
    "write",
]

_MODULE_OF = {
    "Canvas": "canvas",
    "Graph": "graph",
    "History": "history",
    "Node": "graph",
    "build_graph": "graph",
    "show_images": "canvas",
    "write": "values",
}
_MODULES = ("canvas", "ge", "graph", "history", "pytorch_builder", "transforms", "values")


def __getattr__(name: str) -> Any:
    if name == "utils":
        name = "values"  # what hiddenlayer calls it
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _MODULE_OF:
        value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
