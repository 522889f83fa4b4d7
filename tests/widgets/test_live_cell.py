"""A cell's own loop on a background thread."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from pages import Page

import nbviz
from nbviz.errors import LoggingError, TrainingError
from nbviz.recording import current
from nbviz.widgets.live_cell import start_live_cell

ENDLESS = """
import itertools, nbviz
for step in itertools.count(1):
    nbviz.log({"loss": 1 / step}, step=step)
"""


def live(source: str, namespace: dict | None = None, **options):
    return start_live_cell(
        source,
        {} if namespace is None else namespace,
        **{"cell_id": None, "name": None, **options},
    )


def test_the_loop_runs_as_it_is_in_the_notebooks_namespace() -> None:
    namespace = {"start": 3}
    cell = live(
        "import nbviz\n"
        "for i in range(start):\n"
        "    nbviz.log({'loss': float(i)})\n"
        "    print('at', i)\n"
        "result = i",
        namespace,
    )
    cell.start()
    cell.wait(180)
    assert namespace["result"] == 2
    assert cell.run["loss"].values.tolist() == [0.0, 1.0, 2.0]
    assert ("print", "at 2") in [(line.level, line.text) for line in cell.run.lines.since(0)]
    assert cell.run.status == "finished"


def test_pause_and_stop_from_the_page_act_at_its_log_calls() -> None:
    cell = live(ENDLESS)
    page = Page(cell.dashboard)
    page.ready()
    cell.start()
    page.wait_for(lambda: page.newest("run_changed")["step"] > 0)
    page.control("pause")
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    page.control("stop")
    cell.wait(180)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "stopped")


def test_an_error_is_shown_with_the_cells_own_lines_and_raised_by_wait() -> None:
    cell = live("x = 1\nraise ValueError('no such layer')")
    cell.start()
    with pytest.raises(TrainingError, match="no such layer"):
        cell.wait(180)
    errors = "\n".join(line.text for line in cell.run.lines.since(0) if line.level == "error")
    assert "raise ValueError('no such layer')" in errors
    assert cell.run.status == "failed"


def test_running_the_same_cell_again_stops_its_earlier_run() -> None:
    first = live(ENDLESS, cell_id="cell-7")
    first.start()
    second = live(ENDLESS, cell_id="cell-7")
    assert first.run.status == "stopped"
    second.start()
    second.stop()
    assert second.run.status == "stopped"


def test_log_outside_a_run_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # A training that another test has left goes on, and would take it.
    monkeypatch.setattr(current, "_fallback", [])
    with pytest.raises(LoggingError, match="%%live"):
        nbviz.log({"loss": 1.0})


def test_the_extension_adds_the_magic_and_takes_it_away() -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "nbviz")
    shell.run_cell_magic("live", "--name mine", "import nbviz\nnbviz.log({'loss': 0.5})\ndone = 1")
    cell = nbviz.live["mine"]
    cell.wait(180)
    assert shell.user_ns["done"] == 1
    assert cell.run["loss"].values.tolist() == [0.5]
    shell.run_line_magic("unload_ext", "nbviz")
    assert shell.find_cell_magic("live") is None


def test_what_it_prints_has_the_step_of_what_it_logs() -> None:
    cell = live(
        "import nbviz\n"
        "for i in range(3):\n"
        "    nbviz.log({'loss': 1.0}, step=10 * i)\n"
        "    print('after')\n"
    )
    cell.start()
    cell.wait(180)
    printed = [line.step for line in cell.run.lines.since(0) if line.level == "print"]
    assert printed == [0, 10, 20]


def test_in_a_tracked_loop_too() -> None:
    cell = live(
        "import nbviz\n"
        "for i in run.track([1, 2, 3]):\n"
        "    nbviz.log({'loss': 1.0})\n"
        "    print('after')\n",
        namespace := {},
    )
    namespace["run"] = cell.run
    cell.start()
    cell.wait(180)
    printed = [line.step for line in cell.run.lines.since(0) if line.level == "print"]
    assert cell.run["loss"].steps.tolist() == printed == [1, 2, 3]


def test_a_live_cell_is_had_by_its_name_and_writes_its_page(tmp_path) -> None:
    live("import nbviz\nnbviz.log({'loss': 1.0})", name="by name").start()
    newest = live("import nbviz\nnbviz.log({'loss': 2.0})", name="by name")
    newest.start()
    mine = nbviz.live["by name"]
    assert mine is newest
    assert "by name" in nbviz.live
    mine.wait(180)
    page = mine.save_html(tmp_path / "mine.html")
    assert "by name" in page.read_text()
    with pytest.raises(KeyError, match=r"no %%live cell is called 'none'.*'by name'.*--name mine"):
        nbviz.live["none"]


def test_a_cell_that_waits_ends_with_its_loop_and_raises_what_ended_it() -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "nbviz")
    shell.run_cell_magic("live", "--name waits --wait", "import time\ntime.sleep(0.2)\nend = 1")
    assert shell.user_ns["end"] == 1
    with pytest.raises(TrainingError, match="no such layer"):
        shell.run_cell_magic("live", "--name waits -w", "raise ValueError('no such layer')")
    shell.run_line_magic("unload_ext", "nbviz")
