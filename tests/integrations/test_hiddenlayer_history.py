"""`hl.History`: what is logged, read, printed, saved and loaded."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import nbviz.integrations.hiddenlayer as hl
from nbviz.errors import LoggingError

if TYPE_CHECKING:
    from pathlib import Path


def filled(*, epochs: int | None) -> hl.History:
    history = hl.History()
    for epoch in range(epochs or 1):
        for step in range(100):
            at = step if epochs is None else (epoch, step)
            history.log(at, loss=(100 - step) / 100)
            history.log(at, accuracy=step / 100)
    return history


def test_metrics_by_step() -> None:
    history = filled(epochs=None)
    assert (history["loss"].data[0], history["accuracy"].data[0]) == (1, 0)
    assert history.metrics == {"loss", "accuracy"}
    assert (history.step, history.steps) == (99, list(range(100)))
    assert history["loss"].steps == history.steps
    assert history["loss"].formatted_steps[:2] == history.formatted_steps[:2] == ["0", "1"]
    assert set(history.history[7]) == {"loss", "accuracy", "__timestamp__"}
    assert hl.history.format_step(99, zero_prefix=True) == "000099"


def test_metrics_by_epoch_and_step() -> None:
    history = filled(epochs=10)
    assert history.step == (9, 99)
    assert len(history["loss"].data) == 1000
    assert hl.history.format_step((9, 99)) == "9:99"
    assert hl.history.format_step((9, 99), zero_prefix=True) == "0009:000099"
    np.testing.assert_array_equal(history.run["loss"].steps, np.arange(1000))


@pytest.mark.parametrize("first", [0, 1])
def test_the_run_knows_the_epochs_also_where_few_steps_are_logged(first: int) -> None:
    history = hl.History()
    for epoch in range(first, first + 3):
        for step in (100, 200):
            history.log((epoch, step), loss=1.0)
    assert history.run["loss"].steps.tolist() == [100, 200, 400, 500, 700, 800]
    assert history.run.epochs == [0, 300, 600]
    assert history.run.progress.epoch == 3
    once = hl.History()
    for epoch in range(first, first + 3):
        once.log((epoch, 99), loss=1.0)
    assert once.run["loss"].steps.tolist() == [99, 199, 299]


@pytest.mark.parametrize("epochs", [None, 10])
def test_what_was_saved_is_loaded(tmp_path: Path, epochs: int | None) -> None:
    history = filled(epochs=epochs)
    history.log(history.step, weight=np.eye(3, dtype=np.float32), note="<b>", nan=float("nan"))
    history.save(tmp_path / "history.pkl")
    other = hl.History()
    other.log(5, old=1.0)
    other.load(tmp_path / "history.pkl")
    assert (other.step, other.metrics) == (history.step, history.metrics)
    np.testing.assert_equal(other.history, history.history)
    assert other["weight"].data.dtype == np.float32
    assert other.get_total_time() == history.get_total_time()
    np.testing.assert_array_equal(other.run["loss"].values, history.run["loss"].values)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_hiddenlayers_own_files_are_read(tmp_path: Path, protocol: int) -> None:
    records = {
        (0, 1): {"loss": 0.5, "__timestamp__": 10.0, "image": np.ones((2, 3, 3), np.uint8)},
        (0, 2): {"loss": np.float64(0.25), "__timestamp__": 12.5, "names": ["a", None, True]},
    }
    path = tmp_path / "history.pkl"
    path.write_bytes(pickle.dumps(records, protocol=protocol))
    history = hl.History()
    history.load(path)
    assert history["loss"].data.tolist() == [0.5, 0.25]
    assert history["image"].data.shape == (1, 2, 3, 3)
    assert history["names"].data.tolist() == [["a", None, True]]
    assert history.get_total_time().total_seconds() == 2.5


class Attack:
    """What a pickle does that runs a program."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_runs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "history.pkl"
    objects = np.empty(1, object)
    objects[0] = "text"
    for content, said in (
        ({1: {"loss": Attack(f"touch {tmp_path / 'ran'}")}}, r"names \w+\.system"),
        ({1: {"loss": {1, 2}.__class__}}, r"names builtins\.set"),
        ({1: {"loss": objects}}, "array of Python objects"),
        ({1: 0.5}, "holds its metrics by name"),
        ([], "a dictionary of steps"),
    ):
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(LoggingError, match=said):
            hl.History().load(path)
    assert not (tmp_path / "ran").exists()
    path.write_bytes(b"no history at all")
    with pytest.raises(LoggingError, match="holds no history"):
        hl.History().load(path)


def test_what_cannot_be_saved_is_named_and_spoils_no_file(tmp_path: Path) -> None:
    history = filled(epochs=None)
    path = tmp_path / "history.npz"
    history.save(path)
    before = path.read_bytes()
    history.log(100, model=torch.nn.Linear(1, 1))
    with pytest.raises(LoggingError, match="not Linear"):
        history.save(path)
    assert path.read_bytes() == before


def test_later_changes_do_not_reach_what_was_logged() -> None:
    history = hl.History()
    weight = torch.nn.Parameter(torch.ones(2, 2))
    array = np.zeros(3)
    history.log(1, weight=weight, array=array, loss=weight.sum(), half=torch.ones(2).bfloat16())
    with torch.no_grad():
        weight.zero_()
    array += 1
    assert history["weight"].data.tolist() == [[[1, 1], [1, 1]]]
    assert history["array"].data.tolist() == [[0, 0, 0]]
    assert history["loss"].data.tolist() == [4]
    assert history["half"].data.tolist() == [[1, 1]]


def test_metrics_have_the_steps_at_which_they_were_logged() -> None:
    history = hl.History()
    for step in range(6):
        history.log(step, loss=1.0 / (step + 1))
        if step % 3 == 2:
            history.log(step, validation=float(step))
    assert history["validation"].steps == [2, 5]
    assert history["validation"].data.tolist() == [2, 5]
    assert history["unknown"].data.tolist() == []


def test_a_value_logged_again_replaces_the_first() -> None:
    history = hl.History()
    history.log(3, loss=1.0)
    history.log(1, loss=2.0)
    history.log(3, loss=0.5)
    assert history.steps == [1, 3]
    assert history["loss"].data.tolist() == [2.0, 0.5]


def test_arrays_of_different_shapes_are_kept() -> None:
    history = hl.History()
    history.log(1, x=np.zeros((2, 2)))
    history.log(2, x=np.zeros(3))
    assert [array.shape for array in history["x"].data] == [(2, 2), (3,)]


def test_progress_and_summary_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    history = hl.History()
    history.progress()
    history.log(5, loss=torch.tensor(0.5), weight=np.zeros(3), note="warm")
    history.progress()
    history.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["Step None: ", "Step 5: loss: 0.5  note: warm  ", "Last Step: 5"]
    assert lines[3] == "Training Time: 0:00:00"


def test_write_describes_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    hl.write("My Tensor", torch.tensor([[0.0, 1.0]]), 3, [1, 2])
    assert capsys.readouterr().out.splitlines() == [
        "My Tensor\tTensor  float32 (1, 2)  min: 0.000  max: 1.000",
        "3\tlist    len: 2  [1, 2]",
    ]


@pytest.mark.parametrize("step", ["1", 1.5, (1, 2, 3), (1.0, 2), True, None])
def test_a_step_is_a_whole_number_or_two(step: object) -> None:
    with pytest.raises(LoggingError, match="step must be"):
        hl.History().log(step, loss=1.0)  # pyright: ignore[reportArgumentType]
