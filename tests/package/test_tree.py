"""The checkout itself: sizes of files, pins without addresses, notebooks without outputs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_LINES = 400
LONGER: set[str] = set()
SOURCES = (".py", ".ts", ".css", ".mjs")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_files_are_short() -> None:
    long = {
        name: lines
        for name in tracked()
        if name.endswith(SOURCES) and name not in LONGER
        if (lines := len((ROOT / name).read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_file_is_called_utils() -> None:
    assert [name for name in tracked() if Path(name).stem in ("utils", "util", "helpers")] == []


@pytest.mark.parametrize("name", tracked("requirements", "js/package-lock.json"))
def test_pins_hold_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    addresses = [
        line for line in text.splitlines() if re.search(r'"resolved"|^\s*(--|-[if] )', line)
    ]
    assert addresses == []
    if name.endswith(".txt"):
        assert "://" not in text


def test_pins_cover_what_the_package_needs() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for extra in extras for name in extra)]
    names = {re.split(r"[<>=\[]", entry)[0].lower() for entry in wanted} - {"nbviz"}
    pinned = (ROOT / "requirements" / "dev.txt").read_text().splitlines()
    assert names <= {line.split("==")[0] for line in pinned}


def test_notebooks_are_stripped() -> None:
    for name in tracked("notebooks/*.ipynb"):
        notebook = json.loads((ROOT / name).read_text())
        assert "widgets" not in notebook["metadata"], name
        for cell in notebook["cells"]:
            assert not cell.get("outputs"), name
            assert cell.get("execution_count") is None, name
