"""The built parts of the front end."""

from __future__ import annotations

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
