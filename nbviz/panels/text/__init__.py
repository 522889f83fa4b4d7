"""Texts by step."""

from nbviz.panels.text.panel import TextPanel

PANEL = TextPanel()
