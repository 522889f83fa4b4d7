"""Texts that a cell logs: Markdown as elements, its source, a search, and nothing that is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Page
    from view import Snapshots

CELL = '''\
import nbviz
run = nbviz.Run("texts", overhead_budget=1)
for step in (100, 200, 300):
    run.log_text("samples/answer", f"""# Answer at step {step}

The capital of France is **Paris**, see [the source](https://example.org/paris) and
`torch.nn.Linear`; <img src=x onerror="document.title='owned'"> is text.

| class | precision | recall |
|:------|----------:|-------:|
| cat   | 0.{step}  | 0.81   |
| dog   | 0.77      | 0.69   |

1. first
   - within
2. second

- [x] trained
- [ ] deployed

```python
for step in range({step}):
    loss = model(x) < 3  # a comment
```

> A quote, and [a trap](javascript:alert(1)).
""", step=step)
    run.log_text("samples/plain", f"x = a*b*c  # step {step}", step=step, markdown=False)
run.finish()
nbviz.Dashboard(run, panels=["text"], arrangement="stack")
'''


def test_texts_are_markdown_and_nothing_of_them_is_run(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots, open_saved: Callable[[Path], Page]
) -> None:
    notebook = make_notebook(CELL)
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("text")
    answer = panel.locator('[data-tag="samples/answer"]')
    expect(answer).to_have_attribute("data-step", "300")
    answer.get_by_role("button", name="Enlarge").click()
    body = answer.locator(".nbviz-text-body")
    expect(body.locator("h4")).to_have_text("Answer at step 300")
    expect(body.locator("strong")).to_have_text("Paris")
    expect(body.locator("td").nth(1)).to_have_css("text-align", "right")
    expect(body.locator("ol > li > ul > li")).to_have_text("within")
    expect(body.locator("pre")).to_contain_text("loss = model(x) < 3  # a comment")
    expect(body.locator("a")).to_have_count(1)
    expect(body.locator("a")).to_have_attribute("rel", "noopener noreferrer")
    expect(body.locator("img, script")).to_have_count(0)
    expect(body).to_contain_text("<img src=x onerror=")
    assert notebook.page.title() != "owned"
    plain = panel.locator('[data-tag="samples/plain"] pre')
    expect(plain).to_have_text("x = a*b*c  # step 300")
    snapshots.take(notebook, view.root, "text")

    panel.get_by_role("searchbox", name="Search the texts").fill("STEP")
    expect(answer.locator("mark").first).to_have_text("step")
    expect(answer).to_contain_text("2 found")
    panel.get_by_role("button", name="Source", exact=True).click()
    expect(body.locator("pre")).to_contain_text("# Answer at step 300\n\nThe capital")
    view.root.get_by_role("slider", name="Step shown").press("Home")
    expect(body).to_contain_text("# Answer at step 100")

    path = notebook.lab.folder / "texts.html"
    notebook.value(f"str(nbviz.Dashboard(run).save_html({str(path)!r}))")
    page = open_saved(path)
    page.locator("[data-tab=text]").click()
    saved = page.locator('.nbviz-slot-text [data-tag="samples/answer"]')
    expect(saved.locator("h4")).to_have_text("Answer at step 300")
    page.get_by_role("slider", name="Step shown").press("Home")
    expect(saved.locator("h4")).to_have_text("Answer at step 100")
