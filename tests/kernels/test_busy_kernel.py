"""Buttons while a cell keeps the kernel's main thread busy, on each version of ipykernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cells
import pytest
from kernel_specs import LAB_KERNELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel_page import KernelPage

WITH_SUBSHELLS = [name for name in LAB_KERNELS if not name.startswith("ipykernel-6")]
WITHOUT_SUBSHELLS = [name for name in LAB_KERNELS if name.startswith("ipykernel-6")]
# The cell ends when the command has been carried out, or it raises.
BUSY_UNTIL_PAUSED = """
deadline = time.monotonic() + 180
while trainer.status != "paused":
    time.sleep(0.02)
    if time.monotonic() > deadline:
        raise TimeoutError(trainer.status)
"""
BUSY_FOR_STEPS = """
first = trainer.run.progress.step
while trainer.run.progress.step < first + 100:
    time.sleep(0.02)
status_in_cell = trainer.status
"""


@pytest.fixture
def start(make_kernel: Callable[[str], KernelPage]) -> Callable[[str], KernelPage]:
    def start_in(kernel: str) -> KernelPage:
        page = make_kernel(kernel)
        page.run(cells.trainer())
        page.show("trainer")
        page.run("trainer.start()")
        return page

    return start_in


@pytest.mark.parametrize("kernel", WITH_SUBSHELLS)
def test_pause_acts_while_the_cell_runs(start: Callable[[str], KernelPage], kernel: str) -> None:
    page = start(kernel)
    page.use_subshell()
    page.send("ready")
    page.wait_until(lambda: page.updates("run_added"), "snapshot")
    cell = page.begin(BUSY_UNTIL_PAUSED)
    request = page.control("pause")
    page.end(cell)
    page.wait_until(lambda: page.updates("command_done"), "answer")
    assert [u["request_id"] for u in page.updates("command_done")] == [request]
    assert page.value("trainer.status") == "paused"


@pytest.mark.parametrize("kernel", WITH_SUBSHELLS)
def test_page_that_opens_during_a_cell_is_answered(
    start: Callable[[str], KernelPage], kernel: str
) -> None:
    page = start(kernel)
    page.use_subshell()
    cell = page.begin(BUSY_UNTIL_PAUSED)
    page.send("ready")
    page.wait_until(lambda: page.updates("run_added"), "snapshot during the cell")
    page.control("pause")
    page.end(cell)


@pytest.mark.parametrize("kernel", WITHOUT_SUBSHELLS)
def test_training_goes_on_and_pause_acts_after_the_cell(
    start: Callable[[str], KernelPage], kernel: str
) -> None:
    page = start(kernel)
    page.send("ready")
    page.wait_until(lambda: page.updates("run_added"), "snapshot")
    cell = page.begin(BUSY_FOR_STEPS)
    request = page.control("pause")
    page.end(cell)
    page.wait_until(lambda: page.updates("command_done"), "answer after the cell")
    assert [u["request_id"] for u in page.updates("command_done")] == [request]
    assert page.value("status_in_cell") == "running"
    page.wait_for_value("trainer.status", lambda status: status == "paused")


@pytest.mark.parametrize("kernel", LAB_KERNELS)
def test_frames_arrive_while_the_cell_runs(start: Callable[[str], KernelPage], kernel: str) -> None:
    page = start(kernel)
    page.send("ready")
    page.wait_until(lambda: page.updates("run_added"), "snapshot")
    cell = page.begin(BUSY_FOR_STEPS)
    seen = len(page.received)
    page.wait_until(lambda: len(page.received) > seen, "frames during the cell")
    page.end(cell)
