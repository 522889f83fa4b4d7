"""The panels, one folder each; `PANELS` is the only list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.panels import (
    audio,
    confusion,
    curves,
    figures,
    graph,
    histograms,
    log,
    media,
    mesh,
    predictions,
    projector,
    roc,
    runs,
    system,
    tables,
    text,
    toolbar,
    weights,
)

if TYPE_CHECKING:
    from nbviz.panels.panel import Panel

PANELS: tuple[Panel[Any, Any, Any], ...] = (
    toolbar.PANEL,
    curves.PANEL,
    runs.PANEL,
    weights.PANEL,
    media.PANEL,
    predictions.PANEL,
    confusion.PANEL,
    roc.PANEL,
    tables.PANEL,
    histograms.PANEL,
    text.PANEL,
    audio.PANEL,
    figures.PANEL,
    projector.PANEL,
    mesh.PANEL,
    graph.PANEL,
    log.PANEL,
    system.PANEL,
)
"""In the order in which they are shown. The page's list is generated from this one."""
