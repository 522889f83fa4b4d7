"""What nbviz's own widgets are: drawn by a part of its front end, closed and opened again."""

from __future__ import annotations

from typing import Any, cast

import anywidget
import ipywidgets
import traitlets

from nbviz.widgets.boxes import follow_boxes
from nbviz.widgets.comms import let_subshells_answer


def shown_again(widget: object) -> None:
    """Let a closed widget be displayed: ipywidgets makes it invisible to IPython for ever."""
    for name in ("_ipython_display_", "_repr_mimebundle_"):
        vars(cast("Any", widget)).pop(name, None)


def close_whole(widget: Any) -> None:
    """Close an ipywidgets widget, and what it alone uses: its layout and its style."""
    widget.close()
    for part in _parts_of(widget):
        part.close()


def open_whole(widget: Any) -> None:
    """Open a widget that was closed so, for the box that shows it."""
    for part in (*_parts_of(widget), widget):
        part.open()
    shown_again(widget)


def _parts_of(widget: Any) -> list[Any]:
    found = (getattr(widget, name, None) for name in ("layout", "style"))
    return [part for part in found if isinstance(part, ipywidgets.Widget)]


# What draws a widget: anywidget's front end has no defaults of these.
_ALIKE = ("_esm", "_source", "_view_name", "_view_module", "_view_module_version")


class CellWidget(anywidget.AnyWidget):
    """A widget that a part of nbviz's front end draws.

    A subclass has `_esm = widget_module(part)` and a `_source` with the part's source, which a page
    imports once for all widgets.
    """

    _source = traitlets.Unicode().tag(sync=True)
    _own_layout: Any = None  # until it is made: ipywidgets closes what could not be

    def __init__(self, **traits: Any) -> None:
        follow_boxes()
        super().__init__(**traits)
        self._own_layout = cast("Any", self).layout  # another one may be the user's

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        layout: Any = cast("Any", self).layout
        if self.comm is None and layout is not None:
            layout.open()
        super().open()
        let_subshells_answer(self)

    def close(self) -> None:
        """Remove it from all pages; it opens when it is shown again."""
        super().close()
        shown_again(self)
        # A model and a comm of its own, which ipywidgets leaves in the page and in the kernel.
        if self._own_layout is not None:
            self._own_layout.close()

    def replaced(self) -> None:
        """Close it: no cell displays it any more."""
        self.close()

    def _get_embed_state(self, drop_defaults: bool = False) -> Any:
        """Return what ipywidgets' `embed_minimal_html` writes.

        It leaves out what is as in every widget of the class, and so what draws it.
        """
        state: Any = super()._get_embed_state(drop_defaults=drop_defaults)
        own: Any = self
        state["state"].update({name: str(getattr(own, name)) for name in _ALIKE})
        return state
