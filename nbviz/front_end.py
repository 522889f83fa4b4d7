"""The built parts of the front end."""

from __future__ import annotations

import os
from pathlib import Path

from nbviz.errors import ConfigurationError

_STATIC = Path(__file__).parent / "static"


def front_end(name: str) -> str:
    """Return the source of one part: "widget", or an asset that the page fetches when it needs it.

    Raises:
        ConfigurationError: nbviz was installed without its front end.
    """
    try:
        return (_STATIC / f"{name}.js").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"nbviz's front end is missing from this installation (nbviz/static/{name}.js). "
            "In a checkout, build it with: make build"
        ) from None


def widget_module(name: str) -> str | Path:
    """Return what a widget's `_esm` is to be: what has the page import its source once.

    A page keeps for ever what anywidget imports, which it does anew for each model.

    With ANYWIDGET_HMR=1 it is the path of the source's file: anywidget watches the file, and sends
    what is built anew to the pages that show it.

    Args:
        name: "widget", "summary" and the like.

    Raises:
        ConfigurationError: nbviz was installed without its front end.
    """
    front_end(name)
    return _STATIC / f"{name}.js" if _is_watched() else front_end("loader")


def widget_source(name: str) -> str:
    """Return what the page imports; "" where `widget_module` is that."""
    return "" if _is_watched() else front_end(name)


def _is_watched() -> bool:
    return os.environ.get("ANYWIDGET_HMR") == "1"
