"""CONTRIBUTING.md: the commands, files and names in it are there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line.split("  #")[0].strip() for block in BLOCKS for line in block.splitlines()]
INLINE = re.findall(r"`([^`\n]+)`", PROSE)
MADE_BY_SETUP = (".venv", "js/node_modules")


def test_paths_exist() -> None:
    paths = {
        word
        for text in (*COMMANDS, *INLINE)
        for word in text.split()
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+|\w+\.(md|toml|py)", word)
    }
    assert "nbviz/panels/__init__.py" in paths
    missing = [
        path
        for path in sorted(paths)
        if not path.startswith(MADE_BY_SETUP)
        and not any((base / path).exists() for base in (ROOT, ROOT / "js"))
    ]
    assert missing == []


def test_commands_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = set(re.findall(r"^make (\w+)", "\n".join([*COMMANDS, *INLINE]), re.MULTILINE))
    assert {"setup", "test", "build"} <= made <= targets
    scripts = json.loads((ROOT / "js" / "package.json").read_text())["scripts"]
    assert {"watch"} <= set(re.findall(r"\bnpm run (\w+)", TEXT)) <= scripts.keys()


def test_the_checks_that_are_named_exist() -> None:
    (names,) = re.findall(r'ONLY="([\w ]+)"', TEXT)
    checks = (ROOT / "tools" / "checks.py").read_text(encoding="utf-8")
    assert set(names.split()) <= set(re.findall(r'Check\(\s*"(\w+)"', checks))


@pytest.mark.parametrize("command", [c for c in COMMANDS if " -m pytest " in c])
def test_one_test_can_be_run_so(command: str) -> None:
    python, *arguments = command.split()
    found = subprocess.run(
        [ROOT / python, *arguments, "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "::test_" in found.stdout


def test_names_of_the_code_are_those_of_the_code() -> None:
    panels = (ROOT / "nbviz" / "panels" / "__init__.py").read_text(encoding="utf-8")
    assert re.search(r"^PANELS\b", panels, re.MULTILINE)
    contract = (ROOT / "nbviz" / "panels" / "panel.py").read_text(encoding="utf-8")
    assert re.search(r"^class Panel\b", contract, re.MULTILINE)
    folders = [p.parent for p in (ROOT / "nbviz" / "panels").glob("*/__init__.py")]
    assert folders
    for folder in folders:
        assert re.search(r"^PANEL\b", (folder / "__init__.py").read_text(), re.MULTILINE), folder
        page = (ROOT / "js" / "src" / "panels" / folder.name / "index.ts").read_text()
        assert re.search(r"^export const panel\b", page, re.MULTILINE), folder.name
