"""A Logger and a Callback for Lightning 2.x, as `lightning` or as `pytorch_lightning`."""

from nbviz.integrations.lightning.callback import NbvizCallback
from nbviz.integrations.lightning.logger import NbvizLogger

__all__ = ["NbvizCallback", "NbvizLogger"]
