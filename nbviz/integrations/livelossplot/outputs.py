"""Where PlotLosses sends what was logged: the live view, and outputs of the user's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from nbviz.integrations.livelossplot.history import LogItem, MainLogger

_LINE = "\t{metric_name:16} \t (min: {min:8.3f}, max: {max:8.3f}, cur: {current:8.3f})"


class BaseOutput(ABC):
    """An output of one's own: `send` is called with all that was logged."""

    @abstractmethod
    def send(self, logger: MainLogger) -> None:
        """Take what was logged."""

    def close(self) -> None:  # noqa: B027  an output need not have one
        """Take leave after the last call."""

    def set_output_mode(self, mode: str) -> None:
        """Say where it is: "notebook" or "script".

        Raises:
            ConfigurationError: It is neither.
        """
        if mode not in ("notebook", "script"):
            raise ConfigurationError(f'mode must be "notebook" or "script", got {mode!r}.')
        self._set_output_mode(mode)

    def _set_output_mode(self, mode: str) -> None:
        del mode


class MatplotlibPlot(BaseOutput):
    """The live view, which stands in its place. Options of pictures are taken, and not needed."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def send(self, logger: MainLogger) -> None:
        """Do nothing: the view is live."""


class ExtremaPrinter(BaseOutput):
    """Prints lowest and highest values in a script; in a notebook the live view marks the best.

    Args:
        massage_template: A line, made with `metric_name`, `min`, `max` and `current`; its name is
            livelossplot's.

    Attributes:
        last_message: What was printed last, or would have been.
    """

    def __init__(self, massage_template: str = _LINE) -> None:
        self.massage_template = massage_template
        self.last_message = ""
        self._mode = "script"

    def send(self, logger: MainLogger) -> None:
        """Print the lowest, highest and newest value of each metric, in a script."""
        lines: list[str] = []
        for group, metrics in logger.grouped_log_history().items():
            lines.append(group)
            lines += [self._line(name, history) for name, history in metrics.items()]
        self.last_message = "\n".join(lines)
        if self._mode == "script":
            print(self.last_message)  # noqa: T201  it is what it is there for

    def _line(self, name: str, history: list[LogItem]) -> str:
        values = [item.value for item in history]
        if not values:
            return f"\t{name:16} \t (no values!)"
        return self.massage_template.format(
            metric_name=name, min=min(values), max=max(values), current=values[-1]
        )

    def _set_output_mode(self, mode: str) -> None:
        self._mode = mode


def output_of(given: object) -> BaseOutput:
    """Return the output that a name, or an object, stands for.

    Raises:
        ConfigurationError: There is none of that name; it says what to use.
    """
    if given in ("MatplotlibPlot", "BokehPlot"):
        return MatplotlibPlot()
    if given == "ExtremaPrinter":
        return ExtremaPrinter()
    if isinstance(given, str):
        raise ConfigurationError(
            f"there is no output {given!r}: the view is live, and PlotLosses(dir=…) writes event "
            "files for TensorBoard. Leave it out, or give an object with a method send(logger)."
        )
    output: Any = given
    return output
