"""Going back in the page: a curve's handle dragged back, rewound, gone on, forked, raced, kept."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook
    from playwright.sync_api import Locator
    from view import Snapshots

TRAIN = """\
import nbviz, torch
from torch import nn

torch.manual_seed(0)
train, val = nbviz.datasets.digits()
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2),
                      nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = nbviz.LiveTrainer(model, train, val_loader=val, loss_fn=nn.CrossEntropyLoss(),
                            optimizer=optimizer, metrics=["accuracy"], max_epochs=8,
                            device="cpu", threads=1, ring_every=50, name="lr-0.1")
trainer.step(20)
trainer
"""
RACE = """\
torch.manual_seed(0)
racer = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2),
                      nn.Linear(32, 10))
race = nbviz.LiveTrainer(racer, train, val_loader=val, loss_fn=nn.CrossEntropyLoss(),
                         optimizer=torch.optim.SGD(racer.parameters(), lr=0.1),
                         metrics=["accuracy"], max_epochs=100_000, device="cpu", threads=1,
                         ring_every=50, name="lr-0.1")
race.step(200)
race
"""
BREAK = """\
import nbviz, torch
from torch import nn

class LogPixels(nn.Module):
    def forward(self, x):
        return torch.log(x + 1)

torch.manual_seed(0)
batches = list(nbviz.datasets.digits()[0])
batches[16][0][5, 0, 3, 3] = -1  # whose logarithm is infinite
model = nn.Sequential()
model.logs, model.flatten, model.fc = LogPixels(), nn.Flatten(), nn.Linear(64, 10)
trainer = nbviz.LiveTrainer(model, batches, loss_fn=nn.CrossEntropyLoss(), max_epochs=3,
                            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
                            device="cpu", threads=1, ring_every=10, name="broken")
