"""What the user's own code returns or raises: none of it ends a training that it need not end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import torch
from observed import SECONDS, Events, make_batches, make_engine, make_model
from torch import nn

from nbviz.errors import TrainingError, describe, text_of
from nbviz.training.background import BackgroundRun
from nbviz.training.events import (
    Event,
    LineLogged,
    RunEnded,
    RunStarted,
    StepEnded,
    ValidationEnded,
)


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def lines(events: Events) -> list[str]:
    return [line.text for line in events.of(LineLogged)]


def test_auxiliary_values_of_every_kind() -> None:
    events, model = Events(), make_model()

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        return {
            "loss": loss,
            "array": np.array(1.5),
            "bool": np.bool_(True),
            "decimal": Decimal("0.5"),
            "nested": {"a": 1, "b": {"c": 2}},
            "none": None,
            "text": "good",
            "many": torch.ones(2),
        }

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = make_batches(3)
    make_engine(
        events, batches, model=model, training_step=step, optimizer=optimizer, max_epochs=2,
        val_loader=batches,
    ).run()  # fmt: skip
    assert events[-1].reason == "finished"
    scalars = dict(events.of(StepEnded)[-1].scalars)
    del scalars["loss/train"], scalars["lr"]
    assert scalars == {
        "array/train": 1.5, "bool/train": 1.0, "decimal/train": 0.5,
        "nested/a/train": 1.0, "nested/b/c/train": 2.0,
    }  # fmt: skip
    assert events.of(ValidationEnded)[-1].scalars["array/val"] == 1.5
    left_out = [text for text in lines(events) if "left out" in text]
    assert len(left_out) == 3  # each once
    assert "'none' is left out where it is not one number (got NoneType None)" in left_out[0]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_batch_without_a_loss_is_left_out(accumulate: int) -> None:
    def make(skipped: bool) -> tuple[Events, nn.Module]:
        events, model = Events(), make_model()
        batches = make_batches(5)
        given = batches if skipped else [b for i, b in enumerate(batches) if i not in (0, 3)]

        def step(model: nn.Module, batch: Any) -> Any:
            if batch[0] is batches[0][0] or batch[0] is batches[3][0]:
                return None
            return nn.functional.cross_entropy(model[3](model[0](batch[0])), batch[1])

        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        make_engine(
            events, given, model=model, training_step=step, optimizer=optimizer,
            accumulate=accumulate, max_epochs=1,
        ).run()  # fmt: skip
        return events, model

    (events, model), (_, expected) = make(skipped=True), make(skipped=False)
    assert len(events.of(StepEnded)) == -(-3 // accumulate)
    assert [text for text in lines(events) if "gave no loss" in text] == lines(events)
    assert len(lines(events)) == 1
    for ours, theirs in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_steps_that_never_give_a_loss_can_be_stopped() -> None:
    events, model = Events(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    engine = make_engine(
        events, model=model, training_step=lambda model, batch: None, optimizer=optimizer
    )
    run = BackgroundRun(engine.run, name="lossless")
    run.start()
    events.wait_for_count("EpochEnded", 2)
    engine.control.stop()
    run.wait(SECONDS)
    assert events[-1].reason == "stopped"


def test_error_that_cannot_be_told_ends_a_run_like_any_other() -> None:
    events = Events()

    def loss(outputs: Any, targets: Any) -> Any:
        raise UnspeakableError

    run = BackgroundRun(make_engine(events, loss_fn=loss).run, name="unspeakable")
    run.start()
    message = "failed: UnspeakableError: .its text cannot be shown: its __str__ raised RuntimeError"
    with pytest.raises(TrainingError, match=message):
        run.wait(SECONDS)
    assert events[-1].reason == "failed"


def test_metric_observer_and_setting_that_raise_it_end_nothing() -> None:
    events = Events()

    def broken(event: Event) -> None:
        raise UnspeakableError

    def metric(outputs: Any, targets: Any) -> Any:
        raise UnspeakableError

    def apply(value: float) -> None:
        raise UnspeakableError

    engine = make_engine(events, observers=(broken, events), metrics=[metric], max_epochs=1)
    engine.control.registry.add("own", lambda: 0.0, apply)
    engine.control.reserve()
    engine.control.set(own=1.0)
    engine.run()
    assert events[-1].reason == "finished"
    assert len([text for text in lines(events) if "__str__ raised RuntimeError" in text]) == 3


def test_observer_that_failed_is_back_at_the_next_start() -> None:
    events = Events()
    heard: list[str] = []

    def broken(event: Event) -> None:
        heard.append(type(event).__name__)
        if isinstance(event, StepEnded) and event.step == 1:
            raise ValueError("once")

    engine = make_engine(events, observers=(broken, events), max_steps=2)
    engine.run()
    assert heard[-1] == "StepEnded"
    engine.run()
    assert heard.count("StepEnded") == 3
    assert heard[-1] == "RunEnded"
    assert [type(e) for e in events].count(RunStarted) == 2
    assert isinstance(events[-1], RunEnded)


def test_batch_that_cannot_be_described_hides_no_error() -> None:
    class Batch(dict[str, Any]):
        def items(self) -> Any:
            raise UnspeakableError

    def step(model: nn.Module, batch: Any) -> Any:
        raise ArithmeticError("the user's")

    class Loader:
        def __iter__(self) -> Any:
            batch = Batch()
            batch.to = lambda device: batch  # type: ignore[attr-defined]
            return iter([batch])

    with pytest.raises(ArithmeticError, match="the user's"):
        make_engine(Events(), Loader(), training_step=step).run()


def test_attributes_whose_own_code_fails_end_nothing() -> None:
    class Texts(torch.utils.data.Dataset[Any]):
        """A property reads a file that is not there."""

        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: int) -> Any:
            return torch.randn(3), index % 2

        @property
        def classes(self) -> Any:
            raise FileNotFoundError("classes.txt")

        targets = classes

    class Bag:
        """As many do, raises a KeyError for what it does not have."""

        def __init__(self, **held: Any) -> None:
            self.__dict__.update(held)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            raise KeyError(name)

    class Model(nn.Linear):
        def forward(self, given: Any) -> Any:  # type: ignore[override]
            return Bag(scores=super().forward(given.x))

    def loss(outputs: Any, targets: Any) -> Any:
        return nn.functional.cross_entropy(outputs.scores, targets)

    loader = torch.utils.data.DataLoader(Texts(), 4)
    events = Events()
    make_engine(
        events, loader, model=Model(3, 2), loss_fn=loss, val_loader=loader, max_epochs=1,
        prepare_batch=lambda batch: (Bag(x=batch[0]), batch[1]),
    ).run()  # fmt: skip
    assert events[-1].reason == "finished"
    assert len(events.of(ValidationEnded)) == 1


def test_mapping_without_a_loss_is_refused_and_none_skips_the_batch() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    options: dict[str, Any] = {"model": model, "optimizer": optimizer, "max_epochs": 1}
    with pytest.raises(TrainingError, match=r"training_step must return .* got no 'loss'"):
        make_engine(Events(), training_step=lambda model, batch: {"los": 1.0}, **options).run()
    events = Events()
    make_engine(events, training_step=lambda model, batch: {"loss": None}, **options).run()
    assert events[-1].reason == "finished"


def test_text_is_plain_whatever_a_users_class_makes_of_it() -> None:
    class Marked(str):  # noqa: SLOT000
        def __format__(self, form: str) -> str:
            raise RuntimeError

    class Said(Exception):  # noqa: N818
        def __str__(self) -> str:
            return Marked("marked")

    class Leaving(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise SystemExit

    assert type(text_of(Said())) is str
    assert describe(Said()) == "Said: marked"
    assert "raised SystemExit" in text_of(Leaving())


def test_modules_that_compare_by_value_are_trained() -> None:
    class Compared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

        def __eq__(self, other: object) -> Any:
            return self.scale == getattr(other, "scale", torch.zeros(3))  # of three truth values

        __hash__ = nn.Module.__hash__

        def forward(self, x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
            return x * self.scale

    class Loss(Compared):
        def forward(self, x: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
            return nn.functional.cross_entropy(super().forward(x), *given)

    events, model, loss = Events(), nn.Sequential(Compared(), Compared()), Loss()
    parameters = [*model.parameters(), *loss.parameters()]
    engine = make_engine(
        events, model=model, loss_fn=loss, optimizer=torch.optim.SGD(parameters, lr=0.1),
        val_loader=make_batches(1), max_epochs=1,
    )  # fmt: skip
    engine.run()
    engine.restore(engine.capture().parts)
    assert engine.step == 4
