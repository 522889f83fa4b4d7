"""While runs go on, what a person can press, type into or open stays the same in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_page import POLL_MS
from playwright.sync_api import expect
from view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_page import Notebook

# Each step logs something new for each panel; the second run is a row of the table.
RUNNING = """\
import itertools, threading, time
import nbviz, torch
run, other = nbviz.Run("one"), nbviz.Run("other")
over = threading.Event()

def go_on():
    for step in itertools.count(1):
        run.log({"loss": 1 / step, "accuracy": 1 - 1 / step}, step)
        other.log({"loss": 2 / step}, step)
        scores, target = torch.rand(60, 3), torch.randint(3, (60,))
        run.log_images("images", torch.rand(4, 1, 8, 8), step)
        run.log_predictions("seen", target, scores, step=step)
        run.log_confusion_matrix("confusion", target, scores, step=step)
        run.log_pr_curve("pr", target == 0, scores[:, 0], step=step)
        run.log_table("table", {"row": range(60), "score": scores[:, 0]}, step)
        run.log_text("text", f"**step** {step}", step)
        run.log_histogram("weights", torch.randn(200), step)
        run.note(f"step {step}")
        if over.wait(0.1):
            return

threading.Thread(target=go_on, daemon=True).start()
"""
SHOWN = "nbviz.compare([other, run])"
IN_SIGHT = """const inSight = (slot) => {
  const controls = "button, input, select, textarea, a, canvas, [tabindex], [role=row]";
  return [...slot.querySelectorAll(controls)].filter((one) => one.getClientRects().length);
};"""
AT_LEAST = f"([slot, least]) => {{ {IN_SIGHT} return inSight(slot).length >= least; }}"
# Nodes that are taken out count, also those that are put in again at once: a press on them is lost.
HOLD = (
    f"(slot) => {{ {IN_SIGHT}"
    """
  const held = inSight(slot);
  window.touched = [];
  window.watcher?.disconnect();
  window.watcher = new MutationObserver((records) => {
    const removed = records.flatMap(({ removedNodes }) => [...removedNodes]);
    for (const one of held) {
      if (removed.some((node) => node.contains(one))) window.touched.push(one.outerHTML);
    }
  });
  window.watcher.observe(slot, { subtree: true, childList: true });
}"""
)
# Of those that show one thing for each sample, row or run.
SEVERAL = ("runs", "predictions", "confusion", "tables")
# Samples that are shown in the order of their mistakes change their places.
IN_ORDER = "nbviz-predictions-sample"


def test_controls_stay_while_runs_go_on(make_notebook: Callable[..., Notebook]) -> None:
    notebook = make_notebook(RUNNING, SHOWN, "over.set()")
    notebook.page.set_viewport_size({"width": 1400, "height": 900})
    notebook.run(0)
    notebook.run(1)
    view = View(notebook.output(1))
    view.wait_for_curve(5)
    for name in ("runs", "media", "predictions", "confusion", "roc", "tables", "text"):
        expect(view.root.locator(f"[data-tab={name}]")).to_be_visible()
    tabs = [one.get_attribute("data-tab") or "" for one in view.root.locator("[data-tab]").all()]
    for tab in tabs:
        slot = view.open(tab)
        # What is shown first may still be arranged.
        if slot.locator(".nbviz-items-card").count():
            expect(slot.locator(".nbviz-picture-foot").first).to_contain_text("step")
        least = [slot.element_handle(), 4 if tab in SEVERAL else 1]
        notebook.page.wait_for_function(AT_LEAST, arg=least, polling=POLL_MS)
        view.wait_for_curve(view.last_step + 3)
        slot.evaluate(HOLD)
        view.wait_for_curve(view.last_step + 6)
        touched: list[str] = notebook.page.evaluate("window.touched")
        assert not [one for one in touched if IN_ORDER not in one], tab
    notebook.run(2)
