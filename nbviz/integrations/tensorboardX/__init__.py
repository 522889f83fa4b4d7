"""tensorboardX's interface: change the import, and the code shows live in the cell."""

from typing import NoReturn

from nbviz.integrations.peers import not_served
from nbviz.integrations.tensorboardX.writer import GlobalSummaryWriter, SummaryWriter

__all__ = ["GlobalSummaryWriter", "SummaryWriter"]

_INSTEAD = {
    "TorchVis": "use SummaryWriter, or nbviz.Visdom for visdom's windows",
    "FileWriter": "use SummaryWriter, whose file_writer it is",
    "RecordWriter": "use SummaryWriter, which writes event files",
    "beholder": "use run.watch(model), which shows weights as they change",
}


def __getattr__(name: str) -> NoReturn:
    raise not_served(__name__, name, _INSTEAD)
