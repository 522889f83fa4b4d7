"""docs/architecture.md: the files that it names are there, and its layers are the contracts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_its_files_are_there() -> None:
    paths = set(re.findall(r"`((?:nbviz|js|tests|benchmarks)/[\w./-]+)`", TEXT))
    assert len(paths) > 40
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_its_table_has_the_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["type"] == "layers")
    named = {name for layer in layers for name in re.findall(r"nbviz\.(\w+)", layer)}
    rows = set(re.findall(r"`nbviz/(\w+)", TEXT.split("## The way of a number")[0]))
    assert named - {"cli", "server"} <= rows
