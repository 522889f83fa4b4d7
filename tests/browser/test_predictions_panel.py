"""Predictions that a trainer collects: the worst first, followed through the steps; and saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import torch
from playwright.sync_api import expect
from view import View

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator, Page
    from view import Snapshots

SHOWN = """\
import torch, nbviz
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
found = load_digits()
images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 8 - 1
data = TensorDataset(images, torch.tensor(found.target))
data.classes = ["zero", "one", "two", "three", "four", "five", "six", "seven", "<b>8</b>", "nine"]
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))
trainer = nbviz.LiveTrainer(
    model, DataLoader(data, 64, shuffle=True), val_loader=DataLoader(data, 256),
    loss_fn=nn.CrossEntropyLoss(), optimizer=torch.optim.Adam(model.parameters(), 3e-3),
    max_epochs=6, overhead_budget=1, panels=["curves", "predictions"], arrangement="stack")
trainer
"""
STARTED = """\
trainer.start()
trainer.wait(180)
scores = model(images[:40]).detach()
trainer.run.log_predictions("predictions/train", data[:40][1], scores, 174, inputs=images[:40],
                            classes=data.classes)
"""
# The mean of the pixels of a sample's picture, as the page shows them.
MEAN = """async (look) => {
  const style = getComputedStyle(look);
  const image = new Image();
  image.src = style.backgroundImage.slice(5, -2);
  await image.decode();
  const scale = parseFloat(style.backgroundSize) / image.naturalWidth;
  const [left, top] = style.backgroundPosition.split(" ").map((at) => -parseFloat(at) / scale);
  const [width, height] = [look.clientWidth / scale, look.clientHeight / scale];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, -left, -top);
  const { data } = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += data[i];
  return sum / (width * height);
}"""
KEPT = "trainer.run.media['predictions/val']"


def card(panel: Locator, index: int) -> Locator:
    return panel.locator(f"[data-index='{index}']")


def test_what_a_trainer_collects_is_shown_worst_first_and_followed(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(SHOWN, STARTED)
    notebook.page.set_viewport_size({"width": 1340, "height": 1400})
    notebook.run(0)
    view = View(notebook.output(0))
    panel = view.open("predictions")
    notebook.run(1)
    val = panel.locator("[data-tag='predictions/val']")
    steps = notebook.value(f"{KEPT}.steps.tolist()")
    grid = val.locator(".nbviz-predictions-grid")
    expect(grid).to_have_attribute("data-step", str(steps[-1]))
    worst = notebook.value(f"{KEPT}[-1].value.worst(24)")
    shown = grid.locator("[data-index]")
    expect(shown).to_have_count(len(worst))
    assert [int(one) for one in shown.evaluate_all("(all) => all.map((o) => o.dataset.index)")] == (
        worst
    )
    first = card(val, worst[0])
    value = notebook.value(
        f"[(v.confidence[r].item(), v.own[r].item(), v.inputs.pictures[r].mean().item())"
        f" for v in [{KEPT}[-1].value] for r in v.rows_of(__import__('numpy').array([{worst[0]}]))]"
    )[0]
    expect(first).to_contain_text(f"{100 * value[0]:.0f}")
    look = first.locator(".nbviz-predictions-look")
    expect(look).to_have_attribute("data-kind", "picture")
    np.testing.assert_allclose(look.evaluate(MEAN), value[2], atol=0.6)
    line = first.locator(".nbviz-predictions-line")
    expect(line).to_have_attribute("data-points", str(len(steps)))
    snapshots.take(notebook, panel, "predictions-wide")

    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    slider = view.root.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(grid).to_have_attribute("data-step", str(steps[0]))
    expect(line).to_have_attribute("data-at", str(steps[0]))
    expect(shown.first).to_have_attribute("data-index", str(worst[0]))
    expect(first).to_have_attribute("data-step", str(steps[0]))
    # The curves mark the step that is shown: 29 of 174 of the charts' width.
    mark = view.curves.locator(".nbviz-chart-marked").first
    expect(mark).to_be_visible()
    share = mark.evaluate(
        """(mark) => (mark.getBoundingClientRect().x - mark.parentElement.getBoundingClientRect().x)
            / mark.parentElement.clientWidth"""
    )
    assert abs(share - (steps[0] - 1) / (steps[-1] - 1)) < 0.02, share
    mistakes = notebook.value(f"int({KEPT}[0].value.is_mistake.sum())")
    expect(val).to_contain_text(f"{mistakes} mistakes in 225 samples")
    val.get_by_role("combobox", name="True class").select_option("8")
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(shown.nth(1)).to_have_attribute("aria-label", re.compile("true class <b>8</b>"))
    snapshots.take(notebook, view.root, "predictions-first-step")
    slider.press("End")
    change_training_data(notebook, panel, snapshots)
    view.root.evaluate("(root) => { root.style.width = '380px'; }")
    snapshots.take(notebook, panel, "predictions-narrow")


def change_training_data(notebook: Notebook, panel: Locator, snapshots: Snapshots) -> None:
    own = panel.locator("[data-tag='predictions/train']")
    own.get_by_role("button", name="All", exact=True).click()
    own.locator("[data-index='3']").click()
    own.locator("[data-index='5']").click()
    editor = own.get_by_role("group", name="Training data")
    editor.get_by_role("combobox", name="New class").select_option("<b>8</b>")
    editor.get_by_role("button", name="Relabel as").click()
    expect(editor).to_contain_text("Relabelled from the next epoch on")
    editor.get_by_role("button", name="Weight").click()
    expect(editor).to_contain_text("Weighted from the next epoch on")
    labels = "{index: int(one) for index, one in trainer.data.relabelled.items()}"
    assert notebook.value(labels) == {"3": 8, "5": 8}
    assert notebook.value("trainer.data.weights") == {"3": 2.0, "5": 2.0}
    snapshots.take(notebook, own, "predictions-train")


def test_a_saved_page_shows_and_scrubs_them(
    open_saved: Callable[[Path], Page], tmp_path: Path
) -> None:
    run = nbviz.Run("saved", overhead_budget=1)
    model = torch.nn.Linear(3, 2)
    run.log_weights(model, step=0)
    run.weights.want("a page", ["weight"])
    for step in (1, 2, 3):
        run.log({"loss": 1 / step}, step=step)
        torch.nn.init.constant_(model.weight, step / 4)
        run.weights.capture(step)
        shares = np.array([[0.5 + step / 10, 0.5 - step / 10], [0.3, 0.7]])
        run.log_predictions("p", [1, 1], shares, step, inputs=["<i>a</i>", "b"])
    run.finish()
    page = open_saved(nbviz.Dashboard(run).save_html(tmp_path / "page.html"))
    page.locator("[data-tab=predictions]").click()
    panel = page.locator(".nbviz-slot-predictions")
    wrong = panel.locator("[data-index='0']")
    expect(wrong).to_contain_text("<i>a</i>")
    expect(wrong).to_contain_text("80")
    expect(wrong.locator(".nbviz-predictions-line")).to_have_attribute("data-points", "3")
    slider = page.get_by_role("slider", name="Step shown")
    slider.focus()
    slider.press("Home")
    expect(wrong).to_have_attribute("data-step", "1")
    expect(wrong).to_contain_text("60")
    panel.get_by_role("button", name="All").click()
    expect(panel.locator("[data-index='1']")).to_contain_text("b")
    # The weights are of the same step.
    page.locator("[data-tab=weights]").click()
    weights = page.locator(".nbviz-slot-weights article[aria-label=weight]")
    expect(weights.locator("canvas.nbviz-heatmap")).to_have_attribute("data-step", "1")
    expect(weights.locator("dl")).to_contain_text("max0.25")
    slider.focus()
    slider.press("ArrowRight")
    expect(weights.locator("canvas.nbviz-heatmap")).to_have_attribute("data-step", "2")
    expect(weights.locator("dl")).to_contain_text("max0.5")
    slider.press("End")
    expect(weights.locator("canvas.nbviz-heatmap")).to_have_attribute("data-step", "3")
