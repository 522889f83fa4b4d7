"""The kernels that tests drive: this checkout on several versions of ipykernel, and on Colab's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEWEST = "ipykernel-7.4"
LAB_KERNELS = (NEWEST, "ipykernel-7.3", "ipykernel-6.29")
COLAB = "colab"


def write_kernel_specs(data: Path) -> None:
    """Write a kernel specification for each into `data`/kernels."""
    over = ROOT / ".venv-kernels"
    python = ROOT / ".venv" / "bin" / "python"
    _write(data, NEWEST, python, [])
    _write(data, "ipykernel-7.3", python, [over / "7.3"])
    _write(data, "ipykernel-6.29", python, [over / "6.29"])
    _write(data, COLAB, ROOT / ".venv-colab" / "bin" / "python", [])


def _write(data: Path, name: str, python: Path, before: list[Path]) -> None:
    missing = [path for path in (python, *before) if not path.exists()]
    if missing:
        pytest.fail(f"{missing[0].relative_to(ROOT)} is missing; make it with: make setup")
    folder = data / "kernels" / name
    folder.mkdir(parents=True)
    specification = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        # This checkout goes first, so that no installed nbviz is tested in its place.
        "env": {"PYTHONPATH": os.pathsep.join(str(path) for path in (*before, ROOT))},
        "metadata": {"debugger": False},
    }
    (folder / "kernel.json").write_text(json.dumps(specification))


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
