"""tqdm's progress bars: each item is a step of a run that the cell shows and steers."""

from nbviz.integrations.tqdm.bars import tqdm, trange

__all__ = ["tqdm", "trange"]
