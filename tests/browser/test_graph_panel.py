"""The graph panel in real JupyterLab: opening, finding, ties, overlays that follow the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from view import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator

MODEL = """
import time
import nbviz
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.up = nn.Linear(16, 32)
        self.down = nn.Linear(32, 16)
    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.head = nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight
    def forward(self, words):
        x = self.embed(words)
        for block in self.blocks:
            x = block(x)
        return self.head(torch.log(x.exp() - OFFSET)).transpose(1, 2)

class Batches(list):
    '''Takes its time, as a person's loader does.'''
    def __iter__(self):
        for batch in super().__iter__():
            time.sleep(0.005)
            yield batch

words = torch.randint(0, 20, (4, 6))
OFFSET = 0.0
model = Net()
trainer = nbviz.LiveTrainer(
    model, Batches([(words, words)] * 1000), loss_fn=nn.CrossEntropyLoss(),
    optimizer=torch.optim.SGD(model.parameters(), lr=0.001), max_epochs=1000, threads=1,
    panels=["toolbar", "weights", "graph"], arrangement="stack",
)
"""
HOOKS = (
    "sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())"
    " + len(trainer.trainer.overlays._wants)"
)


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(MODEL, "trainer")
    notebook.page.set_viewport_size({"width": 1400, "height": 1700})
    notebook.run(0)
    notebook.run(1)
    return notebook


@pytest.fixture
def graph(notebook: Notebook) -> Locator:
    graph = notebook.output(1).locator(".nbviz-graph[data-ready=true]")
    notebook.output(1).locator(".nbviz-slot-graph").scroll_into_view_if_needed()
    expect(graph).to_be_visible()
    return graph


def box(graph: Locator, path: str) -> Locator:
    return graph.locator(f".nbviz-graph-box[data-path='{path}']")


def choose_overlay(graph: Locator, overlay: str) -> None:
    graph.get_by_label("Colours of the graph").select_option(overlay)


def test_a_graph_is_read_before_the_run(notebook: Notebook, graph: Locator) -> None:
    a_fold_opens_by_a_double_click_and_closes_by_its_mark(graph)
    tied_weights_are_joined_by_a_dashed_link(graph)
    pointing_shows_what_feeds_a_box_and_what_it_feeds(graph)
    weight_norms_are_shown(notebook, graph)
    keys_search_direction_and_table(graph)


def a_fold_opens_by_a_double_click_and_closes_by_its_mark(graph: Locator) -> None:
    blocks = box(graph, "blocks")
    expect(blocks).to_have_attribute("aria-expanded", "false")
    expect(blocks).to_contain_text("4 × Block")
    blocks.locator(".nbviz-graph-label").dblclick(force=True)
    expect(blocks).to_have_attribute("aria-expanded", "true")
    for number in range(4):
        expect(box(graph, f"blocks.{number}")).to_have_count(1)
    blocks.locator(".nbviz-graph-opener").click()
    expect(blocks).to_have_attribute("aria-expanded", "false")
    expect(box(graph, "blocks.0")).to_have_count(0)


def tied_weights_are_joined_by_a_dashed_link(graph: Locator) -> None:
    tie = graph.locator(".nbviz-graph-tie")
    expect(tie).to_have_count(1)
    expect(tie).to_have_attribute("data-from", "embed")
    expect(tie).to_have_attribute("data-to", "head")
    dashes = tie.locator("path").last.evaluate("(path) => getComputedStyle(path).strokeDasharray")
    assert dashes != "none"


def pointing_shows_what_feeds_a_box_and_what_it_feeds(graph: Locator) -> None:
    box(graph, "embed").hover()
    expect(graph.locator(".nbviz-graph-frame")).to_have_class(re.compile("nbviz-graph-dims"))
    expect(box(graph, "head")).to_have_class(re.compile("nbviz-graph-on"))


def weight_norms_are_shown(notebook: Notebook, graph: Locator) -> None:
    choose_overlay(graph, "weight_norm")
    expect(graph).to_have_attribute("data-overlay", "weight_norm 0")
    norm = notebook.value("model.head.weight.norm().item()")
    said = box(graph, "head").locator(".nbviz-graph-shape").text_content()
    assert said is not None
    assert float(said) == pytest.approx(norm, rel=0.01)
    choose_overlay(graph, "kind")


def keys_search_direction_and_table(graph: Locator) -> None:
    frame = graph.locator(".nbviz-graph-frame")
    frame.focus()
    frame.press("Escape")  # no box is chosen any more
    frame.press("ArrowDown")
    frame.press("ArrowDown")
    expect(box(graph, "embed")).to_have_attribute("aria-selected", "true")
    frame.press("ArrowDown")
    frame.press("Enter")
    expect(box(graph, "blocks")).to_have_attribute("aria-expanded", "true")
    frame.press("/")
    search = graph.get_by_label("Find a module or operation")
    expect(search).to_be_focused()
    search.fill("blocks.2.up")
    expect(graph.locator(".nbviz-graph-found")).to_have_text("1")
    search.press("Enter")
    expect(box(graph, "blocks.2.up")).to_have_class(re.compile("nbviz-graph-chosen"))
    graph.get_by_role("button", name="From left to right").click()
    expect(graph.get_by_role("button", name="From left to right")).to_have_attribute(
        "aria-pressed", "true"
    )
    graph.get_by_role("button", name="Table").click()
    expect(graph.get_by_role("row").filter(has_text="32→16")).to_have_count(1)


def test_a_click_tells_of_a_box_and_shows_its_weights(notebook: Notebook, graph: Locator) -> None:
    notebook.value("trainer.step(1)")
    cards = notebook.output(1).locator(".nbviz-slot-weights").get_by_role("article")
    expect(cards).to_have_count(4)
    expect(cards.locator(".nbviz-weights-step").get_by_text("1")).to_have_count(4)
    # A low window, so that weights and graph are not in sight together.
    notebook.page.set_viewport_size({"width": 1400, "height": 700})
    box(graph, "embed").scroll_into_view_if_needed()
    before = place(box(graph, "embed"))
    box(graph, "embed").click()
    details = graph.locator(".nbviz-graph-details")
    expect(details).to_contain_text("embed.weight, head.weight")
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("embed.weight")
    expect(cards.locator(".nbviz-weights-step")).to_contain_text("1")
    # The reader's place is kept.
    assert place(box(graph, "embed")) == pytest.approx(before, abs=2)
    # A second click opens, as the box has not moved away; one weight card becomes eight.
    blocks = box(graph, "blocks")
    blocks.locator(".nbviz-graph-label").dblclick(force=True)
    expect(blocks).to_have_attribute("aria-expanded", "true")
    expect(cards).to_have_count(8)
    box(graph, "blocks").locator(".nbviz-graph-label").first.click(force=True)
    details.get_by_role("button", name="See its weights").click()
    expect(cards.first).to_be_in_viewport()


def test_a_click_narrows_what_is_watched_to_the_layer_and_has_more_of_it_watched(
    make_notebook: Callable[..., Notebook],
) -> None:
    watched = MODEL.replace(
        'panels=["toolbar", "weights", "graph"]', 'panels=["histograms", "media", "graph"]'
    )
    watched += "trainer.run.watch(model, every_steps=1)\n"
    notebook = make_notebook(watched, "trainer")
    notebook.page.set_viewport_size({"width": 1400, "height": 1700})
    notebook.run(0)
    notebook.run(1)
    notebook.value("trainer.step(2)")
    output = notebook.output(1)
    cards = output.locator(".nbviz-histograms .nbviz-items-card")
    expect(cards.first).to_be_visible()
    graph = output.locator(".nbviz-graph[data-ready=true]")
    output.locator(".nbviz-slot-graph").scroll_into_view_if_needed()
    box(graph, "embed").click()
    back = output.locator(".nbviz-histograms").get_by_role("button", name="embed", exact=True)
    expect(back).to_be_visible()
    expect(cards.first).to_contain_text("embed")
    tags = cards.evaluate_all("(cards) => cards.map((card) => card.dataset.tag)")
    assert tags
    assert all("/embed" in tag for tag in tags), tags
    back.click()
    expect(cards).not_to_have_count(len(tags))
    details = graph.locator(".nbviz-graph-details")
    details.get_by_role("button", name="Watch", exact=True).click()
    expect(details.get_by_role("button", name="Watched")).to_be_visible()
    notebook.value("trainer.step(2)")
    details.get_by_role("button", name="Media").click()
    maps = output.locator(".nbviz-media [data-tag='feature_maps/embed']")
    expect(maps).to_contain_text("6 × 16")  # words × features of the first sample
    expect(maps.locator("canvas")).to_be_in_viewport()


def test_overlays_follow_the_run_and_mark_the_operation_that_made_a_nan(
    notebook: Notebook, graph: Locator
) -> None:
    at_rest = notebook.value(HOOKS)
    notebook.value("trainer.start()")
    choose_overlay(graph, "activation_std")
    expect(graph).to_have_attribute("data-overlay", re.compile(r"^activation_std \d+"))
    expect(graph.locator(".nbviz-graph-legend")).to_contain_text("Activation std")
    expect(box(graph, "embed")).to_have_class(re.compile("nbviz-graph-valued"))
    first = graph.get_attribute("data-overlay")
    assert first is not None
    expect(graph).not_to_have_attribute("data-overlay", first)
    shown = box(graph, "head").locator(".nbviz-graph-shape")
    expect(shown).to_have_text(re.compile(r"^[\d.e−]+$"))
    choose_overlay(graph, "kind")
    expect(box(graph, "embed")).not_to_have_class(re.compile("nbviz-graph-valued"))
    assert notebook.wait_for(HOOKS, lambda hooks: hooks == at_rest) == at_rest

    choose_overlay(graph, "nonfinite_share")
    expect(graph).to_have_attribute("data-overlay", re.compile(r"^nonfinite_share \d+"))
    notebook.value("globals().update(OFFSET=100.0)")
    legend = graph.locator(".nbviz-graph-legend")
    expect(legend).to_contain_text("log (cell:")
    legend.get_by_role("button", name="Show it").click()
    marked = graph.locator(".nbviz-graph-first")
    expect(marked).to_have_attribute("data-node-id", "/log")
    expect(marked).to_have_class(re.compile("nbviz-graph-chosen"))
