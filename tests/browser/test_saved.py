"""What a saved notebook shows to a reader without a kernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cells
import pytest
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SHOWN = cells.trainer(max_epochs=None, max_steps=60) + "\ntrainer.start()\ntrainer"
IS_DRAWN = "(image) => image.complete && image.naturalWidth > 100"


@pytest.fixture
def saved(make_notebook: Callable[..., Notebook]) -> Notebook:
    """A notebook that was run to the end and saved; its kernel is gone."""
    notebook = make_notebook(SHOWN, "trainer.wait(180)")
    notebook.run(0)
    view = View(notebook.output(0))
    notebook.run(1)
    view.wait_for_status("finished")
    view.wait_for_curve(60)
    notebook.wait_for_text(0, "finished")
    notebook.save()
    notebook.end_kernel()
    return notebook


def expect_picture(notebook: Notebook) -> None:
    output = notebook.output(0)
    picture = output.locator(".nbviz-static img").first  # a sanitiser leaves classes alone
    expect(picture).to_be_visible()
    assert picture.evaluate(IS_DRAWN)
    expect(output.locator(".nbviz[data-nbviz=ready]")).to_have_count(0)


def test_reopened_with_a_new_kernel(saved: Notebook) -> None:
    saved.open()
    expect_picture(saved)
    expect(saved.output(0).get_by_text("Error displaying widget")).not_to_be_visible()


def test_opened_by_a_reader_without_the_kernel(saved: Notebook) -> None:
    saved.open_without_kernel()
    expect_picture(saved)


def test_file_holds_a_picture_for_every_reader(saved: Notebook) -> None:
    outputs = json.loads(saved.path.read_text())["cells"][0]["outputs"]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "text/html", "text/plain"} <= kinds
    size = len(json.dumps(outputs))
    assert size < 1_000_000


def test_picture_is_hidden_beside_the_live_view(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(SHOWN, "trainer.wait(180)")
    notebook.run(0)
    view = View(notebook.output(0))
    notebook.run(1)
    view.wait_for_status("finished")
    expect(view.root).to_be_visible()
    expect(notebook.output(0).locator("[data-nbviz-static]").first).not_to_be_visible()
