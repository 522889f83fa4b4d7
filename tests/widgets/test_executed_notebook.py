"""What a notebook holds after nbclient has run it, as nbconvert --execute and papermill do."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import cells
import nbformat
import processes
import pytest
from forked_kernels import forked_kernels
from kernel_specs import ROOT, jupyter_environment
from nbclient import NotebookClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOWN = cells.trainer(max_epochs=None, max_steps=40) + "\ntrainer.start()\ntrainer"
LIVE = """%%live --name own
import time
for step in range(1, 31):
    time.sleep(0.01)
    nbviz.log({"loss": 1 / step}, step=step)
"""


@pytest.fixture
def executed(run_cells: Callable[..., list[Any]]) -> Callable[..., list[list[Any]]]:
    """Returns a function that runs cells, and returns the outputs of each."""
    return lambda *sources: [cell.outputs for cell in run_cells(*sources)]


def texts(outputs: list[Any]) -> str:
    return "\n".join(str(output.get("data", {}).get("text/plain")) for output in outputs)


def test_wait_leaves_the_final_picture(executed: Callable[..., list[list[Any]]]) -> None:
    first, second = executed(SHOWN, "trainer.wait(180)")
    assert "finished, 40 steps" in texts(first)
    assert second == []
    (picture,) = [output for output in first if "image/png" in output.get("data", {})]
    assert "finished" in picture["data"]["text/html"]


def test_a_later_cell_brings_the_picture_of_a_live_cell_up_to_date(
    executed: Callable[..., list[list[Any]]],
) -> None:
    _, live, _ = executed(
        "import nbviz\n%load_ext nbviz",
        LIVE,
        "import time\nwhile nbviz.active():\n    time.sleep(0.01)",
    )
    assert "own: finished, 30 steps" in texts(live)


ENDLESS = """%%live --name own
import itertools, time
for step in itertools.count(1):
    time.sleep(0.01)
    nbviz.log({"loss": 1 / step}, step=step)
"""
CUT_TEXT = "Still running when this was saved: step {:,}; the loop was cut."
WRITTEN = """
from nbviz import SummaryWriter
with SummaryWriter({folder!r} + "/closed") as closed:
    closed.add_scalar("loss", 1.0, 3)
left = SummaryWriter({folder!r} + "/left")
left.add_scalar("loss", 1.0, 4)
"""


def executed_alone(folder: Path, *sources: str) -> list[list[Any]]:
    """Run cells in a kernel that ends with them, and return the outputs of each."""
    cells_of_it = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells_of_it)
    environment = {**os.environ, **jupyter_environment(folder), "PYTHONPATH": str(ROOT)}
    with forked_kernels():
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute(env=environment)
    return [cell.outputs for cell in notebook.cells]


def test_what_the_end_of_the_kernel_cuts_is_said_where_it_was_shown(
    tmp_path: Path,
) -> None:
    """nbconvert and papermill end the kernel after the last cell, and hear nothing after it."""
    _, over, _, live, trained, foreground, written = executed_alone(
        tmp_path,
        "import nbviz\n%load_ext nbviz",
        LIVE.replace("own", "over"),
        "nbviz.live['over'].wait(120)",
        ENDLESS,
        cells.trainer(name="trained") + "\ntrainer.start()",
        "mine = nbviz.Run('mine')\nmine.log({'loss': 1.0}, step=7)\nnbviz.Dashboard(mine)",
        "import time\n"
        "while min(one.run.progress.step for one in nbviz.active()) < 5:\n"
        "    time.sleep(0.01)\n"
        "    [one.run.drain() for one in nbviz.active()]\n" + WRITTEN.format(folder=str(tmp_path)),
    )
    for name, outputs in (("own", live), ("trained", trained)):
        (picture,) = [one["data"] for one in outputs if "image/png" in one.get("data", {})]
        head, said = picture["text/plain"].splitlines()[:2]
        steps = int(re.match(rf"{name}: running, ([\d,]+) steps", head)[1].replace(",", ""))
        assert steps >= 5
        assert said == CUT_TEXT.format(steps)
        assert re.search(CUT_TEXT.format(0).replace("0", r"[\d,]+"), picture["text/html"])
    assert "mine: running, 7 steps" in texts(foreground)
    assert "the loop was cut" not in texts(foreground)  # its cell has ended with it
    # What has ended before the kernel was not cut.
    assert "over: finished, 30 steps" in texts(over)
    assert "cut" not in texts(over)
    # Nor were writers, closed or not, which end a while after their cell.
    for name, step in (("closed", 3), ("left", 4)):
        assert f"{name}: finished, {step} steps" in texts(written)
    assert "the loop was cut" not in texts(written)


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
    done = processes.run(CUT)
    assert "nbviz: 'own' was cut at step" in done.stderr
    assert "nbviz.active()[0].wait()" in done.stderr


VIEW = "application/vnd.jupyter.widget-view+json"
CLEARED = """
from IPython.display import clear_output, display
run = nbviz.Run("own")
run.log({"loss": 1.0}, step=1)
display(nbviz.Dashboard(run))
for number in range(3):
    clear_output(wait=number < 2)
    print("at", number)
