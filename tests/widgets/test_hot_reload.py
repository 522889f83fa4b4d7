"""With ANYWIDGET_HMR=1 a front end that is built anew reaches the widgets that are on show."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import processes
import pytest

import nbviz

PACKAGE = Path(nbviz.__file__).parent
EDITED = """
import sys, time
from pathlib import Path
import nbviz
from nbviz.widgets.summary_view import SummaryView

static = Path(nbviz.__file__).parent / "static"
dashboard = nbviz.Dashboard(nbviz.Run("edited"))
built = (static / "widget.js").read_text()
assert dashboard._esm == built
assert str(SummaryView._esm) == (static / "summary.js").read_text()
deadline = time.monotonic() + 180
while dashboard._esm == built and time.monotonic() < deadline:
    # Written until it is seen: at first the watching thread may not have begun to look.
    (static / "widget.js").write_text(f"{built}// {time.monotonic()}")
    time.sleep(0.2)
print(dashboard._esm.startswith(built) and dashboard._esm != built)
"""
LEFT_ALONE = """
import nbviz
from pathlib import Path

widget = Path(nbviz.__file__).parent / "static" / "widget.js"
built = widget.read_text()
first = nbviz.Dashboard(nbviz.Run("first"))
widget.write_text("edited")
second = nbviz.Dashboard(nbviz.Run("second"))
print(first._source == second._source == built)
"""


@pytest.fixture
def run(tmp_path: Path):
    """Returns a function that runs code with a copy of nbviz that may be edited."""
    shutil.copytree(PACKAGE, tmp_path / "nbviz", ignore=shutil.ignore_patterns("__pycache__"))

    def run_code(code: str, **environment: str) -> str:
        usual = {name: value for name, value in os.environ.items() if name != "ANYWIDGET_HMR"}
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        done = processes.run(
            f"import warnings\nwarnings.simplefilter('error', UserWarning)\n{code}",
            cwd=tmp_path,
            env={**usual, "PYTHONPATH": path, **environment},
        )
        return done.stdout.strip()

    return run_code


def test_an_edit_is_shown(run) -> None:
    assert run(EDITED, ANYWIDGET_HMR="1") == "True"


def test_without_it_an_edit_waits_for_the_next_import(run) -> None:
    assert run(LEFT_ALONE) == "True"
