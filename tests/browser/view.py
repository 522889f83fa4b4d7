"""One view of a trainer on the page, as a person sees and uses it."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from notebook_page import POLL_MS
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from notebook_page import Notebook
    from playwright.sync_api import Locator

AT_LEAST = """([root, attribute, least]) => {
  const found = root.querySelector(`[${attribute}]`);
  return found !== null && Number(found.getAttribute(attribute)) >= least;
}"""


class View:
    """The live view in a cell's output.

    Args:
        output: The cell's outputs; waits until the view is drawn in them.
    """

    def __init__(self, output: Locator) -> None:
        self.root = output.locator(".nbviz[data-nbviz=ready]")
        expect(self.root).to_be_visible()
        self.toolbar = self.root.locator(".nbviz-toolbar")
        self.curves = self.root.locator(".nbviz-slot-curves")

    @property
    def step(self) -> int:
        """The step that the toolbar shows."""
        return int(self.toolbar.get_attribute("data-step") or 0)

    @property
    def last_step(self) -> int:
        """The newest step that is painted in the curves."""
        found = self.curves.locator("[data-last-step]")
        return int(found.get_attribute("data-last-step") or 0) if found.count() else 0

    def open(self, panel: str) -> Locator:
        """Open a panel's tab, where it has one, and return the panel."""
        slot = self.root.locator(f".nbviz-slot-{panel}")
        tab = self.root.locator(f"[data-tab={panel}]")
        if self.root.get_attribute("data-arrangement") == "screen":
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
        return slot

    def wait_for_weights(self, step: int) -> None:
        """Wait until heatmaps of the weights after a step are shown; the panel is open."""
        shown = self.root.locator(".nbviz-slot-weights").get_by_role(
            "img", name=re.compile(f"at step {step}:")
        )
        expect(shown.first).to_be_visible()

    def click(self, action: str) -> None:
        """Press Start, Pause, Resume, Step or Stop."""
        self.toolbar.locator(f"[data-action={action}]").click()

    def set(self, name: str, value: str) -> None:
        """Type a value into a setting's field, and Enter."""
        field = self.toolbar.locator(f"[data-setting={name}]")
        field.fill(value)
        field.press("Enter")

    def save(self, kind: str) -> bytes:
        """Save the charts in sight as "PNG", "SVG" or "CSV", and return the file."""
        self.curves.get_by_role("button", name="Save", exact=True).click()
        with self.root.page.expect_download() as started:
            self.curves.get_by_role("menuitem", name=kind).click()
        return started.value.path().read_bytes()

    def points(self, tag: str) -> list[tuple[int, float]]:
        """Return the steps and values of a tag that the page holds."""
        rows = csv.DictReader(io.StringIO(self.save("CSV").decode()))
        return [(int(row["step"]), float(row["value"])) for row in rows if row["tag"] == tag]

    def wait_for_status(self, status: str) -> None:
        """Wait until the toolbar shows a state."""
        expect(self.toolbar).to_have_attribute("data-status", re.compile(f"^({status})$"))

    def wait_for_step(self, step: int) -> None:
        """Wait until the toolbar shows exactly this step."""
        expect(self.toolbar).to_have_attribute("data-step", str(step))

    def wait_for_curve(self, step: int) -> None:
        """Look at the curves, and wait until they are painted up to a step, or beyond.

        Nothing is painted that is out of sight.
        """
        self.curves.scroll_into_view_if_needed()
        root = self.curves.element_handle()
        self.root.page.wait_for_function(
            AT_LEAST, arg=[root, "data-last-step", step], polling=POLL_MS
        )


def place(shown: Locator) -> float:
    """Where it is on the screen, in pixels from the top, once nothing has moved it for a while."""
    return shown.evaluate(
        """async (shown) => {
            let y, still = 0;
            while (still < 30) {
                await new Promise(requestAnimationFrame);
                const now = shown.getBoundingClientRect().y;
                still = now === y ? still + 1 : 0;
                y = now;
            }
            return y;
        }"""
    )


class Snapshots:
    """Pictures of what a test shows, for people to look at; none may be all but empty.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, notebook: Notebook, shown: Locator, name: str) -> None:
        """Take one in the page's theme and one in the other, in which the page stays."""
        for theme in notebook.themes():
            notebook.set_theme(theme)
            for root in shown.page.locator(".nbviz[data-nbviz=ready]").all():
                expect(root).to_have_attribute("data-theme", theme)
            self.take_as_it_is(shown, f"{name}-{theme}")

    def take_as_it_is(self, shown: Locator, name: str) -> None:
        """Take one in the present theme."""
        path = self._folder / f"{name}.png"
        shown.screenshot(path=path)
        assert path.stat().st_size > 10_000
