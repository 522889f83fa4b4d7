"""Runs beside each other: what they were made with, and how far they came."""

from nbviz.panels.runs.panel import RunsPanel

PANEL = RunsPanel()
