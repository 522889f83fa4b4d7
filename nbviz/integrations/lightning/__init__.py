"""A Logger and a Callback for Lightning 2.x, as `lightning` or as `pytorch_lightning`.

`TensorBoardLogger` is for code whose `self.logger.experiment` is a SummaryWriter.
"""

from nbviz.integrations.lightning.board import TensorBoardLogger
from nbviz.integrations.lightning.callback import NbvizCallback
from nbviz.integrations.lightning.logger import NbvizLogger

__all__ = ["NbvizCallback", "NbvizLogger", "TensorBoardLogger"]
