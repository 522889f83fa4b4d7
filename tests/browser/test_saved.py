"""What a saved notebook shows to a reader without a kernel; beside the live views it is hidden."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import cells
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

TRAINED = cells.trainer(max_epochs=None, max_steps=60) + "\ntrainer.start()\ntrainer"
GRAPH = """\
block = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
deep = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(4)), block)
nbviz.graph(deep, torch.zeros(1, 8))
"""
RECORDED = """\
with nbviz.record(deep) as recording:
    loss = deep(torch.ones(2, 8)).sum()
recording
"""
CELLS = (
    TRAINED,
    "trainer.wait(180)",
    GRAPH,
    RECORDED,
    "nbviz.make_dot(loss, deep)",
    "nbviz.summary(deep, torch.zeros(1, 8))",
    "print('a' + 'b')",
)
GRAPHS = (2, 3, 4)
SUMMARY, PRINT = 5, 6
IS_DRAWN = "(image) => image.decode().then(() => image.naturalWidth > 100)"


def test_a_reader_without_a_kernel_sees_what_was_shown(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(*CELLS)
    notebook.run(0)
    view = View(notebook.output(0))
    notebook.run(1)
    view.wait_for_status("finished")
    view.wait_for_curve(60)
    notebook.wait_for_text(0, "finished")
    expect_hidden(notebook, 0)
    for index in GRAPHS:
        notebook.run(index)
        open_a_fold(notebook, index)
        expect_hidden(notebook, index)
    notebook.run(SUMMARY)
    expect(notebook.output(SUMMARY).get_by_role("treegrid")).to_be_visible()
    expect_hidden(notebook, SUMMARY)
    notebook.run(PRINT)
    # Five views and a summary, each with a model of its own, and what draws them is there once.
    assert notebook.page.evaluate("window[Symbol.for('nbviz.modules')].size") == 2

    saved = [cell["outputs"] for cell in notebook.save()["cells"]]
    kinds = {kind for output in saved[0] for kind in output.get("data", {})}
    assert {"image/png", "text/html", "text/plain"} <= kinds
    assert len(json.dumps(saved[0])) < 1_000_000
    kinds = {kind for output in saved[SUMMARY] for kind in output["data"]}
    assert {"text/html", "text/plain"} <= kinds

    notebook.open_without_kernel()
    for index in (0, *GRAPHS):
        output = notebook.output(index)
        output.scroll_into_view_if_needed()
        picture = output.locator(".nbviz-static img").first  # a sanitiser leaves classes alone
        expect(picture).to_be_visible()
        assert picture.evaluate(IS_DRAWN)
        expect(output.locator(".nbviz[data-nbviz=ready]")).to_have_count(0)
    kept = notebook.output(SUMMARY).locator(".nbviz-static table").first
    expect(kept).to_be_visible()
    expect(kept).to_contain_text(re.compile(r"4\s+Sequential"))
    expect(notebook.output(PRINT)).to_contain_text("ab")


STATE = "__import__('ipywidgets').Widget.get_manager_state()"
LIVE = ".nbviz[data-nbviz=ready]"


def test_a_reader_who_trusts_it_keeps_the_pictures_where_no_kernel_has_the_widgets(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(TRAINED, "trainer.wait(180)", GRAPH, CELLS[SUMMARY])
    for index in range(4):
        notebook.run(index)
    notebook.wait_for_text(0, "finished")
    expect(notebook.output(3).get_by_role("treegrid")).to_be_visible()
    notebook.save()
    widgets, path, kernel = notebook.value(STATE), notebook.path, notebook.kernel_id
    asked: list[str] = []

    def sent(frame: object) -> None:
        asked.append(str(frame))

    notebook.page.on("websocket", lambda socket: socket.on("framesent", sent))

    # Nothing draws the widgets.
    notebook.open_without_kernel(is_trusted=True)
    for index in (0, 2):
        expect_picture(notebook, index)
        expect(notebook.output(index).locator(LIVE)).to_have_count(0)
    assert asked == []

    # Their state is in the file, and so the page draws them; no kernel has them.
    notebook.path = path
    notebook.open_with_another_kernel(widgets)
    for index in (0, 2):
        expect(notebook.output(index).locator(LIVE)).to_be_attached()
        expect(notebook.output(index).locator(LIVE)).to_be_hidden()
        expect_picture(notebook, index)
    # What needs no kernel is as it was.
    expect(notebook.output(3).get_by_role("treegrid")).to_be_visible()
    expect_hidden(notebook, 3)
    assert not [frame for frame in asked if "client_id" in frame]
    notebook.kernel_id = kernel


def expect_picture(notebook: Notebook, index: int) -> None:
    """Expect the picture that is saved to be seen."""
    output = notebook.output(index)
    output.scroll_into_view_if_needed()
    picture = output.locator("[data-nbviz-static] img").first
    expect(picture).to_be_visible()
    assert picture.evaluate(IS_DRAWN)


def expect_hidden(notebook: Notebook, index: int) -> None:
    """Expect the picture that is saved to be there beside the live view, and not to be seen."""
    kept = notebook.output(index).locator("[data-nbviz-static]").first
    expect(kept).to_be_attached()
    expect(kept).not_to_be_visible()


def open_a_fold(notebook: Notebook, index: int) -> None:
    """Open a module of a graph by a click."""
    card = notebook.output(index).locator(".nbviz-graph[data-ready=true]")
    # A graph is laid out when it is first seen.
    notebook.output(index).locator("section").first.scroll_into_view_if_needed()
    expect(card).to_be_visible()
    folded = card.locator(".nbviz-graph-box[aria-expanded=false]").first
    before = card.locator(".nbviz-graph-box").count()
    folded.click(position={"x": 20, "y": 12})
    expect(card.locator(".nbviz-graph-box")).not_to_have_count(before)


IN_AN_AREA = """\
import ipywidgets, nbviz
from IPython.display import display
run = nbviz.Run("own")
run.log({"loss": 1.0}, step=1)
def show(number=1):
    display(nbviz.Dashboard(run))
ipywidgets.interact(show, number=(0, 2));
"""


def test_a_view_in_an_output_area_of_ipywidgets_leaves_what_is_around_it_in_sight(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(IN_AN_AREA)
    notebook.run(0)
    output = notebook.output(0)
    expect_hidden(notebook, 0)
    expect(output.locator(LIVE)).to_be_visible()
    expect(output.get_by_role("slider").first).to_be_visible()
