"""hiddenlayer's own graph expressions: the language of patterns such as `Conv > (Relu | Tanh)`."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

from nbviz.integrations.hiddenlayer.installed import installed

_module = installed("ge")

GEParser = _module.GEParser
NodePattern = _module.NodePattern
ParallelPattern = _module.ParallelPattern
SerialPattern = _module.SerialPattern
