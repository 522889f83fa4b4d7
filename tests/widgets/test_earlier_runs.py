"""A cell that runs again: its earlier run stays beside the new one, until it is kept or let go."""

from __future__ import annotations

from pages import Page

import nbviz
from nbviz.widgets.live_cell import start_live_cell

LOOP = """
import nbviz
for step in range(1, 4):
    nbviz.log({"loss": 1 / step}, step=step)
"""


def run_cell(cell_id: str = "cell-1"):
    cell = start_live_cell(LOOP, {}, cell_id=cell_id, name="mine")
    cell.start()
    cell.wait(180)
    return cell


def added(page: Page) -> dict[str, bool]:
    return {one["run_id"]: one["is_earlier"] for one in page.updates if one["kind"] == "run_added"}


def test_the_run_before_is_shown_as_an_earlier_one_and_the_one_before_that_is_let_go() -> None:
    first, second, third = run_cell(), run_cell(), run_cell()
    page = Page(third.dashboard)
    page.ready()
    assert added(page) == {third.run.run_id: False, second.run.run_id: True}
    assert first.run.run_id not in added(page)
    assert second.run.commands == ()
    assert page.points["loss"]
    # It is no run of a comparison: not in the table, nor beside others.
    assert third.dashboard.runs == (third.run,)
    assert [row["run"] for row in third.dashboard.table()] == ["mine"]
    assert nbviz.Dashboard(third.dashboard).runs == (third.run,)


def test_what_a_reader_keeps_is_compared_and_stays_when_the_cell_runs_again() -> None:
    first, second = run_cell("cell-2"), run_cell("cell-2")
    page = Page(second.dashboard)
    page.ready()
    answer = page.ask("keep_run", run_id=first.run.run_id)
    assert answer["kind"] == "command_done"
    page.wait_for(lambda: not added(page)[first.run.run_id])
    # Runs that are compared are told apart by their names.
    assert (first.run.name, second.run.name) == ("mine (earlier)", "mine")
    third = run_cell("cell-2")
    last = Page(third.dashboard)
    last.ready()
    assert added(last) == {
        third.run.run_id: False,
        first.run.run_id: False,
        second.run.run_id: True,
    }
    refused = last.ask("keep_run", run_id="none")
    assert refused["kind"] == "command_failed"
    assert "shows no run 'none'" in refused["error"]


def test_a_run_that_never_began_leaves_nothing() -> None:
    start_live_cell(LOOP, {}, cell_id="cell-3", name="mine")
    again = run_cell("cell-3")
    assert [subject.run_id for subject in again.dashboard.subjects] == [again.run.run_id]
