"""A real kernel without a browser: runs cells in it, and plays the page of a dashboard."""

from __future__ import annotations

import ast
import json
import queue
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_client.blocking.client import BlockingKernelClient

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SECONDS = 180  # a busy machine may take long to import PyTorch; only what hangs is to fail


@dataclass(frozen=True)
class Received:
    """A message from a dashboard to its page."""

    content: dict[str, Any]
    buffers: list[bytes]
    parent: str  # id of the message in whose handling it left
    inside: bool  # whether it left while the kernel was busy with that message


class KernelPage:
    """Talks to one kernel as JupyterLab and a dashboard's page would.

    Args:
        client: Connected and ready.
    """

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.comm = ""
        self.subshell: str | None = None
        self.received: list[Received] = []
        self.displayed: list[str] = []  # the comms of widgets, as cells displayed them
        self.sent: dict[str, dict[str, Any]] = {}  # our requests, by their messages' ids
        self._busy: set[str] = set()
        self._requests = 0

    # ------------------------------------------------------------ cells

    def begin(self, code: str, cell_id: str = "") -> str:
        """Send a cell, with its id as JupyterLab tells it, and return its message's id."""
        if not cell_id:
            return self.client.execute(code)
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        message = self.client.session.msg("execute_request", content)
        message["metadata"]["cellId"] = cell_id
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def end(self, cell: str, seconds: float = SECONDS) -> None:
        """Wait until a cell has ended, and fail if it raised."""
        content = self._reply("shell", cell, seconds)
        if content["status"] != "ok":
            pytest.fail("\n".join(content["traceback"]))

    def run(self, code: str, cell_id: str = "") -> None:
        """Run a cell to its end."""
        self.end(self.begin(code, cell_id))

    def value(self, expression: str) -> Any:
        """Evaluate an expression between cells and return its JSON value."""
        asked = {"value": f"__import__('json').dumps({expression})"}
        cell = self.client.execute("", silent=True, user_expressions=asked)
        reply = self._reply("shell", cell, SECONDS)["user_expressions"]["value"]
        if reply["status"] != "ok":
            pytest.fail(f"{expression} raised {reply['ename']}: {reply['evalue']}")
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))

    def wait_for_value(self, expression: str, holds: Callable[[Any], bool] = bool) -> Any:
        """Wait until the value of an expression satisfies `holds`, and return it."""
        deadline = time.monotonic() + SECONDS
        while not holds(value := self.value(expression)):
            if time.monotonic() > deadline:
                pytest.fail(f"{expression} is still {value!r} after {SECONDS} s")
            time.sleep(0.02)
        return value

    def _reply(self, channel: str, request: str, seconds: float) -> dict[str, Any]:
        read = self.client.get_shell_msg if channel == "shell" else self.client.get_control_msg
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(0.0)
            try:
                message = read(timeout=0.02)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") == request:
                return message["content"]
        pytest.fail(f"the kernel did not answer in {seconds} s")

    # ------------------------------------------------------------ the page

    def show(self, dashboard: str) -> None:
        """Become the page of the dashboard with this name in the kernel."""
        self.comm = self.value(f"{dashboard}.comm.comm_id")

    def leave(self) -> None:
        """Close the page: what was sent and received is forgotten."""
        self.read(0.0)
        self.comm, self.subshell = "", None
        self.received.clear()
        self.sent.clear()

    def use_subshell(self) -> None:
        """Send what follows over a subshell, as JupyterLab does where the kernel has them."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        content = self._reply("control", message["header"]["msg_id"], SECONDS)
        self.subshell = content["subshell_id"]

    def send(self, kind: str, **content: Any) -> str:
        """Send one request of the protocol and return its message's id."""
        request = {"kind": kind, "client_id": "page", **content}
        data = {"method": "custom", "content": request}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.sent[message["header"]["msg_id"]] = request
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def control(self, name: str, **arguments: Any) -> int:
        """Send a control command and return its request id."""
        self._requests += 1
        run_id = next(u["run_id"] for u in self.updates("run_added"))
        self.send(
            "control", request_id=self._requests, run_id=run_id, name=name, arguments=arguments
        )
        return self._requests

    def read(self, seconds: float) -> None:
        """Take in all that the kernel has published, waiting up to `seconds` for the first."""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=seconds)
            except queue.Empty:
                return
            seconds = 0.0
            self._take(message)

    @property
    def status(self) -> str:
        """The run's state as the page knows it; empty before the first word of it."""
        changes = self.updates("run_changed")
        return changes[-1]["status"] if changes else ""

    def updates(self, kind: str) -> list[dict[str, Any]]:
        """Return every update of a kind that came, in order."""
        return [u for r in self.received for u in r.content["updates"] if u["kind"] == kind]

    def wait_until(self, holds: Callable[[], Any], what: str) -> None:
        """Read until something holds."""
        deadline = time.monotonic() + SECONDS
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {SECONDS} s")
            self.read(0.05)

    def _take(self, message: dict[str, Any]) -> None:
        parent = message["parent_header"].get("msg_id", "")
        content = message["content"]
        if message["msg_type"] == "status":
            (self._busy.add if content["execution_state"] == "busy" else self._busy.discard)(parent)
        elif message["msg_type"] == "display_data" and WIDGET_VIEW in content["data"]:
            self.displayed.append(content["data"][WIDGET_VIEW]["model_id"])
        elif message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm:
            data = content["data"]
            if data.get("method") == "custom":
                buffers = [bytes(buffer) for buffer in message["buffers"]]
                inside = parent in self._busy
                self.received.append(Received(data["content"], buffers, parent, inside))
