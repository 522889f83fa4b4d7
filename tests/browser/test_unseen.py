"""A training whose view is gone is offered by the view that opens next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cells
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

IMPATIENT = "import nbviz.session.unseen\nnbviz.session.unseen.UNSEEN_SECONDS = 1.0\n"
CLEAR = "(index) => window.nbvizPanel.content.widgets[index].outputArea.model.clear()"


def test_a_training_without_a_view_is_shown_or_stopped_where_the_next_one_opens(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(
        IMPATIENT + cells.trainer(name="lonely") + "\ntrainer.start()",
        "other = nbviz.Dashboard(nbviz.Run('other'))\nother",
        "again = nbviz.Dashboard(nbviz.Run('again'))\nagain",
    )
    notebook.run(0)
    View(notebook.output(0)).wait_for_status("running")
    notebook.run(1)
    view = View(notebook.output(1))
    expect(view.root.locator(".nbviz-status-word")).to_have_text("Ready")
    said = view.root.locator(".nbviz-unseen")
    expect(said).to_have_count(0)

    notebook.page.evaluate(CLEAR, 0)
    expect(said).to_contain_text("'lonely' has been training without a view for less than a minute")
    said.get_by_role("button", name="Show it here").click()
    expect(said).to_have_text("")
    view.wait_for_curve(1)  # of the other run there is none
    assert notebook.value("[run.name for run in other.runs]") == ["other", "lonely"]

    notebook.page.evaluate(CLEAR, 1)
    notebook.run(2)
    said = View(notebook.output(2)).root.locator(".nbviz-unseen")
    expect(said).to_contain_text("'lonely'")
    said.get_by_role("button", name="Stop it").click()
    notebook.wait_for("trainer.trainer.is_active", lambda active: not active)
    expect(said).to_have_text("")
    assert notebook.value("len(nbviz.active())") == 0
