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
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from nbviz.widgets.cells import running_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_EMPTY = {"text/plain": ""}


def stay_when_cleared(put_back: Callable[[], None]) -> None:
    """Call `put_back` after each `clear_output` of the running cell, until the cell ends.

    Args:
        put_back: Displays again what the cell has displayed.
    """
    shell = _shell()
    if shell is None or running_cell()[1] is None:
        return
    publisher, areas, thread = shell.display_pub, output_areas(), threading.get_ident()

    def clear_output(*arguments: Any, **options: Any) -> None:
        type(publisher).clear_output(publisher, *arguments, **options)
        # A training's thread clears what it has shown; the context of an ipywidgets.Output, that.
        if threading.get_ident() == thread and output_areas() == areas:
            put_back()

    def cell_ended(*_: object) -> None:
        if publisher.__dict__.get("clear_output") is clear_output:
            del publisher.__dict__["clear_output"]
        shell.events.unregister("post_run_cell", cell_ended)

    publisher.__dict__["clear_output"] = clear_output
    shell.events.register("post_run_cell", cell_ended)


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
    try:
        yield
    finally:
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
        self._publish(_EMPTY, update=True, transient={"display_id": name})


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
    widgets: Any = sys.modules.get("ipywidgets")
    if widgets is None:
        return []
    # A list that ipywidgets 8 keeps in a module, and 7 in the class.
    known: Any = getattr(widgets.widgets.widget, "_instances", None)
    return list((widgets.Widget.widgets if known is None else known).values())
