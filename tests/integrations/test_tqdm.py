"""Progress bars of tqdm's own signature: steps, epochs, curves and commands of a run."""

from __future__ import annotations

import asyncio
import importlib
import io
import threading
from typing import TYPE_CHECKING, Any

import processes
import pytest

import nbviz
from nbviz.errors import RunStopped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from nbviz.integrations.tqdm import tqdm as Bar  # noqa: N812
    from nbviz.integrations.tqdm import trange as Trange  # noqa: N812


@pytest.fixture(scope="module")
def tqdm() -> type[Bar]:
    from nbviz.integrations.tqdm import tqdm

    return tqdm


@pytest.fixture(scope="module")
def trange() -> type[Trange]:
    from nbviz.integrations.tqdm import trange

    return trange


def test_items_are_steps_and_postfix_is_curves(tqdm: Any, tmp_path: Path) -> None:
    run = nbviz.Run("bar", dir=tmp_path)
    text = io.StringIO()
    bar = tqdm([1.0, 0.5, 0.25], desc="Fit", run=run, file=text, ascii=True)
    for value in bar:
        bar.set_postfix({"loss": value}, accuracy=f"{1 - value:.2f}", note="on its way")
    assert run["loss"].steps.tolist() == [1, 2, 3]
    assert run["loss"].values.tolist() == [1.0, 0.5, 0.25]
    assert run["accuracy"].values.tolist() == [0.0, 0.5, 0.75]  # the numbers that the bar shows
    assert "note" not in run
    assert (run.progress.step, run.progress.total_steps) == (3, 3)
    assert "Fit: 100%" in text.getvalue()  # drawn as ever, outside notebooks
    assert "accuracy=0.75" in text.getvalue()
    run.finish()
    assert nbviz.open_run(tmp_path)["loss"].values.tolist() == [1.0, 0.5, 0.25]


def test_modules_that_tqdm_is_imported_from_are_there(tqdm: Any, trange: Any) -> None:
    for name in ("auto", "notebook", "std"):
        module = importlib.import_module(f"nbviz.integrations.tqdm.{name}")
        assert (module.tqdm, module.trange) == (tqdm, trange)


def test_a_bar_inside_another_makes_the_steps(tqdm: Any, trange: Any) -> None:
    outer = trange(3, desc="Epochs", file=io.StringIO())
    seen: list[Any] = []
    for epoch in outer:
        for batch in tqdm(range(4), desc="Batches", file=io.StringIO(), mininterval=0):
            progress = outer.run.meter
            seen.append((progress.epoch, progress.step, progress.total_steps, progress.activity))
            assert batch == progress.step % 4
        outer.set_postfix(val=epoch)
    run = outer.run
    assert seen[5] == (2, 5, 12, "Epochs 1 / 3 · Batches")
    assert run.epochs == [0, 4, 8]
    assert run["val"].steps.tolist() == [4, 8, 12]
    assert run.progress.step == 12
    assert run.meter.activity == ""


def test_items_that_come_asynchronously_are_steps(tqdm: Any) -> None:
    from nbviz.integrations.tqdm import tnrange, tqdm_notebook, trange

    assert (tqdm_notebook, tnrange) == (tqdm, trange)  # as older notebooks call them

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    async def take(run: nbviz.Run) -> list[int]:
        return [n async for n in tqdm(numbers(), total=3, run=run, file=io.StringIO())]

    run = nbviz.Run("bar")
    assert asyncio.run(take(run)) == [0, 1, 2]
    run.drain()
    assert (run.progress.step, run.progress.total_steps) == (3, 3)


def test_updates_by_hand_are_steps(tqdm: Any) -> None:
    with tqdm(total=10, initial=2, file=io.StringIO(), postfix={"loss": 1.0}) as bar:
        bar.update()
        bar.update(3)
        bar.set_postfix_str("near")
        bar.set_description_str("by hand")
        assert (bar.n, bar.run.meter.step) == (6, 4)
    # What was made inside a block belongs to the block's run.
    with nbviz.Run("around") as run, tqdm(total=2, file=io.StringIO()) as bar:
        bar.update(2)
    assert bar.run is run
    assert run.progress.step == 2