"""
CLEARED_TWO = """
from IPython.display import display
runs = [nbviz.Run("first"), nbviz.Run("second")]
for run in runs:
    run.log({"loss": 1.0}, step=1)
    display(nbviz.Dashboard(run))
for number in range(3):
    display(f"at {number}", clear=True)
"""
CLEARED_BY_A_THREAD = """
import threading
from IPython.display import clear_output, display
run = nbviz.Run("own")
display(nbviz.Dashboard(run))
def work():
    for number in range(3):
        run.log({"loss": 1.0}, step=number + 1)
        clear_output(wait=True)
        print("at", number)
worker = threading.Thread(target=work)
worker.start()
worker.join()
"""
CLEARED_UNDER_A_CANVAS = """
import nbviz.integrations.hiddenlayer as hl
from IPython.display import clear_output
history, canvas = hl.History(), hl.Canvas()
for number in range(3):
    history.log(number, loss=1 / (number + 1))
    canvas.draw_plot(history["loss"])
    clear_output(wait=True)
    print("at", number)
"""
CLEARED_IN_AN_AREA = """
import ipywidgets
from IPython.display import clear_output, display
area = ipywidgets.Output()
display(nbviz.Dashboard(nbviz.Run("own")), area)
with area:
    print("in there")
    clear_output()
    print("alone")
print("out here")
"""
CLEARED_BY_THE_TRAINING = """
from nbviz.widgets.live_cell import start_live_cell
source = '''
from IPython.display import clear_output, display
for number in range(3):
    clear_output(wait=number != 1)
    nbviz.log({"loss": 1.0}, step=number)
    display(f"first {number}")
    if number < 2:
        display(f"second {number}")
'''
print("before")
loop = start_live_cell(source, globals(), cell_id=None, name="own")
display(loop.dashboard)
loop.start()
loop.wait(180)
"""


def streams(outputs: list[Any]) -> str:
    return "".join(output.get("text", "") for output in outputs)


def views(outputs: list[Any]) -> list[str]:
    return [one["data"][VIEW]["model_id"] for one in outputs if VIEW in one.get("data", {})]


def test_the_view_stays_when_its_cell_clears_its_output(
    executed: Callable[..., list[list[Any]]],
) -> None:
    _, cell, later = executed("import nbviz", CLEARED, "print(1)\nclear_output()\nprint(2)")
    assert len(views(cell)) == 1
    assert "own: " in texts(cell)
    assert streams(cell) == "at 2\n"
    assert len(cell) == 3
    assert streams(later) == "2\n"
    assert not views(later)


def test_all_views_stay_when_their_cell_clears_its_output(
    executed: Callable[..., list[list[Any]]],
) -> None:
    _, cell = executed("import nbviz", CLEARED_TWO)
    shown: list[str] = [one["data"]["text/plain"] for one in cell]
    assert len(views(cell)) == 2
    assert shown[0] == "Dashboard('first')"
    assert shown[1].startswith("first: ")
    assert shown[2] == "Dashboard('second')"
    assert shown[3].startswith("second: ")
    assert shown[4:] == ["'at 2'"]


@pytest.mark.parametrize("source", [CLEARED_BY_A_THREAD, CLEARED_UNDER_A_CANVAS])
def test_the_view_stays_whoever_clears_its_output(
    source: str, executed: Callable[..., list[list[Any]]]
) -> None:
    _, cell = executed("import nbviz", source)
    assert len(views(cell)) == 1
    assert streams(cell) == "at 2\n"


def test_an_output_area_that_is_cleared_takes_no_view(
    executed: Callable[..., list[list[Any]]],
) -> None:
    _, cell, said = executed(
        "import nbviz",
        CLEARED_IN_AN_AREA,
        "print([one['text'] for one in area.outputs])",
    )
    assert len(views(cell)) == 2  # the dashboard's and the area's
    assert streams(cell) == "out here\n"
    assert streams(said) == "['alone\\n']\n"


def test_a_training_that_clears_the_output_clears_what_it_has_displayed(
    executed: Callable[..., list[list[Any]]],
) -> None:
    _, cell = executed("import nbviz", CLEARED_BY_THE_TRAINING)
    assert len(views(cell)) == 1
    assert streams(cell) == "before\n"
    shown = [one["data"]["text/plain"] for one in cell if len(one.get("data", {})) == 1]
    assert shown == ["'first 2'", ""]
