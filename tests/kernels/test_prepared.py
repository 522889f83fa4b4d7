"""A dashboard that pages have loaded before a cell shows it, in real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel_specs import COLAB, NEWEST
from test_pull import IN_COLAB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kernel_page import KernelPage

MADE = """
import os
from dataclasses import replace
import ipywidgets
from nbviz import SummaryWriter
from nbviz.integrations import prepared
prepared.let_go()
writer = SummaryWriter({folder!r})
"""
LOGGED = "writer.add_scalar('loss', 0.5, 1)"
COMM = "prepared._prepared and prepared._prepared.view.comm.comm_id"


def prepare(page: KernelPage, folder: Path) -> str:
    """Make a writer in a cell of its own, and return the comm of what it prepares."""
    page.run(MADE.format(folder=str(folder)))
    page.displayed.clear()
    return page.value(COMM)


def shown(page: KernelPage, count: int = 1) -> list[str]:
    """Return the comms of what cells have displayed, once there are so many."""
    page.wait_until(lambda: len(page.displayed) >= count, "a view")
    return page.displayed


def test_a_cell_shows_the_dashboard_that_its_page_has(
    make_kernel: Callable[[str], KernelPage], tmp_path: Path
) -> None:
    page = make_kernel(NEWEST)
    page.comm = first = prepare(page, tmp_path / "one")
    page.run(f"other = SummaryWriter({str(tmp_path / 'other')!r})")
    assert page.value(COMM) == first  # one is enough
    page.send("ready", attempt=1, need=1)
    page.wait_until(lambda: page.received, "an answer")
    assert page.displayed == []
    page.run(LOGGED, cell_id="one")
    assert shown(page) == [first]
    page.wait_until(lambda: page.updates("points_appended"), "the point")
    second = page.value(COMM)
    assert second not in (None, first)  # made at the cell's end

    page.received.clear()
    page.comm = second
    page.send("ready", attempt=1, need=1)
    page.wait_until(lambda: page.received, "an answer")
    page.run("other.add_scalar('loss', 0.25, 2)", cell_id="other")
    assert shown(page, 2) == [first, second]
    page.wait_until(lambda: page.updates("points_appended"), "the point")


@pytest.mark.parametrize(
    "lost",
    [
        "ipywidgets.Widget.close_all()",
        "prepared._prepared = replace(prepared._prepared, made_at=-1e9)",  # no page has answered
        "prepared._pid += 1",  # it is a forked process
    ],
)
def test_a_dashboard_that_no_page_has_is_not_shown(
    make_kernel: Callable[[str], KernelPage], tmp_path: Path, lost: str
) -> None:
    page = make_kernel(NEWEST)
    before = prepare(page, tmp_path / "runs")
    page.run(lost)
    page.run(LOGGED)
    assert len(shown(page)) == 1
    assert page.displayed != [before]
    assert page.value(COMM) is None  # it was closed
    page.run("prepared._pid = os.getpid()")
    page.comm = page.displayed[0]
    page.send("ready", attempt=1, need=1)
    page.send("ready", attempt=2, need=1)  # as one that has not got what was sent before it asked
    page.wait_until(lambda: page.updates("points_appended"), "the point")


@pytest.mark.parametrize("kernel", [COLAB, "ipykernel-6.29"])
def test_none_is_prepared_where_pages_wait_for_the_cell(
    make_kernel: Callable[[str], KernelPage], kernel: str, tmp_path: Path
) -> None:
    page = make_kernel(kernel)
    page.run(IN_COLAB if kernel == COLAB else "")
    assert prepare(page, tmp_path / "runs") is None
    page.run(LOGGED)
    assert len(shown(page)) == 1
    assert page.value(COMM) is None


def test_none_is_prepared_where_a_program_runs_the_cells(
    make_kernel: Callable[[str], KernelPage], tmp_path: Path
) -> None:
    page = make_kernel(NEWEST)
    made = MADE.format(folder=str(tmp_path / "runs"))
    page.end(page.client.execute(made, allow_stdin=False))
    assert page.value(COMM) is None
