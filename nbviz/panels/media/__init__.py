"""Images, histograms, tensors and texts by step."""

from nbviz.panels.media.panel import MediaPanel

PANEL = MediaPanel()
