"""Tables by step."""

from nbviz.panels.tables.panel import TablesPanel

PANEL = TablesPanel()
