"""Views in boxes of ipywidgets, which the user displays: the views are told where they are shown.

A box that holds a view stays when its cell clears its outputs, as the view by itself does, and a
picture for readers without a kernel follows it.
"""

from __future__ import annotations

import logging
import sys
import threading
import uuid
import weakref
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from nbviz.widgets.cells import is_terminal, running_cell
from nbviz.widgets.clearing import (
    EMPTY,
    children_of,
    is_displayed_again,
    is_widget,
    leave_to_the_cell,
    put_back_here,
    stay_when_cleared,
    widget_of,
)
from nbviz.widgets.output import WIDGET_VIEW

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_WIDGETS = 1000  # of a box that are looked at
_publishers: weakref.WeakSet[Any] = weakref.WeakSet()
# The newest cell: the request that runs it, the boxes that it displays, and the views that it
# clears away and displays again in a box that it has made anew.
_request: str | None = None
_displayed: set[str] = set()
_anew: weakref.WeakSet[Any] = weakref.WeakSet()


@runtime_checkable
class Boxable(Protocol):
    """A widget that may be in a box."""

    def shown_in_a_box(self) -> None:
        """Be told that the running cell has displayed a box that holds it."""
        ...


def follow_boxes() -> None:
    """Tell views of the boxes that cells display, from now on."""
    ipython: Any = sys.modules.get("IPython")
    shell: Any = None if ipython is None else ipython.get_ipython()
    publisher = getattr(shell, "display_pub", None)
    if publisher is None or publisher in _publishers or is_terminal():
        return
    _publishers.add(publisher)
    before: Callable[..., None] = publisher.publish

    def publish(data: Any, *arguments: Any, **options: Any) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        box = _box_of(data) if is_main and not options.get("update") else None
        if box is None:
            before(data, *arguments, **options)
        elif is_displayed_again(box) is None:
            before(data, *arguments, **options)
            _displays(box, data, before)

    def cell_ended(result: Any = None, *_: object) -> None:
        # What a cell's last line gives is displayed on another way.
        box: Any = getattr(result, "result", None)
        if not is_widget(box) or box.comm is None or not views_in(box):
            return
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        _displays(box, {"text/plain": type(box).__name__, WIDGET_VIEW: view}, before)

    publisher.__dict__["publish"] = publish
    shell.events.register("post_run_cell", cell_ended)


def views_in(box: object) -> list[Boxable]:
    """Return the views that a box holds, also in boxes in it; none if it is a view itself."""
    if isinstance(box, Boxable):
        return []
    found: list[Boxable] = []
    known, to_see = {id(box)}, [box]
    for one in to_see:  # which grows meanwhile
        if isinstance(one, Boxable):
            found.append(one)
            continue
        for child in children_of(one):
            if is_widget(child) and id(child) not in known and len(known) < _MOST_WIDGETS:
                known.add(id(child))
                to_see.append(child)
    return found


def _box_of(data: Any) -> Any:
    """Return the box with views that is about to be displayed; None for anything else."""
    shown = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    name = shown.get(WIDGET_VIEW, {}).get("model_id")
    found = widget_of(name) if isinstance(name, str) else None
    return found if views_in(found) else None


def _displays(box: Any, data: dict[str, Any], publish: Callable[..., None]) -> None:
    global _request  # noqa: PLW0603  that of the running cell
    request = running_cell()[1]
    if request is None:
        return
    if request != _request:
        _request = request
        _displayed.clear()
        _anew.clear()
    if box.model_id in _displayed:
        return
    _displayed.add(box.model_id)
    views = views_in(box)
    for one in put_back_here():
        other = one.widget()
        if any(view in views for view in views_in(other)):
            leave_to_the_cell(one)
            publish(EMPTY, update=True, transient={"display_id": one.handle})
            for view in views:
                _anew.add(view)
    if not any(view in _anew for view in views):
        name = uuid.uuid4().hex
        put_back = lambda: publish(data, transient={"display_id": name})  # noqa: E731
        stay_when_cleared(box, put_back, name)
    for view in views:
        try:
            view.shown_in_a_box()
        except Exception as error:  # the box is the user's, and is there
            logging.getLogger("nbviz").warning("a view in a box has no picture", exc_info=error)
