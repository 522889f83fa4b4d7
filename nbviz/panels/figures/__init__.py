"""Figures of plotting libraries by step."""

from nbviz.panels.figures.panel import FiguresPanel

PANEL = FiguresPanel()
