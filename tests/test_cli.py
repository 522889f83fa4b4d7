"""The demo's command, on a notebook smaller than the quickstart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cells
import nbformat
import pytest
from forked_kernels import forked_kernels
from kernel_specs import ROOT, jupyter_environment

from nbviz import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRAINING = cells.trainer(max_epochs=2)


@pytest.fixture
def make_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    for name, value in jupyter_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def make(*sources: str) -> Path:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        path = tmp_path / "small.ipynb"
        nbformat.write(notebook, path)
        return path

    with forked_kernels():
        yield make


def test_headless_demo_trains_reports_and_writes_a_page(
    make_notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = TRAINING.replace("model, Batches(),", "model, Batches(), val_loader=Batches(),")
    notebook = make_notebook(source, "trainer.start()")
    page = tmp_path / "demo.html"
    before = notebook.read_bytes()
    options = ["demo", "--headless", "--notebook", str(notebook), "--output", str(page)]
    assert cli.main(options) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^steps +64 \(finished\)$", shown, re.MULTILINE)
    assert re.search(r"^validation accuracy +\d+\.\d %", shown, re.MULTILINE)
    assert re.search(r"^time +\d+\.\d s, [\d,]+ steps/s$", shown, re.MULTILINE)
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert notebook.read_bytes() == before


def test_a_cell_that_fails_is_shown_and_the_command_fails(
    make_notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = make_notebook("raise ValueError('no data today')")
    assert cli.main(["demo", "--headless", "--notebook", str(notebook)]) == 1
    assert "no data today" in capsys.readouterr().err


def test_a_notebook_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--headless", "--notebook", "nowhere.ipynb"]) == 1
    assert "'nowhere.ipynb' does not exist" in capsys.readouterr().err


def test_the_quickstart_is_where_the_command_looks() -> None:
    assert cli.NOTEBOOK.is_file()
