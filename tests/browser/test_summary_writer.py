"""A loop written for TensorBoard's writer, in a cell that it blocks, shows live there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook

MAKE = """\
import pathlib, tempfile, time, torch
from nbviz import SummaryWriter
directory, gate = tempfile.mkdtemp(), pathlib.Path({gate!r})
"""
LOOP = """\
for epoch in range(3):
    with SummaryWriter(directory) as writer:
        for step in range(epoch * 100, epoch * 100 + 100):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalars("both", {"train": step, "val": 2 * step}, step)
    while epoch == 1 and not gate.exists():
        time.sleep(0.02)
"""
MORE = """\
writer.add_text("note", "more", 301)
writer.add_scalar("loss", 0.5, 301)
"""
QUIET = """\
with SummaryWriter(tempfile.mkdtemp(), show=False) as quiet:
    quiet.add_scalar("loss", 1.0, 0)
"""
GRAPH = """\
writer.add_graph(torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU()), torch.rand(1, 4))
"""


def test_a_writer_shows_in_the_cell_that_logs(
    make_notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    notebook = make_notebook(MAKE.format(gate=str(gate)), LOOP, MORE, QUIET, GRAPH)
    notebook.page.set_viewport_size({"width": 1400, "height": 900})
    notebook.run(0)
    notebook.run(1, wait=False)
    output = notebook.output(1)
    view = View(output)
    view.wait_for_step(199)  # while the cell waits for the gate
    view.wait_for_curve(199)
    gate.touch()
    view.wait_for_step(299)
    assert view.points("both/val")[-1] == (299, 598)
    expect(output.locator(".nbviz[data-arrangement=screen]")).to_have_count(1)
    view.wait_for_status("finished")

    notebook.run(2)
    expect(notebook.output(2).locator(".nbviz[data-arrangement=bar]")).to_have_count(1)
    view.wait_for_step(301)
    notebook.run(3)
    expect(notebook.output(3).locator(".nbviz")).to_have_count(0)
    notebook.run(4)
    box = notebook.output(4).locator(".nbviz-graph-box").first
    notebook.output(4).scroll_into_view_if_needed()
    expect(box).to_be_visible()


def test_on_ipykernel_6_the_page_sees_a_loop_that_keeps_it_waiting(
    make_notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    notebook = make_notebook(MAKE.format(gate=str(gate)), LOOP, kernel="ipykernel-6.29")
    notebook.run(0)
    notebook.run(1, wait=False)
    view = View(notebook.output(1))
    # What the page asks is answered after the cell only, which waits for this.
    view.wait_for_curve(199)
    assert view.points("both/val")[-1] == (199, 398)
    gate.touch()
    view.wait_for_step(299)
    view.wait_for_status("finished")
    notebook.wait_for_idle_kernel()
