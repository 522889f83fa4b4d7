"""A kernel that is shut down in mid-run: the notebook, run again, goes on where the run was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"

MAKE = """\
import nbviz, torch
from torch import nn

torch.manual_seed(0)
train, val = nbviz.datasets.digits()
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2),
                      nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
options = dict(val_loader=val, loss_fn=nn.CrossEntropyLoss(), metrics=["accuracy"],
               optimizer=optimizer, max_epochs=6, device="cpu", threads=1, dir="restarted")
"""
TRAIN = """\
trainer = nbviz.LiveTrainer(model, train, seed=1, **options)
trainer.step(70)
trainer
"""
SAVE = 'trainer.save("restarted/checkpoints/kept.pt")'
GO_ON = """\
trainer = nbviz.LiveTrainer.load("restarted", model, train, **options)
trainer
"""


def test_a_restarted_notebook_goes_on_where_it_was(
    make_notebook: Callable[..., Notebook],
) -> None:
    notebook = make_notebook(MAKE, TRAIN, SAVE, GO_ON)
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_status("paused")
    notebook.run(2)
    notebook.save()
    notebook.end_kernel()
    notebook.open()
    # The new kernel knows nothing of the view: the picture that was saved stands in its place.
    picture = notebook.output(1).locator(".nbviz-static img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 100)")
    expect(notebook.output(1).locator(".nbviz[data-nbviz=ready]")).to_have_count(0)
    expect(notebook.output(1).get_by_text("Error displaying widget")).not_to_be_visible()
    notebook.run(0)
    notebook.run(3)
    view = View(notebook.output(3))
    view.wait_for_status("ready")
    assert notebook.value("trainer.trainer.engine.step") == 70
    view.wait_for_curve(70)
    view.click("start")
    view.wait_for_status("finished")
    steps = [step for step, _ in view.points("loss/train")]
    total = notebook.value("trainer.trainer.engine.step")
    assert steps == list(range(1, total + 1))
    assert total > 70
    assert notebook.value("trainer.run['loss/train'].restarts") == 0
    # Epochs are counted on, and the run made no more of them than it was told to.
    assert notebook.value("trainer.run.epochs[:2]") == [0, total // 6]
    assert len(notebook.value("trainer.run.epochs")) == 6
    if os.environ.get("NBVIZ_SCREENSHOTS") == "1":
        notebook.page.mouse.move(0, 0)  # else a tooltip hides a part
        notebook.output(3).screenshot(path=SCREENSHOTS / "restarted-light.png")
