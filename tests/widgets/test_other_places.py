"""A live view outside a notebook's page: in a terminal's kernel, under marimo, in a pickle."""

from __future__ import annotations

import copy
import os
import pickle
import queue
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from forked_kernels import forked_kernels
from jupyter_client.manager import KernelManager
from kernel_specs import ROOT

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.widgets.cells import running_cell

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = """
import nbviz, torch
run = nbviz.Run("digits")
run.log({"loss": 1.0}, step=1)
dashboard = nbviz.Dashboard(run)
dashboard.show()
nbviz.graph(torch.nn.Linear(2, 1), torch.ones(1, 2)).show()
run.finish()
dashboard.leave_picture()
"""


def displayed(connection_file: Path) -> list[dict[str, Any]]:
    """Return what the cell displays in a kernel with such a connection file."""
    manager = KernelManager(
        kernel_cmd=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        connection_file=str(connection_file),
    )
    with forked_kernels():
        manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        request = client.execute(SHOWN)
        found: list[dict[str, Any]] = []
        while True:
            message = client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            assert kind != "error", content
            if kind in ("display_data", "update_display_data"):
                found.append(content["data"])
            if kind == "status" and content["execution_state"] == "idle":
                return found
    except queue.Empty:
        pytest.fail("the kernel did not answer")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_terminal_is_given_text(tmp_path: Path) -> None:
    shown = displayed(tmp_path / "kernel-1234.json")  # as `jupyter console` calls it
    assert [list(one) for one in shown] == [["text/plain"], ["text/plain"]]
    assert "digits" in shown[0]["text/plain"]


def test_a_notebook_is_given_the_view_and_its_picture(tmp_path: Path) -> None:
    shown = displayed(tmp_path / "kernel-0e6b5b1c-5d3d-4d0e-9d6c-5f1f2a3b4c5d.json")
    assert any("application/vnd.jupyter.widget-view+json" in one for one in shown)
    assert any("image/png" in one for one in shown)


def test_a_view_that_is_pickled_or_copied_says_what_to_save_instead() -> None:
    dashboard = nbviz.Dashboard(nbviz.Run("digits"))
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ConfigurationError, match=r"Dashboard of 'digits' .*save_html"):
            attempt(dashboard)
    dashboard.close()


@pytest.fixture
def marimo(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The part of marimo's runtime that says which cell runs; marimo itself is not installed."""
    context = SimpleNamespace(execution_context=None)
    runtime = ModuleType("marimo._runtime.context")
    runtime.__dict__["safe_get_context"] = lambda: context
    for name in ("marimo", "marimo._runtime"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, runtime.__name__, runtime)
    return context


def trainer() -> nbviz.LiveTrainer:
    model = torch.nn.Linear(2, 1)
    return nbviz.LiveTrainer(
        model,
        [(torch.ones(4, 2), torch.ones(4, 1))],
        loss_fn=torch.nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.01),
        max_epochs=None,
    )


def test_marimos_cell_that_runs_again_stops_its_earlier_training(marimo: SimpleNamespace) -> None:
    marimo.execution_context = SimpleNamespace(cell_id="Hbol")
    first, second = trainer(), trainer()  # of one run of the cell
    first.start()
    second.start()
    marimo.execution_context = SimpleNamespace(cell_id="MJUe")
    other = trainer()
    other.start()
    assert [one.trainer.is_active for one in (first, second, other)] == [True] * 3
    marimo.execution_context = SimpleNamespace(cell_id="Hbol")  # again
    again = trainer()
    assert [one.trainer.is_active for one in (first, second, other)] == [False, False, True]
    other.trainer.stop_and_wait()
    for one in (again, other):
        one.close()
    marimo.execution_context = None
    assert running_cell() == (None, None)
