"""The installed hiddenlayer package."""

from __future__ import annotations

import importlib
from typing import Any

from nbviz.errors import MissingDependencyError


def installed(name: str) -> Any:
    """Return one of the package's modules, such as "graph".

    Raises:
        MissingDependencyError: hiddenlayer, or something that it imports, is not installed.
    """
    try:
        return importlib.import_module(f"hiddenlayer.{name}")
    except ImportError as error:
        # Its wheel declares no dependencies, so that it is often matplotlib that is missing.
        missing = (error.name or "hiddenlayer").partition(".")[0]
        raise MissingDependencyError(missing, "graph") from error
