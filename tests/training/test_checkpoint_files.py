"""Checkpoints as files: whole or not there, and refused in words."""

from __future__ import annotations

import importlib.metadata
import os
import zipfile
from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import processes
import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import CheckpointError, ConfigurationError
from nbviz.training.checkpoints.files import read_checkpoint
from nbviz.training.checkpoints.trees import Copier, from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 180.0  # a limit on a hang


def batches(count: int = 4) -> list[Any]:
    torch.manual_seed(0)
    return [(torch.randn(8, 3), torch.randint(2, (8,))) for _ in range(count)]


def make(width: int = 4, kind: Any = torch.optim.SGD, **options: Any) -> nbviz.Trainer:
    torch.manual_seed(0)
    model = options.pop("model", None) or nn.Sequential(nn.Linear(3, width), nn.Linear(width, 2))
    given = {
        "optimizer": kind(model.parameters(), lr=0.1), "loss_fn": nn.CrossEntropyLoss(),
        "max_epochs": 2, "device": "cpu", "threads": 1, **options,
    }  # fmt: skip
    return nbviz.Trainer(model, given.pop("train_loader", batches()), **given)


def load(path: Path, **options: Any) -> nbviz.Trainer:
    """Load as `make` makes."""
    trainer = make(**options)
    given = {key: getattr(trainer.options, key) for key in ("optimizer", "loss_fn", "scheduler")}
    given |= {"max_epochs": 2, "device": "cpu", "threads": 1}
    return nbviz.Trainer.load(path, trainer.model, batches(), **given)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    trainer = make()
    trainer.start()
    trainer.wait(SECONDS)
    return trainer.save(tmp_path / "kept.pt")


def test_a_file_is_torchs_own_and_holds_the_models_state_dict(kept: Path) -> None:
    content = torch.load(kept, weights_only=True)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    model.load_state_dict(content["model"])
    assert content["step"] == 8


def test_it_is_written_from_a_checkout_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    trainer = load(make().save(tmp_path / "kept.pt"))
    assert trainer.engine.step == 0


def test_what_it_went_on_from_is_as_it_was_kept(kept: Path) -> None:
    trainer = load(kept)
    assert (trainer.engine.step, trainer.engine.epoch, trainer.status) == (8, 2, "ready")
    assert trainer.run["loss/train"].steps.tolist() == list(range(1, 9))
    assert trainer.run.progress.step == 8
    trainer.start()
    trainer.wait(SECONDS)
    assert trainer.run["loss/train"].steps.tolist() == list(range(1, 17))
    assert trainer.run["loss/train"].restarts == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"width": 5},
            r"its 0\.weight has the shape \(4, 3\), and that of this Sequential has \(5, 3\)",
        ),
        ({"model": nn.Sequential(nn.Linear(3, 4))}, r"1\.weight, 1\.bias of it are not in this"),
        ({"kind": torch.optim.Adam}, "optimizer is SGD, and this one is Adam"),
        ({"model": nn.Linear(3, 2).double()}, "0.weight, 0.bias, 1.weight and 1 more of it are"),
    ],
)
def test_another_model_or_optimizer_is_refused_in_words(
    kept: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        load(kept, **options)


def test_another_scheduler_is_refused_and_nothing_is_changed(kept: Path) -> None:
    trainer = make()
    schedule = torch.optim.lr_scheduler.StepLR(trainer.optimizer, 3)
    before = [p.detach().clone() for p in trainer.model.parameters()]
    with pytest.raises(CheckpointError, match="run had no scheduler, and this one has StepLR"):
        nbviz.Trainer.load(
            kept, trainer.model, batches(), optimizer=trainer.optimizer, scheduler=schedule,
            loss_fn=nn.CrossEntropyLoss(), max_epochs=2, device="cpu",
        )  # fmt: skip
    after = list(trainer.model.parameters())
    assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))


def test_files_that_are_none_are_refused_in_words(kept: Path, tmp_path: Path) -> None:
    whole = kept.read_bytes()
    cut, flipped, foreign = (tmp_path / name for name in ("cut.pt", "flipped.pt", "foreign.pt"))
    cut.write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(kept) as archive:
        place = max(archive.infolist(), key=lambda one: one.file_size).header_offset + 400
    flipped.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    torch.save({"weights": torch.ones(3)}, foreign)
    newer, code = tmp_path / "newer.pt", tmp_path / "code.pt"
    torch.save({"format": "nbviz.checkpoint", "version": 99}, newer)
    torch.save({"format": os.getcwd}, code)
    text = tmp_path / "text.pt"
    text.write_text("no checkpoint")
    for path, message in (
        (cut, r"is no checkpoint, or it is cut \(\d"),
        (flipped, "is damaged: the checksum of .* is wrong"),
        (foreign, "no checkpoint of nbviz: it was not written by trainer.save"),
        (newer, r"written by a newer nbviz \(format 99, and this one reads 1\)"),
        (code, "could run code, so it is not read"),
        (text, "is no checkpoint"),
        (tmp_path / "none.pt", "does not exist"),
        (tmp_path / "folder", "does not exist"),
    ):
        with pytest.raises(CheckpointError, match=message):
            read_checkpoint(path)


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    trainer = make()
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(CheckpointError, match=r"could not be written \(.*Make room, or give"):
        trainer.save(blocked / "kept.pt")
    assert blocked.read_text() == "in the way"


