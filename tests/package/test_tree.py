"""The checkout itself: folders and imports, pins without addresses, notebooks without outputs."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import grimp
import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_FILES = 24  # side by side in one folder
MOST_BYTES = 500_000  # of a file; what a program has left behind by mistake is often more
SOURCES = (".py", ".ts", ".css")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_folders_are_small() -> None:
    folders = Counter(
        str(Path(name).parent) for name in tracked("nbviz", "js/src") if name.endswith(SOURCES)
    )
    assert {"nbviz", "js/src/charts"} <= folders.keys()
    assert {folder: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_files_are_small() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in tracked()}
    assert {"README.md", "nbviz/__init__.py"} <= sizes.keys()
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


def test_files_of_tests_that_run_together_have_names_of_their_own() -> None:
    """Pytest imports them by name alone: the second one of a name is not run."""
    apart = ("tests/browser/", "tests/kernels/", "tests/package/")
    names = [Path(name).name for name in tracked("tests/**/*.py") if not name.startswith(apart)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    assert [name for name in twice if name != "conftest.py"] == []


def test_there_are_no_import_cycles() -> None:
    # An import for types alone counts: neither file can be understood without the other.
    found = grimp.build_graph("nbviz", exclude_type_checking_imports=False, cache_dir=None)
    imports = nx.DiGraph(
        (importer, imported)
        for importer in found.modules
        for imported in found.find_modules_directly_imported_by(importer)
    )
    assert "nbviz.trainer" in imports
    cycles = [sorted(c) for c in nx.strongly_connected_components(imports) if len(c) > 1]
    assert not cycles, "\n".join(" ".join(cycle) for cycle in cycles)


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
