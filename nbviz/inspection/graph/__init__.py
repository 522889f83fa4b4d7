"""The model's graph: trace, hierarchy, export."""

from nbviz.inspection.graph.model import Edge, Graph, ModuleCall, Operation, Parameter
from nbviz.inspection.graph.trace.trace import trace
from nbviz.inspection.graph.trace.values import TensorInfo

__all__ = ["Edge", "Graph", "ModuleCall", "Operation", "Parameter", "TensorInfo", "trace"]
