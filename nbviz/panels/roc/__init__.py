"""Curves of precision and recall, ROC and calibration by step."""

from nbviz.panels.roc.panel import RocPanel

PANEL = RocPanel()
