"""What nbviz's own widgets are: drawn by a part of its front end, closed and opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import anywidget
import ipywidgets
import traitlets

from nbviz.widgets.boxes import follow_boxes
from nbviz.widgets.comms import let_subshells_answer

if TYPE_CHECKING:
    from collections.abc import Generator


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
    """Open a widget, and before it all that it is made of, whoever has closed them.

    `ipywidgets.Widget.close_all` closes each widget by itself.
    """
    for one in _made_of(widget, set()):
        if one.comm is None:
            one.open()
            shown_again(one)


def _made_of(widget: Any, known: set[int]) -> Generator[Any]:
    """Return the widgets that a widget refers to, each after those that it refers to itself."""
    known.add(id(widget))
    for name in widget.keys:
        found: object = getattr(widget, name, None)
        if isinstance(found, dict):
            found = tuple(cast("dict[str, object]", found).values())
        several = cast("tuple[object, ...]", found) if isinstance(found, tuple | list) else (found,)
        for one in several:
            if isinstance(one, ipywidgets.Widget) and id(one) not in known:
                yield from _made_of(one, known)
    yield widget


def _parts_of(widget: Any) -> list[Any]:
    found = (getattr(widget, name, None) for name in ("layout", "style"))
    return [part for part in found if isinstance(part, ipywidgets.Widget)]


# What draws a widget: anywidget's front end has no defaults of these.
_ALIKE = ("_esm", "_source", "_view_name", "_view_module", "_view_module_version")


class OpenedByBoxes:
    """The part of a widget that opens it where a box that is made refers to it.

    It may have been closed since no cell displayed it any more; ipywidgets gives a closed widget no
    name, and raises.
    """

    @property
    def model_id(self) -> str:
        """What pages call it."""
        mine: Any = self
        if mine.comm is None:
            mine.open()
        comm: Any = mine.comm
        return comm.comm_id


class CellWidget(OpenedByBoxes, anywidget.AnyWidget):
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
