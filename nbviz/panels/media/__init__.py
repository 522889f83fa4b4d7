"""Images, videos and tensors by step."""

from nbviz.panels.media.panel import MediaPanel

PANEL = MediaPanel()
