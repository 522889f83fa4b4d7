"""States of a run in its directory: gone back to by another kernel, damaged ones passed over."""

from __future__ import annotations

import gc
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import torch
from pages import wait_until
from resumed_runs import KEPT, SECONDS, STEPS, arguments, result
from test_find_nonfinite import BREAKS_AT, by_zero
from test_find_nonfinite import trained as broken
from test_resume import differences

import nbviz
from nbviz import callbacks
from nbviz.errors import CheckpointError, CommandError
from nbviz.forking import copied_options
from nbviz.training.checkpoints import ring_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "adamw, dropout, batch norm, validation"


def flush(trainer: nbviz.Trainer) -> None:
    kept = trainer.ring.files
    assert kept is None or kept.flush(SECONDS)


def made(directory: Path, name: str = NAME, **more: Any) -> nbviz.Trainer:
    model, data, options = arguments(name, seed=0)
    # Between two steps, so that each state of the ring gets its file.
    options["callbacks"] = [*options.get("callbacks", ()), callbacks.every(1, flush)]
    return nbviz.Trainer(model, data, **options, dir=directory, **{"ring_every": 10, **more})


def trained(directory: Path, name: str = NAME, **more: Any) -> nbviz.Trainer:
    trainer = made(directory, name, **more)
    trainer.start()
    trainer.wait(SECONDS)
    flush(trainer)
    return trainer


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("ring/*/*.pt"))


def steps(directory: Path) -> list[int]:
    return [int(path.stem.split("-")[1]) for path in files(directory)]


def warnings(trainer: nbviz.Trainer) -> list[str]:
    return [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]


def test_another_kernel_goes_back_to_any_step_to_the_last_bit(tmp_path: Path) -> None:
    first = made(tmp_path)
    first.step(15)
    while first.status != "paused":
        time.sleep(0.002)
    first.set(lr=0.003)
    first.resume()
    first.wait(SECONDS)
    flush(first)
    expected = result(first)
    assert {0, 10, 20, 30, STEPS} <= set(steps(tmp_path))
    assert set(steps(tmp_path)) == set(first.ring.steps)
    assert first.run.journal is not None
    assert first.run.journal.flush()

    again = made(tmp_path)
    torch.rand(5)
    again.rewind(KEPT)
    assert (again.status, again.engine.step) == ("paused", KEPT)
    assert again._rewinder.changes() == [[15, "StepEnded", "lr", 0.003]]
    assert warnings(again) == []  # the steps that were made again had the losses of the first time
    losses = again.run["loss/train"].values
    assert losses.tobytes() == first.run["loss/train"].values[:KEPT].tobytes()
    flush(again)
    assert max(steps(tmp_path)) <= KEPT + 1
    again.resume()
    again.wait(SECONDS)
    assert differences(expected, result(again)) == []
    flush(again)
    assert len({path.parent for path in files(tmp_path)}) == 1
    assert again.run.journal is not None
    assert again.run.journal.flush()

    third = made(tmp_path)  # the run that was rewound has its journal in a folder
    third.rewind(35)
    whole = third.run["loss/train"]
    assert whole.values.tobytes() == again.run["loss/train"].values[:35].tobytes()
    third.stop_and_wait()


def test_another_kernel_forks_and_looks_back(tmp_path: Path) -> None:
    first = trained(tmp_path)
    expected = result(first)
    assert first.run.journal is not None
    assert first.run.journal.flush()
    again = made(tmp_path)
    fork = again.fork(step=KEPT)
    assert (again.status, again.engine.step, fork.engine.step) == ("ready", STEPS, KEPT)
    fork.start()
    fork.wait(SECONDS)
    assert differences(expected, result(fork)) == []
    losses = first.run["loss/train"].values
    assert fork.run["loss/train"].values.tobytes() == losses.tobytes()

    def total(model: torch.nn.Module) -> float:
        return sum(float(one.detach().double().sum()) for one in model.parameters())

    other = made(tmp_path)
    steps = [0, 9, KEPT, STEPS]
    assert other.probe(total, steps).values.tolist() == first.probe(total, steps).values.tolist()
    assert differences(expected, result(other)) == []
    assert other.find_nonfinite() is None


def test_another_kernel_finds_what_broke(tmp_path: Path) -> None:
    first = broken(by_zero, dir=tmp_path)
    flush(first)
    assert first.run.journal is not None
    assert first.run.journal.flush()
    torch.manual_seed(1)
    again = nbviz.Trainer(**{**vars(first.options), **copied_options(first.options)})
    for parameter in again.model.parameters():
        torch.nn.init.ones_(parameter)
    found = again.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.sample) == (BREAKS_AT, "div", 3)
    assert (again.status, again.engine.step) == ("paused", BREAKS_AT - 1)
    again.stop_and_wait()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.write_bytes(b"")])
