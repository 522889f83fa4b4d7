"""docs/architecture.md: files and threads in it are those that there are, its layers contracts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDERS = "nbviz|js|jupyter|tests|benchmarks|tools"


def test_its_files_are_there() -> None:
    paths = set(re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", TEXT))
    assert len(paths) > 40
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_its_table_has_the_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["type"] == "layers")
    named = {name for layer in layers for name in re.findall(r"nbviz\.(\w+)", layer)}
    rows = set(re.findall(r"`nbviz/(\w+)", TEXT.split("## The way of a number")[0]))
    assert sorted(named - rows) == []


def test_its_table_has_the_threads() -> None:
    table = TEXT.split("## Threads")[1].split("## ")[0]
    named = tuple(re.findall(r"^\| `nbviz-([\w-]+)`", table, re.MULTILINE))
    threads = set()
    for path in (ROOT / "nbviz").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(
            r"\b((?:Own)?Thread|ThreadPoolExecutor|Emitter)\(|^class Emitter", text, re.MULTILINE
        ):
            threads |= set(re.findall(r'"nbviz-([a-z-]+)"', text))
    assert {"collector", "journal", "emitter", "answers"} <= threads
    assert sorted(name for name in threads if not name.startswith(named)) == []
