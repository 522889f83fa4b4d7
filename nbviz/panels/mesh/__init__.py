"""Meshes and clouds of points by step, turned and zoomed."""

from nbviz.panels.mesh.panel import MeshPanel

PANEL = MeshPanel()
