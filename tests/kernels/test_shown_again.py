"""A cell that runs again lets go of the views that it displayed before, in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel_specs import COLAB, NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel_page import KernelPage

MADE = """
import weakref
import ipywidgets
import nbviz
from nbviz.widgets.clearing import all_widgets

run = nbviz.Run("kept")
run.log({"loss": 0.5}, step=1)
before = len(all_widgets())
gone = []
"""
SHOWN = """
shown = nbviz.Dashboard(run)
gone.append(weakref.ref(shown))
shown.show()
"""
CHART = """
from nbviz import charts
chart = charts.scatter([1, 2, 3], [3, 1, 2], color=["a", "b", "a"])
chart
"""
CANVAS = """
import nbviz.integrations.hiddenlayer as hl
history, canvas = hl.History(), hl.Canvas()
for step in range(3):
    history.log(step, loss=1 / (step + 1))
canvas.draw_plot(history["loss"])
views.append(canvas._live._view)
"""
CLOSED = "for one in (shown, held, box, boxed, chart):\n    one.close()"


@pytest.mark.parametrize("name", [NEWEST, COLAB])
def test_what_no_cell_displays_is_closed_and_opens_when_it_is_shown(
    make_kernel: Callable[[str], KernelPage], name: str
) -> None:
    page = make_kernel(name)
    page.run(MADE)
    for _ in range(3):
        page.run(SHOWN, cell_id="again")
    page.run("import gc")
    # A view's thread may just be sending.
    are_gone = "[gc.collect() >= 0 and one() is None for one in gone]"
    page.wait_for_value(are_gone, lambda found: found == [True, True, False])
    page.run("held = shown", cell_id="other")
    assert page.value("held.comm is not None and len(all_widgets()) - before") == 2

    page.run(SHOWN, cell_id="again")  # whose outputs no longer have `held`
    assert page.value("held.comm is None and shown.comm is not None")
    assert page.value("held._session.is_closed and len(all_widgets()) - before") == 2

    page.run("held", cell_id="other")
    assert page.value("held.comm is not None and held.layout.comm is not None")
    page.show("held")
    page.send("ready", attempt=1, need=1)
    page.send("ready", attempt=2, need=1)  # as one that has not got what was sent before it asked
    page.wait_until(lambda: page.updates("run_added"), "a snapshot of the view that was opened")
    page.run("held", cell_id="other")  # the same cell shows the same view
    assert page.value("held.comm is not None")

    page.run("boxed = nbviz.Dashboard(run)\nboxed", cell_id="once in a box")
    page.run("box = ipywidgets.VBox([boxed])\nbox", cell_id="box")
    page.run("None", cell_id="once in a box")
    assert page.value("boxed.comm is not None")

    count = page.value("len(all_widgets())")
    page.run(CHART, cell_id="chart")
    assert page.value("chart.comm is not None")
    page.run("None", cell_id="chart")
    assert page.value("len(all_widgets())") == count
    page.run("chart", cell_id="other chart")
    opened = "[one.comm is not None for one in (chart, chart.layout, *chart.marks, *chart.axes)]"
    assert all(page.value(opened))

    count = page.value("len(all_widgets())")
    page.run("views = []")
    shown: list[int] = []
    for _ in range(3):
        page.run(CANVAS, cell_id="canvas")
        shown.append(page.value("len(all_widgets())"))
    assert shown == [shown[0]] * 3  # those of one canvas
    assert page.value("[one._emitter.is_closed for one in views]") == [True, True, False]
    page.run("canvas.draw_plot(history['loss'])", cell_id="other canvas")
    page.run("None", cell_id="canvas")
    assert page.value("views[-1]._box.comm is not None")  # another cell shows it
    page.run("None", cell_id="other canvas")
    assert page.value("views[-1]._box.comm is None and len(all_widgets())") == count
    page.run("canvas.draw_plot(history['loss'])", cell_id="canvas")
    opened = "[one.comm is not None for one in (views[-1]._box, *views[-1]._box.children)]"
    assert all(page.value(opened))
    assert page.value("len(views[-1]._box.children[-1].runs[0]['loss'].values)") == 3
    page.run("views[-1].replaced()")

    page.run(CLOSED)


CLOSED_BY_THE_USER = """
import torch
import nbviz.integrations.hiddenlayer as hl
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
run = nbviz.Run("kept")
run.log({"loss": 0.5}, step=1)
shown = [
    nbviz.Dashboard(run),
    nbviz.LiveTrainer(model, [0], training_step=lambda model, batch: None, max_epochs=1,
                      optimizer=torch.optim.SGD(model.parameters(), 0.1)),
    nbviz.graph(model, torch.zeros(1, 784)),
    charts.scatter([1, 2, 3], [3, 1, 2], color=["a", "b", "a"]),
    charts.heatmap([[1, 2], [3, 4]]),
]
if has_pads:
    shown.append(nbviz.DrawPad(model, layers=["1"]))
history, canvas = hl.History(), hl.Canvas()
history.log(1, loss=1.0)
canvas.draw_plot(history["loss"])
for one in shown:
    display(one)
ipywidgets.Widget.close_all()
"""
SHOWN_ALL = """
for one in shown:
    display(one)
canvas.draw_plot(history["loss"])

def closed(found, known):
    if id(found) in known:
        return []
    known.add(id(found))
    values = [getattr(found, name, None) for name in found.keys]
    values = [list(one.values()) if isinstance(one, dict) else one for one in values]
    parts = [part for one in values for part in (one if isinstance(one, (list, tuple)) else [one])]
    parts = [part for part in parts if isinstance(part, ipywidgets.Widget)]
    below = [name for part in parts for name in closed(part, known)]
    return below + ([type(found).__name__] if found.comm is None else [])

still_closed = [closed(one, set()) for one in (*shown, canvas._live._view._box)]
"""
BOXED = """
ipywidgets.Widget.close_all()
if has_pads:
    another = nbviz.DrawPad(model)
    ipywidgets.Widget.close_all()
box = ipywidgets.VBox(shown)
boxed = [closed(box, set()), len(box.get_state()["children"])]
"""


@pytest.mark.parametrize("name", [NEWEST, COLAB])
def test_what_the_user_closes_opens_when_it_is_shown_or_put_into_a_box(
    make_kernel: Callable[[str], KernelPage], name: str
) -> None:
    page = make_kernel(name)
    page.run(MADE + "from nbviz import charts")
    page.run(f"has_pads = {name == NEWEST}")  # Colab has no ipycanvas
    page.run(CLOSED_BY_THE_USER, cell_id="made")
    page.run(SHOWN_ALL, cell_id="shown")
    assert not any(page.value("still_closed"))
    page.run(BOXED, cell_id="box")
    assert page.value("boxed") == [[], 6 if name == NEWEST else 5]
