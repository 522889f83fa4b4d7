"""`summary`: a model's modules as a table that a notebook shows as one that sorts and folds.

Without Jupyter it is a table of text, so nothing of Jupyter is imported here.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from nbviz.errors import LoggingError
from nbviz.inspection.summary.summary import Summary
from nbviz.inspection.summary.summary import summary as summary_of_model
from nbviz.widgets.cells import is_terminal

if TYPE_CHECKING:
    import torch

    from nbviz.widgets.summary_view import SummaryView


class ShownSummary(Summary):
    """A summary that a notebook shows as a tree table: headings sort it, rows open and close."""

    @cached_property
    def view(self) -> SummaryView:
        """The table as a widget, for ipywidgets' boxes and tabs."""
        from nbviz.widgets.summary_view import SummaryView

        return SummaryView(self)

    def _ipython_display_(self, **_: Any) -> None:
        ipython: Any = sys.modules["IPython"]  # which has called
        if is_terminal():
            ipython.display.display({"text/plain": str(self)}, raw=True)
        else:
            self.view.show()


def _sum_up(model: torch.nn.Module, *inputs: Any, **kwargs: Any) -> ShownSummary:
    """Return a model's modules as a table of shapes, parameters, multiply-adds, memory and time.

    In a notebook a click on a heading sorts the table, each module's parts among themselves, and
    rows open and close; `.to_text()`, `.to_html()` and `.to_pandas()` return it in other forms.

    The shapes come from a trace as of `nbviz.trace`. For the times the model is then run, at most
    six times, without gradients; a model on the meta device is not. All is afterwards as it was.

    Args:
        model: The model, in the mode (train or eval) in which it shall be summed up.
        *inputs: What its forward takes: tensors, or containers and objects that hold tensors.
        **kwargs: The same by name.

    Raises:
        TraceError: The model cannot be run with these inputs; the model's own error is chained.
    """
    made = summary_of_model(model, *inputs, **kwargs)
    return ShownSummary(**{field.name: getattr(made, field.name) for field in fields(Summary)})


class _Summed:
    """`nbviz.summary`: called, it sums a model up; as what it is in W&B it says what to use."""

    __call__ = staticmethod(_sum_up)
    __doc__ = _sum_up.__doc__
    __name__ = "summary"

    def __getitem__(self, name: str) -> NoReturn:
        raise _not_of_a_run(name)

    def __setitem__(self, name: str, value: object) -> None:
        raise _not_of_a_run(name)


def _not_of_a_run(name: str) -> LoggingError:
    return LoggingError(
        "nbviz.summary(model, …) sums a model up; what is left of a run of nbviz.init is "
        f"nbviz.run.summary[{name!r}]."
    )


summary = _Summed()
