"""The lines of a run's log."""

from nbviz.panels.log.panel import LogPanel

PANEL = LogPanel()
