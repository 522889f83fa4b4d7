"""Histograms over the steps."""

from nbviz.panels.histograms.panel import HistogramsPanel

PANEL = HistogramsPanel()
