"""Views in boxes of ipywidgets: what is saved of them, and what stays where it is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cells
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

VIEW = "application/vnd.jupyter.widget-view+json"
MADE = """
import ipywidgets as widgets
import nbviz
from IPython.display import clear_output, display
run = nbviz.Run("own")
run.log({"loss": 1.0}, step=1)
dashboard = nbviz.Dashboard(run)
"""
ONCE = """
display(widgets.VBox([widgets.Label("mine"), widgets.HBox([dashboard])]))
for number in range(3):
    clear_output(wait=number < 2)
    print("at", number)
"""
AGAIN = """
box = widgets.VBox([dashboard])
for number in range(3):
    clear_output(wait=True)
    print("at", number)
    display(box)
"""
ANEW = """
for number in range(4):
    clear_output(wait=True)
    print("at", number)
    display(widgets.VBox([widgets.Label(str(number)), dashboard]))
"""
ALONE = """
for number in range(3):
    clear_output(wait=True)
    print("at", number)
    display(dashboard)
"""
LAST_LINE = "run.log({'loss': 0.5}, step=2)\nwidgets.Tab([widgets.Label('mine'), dashboard])"
CHARTS = """
from nbviz import charts
points, losses = charts.scatter([1, 2], [3, 1]), charts.heatmap([[1, 2]])
widgets.HBox([points, widgets.VBox([losses])])
"""
CANVAS = """
import nbviz.integrations.hiddenlayer as hl
history, canvas = hl.History(), hl.Canvas()
history.log(1, loss=1.0)
canvas.draw_plot(history["loss"])
"""
TRAINED = cells.trainer(max_epochs=None, max_steps=40) + (
    "\nimport ipywidgets as widgets\nbox = widgets.HBox([trainer])\ntrainer.start()\nbox"
)


@pytest.fixture
def executed(run_cells: Callable[..., list[Any]]) -> Callable[..., list[list[Any]]]:
    """Returns a function that runs cells, and returns the outputs of each."""
    return lambda *sources: [cell.outputs for cell in run_cells(*sources)]


def views(outputs: list[Any]) -> list[str]:
    return [one["data"][VIEW]["model_id"] for one in outputs if VIEW in one.get("data", {})]


def pictures(outputs: list[Any]) -> list[str]:
    found = [one["data"] for one in outputs if "text/html" in one.get("data", {})]
    return [data["text/plain"].splitlines()[0].split(" · ")[0] for data in found]


@pytest.mark.parametrize(
    ("source", "said"), [(ONCE, "at 2"), (AGAIN, "at 2"), (ANEW, "at 3"), (ALONE, "at 2")]
)
def test_a_box_stays_when_its_cell_clears_its_output(
    source: str, said: str, executed: Callable[..., list[list[Any]]]
) -> None:
    *_, cell, later = executed(MADE, source, "print(1)\nclear_output()\nprint(2)")
    assert len(views(cell)) == 1
    assert pictures(cell) == ["own: running, 1 step"]
    assert "".join(one.get("text", "") for one in cell) == f"{said}\n"
    assert len(cell) == 3
    assert not views(later)


def test_a_picture_follows_a_box_and_is_brought_up_to_date(
    executed: Callable[..., list[list[Any]]],
) -> None:
    *_, cell, later = executed(MADE, LAST_LINE, "run.log({'loss': 0.5}, step=3)\nrun.finish()")
    assert pictures(cell) == ["own: finished, 3 steps"]
    assert not later


def test_a_trainer_in_a_box_is_shown_by_the_box_alone(
    executed: Callable[..., list[list[Any]]],
) -> None:
    first, second = executed(TRAINED, "trainer.wait(180)")
    assert len(views(first)) == 1
    assert [said.partition(": ")[2] for said in pictures(first)] == ["finished, 40 steps"]
    assert second == []


def test_charts_in_a_box_leave_their_pictures_and_a_canvas_one_of_its_own(
    executed: Callable[..., list[list[Any]]],
) -> None:
    *_, cell, plotted = executed(MADE, CHARTS, CANVAS)
    assert len(views(cell)) == 1
    assert pictures(cell) == ["scatter chart, 2 rows", "heatmap chart, 1 row"]
    assert len(pictures(plotted)) == 1
