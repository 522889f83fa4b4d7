"""torch.utils.tensorboard's interface: change the import, and the code shows live in the cell."""

from nbviz.integrations.tensorboard.writer import SummaryWriter

__all__ = ["SummaryWriter"]
