"""Calls of a canvas's `draw_` methods, which are drawn when the canvas is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from nbviz.errors import ConfigurationError
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.integrations.hiddenlayer.history import History, Metric


class Call(NamedTuple):
    """One call of a `draw_` method.

    Attributes:
        method: The method's name.
        args: What it was called with.
        kwargs: The same by name.
        is_own: Whether the method is the library's, not one that a subclass wrote or changed.
    """

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    is_own: bool


class Painter(Protocol):
    """A canvas, as the live view knows it."""

    theme: dict[str, Any]

    @property
    def figure(self) -> Any:
        """A matplotlib figure of what was rendered last."""
        ...

    def paint(self, calls: Sequence[Call]) -> Any:
        """Return a matplotlib figure with these calls drawn in it, one below the other."""
        ...


def plotted(metrics: Any, labels: Any) -> tuple[list[Metric], list[str]]:
    """Return the metrics of a `draw_plot` call, and what to call them.

    Raises:
        ConfigurationError: There are not as many labels as metrics.
    """
    given = cast("list[Metric]", metrics if isinstance(metrics, list | tuple) else [metrics])
    shown = list(given)
    names = [str(label) for label in labels] if labels else [metric.name for metric in shown]
    if len(names) != len(shown):
        raise ConfigurationError(
            f"draw_plot got {counted(len(names), 'label')} for {counted(len(shown), 'metric')}; "
            "give each its own."
        )
    return shown, names


def summary(history: History, title: str = "") -> str:
    """Return a history's newest step and its time in words."""
    time = str(history.get_total_time()).partition(".")[0]
    line = f"Step: {history.step}      Time: {time}"
    return f"{title}\n\n{line}" if title else line
