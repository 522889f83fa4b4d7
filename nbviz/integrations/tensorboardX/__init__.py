"""tensorboardX's interface: change the import, and the code shows live in the cell."""

from typing import NoReturn

from nbviz.errors import ConfigurationError
from nbviz.integrations.tensorboardX.writer import GlobalSummaryWriter, SummaryWriter

__all__ = ["GlobalSummaryWriter", "SummaryWriter"]

_INSTEAD = {
    "TorchVis": "use SummaryWriter, or nbviz.Visdom for visdom's windows",
    "FileWriter": "use SummaryWriter, whose file_writer it is",
    "RecordWriter": "use SummaryWriter, which writes event files",
    "beholder": "use run.watch(model), which shows weights as they change",
}


def __getattr__(name: str) -> NoReturn:
    if name in _INSTEAD:
        raise ConfigurationError(f"tensorboardX.{name} is not served; {_INSTEAD[name]}.")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
