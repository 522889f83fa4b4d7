"""`clear_output` beside a live view: it clears what the user's code has shown, and the view stays.

In the cell that shows a view, `clear_output` clears the view, too, which is put back at once. What
a training displays on its own thread is shown in outputs that nbviz names: `clear_output` there
empties those, and the next ones take their places.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import uuid
import weakref
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nbviz.widgets.cells import running_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

EMPTY = {"text/plain": ""}
_MOST_CELLS = 64  # runs of cells whose outputs may still be cleared


@dataclass(slots=True, eq=False)
class Staying:
    """What a cell displays and what is put back where it is cleared.

    Attributes:
        widget: Refers to the ipywidget.
        areas: The output areas that took it.
        put_back: Displays it again.
        handle: By which its picture can be replaced.
        is_picture: The picture alone, of a widget in a box.
        is_back: It was put back, and the cell has not displayed it again since.
    """

    widget: weakref.ref[Any]
    areas: frozenset[str]
    put_back: Callable[[], None]
    handle: Any = None
    is_picture: bool = False
    is_back: bool = False


_staying: dict[str, list[Staying]] = {}  # by the request that ran a cell
_publishers: weakref.WeakSet[Any] = weakref.WeakSet()
_thread = threading.local()


def stay_when_cleared(
    widget: Any, put_back: Callable[[], None], handle: Any = None, *, is_picture: bool = False
) -> None:
    """Call `put_back` after each `clear_output` of the running cell, until the widget is closed.

    Also after the cell's end, where a task or a thread of the cell goes on.

    Args:
        widget: The ipywidget that the cell displays; this does not keep it alive.
        put_back: Displays again what the cell has displayed.
        handle: By which its picture can be replaced.
        is_picture: The picture alone is displayed, of a widget in a box.
    """
    shell, request = _shell(), running_cell()[1]
    if shell is None or request is None:
        return
    publisher = shell.display_pub
    if publisher not in _publishers:
        _publishers.add(publisher)
        _put_back_after_clearing(publisher)
        shell.events.register("pre_run_cell", _cell_begins)
    staying = Staying(weakref.ref(widget), output_areas(), put_back, handle, is_picture)
    _staying.setdefault(request, []).append(staying)
    while len(_staying) > _MOST_CELLS:
        del _staying[next(iter(_staying))]


def put_back_here() -> list[Staying]:
    """Return what was put back in the running cell and not displayed by it again since."""
    request, areas = running_cell()[1], output_areas()
    known = _staying.get(request or "", ())
    return [one for one in known if one.is_back and one.areas == areas]


def is_displayed_again(widget: Any, *, is_picture: bool = False) -> Staying | None:
    """Return what was put back of a widget, where its cell displays it again: it is there already.

    A loop may clear its cell and display all anew at each step.
    """
    for one in put_back_here():
        if one.widget() is widget and one.is_picture == is_picture:
            one.is_back = False
            return one
    return None


def leave_to_the_cell(staying: Staying) -> None:
    """Put it back no more: its cell displays another in its place."""
    for known in _staying.values():
        if staying in known:
            known.remove(staying)


def _cell_begins(*_: object) -> None:
    # A program that runs one notebook after the other may number its requests anew.
    _staying.pop(running_cell()[1] or "", None)


def _put_back_after_clearing(publisher: Any) -> None:
    def clear_output(*arguments: Any, **options: Any) -> None:
        type(publisher).clear_output(publisher, *arguments, **options)
        if getattr(_thread, "has_own_displays", False):  # which it has cleared
            return
        # In the context of an ipywidgets.Output, that is cleared.
        request, areas = running_cell()[1], output_areas()
        for one in list(_staying.get(request or "", ())):
            widget = one.widget()
            if widget is not None and widget.comm is not None and areas == one.areas:
                one.is_back = False  # by which it is displayed now
                one.put_back()
                one.is_back = True

    publisher.__dict__["clear_output"] = clear_output


@contextlib.contextmanager
def own_displays() -> Generator[None]:
    """Have `clear_output` on this thread clear what this thread has displayed, and nothing else."""
    shell = _shell()
    publisher = None if shell is None else shell.display_pub
    if publisher is None or not hasattr(publisher, "register_hook"):  # not in a kernel
        yield
        return
    hook = _Displays(publisher.publish)
    publisher.register_hook(hook)
    _pass_to_hooks(type(publisher))
    _thread.has_own_displays = True
    try:
        yield
    finally:
        _thread.has_own_displays = False
        publisher.unregister_hook(hook)


def _pass_to_hooks(publisher: Any) -> None:
    """Have `clear_output` ask a thread's hooks, as newer ipykernels do."""
    original = publisher.clear_output
    if "_hooks" in original.__code__.co_names:
        return

    def clear_output(self: Any, wait: bool = False) -> None:
        for hook in getattr(self, "_hooks", ()):
            message = {"header": {"msg_type": "clear_output"}, "content": {"wait": wait}}
            if hook(message) is None:
                return
        original(self, wait)

    publisher.clear_output = clear_output


