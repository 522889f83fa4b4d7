"""A Logger and a Callback for Lightning 2.x, as `lightning` or as `pytorch_lightning`.

`TensorBoardLogger` is for code whose `self.logger.experiment` is a SummaryWriter.
"""

from typing import NoReturn

from nbviz.integrations.lightning.board import TensorBoardLogger
from nbviz.integrations.lightning.callback import NbvizCallback
from nbviz.integrations.lightning.logger import NbvizLogger
from nbviz.integrations.peers import not_served

__all__ = ["NbvizCallback", "NbvizLogger", "TensorBoardLogger"]

_INSTEAD = {
    "CSVLogger": "use NbvizLogger; run.to_csv(path) writes a table",
    "LearningRateMonitor": "NbvizCallback records learning rates",
    "RichProgressBar": "NbvizCallback shows progress",
    "TQDMProgressBar": "NbvizCallback shows progress",
    "WandbLogger": "use NbvizLogger; run.to_wandb(path) writes W&B's files",
}


def __getattr__(name: str) -> NoReturn:
    raise not_served(__name__, name, _INSTEAD)
