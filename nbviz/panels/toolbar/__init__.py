"""Steers a run."""

from nbviz.panels.toolbar.panel import ToolbarPanel

PANEL = ToolbarPanel()
