"""Real JupyterLab in real Chromium."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from kernel_specs import NEWEST
from lab import Lab, run_lab
from notebook_page import Notebook
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

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
PATIENCE_MS = 60_000
WINDOW = {"width": 1400, "height": 1000}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker("browser")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from run_lab(tmp_path_factory.mktemp("lab"))


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


@pytest.fixture
def page(browser: Browser, lab: Lab, widget_errors: list[str]) -> Iterator[Page]:
    """A tab that reaches the tests' own server and nothing else, and fails on a widget's error."""
    context = browser.new_context(viewport=WINDOW, device_scale_factor=1)
    outside: list[str] = []
    context.on(
        "request",
        lambda request: (
            outside.append(request.url)
            if not request.url.startswith((lab.address, "data:", "blob:"))
            else None
        ),
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)

    def note(error: Error) -> None:
        # Widgets' code is imported from blobs; JupyterLab has errors of its own.
        if "blob:" in (error.stack or ""):
            widget_errors.append(str(error.stack))

    page.on("pageerror", note)
    yield page
    context.close()
    assert not outside, "the page asked for something outside"
    assert not widget_errors, "a widget raised an error"


@pytest.fixture
def make_notebook(
    page: Page, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Returns a function that opens a new notebook with the given cells."""
    opened: list[Notebook] = []

    def make(*cells: str, kernel: str = NEWEST) -> Notebook:
        name = re.sub(r"\W+", "-", request.node.name).strip("-") + f"-{len(opened)}"
        opened.append(Notebook(page, lab, list(cells), kernel=kernel, name=name))
        return opened[-1]

    yield make
    for notebook in opened:
        notebook.close()
