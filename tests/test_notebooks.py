"""Every notebook runs from top to bottom in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from kernel_specs import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# The kernel is that of other tests: no name or magic of theirs is left, and nothing is written
# elsewhere.
AS_NEW = "%unload_ext nbviz\n%reset -f\n%cd -q {folder}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path, run_cells: Callable[..., list[Any]]) -> None:
    notebook = nbformat.read(path, as_version=4)
    # Forty epochs are for a reader who steers them; test_screenshots.py goes through them all.
    sources = [
        cell.source.replace("max_epochs=40", "max_epochs=8")
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    _, *cells = run_cells(AS_NEW.format(folder=str(tmp_path)), *sources)
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    assert "Error in callback" not in "".join(output.get("text", "") for output in outputs)