def test_a_damaged_state_is_named_and_the_one_before_it_is_used(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = trained(tmp_path)
    expected = first.run["loss/train"].values
    by_step = dict(zip(steps(tmp_path), files(tmp_path), strict=True))
    for step in (STEPS, 10):
        damage(by_step[step])
    before = max(step for step in by_step if step < STEPS)
    again = made(tmp_path)
    with pytest.raises(CommandError, match=f"the run is after step {before}"):
        again.rewind(STEPS)
    again.rewind(11)
    assert (again.status, again.engine.step) == ("paused", 11)
    assert again.run["loss/train"].values.tobytes() == expected[:11].tobytes()
    again.stop_and_wait()
    assert again.ring.steps[:2] == [0, 11]


def test_files_stay_within_their_bytes_and_those_of_earlier_runs_go_first(tmp_path: Path) -> None:
    trained(tmp_path)
    size = max(path.stat().st_size for path in files(tmp_path))
    earlier = files(tmp_path)[0].parent
    trainer = trained(tmp_path, ring_disk=4 * size)
    assert not earlier.exists()
    kept = steps(tmp_path)
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 4 * size
    assert kept[0] == 0
    assert kept[-1] == STEPS
    assert len(kept) >= 3
    assert set(trainer.ring.steps) > set(kept)

    small = trained(tmp_path / "small", ring_disk=1000)
    assert files(tmp_path / "small") == []
    [said] = warnings(small)
    assert "ring_disk is 0.0 MB" in said
    assert trained(tmp_path / "off", ring_disk=0).ring.files is None
    assert not (tmp_path / "off" / "ring").exists()


@pytest.mark.parametrize(
    "error", [MemoryError("none"), OSError(28, "No space left"), RuntimeError("?")]
)
def test_what_cannot_be_written_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(nbviz.Trainer, "write", fail)
    trainer = trained(tmp_path)
    assert trainer.status == "finished"
    assert files(tmp_path) == []
    [said] = warnings(trainer)
    assert "Training goes on" in said
    trainer.rewind(KEPT)
    assert trainer.engine.step == KEPT
    trainer.stop_and_wait()


def test_a_directory_without_states_or_of_another_model_is_refused(tmp_path: Path) -> None:
    fresh = made(tmp_path)
    with pytest.raises(CommandError, match="has not been made yet"):
        fresh.rewind(5)
    trained(tmp_path / "other", "sgd")
    wrong = made(tmp_path / "other")
    with pytest.raises(CheckpointError, match="of another model"):
        wrong.rewind(5)
    assert (wrong.status, wrong.engine.step) == ("ready", 0)


def test_states_that_are_let_go_of_are_in_files_alone(tmp_path: Path) -> None:
    trainer = trained(tmp_path)
    checkpoint = trainer.ring.before(30)
    [weight, *_] = checkpoint.parts["model"]["tensors"].values()
    held = weakref.ref(weight)
    del checkpoint, weight
    trainer.forget_start("its cell ran again")
    # What writes the files may hold one still, and another thread may collect just now.
    wait_until(lambda: gc.collect() is not None and held() is None)
    flush(trainer)
    assert {0, 10, 20, 30, STEPS} <= set(steps(tmp_path))


def test_memory_that_is_being_written_is_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = nbviz.Trainer.write
    sums: list[tuple[float, float]] = []

    def slow(trainer: nbviz.Trainer, path: Path, checkpoint: Any) -> Path:
        def total() -> float:
            tensors = checkpoint.parts["model"]["tensors"].values()
            return sum(float(one.double().sum()) for one in tensors)

        before = total()
        if trainer.engine.step < STEPS - 5:
            at = trainer.engine.step
            while trainer.engine.step < min(STEPS, at + 8):
                pass
        sums.append((before, total()))
        return write(trainer, path, checkpoint)

    monkeypatch.setattr(nbviz.Trainer, "write", slow)
    monkeypatch.setattr(ring_files, "SHARE", 1.0)
    monkeypatch.setattr(ring_files, "_LEAST_SECONDS", 0.0)
    model, data, options = arguments(NAME, seed=0)
    needed = 3 * 50_000
    other, _, others = arguments(NAME, seed=1)
    trainer = nbviz.Trainer(model, data, **options, dir=tmp_path, ring_every=1, ring_memory=needed)
    trainer.start()
    trainer.wait(SECONDS)
    flush(trainer)
    assert len(sums) > 2
    assert all(before == after for before, after in sums)
    read = nbviz.Trainer.load(files(tmp_path)[-1], other, data, **others)
    assert read.engine.step == STEPS
