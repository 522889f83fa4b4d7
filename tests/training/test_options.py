"""What an engine refuses, and loaders of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from observed import Events, make_batches, make_engine, make_model
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from nbviz.errors import ConfigurationError
from nbviz.training.events import LineLogged, RunStarted, StepEnded

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __len__ = __eq__ = __repr__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def batches():
    yield torch.ones(2, 3), torch.ones(2, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_epochs": 0}, "max_epochs must be a whole number of at least 1, got 0"),
        ({"max_steps": 1.5}, "max_steps must be a whole number"),
        ({"validate_every": "step"}, "validate_every .* or 'epoch', got 'step'"),
        ({"accumulate": 0}, "accumulate must be"),
        ({"threads": 0}, "threads must be .* or 'auto', got 0"),
        ({"gradient_clip": 0.0}, "gradient_clip must be above 0"),
        ({"precision": "int8"}, "precision must be one of 'float32', 'bf16', 'fp16'; got 'int8'"),
        ({"on_nan": "raise"}, "on_nan must be one of"),
        ({"device": "cuda:99"}, "device must be .* got 'cuda:99'"),
        ({"device": "gpu"}, "device must be .* got 'gpu'"),
        ({"metrics": ["accurracy"]}, "there is no metric 'accurracy'; name one of accuracy"),
        ({"metrics": ["mae", "mae"]}, "two metrics would be called 'mae'"),
        ({"metrics": {"loss": "mae"}}, "none called 'loss'"),
        ({"loss_fn": None}, "loss_fn is missing"),
        ({"optimizer": None}, "optimizer is missing"),
        ({"optimizer": "sgd"}, "must be a torch.optim.Optimizer, or .*, got str 'sgd'"),
        ({"loss_fn": "mse"}, "loss_fn must be a function or another callable; got 'mse'"),
        ({"training_step": 3}, "training_step must be a function"),
        ({"monitor": 3}, "monitor must be a string; got 3"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"seed": "x"}, "seed must be .* got 'x'"),
        ({"metrics": 3}, r"metrics must be a list, such as \[metric\]; got 3"),
        ({"callbacks": len}, "callbacks must be a list"),
        ({"gradient_clip": "1"}, "gradient_clip must be above 0, or None.* got '1'"),
        ({"max_steps": Unspeakable()}, "max_steps must be .* got that cannot be shown"),
        ({"precision": Unspeakable()}, "precision must be .* got that cannot be shown"),
        ({"train_loader": []}, "train_loader has no batches"),
        ({"val_loader": []}, "val_loader has no batches"),
        ({"train_loader": 3}, "train_loader must be an iterable of batches.* got int"),
        ({"train_loader": batches}, "got function batches; give a list of what it yields"),
        ({"train_loader": iter([]), "max_epochs": 2}, "list_iterator, which can be read only once"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_engine(Events(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ["accuracy"]}, "need the supervised step's outputs"),
        ({"accumulate": 2}, "accumulate needs optimizer"),
        ({"gradient_clip": 1.0}, "gradient_clip needs optimizer"),
        ({"precision": "fp16"}, "fp16.* needs optimizer"),
        ({"val_loader": make_batches(1)}, "val_loader needs validation_step"),
    ],
)
def test_own_step_that_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_engine(Events(), training_step=lambda model, batch: None, **options)


def test_options_as_people_have_them() -> None:
    """Numbers of numpy's, None for nothing, and lists that can be gone through only once."""
    ends: list[str] = []

    class Ended:
        def on_end(self, trainer: Any, event: Any) -> None:
            ends.append(event.reason)

    events = Events()
    engine = make_engine(
        events, max_steps=np.int64(3), accumulate=np.int32(1), seed=np.uint8(7),
        metrics=(name for name in ["accuracy"]), callbacks=(one for one in [Ended()]),
    )  # fmt: skip
    options = engine.options
    assert [type(n) for n in (options.max_steps, options.accumulate, options.seed)] == [int] * 3
    engine.run()
    assert ends == ["finished"]
    assert engine.step == 3
    assert "accuracy/train" in events.of(StepEnded)[-1].scalars
    engine.load_state_dict(engine.state_dict())  # reads the metrics again
    engine.run()
    assert "accuracy/train" in events.of(StepEnded)[-1].scalars
    make_engine(Events(), max_steps=1, metrics=None, callbacks=None).run()


def test_optimizer_of_another_model_is_refused() -> None:
    optimizer = torch.optim.SGD(make_model().parameters(), lr=0.1)
    with pytest.raises(ConfigurationError, match="SGD\\) holds none of the model's parameters"):
        make_engine(Events(), optimizer=optimizer)


def test_optimizer_whose_parameters_the_move_replaced_is_refused() -> None:
    # To a device of another kind, torch makes new parameters; the optimizer has the old ones.
    with pytest.raises(ConfigurationError, match="holds none of the model's parameters"):
        make_engine(Events(), device="meta")


def test_model_without_values_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"weight is on the meta device.*to_empty"):
        make_engine(Events(), model=make_model().to("meta"))


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        for inputs, targets in make_batches(2):
            yield from zip(inputs, targets, strict=True)


def test_data_loaders_with_and_without_a_length() -> None:
    inputs, targets = make_batches(1, 16)[0]
    for loader, total in (
        (DataLoader(TensorDataset(inputs, targets), batch_size=8), 4),
        (DataLoader(Stream(), batch_size=8), None),
    ):
        events = Events()
        make_engine(events, loader, max_epochs=2).run()
        assert events.of(RunStarted)[0].total_steps == total
        assert len(events.of(StepEnded)) == 4


def test_generator_is_read_once() -> None:
    events = Events()
    engine = make_engine(events, (batch for batch in make_batches(3)))
    engine.run()
    assert (engine.step, engine.epoch) == (3, 1)
    with pytest.raises(ConfigurationError, match="can be read only once"):
        engine.run()
    assert events[-1].reason == "failed"


def test_generator_shorter_than_max_steps_says_so() -> None:
    events = Events()
    make_engine(events, iter(make_batches(3)), max_steps=9).run()
    first, line = events.of(LineLogged)
    assert "does not hold everything" in first.text
    assert "train_loader is a list_iterator, which cannot be read again" in first.text
    assert "ended after step 3, before max_steps=9" in line.text
    assert events[-1].reason == "finished"


def test_loaders_without_a_length_may_turn_out_empty() -> None:
    class Nothing:
        def __iter__(self) -> Iterator[Any]:
            return iter(())

    with pytest.raises(ConfigurationError, match="train_loader gave no batches in epoch 1"):
        make_engine(Events(), Nothing()).run()
    with pytest.raises(ConfigurationError, match="val_loader gave no batches"):
        make_engine(Events(), val_loader=Nothing()).run()
