"""livelossplot's interface: `from nbviz.integrations.livelossplot import PlotLosses`.

Its charts are live curves in the cell in place of pictures that are drawn anew.
"""

from typing import Any

from nbviz.integrations.livelossplot import outputs
from nbviz.integrations.livelossplot.history import MainLogger
from nbviz.integrations.livelossplot.plot_losses import PlotLosses
from nbviz.integrations.peers import not_served

__all__ = ["MainLogger", "PlotLosses", "outputs"]

_INSTEAD = {
    "PlotLossesPoutyne": "call PlotLosses().update(logs) and send() at an epoch's end",
}


def __getattr__(name: str) -> Any:
    if name in ("PlotLossesKeras", "PlotLossesKerasTF"):
        from nbviz.integrations.livelossplot.inputs import keras_callback

        globals()[name] = found = keras_callback()
        return found
    if name == "PlotLossesIgnite":
        from nbviz.integrations.livelossplot.inputs import PlotLossesIgnite

        return PlotLossesIgnite
    raise not_served(__name__, name, _INSTEAD)
