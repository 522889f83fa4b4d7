"""A page at the other end of a dashboard's comm, for tests without a browser."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import numpy as np

SECONDS = 180  # a limit on a hang
_numbers = itertools.count(1)


def wait_until(holds: Any) -> None:
    """Wait until `holds()` is true."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class Page:
    """Sends requests to a dashboard, and keeps what arrives as the page's store would.

    Args:
        dashboard: Its `send` is replaced: what would go into the comm comes here.
        name: What tells it from all other pages; "" for a name of its own.
    """

    def __init__(self, dashboard: Any, name: str = "") -> None:
        self.name = name or f"page {next(_numbers)}"
        self.dashboard = dashboard
        self.sequence = -1
        self.gaps = 0
        self.messages: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.answers: dict[int, dict[str, Any]] = {}
        self.points: dict[str, list[float]] = {}
        self._tags: dict[tuple[str, int], str] = {}
        self._requests = 0
        dashboard.send = self.receive

    def receive(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        content = json.loads(json.dumps(content, allow_nan=False))
        if content["client_id"] not in ("", self.name):
            return
        self.messages.append(content)
        if content["kind"] == "snapshot":
            self.updates.clear()
            self.points.clear()
        if content["kind"] == "frame" and not self._takes(content["sequence"]):
            return
        if content["kind"] != "reply":
            self.sequence = content["sequence"]
        for update in content["updates"]:
            if "request_id" in update:
                data = buffers[update["buffer"]] if "buffer" in update else b""
                self.answers[update["request_id"]] = {**update, "data": data}
                continue
            self.updates.append(update)
            if update["kind"] == "series_added":
                self._tags[update["run_id"], update["series"]] = update["tag"]
                self.points.pop(update["tag"], None)
            elif update["kind"] == "points_appended":
                data = np.frombuffer(buffers[update["buffer"]])
                for number, count in zip(update["series"], update["counts"], strict=True):
                    block, data = data[: 3 * count], data[3 * count :]
                    tag = self._tags[update["run_id"], number]
                    self.points.setdefault(tag, []).extend(block[2 * count :])

    def _takes(self, sequence: int) -> bool:
        """Whether a frame is the next one; one that is missing is counted."""
        if self.sequence < 0 or sequence <= self.sequence:
            return False
        self.gaps += sequence != self.sequence + 1
        return True

    def send(self, kind: str, **fields: Any) -> None:
        self.dashboard._handle_custom_msg({"kind": kind, "client_id": self.name, **fields}, [])

    def ready(self) -> None:
        self.send("ready")

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self._requests += 1
        self.send(kind, request_id=self._requests, **fields)
        self.wait_for(lambda: self._requests in self.answers)
        return self.answers[self._requests]

    def control(self, name: str, **arguments: Any) -> dict[str, Any]:
        run_id = self.dashboard.runs[0].run_id
        return self.ask("control", run_id=run_id, name=name, arguments=arguments)

    def newest(self, kind: str) -> dict[str, Any]:
        return [update for update in self.updates if update["kind"] == kind][-1]

    def wait_for(self, holds: Any) -> None:
        """Acknowledge what came, until `holds()` is true."""
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, "it did not happen"
            if self.sequence >= 0 and self.dashboard.transport.pulls:
                self.send("pull", sequence=self.sequence)
            elif self.sequence >= 0:
                self.send("acknowledge", sequence=self.sequence)
            time.sleep(0.01)
