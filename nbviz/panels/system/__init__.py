"""What a run uses of its machine."""

from nbviz.panels.system.panel import SystemPanel

PANEL = SystemPanel()
