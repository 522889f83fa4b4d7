"""visdom's interface: windows in the notebook cell, without a server."""

from nbviz.integrations.visdom.client import Visdom

__all__ = ["Visdom"]
