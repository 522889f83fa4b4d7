"""hiddenlayer's own transforms, which apply to the graphs that nbviz builds."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

from nbviz.integrations.hiddenlayer.installed import installed

_module = installed("transforms")

Fold = _module.Fold
FoldDuplicates = _module.FoldDuplicates
FoldId = _module.FoldId
Prune = _module.Prune
PruneBranch = _module.PruneBranch
Rename = _module.Rename
SIMPLICITY_TRANSFORMS = _module.SIMPLICITY_TRANSFORMS
