"""The libraries whose interfaces are served: imported when they are needed, and not before."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from typing import Any

from nbviz.errors import ConfigurationError, MissingDependencyError

_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?")


def require(package: str, least: str, module: str = "") -> Any:
    """Return a library's module.

    Args:
        package: As its package is installed.
        least: The oldest version that is served, such as "2.0".
        module: What is imported; the package's own if empty.

    Raises:
        MissingDependencyError: It is not installed; the message has the command.
        ConfigurationError: It is older than `least`.
    """
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise MissingDependencyError(package) from None
    if _read(version) < _read(least):
        raise ConfigurationError(
            f"{package} {version} is installed, and nbviz works with {least} or newer. Install it "
            f'with: pip install "{package}>={least}"'
        )
    return importlib.import_module(module or package)


def _read(version: str) -> tuple[int, int]:
    found = _NUMBERS.match(version)
    assert found is not None, version
    return int(found[1]), int(found[2] or 0)
