"""tqdm's progress bars: each item is a step of a run that the cell shows and steers.

`tqdm_notebook` and `tnrange` are what older notebooks import of tqdm, and `auto`, `notebook` and
`std` are modules from which others do: here each is this one.
"""

import sys

from nbviz.integrations.tqdm.bars import tqdm, trange

tqdm_notebook, tnrange = tqdm, trange

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]

for _name in ("auto", "notebook", "std"):
    sys.modules[f"{__name__}.{_name}"] = sys.modules[__name__]
