"""A JupyterLab server of the tests' own, which keeps to itself and asks nobody for anything."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import nbformat
import pytest
from kernel_specs import ROOT, jupyter_environment, kernel_stacks, write_kernel_specs
from nbformat.sign import NotebookNotary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START_SECONDS = 180
SETTINGS = {
    "apputils-extension/notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
    "docmanager-extension/plugin": {"autosave": False},
}


@dataclass
class Lab:
    """Where a running server is reached, the folder that it serves, and what pages do without."""

    address: str
    token: str
    folder: Path
    page_config: Path
    without: Sequence[str] = ()
    kernels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._leave_out(self.without)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Meanwhile, pages load with all extensions, as people's do."""
        self._leave_out(())
        try:
            yield
        finally:
            self._leave_out(self.without)

    def _leave_out(self, names: Sequence[str]) -> None:
        self.page_config.write_text(json.dumps({"disabledExtensions": dict.fromkeys(names, True)}))

    def url(self, path: str = "/lab") -> str:
        """Return the address of a page, with the key to it."""
        return f"{self.address}{path}?token={self.token}"

    def kernel(self, name: str) -> str:
        """Return the id of a kernel that tests share, started when it is first asked for.

        Importing torch takes most of the time that a new kernel needs.
        """
        if name not in self.kernels:
            reply = self.ask("/api/kernels", {"name": name})
            self.kernels[name] = json.loads(reply)["id"]
        return self.kernels[name]

    def end_kernel(self, kernel_id: str) -> None:
        """Shut a kernel down, as a reader does who comes back another day."""
        self.kernels = {name: found for name, found in self.kernels.items() if found != kernel_id}
        self.ask(f"/api/kernels/{kernel_id}", method="DELETE")

    def stacks(self) -> str:
        """Return where each thread of each kernel stands."""
        return kernel_stacks(self.folder.parent / "data")

    def trust(self, path: Path) -> None:
        """Have the server take a notebook for one that the reader has run."""
        NotebookNotary(data_dir=str(self.folder.parent / "data")).sign(nbformat.read(path, 4))

    def ask(
        self, path: str, content: dict[str, str] | None = None, *, method: str = "POST"
    ) -> bytes:
        """Send a request to the server's interface and return its reply."""
        request = urllib.request.Request(
            self.address + path, method=method, data=json.dumps(content or {}).encode()
        )
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=START_SECONDS) as reply:
            return reply.read()


def run_lab(folder: Path, *, without: Sequence[str] = ()) -> Iterator[Lab]:
    """Start JupyterLab over `folder`/notebooks and yield it; end it with its kernels.

    Args:
        folder: Where all is kept.
        without: Names of extensions that pages load without.
    """
    write_kernel_specs(folder / "data")
    environment = {**os.environ, **jupyter_environment(folder)}
    for name, content in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    page_config = folder / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir()
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    port, token = _free_port(), secrets.token_hex(16)
    lab = Lab(f"http://127.0.0.1:{port}", token, notebooks, page_config, without)
    command = [
        str(ROOT / ".venv" / "bin" / "python"),
        "-m",
        "jupyterlab",
        "--no-browser",
        "--expose-app-in-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--port-retries=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={notebooks}",
        "--ServerApp.terminals_enabled=False",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=notebooks,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(server, lab, log)
            yield lab
        finally:
            _end(server, lab)


def _free_port() -> int:
    """Return a port that is free, and not one of those that systems give away meanwhile."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def _wait_until_up(server: subprocess.Popen[bytes], lab: Lab, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(lab.url("/api/status"), timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def _end(server: subprocess.Popen[bytes], lab: Lab) -> None:
    """Ask the server to shut its kernels down and end; then insist."""
    try:
        lab.ask("/api/shutdown")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
