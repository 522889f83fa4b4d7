"""A training that is interrupted, kept and gone on with is to the last bit the one that was not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import processes
import pytest
import torch
from resumed_runs import KEPT, NAMES, SECONDS, STEPS, arguments, result

import nbviz
from nbviz import callbacks

if TYPE_CHECKING:
    from nbviz.training.events import RunPaused, StepEnded

GO_ON = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import resumed_runs
for name in sys.argv[3:]:
    resumed_runs.go_on(Path(sys.argv[2]), name)
"""


def in_one_go(name: str) -> dict[str, Any]:
    model, data, options = arguments(name, seed=0)
    trainer = nbviz.Trainer(model, data, **options)
    trainer.start()
    trainer.wait(SECONDS)
    return result(trainer)


class Pauses:
    """Pauses the run after `KEPT` steps."""

    def __init__(self) -> None:
        self.is_paused = threading.Event()

    def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
        if event.step == KEPT:
            trainer.pause()

    def on_pause(self, trainer: nbviz.Trainer, event: RunPaused) -> None:
        self.is_paused.set()


def interrupted(name: str, path: Path) -> None:
    model, data, options = arguments(name, seed=0)
    pauses = Pauses()
    options["callbacks"] = [*options.get("callbacks", ()), pauses]
    trainer = nbviz.Trainer(model, data, **options)
    trainer.start()
    assert pauses.is_paused.wait(SECONDS)
    trainer.save(path)
    trainer.stop_and_wait()
    assert trainer.engine.step == KEPT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what each came to in another process, from where it was kept in this one."""
    folder = tmp_path_factory.mktemp("kept")
    for name in NAMES:
        interrupted(name, folder / f"{name}.pt")
    processes.run(GO_ON, Path(__file__).parent, folder, *NAMES)
    return folder


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two nested states are not equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return [] if same_bits(one, other) else [path]
    if isinstance(one, dict):
        keys = [] if one.keys() == other.keys() else [f"{path}: {one.keys() ^ other.keys()}"]
        return keys + [d for k in one.keys() & other.keys()
                       for d in differences(one[k], other[k], f"{path}/{k}")]  # fmt: skip
    if isinstance(one, list | tuple):
        assert len(one) == len(other), path
        return [
            d for n, pair in enumerate(zip(one, other, strict=True))
            for d in differences(*pair, f"{path}/{n}")
        ]  # fmt: skip
    equal = one == other
    return [] if (bool(equal.all()) if hasattr(equal, "all") else equal) else [path]


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    flat = [each.contiguous().reshape(-1).view(torch.uint8) for each in (one, other)]
    return torch.equal(*flat)


@pytest.mark.parametrize("name", NAMES)
def test_kept_and_gone_on_with_in_another_process(folder: Path, name: str) -> None:
    whole = in_one_go(name)
    resumed = torch.load(folder / f"{name}.result.pt", weights_only=False)
    assert len(whole["losses"]) == STEPS - KEPT
    assert resumed["steps"].tolist() == list(range(1, STEPS + 1))
    assert differences(whole | {"steps": None}, resumed | {"steps": None}) == []


@pytest.mark.parametrize("name", ["sgd", "two workers", "adamw, dropout, batch norm, validation"])
def test_stopped_and_started_again_in_the_same_process(name: str) -> None:
    whole = in_one_go(name)
    model, data, options = arguments(name, seed=0)
    stop = callbacks.every(KEPT, lambda trainer: trainer.stop())
    trainer = nbviz.Trainer(model, data, **options, callbacks=[stop])
    trainer.start()
    trainer.wait(SECONDS)
    assert (trainer.status, trainer.engine.step) == ("stopped", KEPT)
    while trainer.engine.step < STEPS:
        trainer.start()
        trainer.wait(SECONDS)
    assert differences(whole, result(trainer)) == []


@pytest.mark.parametrize("name", ["plateau", "conv, two threads", "steps itself"])
def test_reset_makes_the_same_steps_again(name: str) -> None:
    model, data, options = arguments(name, seed=0)
    trainer = nbviz.Trainer(model, data, **{**options, "seed": None})
    trainer.start()
    trainer.wait(SECONDS)
    first, run = result(trainer), trainer.run
    trainer.reset()
    assert trainer.run is not run
    assert (trainer.status, trainer.engine.step, trainer.engine.epoch) == ("ready", 0, 0)
    trainer.start()
    trainer.wait(SECONDS)
    assert differences(first, result(trainer)) == []
    assert len(run["loss/train"]) == len(trainer.run["loss/train"]) == STEPS
