"""The model's graph: trace, hierarchy, layout, overlays."""

from nbviz.inspection.graph.model import Graph
from nbviz.inspection.graph.structure import Edge, ModuleCall, Operation, Parameter
from nbviz.inspection.graph.trace.nested_tensors import TensorInfo
from nbviz.inspection.graph.trace.trace import trace

__all__ = ["Edge", "Graph", "ModuleCall", "Operation", "Parameter", "TensorInfo", "trace"]
