"""Pages of one JupyterLab in Chromium, as the browser tests use them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS / "browser"), str(TESTS)]

# After the path by which they are found.
from conftest import FLAGS, WINDOW  # noqa: E402
from kernel_specs import NEWEST  # noqa: E402
from lab import run_lab  # noqa: E402
from notebook_page import Notebook  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["NEWEST", "Notebook", "Page", "running_lab"]


@contextlib.contextmanager
def running_lab() -> Generator[tuple[Callable[[], Page], Any]]:
    """Yield what opens a new page, and the JupyterLab that notebooks are opened in."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        server = run_lab(Path(folder))
        lab = next(server)

        def page() -> Page:
            made = browser.new_context(viewport=WINDOW).new_page()
            made.set_default_timeout(60_000)
            return made

        yield page, lab
        browser.close()
        next(server, None)
