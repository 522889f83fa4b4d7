"""The libraries whose interfaces are served: imported when they are needed, and not before."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError, MissingDependencyError, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

TAKE_TORCH = 'set os.environ["KERAS_BACKEND"] = "torch" before keras is first imported.'
"""What to do where Keras has another backend, or looks for that of another."""

_HINTS = {"keras": f" Without TensorFlow, {TAKE_TORCH}"}
_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?")


def require(package: str, least: str, module: str = "") -> Any:
    """Return a library's module.

    Args:
        package: As its package is installed.
        least: The oldest version that is served, such as "2.0".
        module: What is imported; the package's own if empty.

    Raises:
        MissingDependencyError: It is not installed; the message has the command.
        ConfigurationError: It is older than `least`, or cannot be imported.
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
    try:
        return importlib.import_module(module or package)
    except ImportError as error:
        raise ConfigurationError(
            f"{package} {version} is installed, and cannot be imported ({describe(error)})."
            f"{_HINTS.get(package, '')}"
        ) from error


def not_served(module: str, name: str, instead: Mapping[str, str]) -> Exception:
    """Return the error for a name that a module of ours has not.

    Args:
        module: Its name.
        name: The name that was asked for.
        instead: What to use in place of names of the peer's.
    """
    if name in instead:
        peer = module.rpartition(".")[2]
        return ConfigurationError(f"{peer}.{name} is not served; {instead[name]}.")
    return AttributeError(f"module {module!r} has no attribute {name!r}")


def _read(version: str) -> tuple[int, int]:
    found = _NUMBERS.match(version)
    assert found is not None, version
    return int(found[1]), int(found[2] or 0)
