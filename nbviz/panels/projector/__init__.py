"""The projector: embeddings as clouds of points that move with the training."""

from nbviz.panels.projector.panel import ProjectorPanel

PANEL = ProjectorPanel()
