"""A model's graph, and what its boxes were measured to be."""

from nbviz.panels.graph.panel import GraphPanel

PANEL = GraphPanel()
