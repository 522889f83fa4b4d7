"""The server extension: found by Jupyter, and its websockets send small messages at once."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.extension.manager import ExtensionPackage
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.base import BaseKernelWebsocketConnection
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from nbviz import server


def test_an_installation_enables_it() -> None:
    path = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.d" / "nbviz.json"
    enabled = json.loads(path.read_text())["ServerApp"]["jpserver_extensions"]
    assert enabled == {"nbviz.server": True}
    assert ExtensionPackage(name="nbviz.server").validate()


def test_the_server_connects_kernels_through_it() -> None:
    class App:
        web_app = Application()

    server._load_jupyter_server_extension(App)  # a server without kernels stays as it is
    assert "kernel_websocket_connection_class" not in App.web_app.settings
    assert "kernel_websocket_connection_class" in ServerApp.class_trait_names()
    usual = ZMQChannelsWebsocketConnection
    App.web_app.settings["kernel_websocket_connection_class"] = usual
    server._load_jupyter_server_extension(App)

    class Handler:
        settings = App.web_app.settings

    chosen = KernelWebsocketHandler.kernel_websocket_connection_class.fget(Handler)
    assert issubclass(chosen, usual)
    assert chosen.__name__ == f"Prompt{usual.__name__}"


@pytest.mark.parametrize("is_prompt", [True, False])
def test_small_messages_leave_at_once(is_prompt: bool) -> None:
    class Connection(BaseKernelWebsocketConnection):
        async def connect(self) -> str:
            return "connected"

    seen: list[Any] = []

    class Handler(WebSocketHandler):
        async def open(self) -> None:
            kind = server.prompt(Connection) if is_prompt else Connection
            answer = await kind(websocket_handler=self).connect()
            stream = self.ws_connection.stream
            option = stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            seen.append((answer, bool(option)))
            await self.write_message("seen")

    async def converse() -> None:
        listening = HTTPServer(Application([("/", Handler)]))
        sockets = _bind()
        listening.add_sockets(sockets)
        port = sockets[0].getsockname()[1]
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        assert await client.read_message() == "seen"
        client.close()
        listening.stop()

    asyncio.run(converse())
    assert seen == [("connected", is_prompt)]


def _bind() -> list[socket.socket]:
    from tornado.netutil import bind_sockets

    return bind_sockets(0, "127.0.0.1")
