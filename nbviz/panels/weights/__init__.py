"""A model's parameters as pictures."""

from nbviz.panels.weights.panel import WeightsPanel

PANEL = WeightsPanel()
