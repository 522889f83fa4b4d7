"""Every notebook runs from top to bottom in a real kernel.

Those of a course, which show other libraries' calls, take turns in one kernel: to import PyTorch
and Lightning takes it longer than they do. Each finds its names forgotten, and a folder of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from kernel_specs import ROOT, jupyter_environment
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = ROOT / "notebooks"
ALONE = ("gallery", "quickstart")
COURSES = sorted({path.stem for path in NOTEBOOKS.glob("*.ipynb")} - {*ALONE})
FORGET = "%reset -f\nimport os\nos.makedirs({name!r})\n%cd -q {folder!r}"


@pytest.mark.parametrize("names", [*([name] for name in ALONE), COURSES], ids=[*ALONE, "courses"])
def test_notebook_runs(names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in jupyter_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cells = []
    for name in names:
        folder = str(tmp_path / name)
        cells.append(nbformat.v4.new_code_cell(FORGET.format(name=folder, folder=folder)))
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        cells += map(nbformat.v4.new_code_cell, sources)
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error"] == []
    said = "".join(output.get("text", "") for output in outputs)
    assert "Error in callback" not in said