class _Displays:
    """What one thread has displayed, each by a name: the hook of a kernel's display publisher."""

    def __init__(self, publish: Callable[..., None]) -> None:
        self._publish = publish
        self._shown: list[str] = []
        self._empty: deque[str] = deque()
        self._is_cleared = False  # but for what is displayed next, which waits for nothing

    def __call__(self, message: dict[str, Any]) -> dict[str, Any] | None:
        kind = message["header"]["msg_type"]
        if kind == "clear_output":
            self._is_cleared = True
            if not message["content"]["wait"]:
                self._clear()
            return None
        if kind != "display_data":
            return message
        taken = self._empty.popleft() if self._empty else None
        if self._is_cleared and taken is None and self._shown:
            taken = self._shown.pop(0)
        if self._is_cleared:
            self._clear()
        transient = message["content"].setdefault("transient", {})
        if "display_id" in transient:  # the user's own name
            if taken is not None:
                self._empty.appendleft(taken)
                self._blank(taken)
        elif taken is not None:
            message["msg_type"] = message["header"]["msg_type"] = "update_display_data"
            transient["display_id"] = taken
        else:
            transient["display_id"] = uuid.uuid4().hex
        self._shown.append(transient["display_id"])
        return message

    def _clear(self) -> None:
        self._is_cleared = False
        shown, self._shown = self._shown, []
        for name in shown:
            self._blank(name)
        self._empty.extend(shown)

    def _blank(self, name: str) -> None:
        self._publish(EMPTY, update=True, transient={"display_id": name})


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else cast("Any", ipython).get_ipython()


def output_areas() -> frozenset[str]:
    """Return the ipywidgets.Output widgets that take what the running cell displays now."""
    request = running_cell()[1]
    widgets: Any = sys.modules.get("ipywidgets")
    if widgets is None or request is None:
        return frozenset()
    outputs = [one for one in all_widgets() if isinstance(one, widgets.Output)]
    return frozenset(one.model_id for one in outputs if one.msg_id == request)


def all_widgets() -> list[Any]:
    """Return all widgets that are open."""
    return list(_open_widgets().values())


def widget_of(model_id: str) -> Any:
    """Return the open widget that pages call so; None if there is none."""
    return _open_widgets().get(model_id)


def _open_widgets() -> dict[str, Any]:
    widgets: Any = sys.modules.get("ipywidgets")
    if widgets is None:
        return {}
    # By their names; ipywidgets 8 keeps them in a module, and 7 in the class.
    known: Any = getattr(widgets.widgets.widget, "_instances", None)
    return widgets.Widget.widgets if known is None else known


def is_widget(found: object) -> bool:
    """Whether it is a widget of ipywidgets."""
    widgets: Any = sys.modules.get("ipywidgets")
    return widgets is not None and isinstance(found, widgets.Widget)


def children_of(box: object) -> tuple[Any, ...]:
    """Return what a box of ipywidgets holds; nothing for anything else."""
    children: object = getattr(box, "children", None)
    return cast("tuple[Any, ...]", children) if isinstance(children, tuple) else ()


def is_in_a_box(widget: object) -> bool:
    """Whether a box that is open holds a widget."""
    return any(child is widget for one in all_widgets() for child in children_of(one))
