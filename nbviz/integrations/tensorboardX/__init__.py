"""tensorboardX's interface: change the import, and the code shows live in the cell."""

from nbviz.integrations.tensorboardX.writer import GlobalSummaryWriter, SummaryWriter

__all__ = ["GlobalSummaryWriter", "SummaryWriter"]
