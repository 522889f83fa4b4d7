"""One kernel for all notebooks of these tests: most of a short one's time is importing torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.util import run_sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def run_cells() -> Iterator[Callable[..., list[Any]]]:
    """Returns a function that runs sources as cells of a new notebook, and returns the cells."""
    owner = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3")
    manager = owner.create_kernel_manager()

    def run(*sources: str) -> list[Any]:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        return NotebookClient(notebook, km=manager, timeout=120).execute().cells

    yield run
    if manager.has_kernel:
        run_sync(manager.shutdown_kernel)(now=True)
