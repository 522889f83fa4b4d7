"""livelossplot's interface: `from nbviz.integrations.livelossplot import PlotLosses`.

Its charts are live curves in the cell in place of pictures that are drawn anew.
"""

from nbviz.integrations.livelossplot import outputs
from nbviz.integrations.livelossplot.history import MainLogger
from nbviz.integrations.livelossplot.plot_losses import PlotLosses

__all__ = ["MainLogger", "PlotLosses", "outputs"]
