"""What a cell that runs again leaves behind: nothing that the platform lets go of."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import ipywidgets
import pages
import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import CheckpointError
from nbviz.widgets import live_trainer
from nbviz.widgets.live_cell import start_live_cell

if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = 8


@pytest.fixture
def run_again(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A cell that runs; call it for each run of it."""
    runs = [0]
    monkeypatch.setattr(live_trainer, "running_cell", lambda: ("cell", f"request {runs[0]}"))

    def begin() -> None:
        runs[0] += 1

    return begin


def trained() -> nbviz.LiveTrainer:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    batches = [(torch.randn(4, 8), torch.randint(0, 2, (4,))) for _ in range(3)]
    trainer = nbviz.LiveTrainer(
        model,
        batches,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=1,
        threads=1,
    )
    page = pages.Page(trainer)
    page.ready()
    trainer.start()
    trainer.wait(180)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "finished")
    return trainer


def widgets() -> int:
    """How many widgets have a model in the kernel, and so in each page."""
    known: Any = getattr(ipywidgets.widgets.widget, "_instances", None)
    return len(ipywidgets.Widget.widgets if known is None else known)


def alive(references: list[weakref.ref[Any]]) -> int:
    gc.collect()
    return sum(reference() is not None for reference in references)


def test_a_trainer_that_is_replaced_is_let_go(run_again: Callable[[], None]) -> None:
    before = widgets()
    held: dict[str, list[weakref.ref[Any]]] = {}
    trainer = None
    for _ in range(AGAIN):
        run_again()
        trainer = trained()
        parts = {
            "view": trainer,
            "trainer": trainer.trainer,
            "run": trainer.run,
            "model": trainer.model,
            "session": trainer._session,
            "transport": trainer.transport,
            "engine": trainer.trainer.engine,
        }
        for name, part in parts.items():
            held.setdefault(name, []).append(weakref.ref(part))
        del parts, part
    assert widgets() - before == 2  # the newest view and its layout
    # The run before is the newest view's grey line; one before that is let go.
    wanted = dict.fromkeys(held, 1) | {"run": 2}
    # A thread that sends or samples may be about to end.
    pages.wait_until(lambda: all(alive(held[name]) == count for name, count in wanted.items()))
    assert {name: alive(found) for name, found in held.items()} == wanted
    trainer.close()
    assert widgets() == before


def test_one_that_ipythons_out_keeps_holds_no_copy_of_its_weights(
    run_again: Callable[[], None],
) -> None:
    run_again()
    first = trained()
    assert first.trainer.engine.start.checkpoint is not None
    run_again()
    second = trained()
    assert first.trainer.engine.start.checkpoint is None
    with pytest.raises(CheckpointError, match="its cell was run again"):
        first.reset()
    assert first.run["loss/train"].steps[-1] == 3
    assert second.trainer.engine.start.checkpoint is not None
    second.close()


def test_a_live_cell_that_is_replaced_is_let_go() -> None:
    before = widgets()
    held: list[weakref.ref[Any]] = []
    namespace: dict[str, Any] = {"nbviz": nbviz}
    for _ in range(AGAIN):
        cell = start_live_cell("nbviz.log({'loss': 1.0}, step=1)", namespace, cell_id="c", name="x")
        cell.start()
        cell.wait(180)
        held += [weakref.ref(cell.run), weakref.ref(cell.dashboard)]
    assert widgets() - before == 2
    cell.dashboard.close()
    pages.wait_until(lambda: alive(held) == 3)  # with the run before, its grey line
    assert widgets() == before


def test_a_layout_of_the_users_own_stays() -> None:
    layout = ipywidgets.Layout(width="50%")
    dashboard = nbviz.Dashboard(nbviz.Run("own"))
    dashboard.layout = layout
    dashboard.close()
    assert layout.comm is not None
    layout.close()
