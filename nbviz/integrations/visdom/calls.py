"""What all calls of a client share: they send messages, and take tensors for arrays."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from nbviz.errors import LoggingError
from nbviz.integrations.visdom.arrays import host_array

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class Calls:
    """Sends what is to be drawn; the rest of a client is built on it."""

    offline: bool

    def _send(
        self,
        msg: dict[str, Any],
        endpoint: str = "events",
        quiet: bool = False,
        from_log: bool = False,
        create: bool = True,
    ) -> Any:
        raise NotImplementedError

    def win_exists(self, win: str, env: str | None = None) -> bool | None:
        """Return whether there is a window."""
        raise NotImplementedError

    def _draw(  # what most calls send
        self,
        data: list[dict[str, Any]],
        win: str | None,
        env: str | None,
        opts: dict[str, Any],
        layout: dict[str, Any] | None = None,
    ) -> Any:
        message = {"data": data, "win": win, "eid": env, "opts": opts}
        return self._send(message | ({} if layout is None else {"layout": layout}))


def takes_tensors(call: Callable[P, R]) -> Callable[P, R]:
    """Have a call take tensors on any device, and lists, where it works on arrays."""

    @functools.wraps(call)
    def taken(*args: P.args, **kwargs: P.kwargs) -> R:
        function: Any = call
        arrays = [host_array(one) for one in args]
        return function(*arrays, **{name: host_array(value) for name, value in kwargs.items()})

    return taken


def need(condition: object, text: str) -> None:
    """Refuse an argument.

    Raises:
        LoggingError: The condition does not hold; it says the text.
    """
    if not condition:
        raise LoggingError(text)
