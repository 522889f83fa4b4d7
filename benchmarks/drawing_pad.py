"""How soon does a drawing pad answer while its model trains? Milliseconds, by the length of steps.

In JupyterLab, a convolutional network trains in the background, with steps of its own length and
with a wait in each that makes them longer. The mouse moves over the pad as a person's does. Printed
are the milliseconds from a move to the first frame in which the pad shows another answer, and the
share of answers that came from a copy of the weights, not between two steps.

Run: python benchmarks/drawing_pad.py   (needs what `make setup` installs; about a minute)
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from _lab import NEWEST, Notebook, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

TRAINER = """\
import time, torch, nbviz
from torch import nn
torch.set_num_threads(1)
WAIT = {wait}
class Batches:
    def __init__(self):
        self.inputs, self.targets = torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,))
    def __len__(self):
        return 1000
    def __iter__(self):
        for _ in range(1000):
            time.sleep(WAIT)  # what makes a step as long as is measured with
            yield self.inputs, self.targets
model = nn.Sequential(
    nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(8 * 36, 10))
trainer = nbviz.LiveTrainer(model, Batches(), loss_fn=nn.CrossEntropyLoss(), threads=1,
    optimizer=torch.optim.SGD(model.parameters(), 0.01), max_epochs=10_000)
trainer.trainer.start()
pad = nbviz.DrawPad(model, trainer=trainer)
ANSWERS = []
show = pad._answers._tell
def told(answer, image):
    show(answer, image)
    ANSWERS.append((int((image > 0).sum()), answer.is_copy))
pad._answers._tell = told
"""
# Notes when each move was sent, and when the words below the pad changed.
WATCH = """(area) => {
  const canvas = area.querySelector("canvas");
  const now = () => performance.now();
  window.moves = []; window.answers = [];
  canvas.addEventListener("mousemove", (event) => {
    if (event.buttons) window.moves.push(now());
  }, true);
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(() =>
    window.answers.push(now())))).observe(area, {
      subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ["src", "height", "y", "d"]});
}"""


def draw(page: Page, box: dict[str, float], strokes: int) -> None:
    """Move the mouse over the pad as a person does: 40 moves a second."""
    for stroke in range(strokes):
        x = box["x"] + box["width"] * (0.2 + 0.6 * stroke / max(1, strokes - 1))
        page.mouse.move(x, box["y"] + box["height"] * 0.15)
        page.mouse.down()
        for at in range(20):
            page.mouse.move(x + 3 * (at % 3), box["y"] + box["height"] * (0.15 + 0.035 * at))
            page.wait_for_timeout(25)  # the pace of a hand is what is measured at
        page.mouse.up()


def measure(page: Page, lab: object, wait: float, strokes: int) -> tuple[list[float], float]:
    """Return the milliseconds until each move was answered, and the share of answers by a copy."""
    notebook = Notebook(page, lab, [TRAINER.format(wait=wait), "pad"], kernel=NEWEST, name="pad")
    notebook.run(0)
    notebook.wait_for("trainer.run.progress.step", lambda step: step > 5)
    notebook.run(1)
    area = notebook.output(1)
    canvas = area.locator("canvas").first
    canvas.wait_for(state="visible")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    area.evaluate(WATCH)
    draw(page, dict(box), strokes)
    notebook.wait_for("len(ANSWERS)", lambda count: count > 0)
    page.wait_for_timeout(1000)  # the last answer may come; that it does is what is measured
    moves, answers = page.evaluate("() => [window.moves, window.answers]")
    copies = notebook.value("sum(copy for _, copy in ANSWERS) / len(ANSWERS)")
    notebook.value("(trainer.trainer.stop(), 0)[1]")
    notebook.end_kernel()
    found: list[float] = []
    for move in moves:
        later = [answer for answer in answers if answer >= move]
        if later:
            found.append(later[0] - move)
    return found, copies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waits", type=float, nargs="*", default=[0.0, 0.03, 0.2], help="seconds")
    parser.add_argument("--strokes", type=int, default=4)
    arguments = parser.parse_args()
    head, widths = (
        ["wait in a step", "moves", "p50", "p95", "most", "by a copy"],
        [15, 6, 8, 8, 8, 10],
    )
    print(" ".join(f"{text:>{width}}" for text, width in zip(head, widths, strict=True)))
    with running_lab() as (open_page, lab):
        for wait in arguments.waits:
            page = open_page()
            found, copies = measure(page, lab, wait, arguments.strokes)
            page.close()
            p50, p95, most = np.percentile(found or [np.nan], [50, 95, 100])
            print(
                f"{wait * 1000:>12,.0f} ms {len(found):>6} {p50:>5.0f} ms {p95:>5.0f} ms "
                f"{most:>5.0f} ms {copies:>10.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
