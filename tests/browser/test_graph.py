"""A model's graph in a cell of its own, without a run: it opens, and a saved notebook keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

MODEL = """\
import nbviz, torch
from torch import nn
block = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
model = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(4)), block)
"""
SHOWN = MODEL + "nbviz.graph(model, torch.zeros(1, 8))"
RECORDED = """\
with nbviz.record(model) as recording:
    loss = model(torch.ones(2, 8)).sum()
recording
"""
BACKWARD = "nbviz.make_dot(loss, model)"
SAVED = "nbviz.make_dot(nn.Tanh()(nn.Linear(2, 1)(torch.ones(1, 2))).view(1), None, True, True)"
DASHES = "(line) => getComputedStyle(line.querySelectorAll('path')[1]).strokeDasharray"
FILL = "(box) => getComputedStyle(box.querySelector('.nbviz-graph-outline')).fill"


def test_graphs_are_shown_open_and_stay(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(SHOWN, RECORDED, BACKWARD)
    for cell in range(3):
        notebook.run(cell)
        card = notebook.output(cell).locator(".nbviz-graph[data-ready=true]")
        # A graph is laid out when it is first seen.
        notebook.output(cell).locator("section").first.scroll_into_view_if_needed()
        expect(card).to_be_visible()
        expect(notebook.output(cell).locator("[data-nbviz-static]").first).not_to_be_visible()
        folded = card.locator(".nbviz-graph-box[aria-expanded=false]").first
        before = card.locator(".nbviz-graph-box").count()
        folded.click(position={"x": 20, "y": 12})
        expect(card.locator(".nbviz-graph-box")).not_to_have_count(before)
    notebook.save()
    notebook.end_kernel()
    notebook.open_without_kernel()
    for cell in range(3):
        picture = notebook.output(cell).locator(".nbviz-static img").first
        expect(picture).to_be_visible()
        assert picture.evaluate("(image) => image.complete && image.naturalWidth > 100")


def test_a_backward_graph_has_torchviz_colours(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(MODEL, SAVED)
    notebook.run(0)
    notebook.run(1)
    card = notebook.output(1).locator(".nbviz-graph[data-ready=true]")
    expect(card).to_be_visible()
    expect(card.locator(".nbviz-graph-keys")).to_contain_text("leaf, gets a gradient")
    fills = {
        kind: card.locator(f".nbviz-autograd-{kind}.nbviz-graph-box").first.evaluate(FILL)
        for kind in ("function", "leaf", "saved", "output")
    }
    assert len(set(fills.values())) == 4
    viewed = card.locator(".nbviz-autograd-tie-view")
    assert viewed.evaluate(DASHES) == "1.6px, 3.4px"
    expect(viewed.locator(".nbviz-graph-arrow")).to_have_count(1)
    kept = card.locator(".nbviz-autograd-tie-saved")
    assert kept.first.evaluate(DASHES) == "none"
    expect(kept.locator(".nbviz-graph-arrow")).to_have_count(0)
    function = card.locator(".nbviz-graph-box", has_text="AddmmBackward0")
    expect(function).to_contain_text("alpha")
    function.click()
    expect(card.locator(".nbviz-graph-details")).to_contain_text("[saved tensor]")
    card.locator(".nbviz-autograd-saved.nbviz-graph-box").first.click()
    expect(card.locator(".nbviz-graph-details")).to_contain_text("saved tensor")
