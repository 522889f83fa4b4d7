"""A run's scalars as lines."""

from nbviz.panels.curves.panel import CurvesPanel

PANEL = CurvesPanel()
