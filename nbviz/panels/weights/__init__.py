"""A model's parameters as heatmaps."""

from nbviz.panels.weights.panel import WeightsPanel

PANEL = WeightsPanel()
