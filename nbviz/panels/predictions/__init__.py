"""Predictions against what is true, sample by sample."""

from nbviz.panels.predictions.panel import PredictionsPanel

PANEL = PredictionsPanel()
