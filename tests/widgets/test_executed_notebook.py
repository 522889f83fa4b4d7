"""What a notebook holds after nbclient has run it, as nbconvert --execute and papermill do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import cells
import nbformat
from kernel_specs import ROOT, jupyter_environment
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SHOWN = cells.trainer(max_epochs=None, max_steps=40) + "\ntrainer.start()\ntrainer"
LIVE = """%%live --name own
import time
for step in range(1, 31):
    time.sleep(0.01)
    nbviz.log({"loss": 1 / step}, step=step)
"""


def executed(folder: Path, monkeypatch: pytest.MonkeyPatch, *sources: str) -> list[list[Any]]:
    """Run cells, and return the outputs of each."""
    for name, value in jupyter_environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def texts(outputs: list[Any]) -> str:
    return "\n".join(str(output.get("data", {}).get("text/plain")) for output in outputs)


def test_wait_leaves_the_final_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = executed(tmp_path, monkeypatch, SHOWN, "trainer.wait(120)")
    assert "finished, 40 steps" in texts(first)
    assert second == []
    (picture,) = [output for output in first if "image/png" in output.get("data", {})]
    assert "finished" in picture["data"]["text/html"]


def test_a_later_cell_brings_the_picture_of_a_live_cell_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, live, _ = executed(
        tmp_path,
        monkeypatch,
        "import nbviz\n%load_ext nbviz",
        LIVE,
        "import time\nwhile nbviz.active():\n    time.sleep(0.01)",
    )
    assert "own: finished, 30 steps" in texts(live)


CUT = """
import itertools, time, nbviz
from nbviz.widgets.live_cell import start_live_cell
source = "for n in itertools.count(1):\\n    time.sleep(0.1)\\n    nbviz.log({'loss': 1}, step=n)"
loop = start_live_cell(source, globals(), cell_id=None, name="own")
loop.start()
while len(loop.run) == 0:
    time.sleep(0.01)
assert nbviz.active() == [loop]
"""


def test_the_end_of_the_process_says_what_it_cut() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT], capture_output=True, text=True, timeout=300, check=True
    )
    assert "nbviz: 'own' was cut at step" in done.stderr
    assert "nbviz.active()[0].wait()" in done.stderr
