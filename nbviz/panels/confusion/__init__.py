"""Confusion matrices by step."""

from nbviz.panels.confusion.panel import ConfusionPanel

PANEL = ConfusionPanel()
