"""Real JupyterLab in real Chromium."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kernel_specs import NEWEST
from lab import Lab, run_lab
from notebook_page import Notebook
from playwright.sync_api import Browser, Error, Page, Request, expect, sync_playwright
from view import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Without these Chromium asks its maker's hosts for things at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The machine may be busy with other tests.
PATIENCE_MS = 120_000
WINDOW = {"width": 1400, "height": 1000}
# What has nothing to do with a notebook's cells and outputs makes each load of the page cost half
# as much again; the splash screen, which moves until all is there, each change of the theme, too.
WITHOUT = (
    *("csvviewer", "htmlviewer", "imageviewer", "javascript", "json", "markdownviewer", "pdf"),
    *("console", "debugger", "extensionmanager", "fileeditor", "help", "hub", "inspector"),
    *("launcher", "logconsole", "lsp", "mermaid", "metadataform", "pluginmanager", "running"),
    *("settingeditor", "terminal", "toc", "vega5", "workspaces"),
)
# Closes what is open, and forgets what nbviz keeps: a new tab would fetch it, too.
# Returns whether JupyterLab is then as it is after loading.
LEAVE = """async () => {
  const app = window.jupyterapp;
  if (!app || document.querySelector(".jp-Dialog")) return false;
  for (const panel of [...app.shell.widgets("main")]) panel.dispose();
  delete window.nbvizPanel;
  for (const storage of [sessionStorage, localStorage]) {
    for (const key of Object.keys(storage)) {
      if (key.startsWith("nbviz")) storage.removeItem(key);
    }
  }
  for (const key of Object.getOwnPropertySymbols(window)) {
    if (Symbol.keyFor(key)?.startsWith("nbviz.")) delete window[key];
  }
  if (app.shell.leftCollapsed) app.shell.expandLeft();
  if (document.body.dataset.jpThemeLight !== "true") {
    await app.commands.execute("apputils:change-theme", { theme: "JupyterLab Light" });
  }
  return true;
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker("browser")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    without = [f"@jupyterlab/{name}-extension" for name in WITHOUT]
    without += ["@jupyterlab/apputils-extension:splash", "jupyterlab-plotly"]
    yield from run_lab(tmp_path_factory.mktemp("lab"), without=without)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is missing; install it with: make setup")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def widget_errors() -> list[str]:
    """What widgets raised in the page; whatever is left in it at the end fails the test."""
    return []


class Tab:
    """A tab that tests use one after another: to load JupyterLab takes longer than most of them.

    Args:
        browser: Where it is opened when it is first asked for.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None

    def page(self) -> Page:
        """Return the tab's page, with nothing open in it."""
        if self._page is None:
            context = self._browser.new_context(viewport=WINDOW, device_scale_factor=1)
            self._page = context.new_page()
            self._page.set_default_timeout(PATIENCE_MS)
        return self._page

    def leave(self) -> None:
        """Make the tab as it was before the test; a page that something is left in is closed."""
        page = self.page()
        page.set_viewport_size(WINDOW)
        if not page.evaluate(LEAVE):
            self.close()

    def close(self) -> None:
        """Close the tab; the next test has a new one."""
        if self._page is not None:
            self._page.context.close()
            self._page = None


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Tab]:
    tab = Tab(browser)
    yield tab
    tab.close()


@pytest.fixture
def page(
    tab: Tab, lab: Lab, widget_errors: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A tab that reaches the tests' own server and nothing else, and fails on a widget's error."""
    page = tab.page()
    failed_before = request.session.testsfailed
    outside: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((lab.address, "data:", "blob:")):
            outside.append(request.url)

    def note_error(error: Error) -> None:
        # Widgets' code is imported from blobs; JupyterLab has errors of its own.
        if "blob:" in (error.stack or ""):
            widget_errors.append(str(error.stack))

    page.context.on("request", note_request)
    page.on("pageerror", note_error)
    yield page
    if request.session.testsfailed > failed_before:
        tab.close()
    else:
        tab.leave()
        page.context.remove_listener("request", note_request)
        page.remove_listener("pageerror", note_error)
    assert not outside, "the page asked for something outside"
    assert not widget_errors, "a widget raised an error"


@pytest.fixture
def make_notebook(
    page: Page, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Returns a function that opens a new notebook with the given cells."""
    opened: list[Notebook] = []
    failed_before = request.session.testsfailed

    def make(*cells: str, kernel: str = NEWEST) -> Notebook:
        page.mouse.move(0, 0)  # a pointer that rests on a curve shows the step below it
        name = re.sub(r"\W+", "-", request.node.name).strip("-") + f"-{len(opened)}"
        opened.append(Notebook(page, lab, list(cells), kernel=kernel, name=name))
        return opened[-1]

    yield make
    if request.session.testsfailed > failed_before:
        print(lab.stacks())
    for notebook in opened:
        notebook.close()


@pytest.fixture(scope="session")
def offline_tab(browser: Browser) -> Iterator[Page]:
    """A tab without a network, for one saved page after another."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def offline(offline_tab: Page) -> Iterator[Page]:
    """An empty page without a network; nothing in it may fail, or ask for anything outside."""
    problems: list[str] = []

    def note_error(error: Error) -> None:
        problems.append(str(error.stack))

    def note_request(request: Request) -> None:
        if not request.url.startswith(("about:", "file:", "blob:", "data:")):
            problems.append(request.url)

    page = offline_tab
    page.on("pageerror", note_error)
    page.on("request", note_request)
    yield page
    if page.url.startswith("file:"):
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("about:blank")
    page.emulate_media(color_scheme="light")
    page.remove_listener("pageerror", note_error)
    page.remove_listener("request", note_request)
    assert problems == []


@pytest.fixture
def open_saved(offline: Page) -> Callable[[Path], Page]:
    """Returns a function that opens a saved page without a network."""

    def open_page(path: Path) -> Page:
        offline.goto(path.as_uri())
        return offline

    return open_page


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that NBVIZ_PICTURES names, else one that is thrown away."""
    named = os.environ.get("NBVIZ_PICTURES")
    return Path(named) if named else tmp_path_factory.mktemp("pictures")


@pytest.fixture
def snapshots(pictures: Path) -> Snapshots:
    """Pictures in both themes."""
    return Snapshots(pictures)
