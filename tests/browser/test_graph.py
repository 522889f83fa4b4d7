"""A graph of a backward pass in a cell of its own, without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SHOWN = """\
import nbviz, torch
from torch import nn
nbviz.make_dot(nn.Tanh()(nn.Linear(2, 1)(torch.ones(1, 2))).view(1), None, True, True)
"""
DASHES = "(line) => getComputedStyle(line.querySelectorAll('path')[1]).strokeDasharray"
FILL = "(box) => getComputedStyle(box.querySelector('.nbviz-graph-outline')).fill"


def test_a_backward_graph_has_torchviz_colours(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(SHOWN)
    notebook.run(0)
    card = notebook.output(0).locator(".nbviz-graph[data-ready=true]")
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