trainer.start()
trainer
"""


def strip(view: View) -> Locator:
    return view.toolbar.locator(".nbviz-act")


def drag_back(view: View, share: float) -> int:
    """Drag the handle of the first chart from the newest step to a share of the width."""
    chart = view.curves.locator(".nbviz-chart").first
    chart.scroll_into_view_if_needed()
    handle = chart.locator(".nbviz-chart-movable")
    expect(handle).to_be_visible()
    over = chart.locator(".nbviz-plot-over").bounding_box()
    at = handle.bounding_box()
    assert over is not None
    assert at is not None
    mouse, bottom = view.root.page.mouse, over["y"] + over["height"] - 5
    mouse.move(at["x"], bottom)
    mouse.down()
    mouse.move(over["x"] + 0.8 * over["width"], bottom)
    mouse.move(over["x"] + share * over["width"], bottom)
    mouse.up()
    expect(chart).to_have_attribute("data-marked", re.compile(r"^\d+$"))
    return int(chart.get_attribute("data-marked") or 0)


def photograph(notebook: Notebook, snapshots: Snapshots, name: str) -> None:
    notebook.page.mouse.move(0, 0)  # else a tooltip hides a part
    snapshots.take(notebook, notebook.page.locator("#main"), name)


def rewind(notebook: Notebook, view: View, step: int) -> None:
    view.root.locator("[data-act=rewind]").click()
    kept = max(one for one in notebook.value("trainer.trainer.ring.steps") if one <= step)
    box = view.root.get_by_role("dialog", name="Rewind the run")
    expect(box.locator("output")).to_contain_text(f"step {kept}")
    box.get_by_role("button", name=f"Rewind to step {step}").click()
    expect(strip(view)).to_contain_text(f"Paused at step {step}")
    expect(strip(view)).to_contain_text("bit-equal")
    view.wait_for_status("paused")
    view.wait_for_step(step)
    expect(view.root.locator(".nbviz-timeline-step")).to_have_text(f"step {step}")


def fork_by_keys(view: View, step: int, name: str, lr: str) -> None:
    """Fork from the step that the handle marks."""
    button = view.root.locator("[data-act=fork]")
    button.focus()
    button.press("Enter")
    box = view.root.get_by_role("dialog", name="Fork the run")
    expect(box.get_by_label("Step")).to_have_value(str(step))
    box.get_by_label("Name of the fork").fill(name)
    box.get_by_label("Learning rate of the fork").fill(lr)
    box.get_by_label("Learning rate of the fork").press("Enter")
    expect(strip(view)).to_contain_text(f"'{name}' forked from step {step}")
    view.wait_for_status("ready")
    view.wait_for_step(step)


def test_back_by_the_handle_then_on_and_looked_back_then_forked_raced_and_kept(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(TRAIN, RACE)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_curve(20)
    weights = view.open("weights")
    # What a page has seen of them is kept, to be shown again.
    view.wait_for_weights(20)
    view.click("resume")
    view.wait_for_status("finished")
    total = notebook.value("trainer.trainer.engine.step")
    view.wait_for_curve(total)
    view.wait_for_weights(total)
    newest = weights.inner_text()
    step = drag_back(view, 0.52)
    assert 0 < step < total
    expect(view.root.locator(".nbviz-timeline-step")).to_have_text(f"step {step} of {total}")
    expect(weights).not_to_have_text(newest, use_inner_text=True)
    rewind(notebook, view, step)
    assert notebook.value("(trainer.status, trainer.trainer.engine.step)") == ["paused", step]
    assert notebook.value("[one.is_earlier for one in trainer.subjects]") == [True, False]
    expect(view.open("log")).to_contain_text(f"Paused at step {step}")
    view.open("weights")
    photograph(notebook, snapshots, "rewound")
    view.click("resume")
    view.wait_for_status("finished")
    expect(strip(view)).to_be_hidden()
    was, now = "trainer.subjects[0].run", "trainer.run"
    assert notebook.value(
        f"({was}['loss/train'].values == {now}['loss/train'].values).all().item()"
    )

    view.root.locator("[data-act=probe]").click()
    box = view.root.get_by_role("dialog", name="Look back")
    box.get_by_label("Parameter").select_option("1.weight")
    snapshots.take_as_it_is(notebook.page.locator("#main"), "look-back")
    box.get_by_role("button", name="Draw the curve").click()
    expect(strip(view)).to_contain_text("probe/gradient_norm/1.weight is a curve now")
    expect(view.curves.locator("[data-chart='probe/gradient_norm/1.weight']")).to_be_attached()
    photograph(notebook, snapshots, "looked-back")

    race_and_keep(notebook, snapshots)


def last_steps(view: View) -> dict[str, int]:
    """By run, the newest step of its loss that the page holds."""
    rows = csv.DictReader(io.StringIO(view.save("CSV").decode()))
    return {row["run"]: int(row["step"]) for row in rows if row["tag"] == "loss/train"}


def race_and_keep(notebook: Notebook, snapshots: Snapshots) -> None:
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_status("paused")
    view.wait_for_curve(200)
    step = drag_back(view, 0.5)
    fork_by_keys(view, step, "lower lr", "0.01")
    view.click("start")
    view.wait_for_status("running")
    view.root.get_by_label("Run", exact=True).first.select_option("lr-0.1")
    view.wait_for_status("paused")
    view.click("resume")
    view.wait_for_status("running")
    assert notebook.value("[one.run.status for one in race.subjects]") == ["running", "running"]

    # Each of both goes on, in turns, in the kernel and in the same page.
    made = notebook.value("[one.run.progress.step for one in race.subjects]")
    lowest = "min(one.run.progress.step for one in race.subjects)"
    notebook.wait_for(f"{lowest} > {max(made) + 300}")
    view.wait_for_curve(max(made) + 300)
    seen = last_steps(view)
    assert seen.keys() == {"lr-0.1", "lower lr"}
    assert min(seen.values()) > max(made)
    rows = view.open("runs").locator(".nbviz-runs-row")
    first, second = rows.filter(has_text="lr-0.1").first, rows.filter(has_text="lower lr").first
    for row in (first, second):
        expect(row).to_contain_text("running")
    expect(second).to_contain_text(f"lr-0.1 at step {step}")
    # Both at once: rows are made anew as their runs go on.
    colours = rows.locator(".nbviz-runs-swatch").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).color)"
    )
    assert len(set(colours)) == len(colours) == 2
    photograph(notebook, snapshots, "racing")

    fork = "race.subjects[1].run"
    assert notebook.value(f"{fork}['lr'].values[[{step - 1}, {step}]].tolist()") == [0.1, 0.01]
    second.locator("[data-action=select]").click()
    view.root.get_by_role("button", name="Keep this one").click()
    expect(strip(view)).to_contain_text("Your model and optimizer are those of 'lower lr' now")
    photograph(notebook, snapshots, "kept")
    assert notebook.value(
        "race.model is racer and all(torch.equal(a, b) for a, b in zip(racer.parameters(), "
        f"{fork}.steering.model.parameters()))"
    )


def test_the_step_that_broke_is_found_from_the_page(
    make_notebook: Callable[..., Notebook], snapshots: Snapshots
) -> None:
    notebook = make_notebook(BREAK)
    notebook.page.set_viewport_size({"width": 1280, "height": 800})
    notebook.run(0)
    view = View(notebook.output(0))
    view.wait_for_status("finished")
    expect(strip(view)).to_contain_text("since step 17")
    photograph(notebook, snapshots, "broken")
    strip(view).get_by_role("button", name="Find the first bad step").click()
    expect(strip(view)).to_contain_text("In step 17 log in logs was the first")
    expect(strip(view)).to_contain_text("Paused before it, at step 16")
    view.wait_for_status("paused")
    view.wait_for_step(16)
    expect(view.open("log")).to_contain_text("was the first to give NaN or infinity")
    photograph(notebook, snapshots, "found")