FORKING = """
import os, random, signal, sys, time
from pathlib import Path

import torch

from nbviz.training.checkpoints.files import read_checkpoint, write_checkpoint
from nbviz.training.checkpoints.parts import Checkpoint

torch.set_num_threads(1)
folder, chance = Path(sys.argv[1]), random.Random(0)
path = folder / "state.pt"


def state(number):
    tensors = {"tensors": {"w": torch.full((200_000,), float(number))}}
    return Checkpoint(number, 1, {"model": tensors})


newest = 0
for kill in range(50):
    written = path.stat().st_mtime_ns if path.exists() else 0
    child = os.fork()
    if not child:
        number = newest
        while True:
            number += 1
            write_checkpoint(path, state(number))
    # Once it has written a file, at any moment of the next ones.
    while not path.exists() or path.stat().st_mtime_ns == written:
        time.sleep(0.0005)
    time.sleep(chance.uniform(0.0, 0.01))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    found, _, _ = read_checkpoint(path)
    assert found.step > newest, (found.step, newest)
    newest = found.step
    assert bool((found.parts["model"]["tensors"]["w"] == found.step).all())
    print("killed", os.WTERMSIG(status), found.step, flush=True)
"""


def test_killed_while_writing_leaves_the_old_or_the_new_one(tmp_path: Path) -> None:
    done = processes.run(FORKING, tmp_path)
    kills = [line.split() for line in done.stdout.splitlines()]
    assert [signal for _, signal, _ in kills] == ["9"] * 50
    assert len(list(tmp_path.iterdir())) <= 2  # beside it what the last one had begun


class Odd:
    """What no file can hold."""


def test_plain_states_come_back_as_they_were() -> None:
    state = {
        "counter": Counter({3: 1}), "deque": deque([1, 2]), "set": {4}, "tuple": (1, (2.5, None)),
        "array": np.arange(6, dtype=np.uint32).reshape(2, 3), "empty": np.zeros((0, 2)),
        "number": np.float64(0.1), 7: "seven", "big": 1 << 100, "text": "ä", "bytes": b"\x00",
    }  # fmt: skip
    back = from_plain(to_plain(state))
    assert back.pop("array").tolist() == state["array"].tolist()
    assert back.pop("empty").shape == (0, 2)
    del state["array"], state["empty"]
    assert back == state
    assert type(back["counter"]) is Counter
    with pytest.raises(CheckpointError, match=r"state\['inner'\]\[0\] is a Odd, which"):
        to_plain({"inner": [Odd()]})


def test_a_copy_is_made_into_the_memory_of_an_earlier_one() -> None:
    weight = torch.arange(6.0).reshape(2, 3)
    tied = {"a": weight, "b": weight, "c": torch.zeros(2, 3)}
    first = Copier().copy(tied)
    assert first["a"] is first["b"]
    assert first["a"] is not weight
    weight.add_(1)
    second = Copier().copy(tied, first)
    assert second["a"] is first["a"]
    assert torch.equal(second["a"], weight)
    # What shared memory then and does not now gets memory of its own.
    third = Copier().copy({**tied, "b": weight.clone() + 1}, second)
    assert torch.equal(third["b"], third["a"] + 1)
    assert third["a"] is second["a"]


class MadeWhenRead(Mapping[int, Any]):
    """A state whose tensors nothing holds, as those that `get_state` of a generator returns."""

    def __getitem__(self, key: int) -> torch.Tensor:
        return torch.full((4,), float(key))

    def __iter__(self) -> Iterator[int]:
        return iter(range(200))

    def __len__(self) -> int:
        return 200


def test_tensors_that_nothing_holds_are_not_taken_for_each_other() -> None:
    copied = Copier().copy(MadeWhenRead())
    assert [copied[n][0].item() for n in range(200)] == list(range(200))


def test_checkpoints_are_kept_every_so_often_and_the_newest_stay(tmp_path: Path) -> None:
    trainer = make(dir=tmp_path, checkpoint_every=2, keep=2, max_epochs=None, max_steps=7)
    trainer.start()
    trainer.wait(SECONDS)
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert len(names) <= 2
    assert names[-1] == "step-000000007.pt"
    again = load(tmp_path)
    assert again.engine.step == 7
    with pytest.raises(ConfigurationError, match="checkpoint_every needs dir"):
        make(checkpoint_every=2)


def test_with_the_same_dir_the_whole_curve_goes_on(tmp_path: Path) -> None:
    trainer = make(dir=tmp_path, checkpoint_every="epoch")
    trainer.start()
    trainer.wait(SECONDS)
    model = make().model
    again = nbviz.Trainer.load(
        tmp_path, model, batches(), optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        loss_fn=nn.CrossEntropyLoss(), max_epochs=2, device="cpu", threads=1, dir=tmp_path,
    )  # fmt: skip
    again.start()
    again.wait(SECONDS)
    assert again.run["loss/train"].steps.tolist() == list(range(1, 17))
    opened = nbviz.open_run(tmp_path)
    assert opened["loss/train"].steps.tolist() == list(range(1, 17))
    assert opened["loss/train"].restarts == 0
    assert opened.epochs == again.run.epochs == [0, 4, 8, 12]
    assert len(list(tmp_path.glob("*tfevents*"))) == 2
