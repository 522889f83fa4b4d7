"""Sounds by step."""

from nbviz.panels.audio.panel import AudioPanel

PANEL = AudioPanel()
