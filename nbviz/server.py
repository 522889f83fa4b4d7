"""A Jupyter server extension without an address of its own: kernels' messages leave at once.

The server leaves Nagle's algorithm on for its websockets. Of small messages it then holds back each
until the browser's machine has acknowledged the one before, and that machine waits up to 40 ms
(more on some systems) before it does: 60 messages a second arrive in 30 bursts. Where this
extension is not loaded (another server, an older configuration) frames come in those bursts, and
all else is the same.
"""

from __future__ import annotations

from typing import Any

_SETTING = "kernel_websocket_connection_class"  # a configurable of jupyter_server's ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]  Jupyter calls both by name
    return [{"module": "nbviz.server"}]


def _load_jupyter_server_extension(app: Any) -> None:  # pyright: ignore[reportUnusedFunction]
    settings: dict[str, Any] = app.web_app.settings
    connection = settings.get(_SETTING)
    if connection is not None:
        settings[_SETTING] = prompt(connection)


def prompt(connection: type[Any]) -> type[Any]:
    """Return a kernel's websocket connection that sends small messages at once.

    Args:
        connection: A subclass of jupyter_server's BaseKernelWebsocketConnection.
    """

    class PromptConnection(connection):
        def connect(self) -> Any:
            self.websocket_handler.set_nodelay(True)
            return connection.connect(self)

    PromptConnection.__name__ = f"Prompt{connection.__name__}"
    PromptConnection.__qualname__ = PromptConnection.__name__
    return PromptConnection
