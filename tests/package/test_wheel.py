"""The wheel as it is given away: what it holds, and that it works from there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a release, which is built from its source archive and checked on the way."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    built = subprocess.run(
        [sys.executable, ROOT / "tools" / "release.py", "--outdir", folder],
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder that holds the wheel's contents and nothing of the checkout."""
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python(installed: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "nbviz").rglob("*.py")}
    assert modules <= names
    assert {"nbviz/py.typed", "nbviz/static/widget.js"} <= names
    rest = {name for name in names if not name.startswith("nbviz/")}
    settings = {name for name in rest if ".data/data/etc/jupyter/" in name}
    assert [Path(name).name for name in settings] == ["nbviz.json"]
    assert all(".dist-info/" in name for name in rest - settings)
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]


def test_holds_the_front_end_that_was_built(installed: Path) -> None:
    bundle = (installed / "nbviz" / "static" / "widget.js").read_bytes()
    assert bundle == (ROOT / "nbviz" / "static" / "widget.js").read_bytes()
    assert b"export" in bundle


def test_works_from_where_it_is_installed(installed: Path) -> None:
    said = python(
        installed,
        "import nbviz\nfor name in nbviz.__all__: getattr(nbviz, name)\nprint(nbviz.__file__)",
    )
    assert Path(said).is_relative_to(installed)


def test_knows_its_version(installed: Path, wheel: Path) -> None:
    assert python(installed, "import nbviz; print(nbviz.__version__)") == wheel.name.split("-")[1]
