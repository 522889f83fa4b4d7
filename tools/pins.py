"""Writes the pins in requirements/ anew: every package by name and version, without addresses."""

import subprocess
from pathlib import Path

from environments import ROOT, find_uv

COMPILE = ("--universal", "--python-version", "3.11", "--no-annotate", "--quiet", "--upgrade")
HEADER = ("--custom-compile-command", "make pins")


def pin(name: str, *sources: str) -> None:
    """Resolve `sources` into requirements/`name`.txt."""
    target = Path("requirements") / f"{name}.txt"
    subprocess.run(
        [find_uv(), "pip", "compile", *sources, *COMPILE, *HEADER, "-o", str(target)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    print(target)


if __name__ == "__main__":
    pin("dev", "pyproject.toml", "--all-extras", "--group", "dev")
    pin("bench", "--group", "bench", "-c", "requirements/dev.txt")
    pin("colab", "requirements/colab.in")
