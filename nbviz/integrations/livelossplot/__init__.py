"""livelossplot's interface: `from nbviz.integrations.livelossplot import PlotLosses`.

Its charts are live curves in the cell in place of pictures that are drawn anew.
"""

from typing import Any

from nbviz.errors import ConfigurationError
from nbviz.integrations.livelossplot import outputs
from nbviz.integrations.livelossplot.history import MainLogger
from nbviz.integrations.livelossplot.plot_losses import PlotLosses

__all__ = ["MainLogger", "PlotLosses", "outputs"]


def __getattr__(name: str) -> Any:
    if name in ("PlotLossesKeras", "PlotLossesKerasTF"):
        from nbviz.integrations.livelossplot.inputs import keras_callback

        globals()[name] = found = keras_callback()
        return found
    if name == "PlotLossesIgnite":
        from nbviz.integrations.livelossplot.inputs import PlotLossesIgnite

        return PlotLossesIgnite
    if name == "PlotLossesPoutyne":
        raise ConfigurationError(
            f"{name} is not served; call PlotLosses().update(logs) and send() at an epoch's end."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
