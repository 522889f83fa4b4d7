"""A loop that blocks its cell, as courses write them: the page that it opens shows it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel_specs import COLAB
from test_pull import IN_COLAB, points

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kernel_page import KernelPage

PREPARED = """
import threading, time
from pathlib import Path
from nbviz import SummaryWriter
from nbviz.widgets.dashboard import Dashboard
threads, send = [], Dashboard._send_message
def noted(self, content, buffers):
    threads.append(threading.current_thread() is threading.main_thread())
    send(self, content, buffers)
Dashboard._send_message = noted
"""
GRAPH = """
import torch
from nbviz.widgets.graph_view import GraphView
graphs, shown = [], GraphView.show
GraphView.show = lambda self: (graphs.append(self), shown(self))
SummaryWriter({folder!r}).add_graph(torch.nn.Linear(2, 2), torch.zeros(1, 2))
GraphView.show = shown
"""
# It logs until the page has seen a second part of it: nothing else could end it in time.
LOOP = """
writer, step = SummaryWriter({folder!r}), 0
while not Path({mark!r}).exists():
    step += 1
    writer.add_scalar("loss", 1 / step, step)
    time.sleep(0.002)  # a step
"""


@pytest.mark.parametrize("kernel", [COLAB, "ipykernel-6.29"])
def test_the_page_shows_a_loop_that_keeps_it_waiting(
    make_kernel: Callable[[str], KernelPage], kernel: str, tmp_path: Path
) -> None:
    page = make_kernel(kernel)
    page.run((IN_COLAB if kernel == COLAB else "") + PREPARED)
    page.displayed.clear()
    page.run(GRAPH.format(folder=str(tmp_path / "runs")))
    graph = page.value("[one.comm.comm_id for one in graphs]")
    page.wait_until(lambda: page.displayed, "the graph")
    assert page.displayed == graph  # and no dashboard that has nothing to show
    page.displayed.clear()
    mark = tmp_path / "seen"
    cell = page.begin(LOOP.format(folder=str(tmp_path / "runs"), mark=str(mark)))
    page.wait_until(lambda: page.displayed, "the dashboard")
    page.comm = page.displayed[0]
    page.send("ready")  # which waits for the cell's end
    page.wait_until(lambda: page.updates("points_appended"), "points")
    page.wait_until(
        lambda: {"curves", "lines"} <= {sent["name"] for sent in page.updates("asset_sent")},
        "what draws them",
    )
    assert all(received.content["client_id"] == "" for received in page.received)
    assert len(points(page, "loss")) > 0
    page.received.clear()
    mark.touch()
    page.end(cell)
    page.wait_until(lambda: any(r.content["client_id"] == "page" for r in page.received), "answer")
    if kernel == COLAB:
        assert page.value("threads") == [True] * page.value("len(threads)")
        assert max(sum(map(len, r.buffers)) for r in page.received) <= 512_000
    page.run("Dashboard._send_message = send")


CLOSED = """
with SummaryWriter({folder!r}) as writer:
    writer.add_scalar("loss", 1.0, 3)
while writer.run.is_active:
    time.sleep(0.02)
Path({over!r}).touch()
while not Path({mark!r}).exists():
    time.sleep(0.02)
"""


def test_a_page_that_opens_after_the_end_of_the_run_and_before_that_of_its_cell(
    make_kernel: Callable[[str], KernelPage], tmp_path: Path
) -> None:
    page = make_kernel("ipykernel-6.29")
    page.run(PREPARED)
    page.displayed.clear()
    over, mark = tmp_path / "over", tmp_path / "seen"
    paths = {"folder": str(tmp_path / "runs"), "over": str(over), "mark": str(mark)}
    cell = page.begin(CLOSED.format(**paths))
    page.wait_until(lambda: page.displayed, "the dashboard")
    page.comm = page.displayed[0]
    page.wait_until(over.exists, "the end of the run")
    page.received.clear()  # the page was not there yet
    page.wait_until(lambda: page.updates("points_appended"), "points")
    page.wait_until(lambda: page.updates("asset_sent"), "what draws them")
    mark.touch()
    page.end(cell)
    page.run("Dashboard._send_message = send")


CLOSED_EACH_TIME = """
for step in range(3):
    with SummaryWriter({folder!r}) as writer:
        writer.add_scalar("loss", 1.0, step)
"""


def test_a_writer_that_is_closed_after_each_call_has_one_line_in_a_cell(
    make_kernel: Callable[[str], KernelPage], tmp_path: Path
) -> None:
    page = make_kernel("ipykernel-6.29")
    page.run(PREPARED)
    page.displayed.clear()
    loop = CLOSED_EACH_TIME.format(folder=str(tmp_path / "runs"))
    for expected in (1, 2, 3):  # the dashboard, and a line of each cell after that
        page.run(loop)
        page.wait_until(lambda: len(page.displayed) >= expected, "a view")  # noqa: B023
        assert len(page.displayed) == expected
    page.run("Dashboard._send_message = send")
