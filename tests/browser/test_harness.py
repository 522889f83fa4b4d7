"""The harness itself, with a widget of a few lines: a failure here is not nbviz's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel_specs import LAB_KERNELS
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Page

WIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
      const button = document.createElement("button");
      button.textContent = "count";
      button.onclick = () => model.send({});
      model.on("msg:custom", (content) => { button.dataset.count = content.count; });
      el.append(button);
    } };'''
count = 0
def counted(_widget, _content, _buffers):
    global count
    count += 1
    widget.send({"count": count})
widget = Counter()
widget.on_msg(counted)
widget
"""


@pytest.mark.parametrize("kernel", LAB_KERNELS)
def test_click_reaches_the_kernel_and_its_answer_the_page(
    make_notebook: Callable[..., Notebook], kernel: str
) -> None:
    notebook = make_notebook(WIDGET, kernel=kernel)
    notebook.run(0)
    notebook.output(0).get_by_role("button").click()
    expect(notebook.output(0).locator("[data-count='1']")).to_be_visible()
    assert notebook.value("count") == 1
    assert notebook.version() == kernel


def test_failing_cell_fails_the_test_and_the_theme_switches(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook("1 / 0")
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        notebook.run(0)
    for theme in ("dark", "light"):
        notebook.set_theme(theme)
        assert notebook.themes()[0] == theme


def test_widgets_error_is_seen(
    make_notebook: Callable[..., Notebook], page: Page, widget_errors: list[str]
) -> None:
    notebook = make_notebook(
        """
        import anywidget
        class Broken(anywidget.AnyWidget):
            _esm = "export default { render() { setTimeout(() => { throw Error('broken') }) } }"
        Broken()
        """
    )
    with page.expect_event("pageerror"):
        notebook.run(0)
    assert "broken" in widget_errors.pop()
