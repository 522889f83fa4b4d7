"""What is given wrongly is refused at the call, and holds up nothing of what comes after."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import nbviz
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.recording.lines import Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class HostileError(Exception):
    pass


def refuse(*given: Any, **named: Any) -> Any:
    raise HostileError


class Hostile:
    __float__ = __int__ = __index__ = __len__ = __eq__ = __array__ = __getattr__ = refuse
    __str__ = __repr__ = __bool__ = refuse
    __hash__ = None  # type: ignore[assignment]


class Fraction(float):
    __float__ = refuse


class Step(int):
    __int__ = refuse


class Array(np.ndarray[Any, Any]):
    reshape = refuse


class Wrapped(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *given: Any, **named: Any) -> Any:
        raise HostileError


class Metrics(dict[str, Any]):
    items = refuse


class Name(StrEnum):
    LOSS = "loss"


@pytest.mark.parametrize(
    "value",
    [
        Hostile(),
        Fraction(1.0),
        np.zeros(1).view(Array),
        torch.zeros(1).as_subclass(Wrapped),
        Metrics(a=1.0),
        {"again": {}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_code_of_a_values_own_loses_no_other_value(value: Any) -> None:
    if type(value) is dict:
        value["again"] = value  # holds itself
    run = nbviz.Run()
    for step in (1, 2):
        with pytest.raises(LoggingError):
            run.log({"before": 1.0, "bad": value, "after": 2.0}, step)
    # A mapping's own code may leave what stands behind it unread.
    assert run["before"].steps.tolist() == [1, 2]
    assert isinstance(value, dict) or run["after"].steps.tolist() == [1, 2]


def test_a_tag_is_its_text_whatever_its_class_makes_of_it() -> None:
    run = nbviz.Run()
    run.log({Name.LOSS: 1.0, "part": {Name.LOSS: 2.0}, np.str_("other"): 3.0}, 1)
    assert list(run) == ["loss", "part/loss", "other"]
    assert {type(tag) for tag in run} == {str}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: run.note("x", step=-1), "step must be a whole number"),
        (lambda run: run.note("x", step=Hostile()), "step must be .* got Hostile that cannot"),
        (lambda run: run.note("x", step=Step(3)), "step must be a whole number"),
        (lambda run: run.note("x", wall_time=float("inf")), "wall_time must be Unix seconds"),
        (lambda run: run.note("x", wall_time="now"), "wall_time must be Unix seconds"),
        (lambda run: run.note("x", "bad"), "level of a line must be one of 'info', .* got str 'b"),
        (lambda run: run.note("x", Hostile()), "level of a line must be one of"),
        (lambda run: run.record({"a": 1.0}, 1, Fraction(1.0)), "wall_time must be Unix seconds"),
        (lambda run: run.log_text("t", "x", Step(3)), "step must be a whole number"),
        (lambda run: run.track([], epoch="2"), "epoch must be a whole number of at least 1, got"),
        (lambda run: run.track([], total=Hostile()), "total must be .* got that cannot be shown"),
        (lambda run: run.track([], total=1 << 60), "total must be a whole number"),
        (lambda run: run.rename(3), "name of a run must be a string, got a int"),
        (lambda run: run.watch(torch.nn.Linear(1, 1), activations=3), "activations must be names"),
        (lambda run: run.watch(torch.nn.Linear(1, 1), statistics=None), "statistics must be some"),
        (lambda run: nbviz.Run(3), "name of a run must be a string"),
        (lambda run: nbviz.Run(dir=3), "dir must be a path, such as 'runs/mine'; got a int"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises((LoggingError, ConfigurationError), match=message):
        call(nbviz.Run())


def test_the_journal_has_what_comes_after(tmp_path: Path) -> None:
    class Untold(list[int]):
        def __len__(self) -> int:
            raise HostileError

    run = nbviz.Run(dir=tmp_path, config={"bad": Hostile(), "large": 10**400, "lr": 0.5})
    for item in run.track(Untold([1, 2, 3]), epoch=100_000_000, total_epochs=np.int64(100_000_001)):
        run.log({"loss": float(item)})
    assert run.progress.epoch in (None, 0, 100_000_000)
    run.log_embedding("e" * 400, torch.randn(8, 3), step=1)  # no name of a folder is so long
    run.lines.append(Line("info", "1", 0.0, "x"))  # type: ignore[arg-type]  as a fault of our own
    run.note("after")
    run.log({"loss": 4.0}, step=4)
    run.finish()
    assert run.journal is not None
    assert run.journal.flush()
    opened = nbviz.open_run(tmp_path)
    assert opened["loss"].values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert opened.hparams["lr"] == 0.5
    assert "after" in [line.text for line in opened.lines.since(0)]
    assert opened.media["e" * 400].at(1).value.points == 8
    said = [line.text for line in run.lines.since(0) if "Not in the journal" in str(line.text)]
    (text,) = said
    assert text.startswith("Not in the journal: nbviz/log/info cannot be written (TypeError")
