"""Lightning, under the name under which a user's code has it."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

from nbviz.errors import MissingDependencyError
from nbviz.integrations.peers import require

# Package, module. The two hold the same classes twice.
_NAMES = (("lightning", "lightning.pytorch"), ("pytorch_lightning", "pytorch_lightning"))


def _find() -> list[Any]:
    """Return what is imported already; where neither is, the first that is installed."""
    found = [require(name, "2.0", path) for name, path in _NAMES if path in sys.modules]
    for name, path in () if found else _NAMES:
        try:
            return [require(name, "2.0", path)]
        except MissingDependencyError:
            continue
    if not found:
        raise MissingDependencyError("lightning")
    return found


LIBRARIES = _find()


def base_of(name: str) -> Any:
    """Return a class to derive from: of each library that is there, so that both know it."""
    bases = tuple(getattr(_module_of(library, name), name) for library in LIBRARIES)
    return types.new_class(f"Lightning{name}", bases)


def trainer_of(module: Any) -> Any:
    """Return the Trainer of the library that a LightningModule is of; None if it is none."""
    for _, path in _NAMES:
        library = sys.modules.get(path)
        if library is not None and isinstance(module, library.LightningModule):
            return library.Trainer
    return None


def _module_of(library: Any, name: str) -> Any:
    if name == "Logger":
        return importlib.import_module(f"{library.__name__}.loggers.logger")
    return library


_loggers: Any = _module_of(LIBRARIES[0], "Logger")
rank_zero_experiment: Any = _loggers.rank_zero_experiment
# Both libraries and Fabric share the one of `lightning_utilities`, in which the rank is.
rank_zero_only: Any = importlib.import_module("lightning_utilities.core.rank_zero").rank_zero_only
