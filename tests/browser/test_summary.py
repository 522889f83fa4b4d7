"""A summary in JupyterLab: headings sort it as a tree, rows fold, keys do both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator

SHOWN = """\
import nbviz, torch
from torch import nn
torch.manual_seed(0)

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up = nn.Linear(16, width)
        self.act = nn.GELU()
        self.down = nn.Linear(width, 16)
    def forward(self, x):
        return x + self.down(self.act(self.up(x)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.small, self.large, self.middle = Block(8), Block(64), Block(32)
        self.head = nn.Linear(16, 20)
    def forward(self, words):
        return self.head(self.middle(self.large(self.small(self.embed(words)))))

shown = nbviz.summary(Net().eval(), torch.zeros(2, 6, dtype=torch.long))
shown"""
ORDER = "(rows) => rows.map((row) => row.querySelector('b').textContent)"


@pytest.fixture
def notebook(make_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = make_notebook(SHOWN)
    notebook.run(0)
    return notebook


@pytest.fixture
def table(notebook: Notebook) -> Locator:
    table = notebook.output(0).get_by_role("treegrid")
    expect(table).to_be_visible()
    return table


def order(table: Locator) -> list[str]:
    return table.locator("tbody tr").evaluate_all(ORDER)


def test_rows_are_sorted_folded_and_found(notebook: Notebook, table: Locator) -> None:
    sort(table)
    fold(notebook, table)
    find(notebook.output(0), table)


def sort(table: Locator) -> None:
    block = ["up", "act", "down"]
    called = ["Net", "embed", "small", *block, "large", *block, "middle", *block, "head"]
    assert order(table) == called
    heading = table.get_by_role("columnheader", name="Parameters")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    largest = ["up", "down", "act"]  # up has the wider bias
    assert order(table) == [
        *("Net", "large", *largest, "middle", *largest, "head", "embed"),
        *("small", "down", "up", "act"),
    ]
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert order(table)[1:5] == ["small", "act", "up", "down"]
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "none")
    assert order(table) == called
    module = table.get_by_role("columnheader", name="Module")
    module.get_by_role("button").click()
    assert order(table)[1:3] == ["embed", "head"]
    module.get_by_role("button").click()
    module.get_by_role("button").click()
    expect(module).to_have_attribute("aria-sort", "none")


def fold(notebook: Notebook, table: Locator) -> None:
    rows = table.locator("tbody tr")
    large = rows.filter(has_text="large")
    expect(large).to_have_attribute("aria-expanded", "true")
    large.locator("b").click()
    expect(large).to_have_attribute("aria-expanded", "false")
    expect(rows).to_have_count(12)
    expect(large).to_be_focused()
    table.press("ArrowDown")
    expect(rows.filter(has_text="middle")).to_be_focused()
    table.page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(9)
    table.page.keyboard.press("ArrowLeft")
    expect(rows.first).to_be_focused()
    table.page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    table.page.keyboard.press("ArrowUp")
    table.page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(12)
    output = notebook.output(0)
    output.get_by_role("button", name="Close all").click()
    expect(rows).to_have_count(6)
    output.get_by_role("button", name="Open all").click()
    expect(rows).to_have_count(15)
    # Arrows were the table's: the notebook has not gone to another cell.
    assert notebook.page.evaluate("window.nbvizPanel.content.activeCellIndex") == 0


def find(output: Locator, table: Locator) -> None:
    output.get_by_role("button", name="List").click()
    table.get_by_role("columnheader", name="Mult-adds").get_by_role("button").click()
    assert order(table)[:4] == ["Net", "large", "large.up", "large.down"]
    output.get_by_label("Filter modules by name or class").fill("gelu")
    assert order(table) == ["Net", "small.act", "large.act", "middle.act"]
    output.get_by_role("button", name="Tree").click()
    assert order(table) == ["Net", "large", "act", "middle", "act", "small", "act"]
