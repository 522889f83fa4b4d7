"""The kernels that tests drive: this checkout on several versions of ipykernel, and on Colab's."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
NEWEST = "ipykernel-7.4"
LAB_KERNELS = (NEWEST, "ipykernel-7.3", "ipykernel-6.29")
COLAB = "colab"
# Where each thread of a kernel stands is written by this signal.
SIGNAL = signal.SIGUSR1
STACKS = "NBVIZ_TEST_STACKS"
LAUNCH = f"""
import faulthandler, os, runpy
path = os.path.join(os.environ["{STACKS}"], str(os.getpid()))
faulthandler.register({int(SIGNAL)}, open(path, "a"))
runpy.run_module("ipykernel_launcher", run_name="__main__")
"""
# While it replies, ipykernel 7.0 to 7.3 may lose a request, and all that come after it (its pull
# request 1529): it sends past the stream that reads the socket. A test would wait for ever.
LOOKS_AGAIN = """
import zmq
from ipykernel.kernelapp import IPKernelApp
from ipykernel.subshell_manager import SubshellManager
send = SubshellManager._send_on_shell_channel
def send_and_look(self, message):
    send(self, message)
    IPKernelApp.instance().kernel.shell_stream.flush(zmq.POLLIN)
SubshellManager._send_on_shell_channel = send_and_look
"""


def write_kernel_specs(data: Path) -> None:
    """Write a kernel specification for each into `data`/kernels."""
    over = ROOT / ".venv-kernels"
    python = ROOT / ".venv" / "bin" / "python"
    _write(data, NEWEST, python, [])
    _write(data, "ipykernel-7.3", python, [over / "7.3"], LOOKS_AGAIN + LAUNCH)
    _write(data, "ipykernel-6.29", python, [over / "6.29"])
    _write(data, COLAB, ROOT / ".venv-colab" / "bin" / "python", [])


def _write(data: Path, name: str, python: Path, before: list[Path], launch: str = LAUNCH) -> None:
    missing = [path for path in (python, *before) if not path.exists()]
    if missing:
        pytest.fail(f"{missing[0].relative_to(ROOT)} is missing; make it with: make setup")
    folder = data / "kernels" / name
    folder.mkdir(parents=True)
    stacks = data / "stacks"
    stacks.mkdir(exist_ok=True)
    specification = {
        "argv": [str(python), "-c", launch, "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        # This checkout goes first, so that no installed nbviz is tested in its place.
        "env": {
            "PYTHONPATH": os.pathsep.join(str(path) for path in (*before, ROOT)),
            STACKS: str(stacks),
        },
        "metadata": {"debugger": False},
    }
    (folder / "kernel.json").write_text(json.dumps(specification))


def kernel_stacks(data: Path, seconds: float = 5) -> str:
    """Return where each thread of each kernel stands that was started with specifications here.

    Args:
        data: The folder that the specifications were written to.
        seconds: How long a kernel is waited for; one that stops all its threads says nothing.
    """
    parts: list[str] = []
    for path in sorted((data / "stacks").iterdir()):
        before = path.stat().st_size
        try:
            process = psutil.Process(int(path.name))
            process.send_signal(SIGNAL)
        except psutil.Error:
            continue
        deadline = time.monotonic() + seconds
        size = before
        while (size == before or path.stat().st_size > size) and time.monotonic() < deadline:
            size = path.stat().st_size
            time.sleep(0.05)
        parts.append(f"kernel {path.name}, {process.status()}:\n{path.read_text()[before:]}")
    return "\n".join(parts)


def jupyter_environment(folder: Path) -> dict[str, str]:
    """Return environment variables that keep Jupyter inside `folder`, away from the user's."""
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }
    for name in names.values():
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        **{variable: str(folder / name) for variable, name in names.items()},
        "PYTHONNOUSERSITE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
