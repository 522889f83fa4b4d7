"""tqdm's progress bars: each item is a step of a run that the cell shows and steers.

`tqdm_notebook` and `tnrange` are what older notebooks import of tqdm.
"""

from nbviz.integrations.tqdm.bars import tqdm, trange

tqdm_notebook, tnrange = tqdm, trange

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]