def test_stop_leaves_the_loops_and_pause_holds_them(tqdm: Any) -> None:
    run = nbviz.Run("steered")
    seen: list[int] = []
    paused = threading.Event()
    run.subscribe(lambda: paused.set() if run.status == "paused" else None)

    def resume() -> None:
        assert paused.wait(180)
        run.control.resume()

    thread = threading.Thread(target=resume)
    thread.start()
    for epoch in tqdm(range(5), run=run, file=io.StringIO()):
        for item in tqdm(range(10), file=io.StringIO()):
            seen.append(10 * epoch + item)
            if seen[-1] == 3:
                run.control.pause()
            if seen[-1] == 14:
                run.control.stop()
    thread.join(180)
    assert seen == list(range(15))
    assert [mark.text for mark in run.events if mark.event == "command"] == ["paused", "resumed"]
    assert run.status == "stopped"
    assert list(tqdm(range(3), run=run, file=io.StringIO())) == []  # nor do later ones go on
    other = nbviz.Run("by hand")
    bar = tqdm(total=5, run=other, file=io.StringIO())
    bar.update()
    other.control.stop()
    with pytest.raises(RunStopped):
        bar.update()
    bar.close()


def test_lines_go_to_the_log(tqdm: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = nbviz.Run("lines")
    for item in tqdm(range(2), run=run, file=io.StringIO()):
        tqdm.write(f"item {item}")
    assert [line.text for line in run.lines.since(run.lines.total - 2)] == ["item 0", "item 1"]
    assert capsys.readouterr().out == "item 0\nitem 1\n"
    text = io.StringIO()
    tqdm.write("elsewhere", file=text)
    assert text.getvalue() == "elsewhere\n"


def test_a_bar_that_is_disabled_has_no_run(tqdm: Any) -> None:
    bar = tqdm(range(3), disable=True)
    assert list(bar) == [0, 1, 2]
    bar.set_postfix(loss=1.0)
    assert bar.run is None


def test_a_script_ends_with_its_last_line(tmp_path: Path) -> None:
    script = (
        "import sys, nbviz\n"
        "from nbviz.integrations.tqdm import tqdm\n"
        "bar = tqdm(range(4), run=nbviz.Run('script', dir=sys.argv[1]))\n"
        "for item in bar: bar.set_postfix(item=item)\n"
    )
    processes.run(script, tmp_path)
    assert nbviz.open_run(tmp_path)["item"].values.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_cell_shows_its_bars_as_one_run(run_cells: Callable[..., list[Any]]) -> None:
    [cell, later, _, ends] = run_cells(
        "from nbviz.integrations.tqdm import tqdm\n"
        "first = tqdm(range(3))\n"
        "for item in first: first.set_postfix(item=item)\n"
        "second = tqdm(range(2))\n"
        "for item in second: pass\n"
        "assert first.run is second.run",
        "for item in (third := tqdm(range(2))): tqdm.write('to the log')\n"
        "assert third.run is not first.run\n"
        "(first.run.progress.step, third.run.lines.since(0)[-1].text)",
        "for item in (left := tqdm(range(9))):\n    if item == 2: break",
        "import time\nwhile left.run.is_active or third.run.is_active: time.sleep(0.02)\n"
        "[one.run.status for one in (third, left)]",
    )
    kinds = [kind for one in cell.outputs for kind in one.get("data", {})]
    assert kinds.count("application/vnd.jupyter.widget-view+json") == 1
    assert all(one.output_type != "stream" for one in (*cell.outputs, *later.outputs))
    assert later.outputs[-1]["data"]["text/plain"] == "(5, 'to the log')"
    assert ends.outputs[-1]["data"]["text/plain"] == "['finished', 'stopped']"
