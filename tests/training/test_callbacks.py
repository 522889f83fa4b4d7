"""Callbacks: when they are called, what they may do, and that none of them can fail a run."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch import nn

import nbviz
from nbviz.callbacks import EMA, SWA, BestCheckpoint, EarlyStopping, every
from nbviz.errors import ConfigurationError

SECONDS = 180.0  # a limit on a hang


def make(*callbacks: Any, **options: Any) -> nbviz.Trainer:
    torch.manual_seed(0)
    model = options.pop("model", None) or nn.Linear(3, 2)
    batches = [(torch.randn(8, 3), torch.randint(2, (8,))) for _ in range(4)]
    given = {
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "loss_fn": nn.CrossEntropyLoss(),
        "max_epochs": 2, "device": "cpu", "threads": 1, "callbacks": callbacks, **options,
    }  # fmt: skip
    return nbviz.Trainer(model, given.pop("train_loader", batches), **given)


def run(trainer: nbviz.Trainer) -> nbviz.Trainer:
    trainer.start()
    trainer.wait(SECONDS)
    return trainer


def lines(trainer: nbviz.Trainer, level: str) -> list[str]:
    return [line.text for line in trainer.run.lines.since(0) if line.level == level]


class Recording:
    """Notes each call, and where the run is."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("on_"):
            raise AttributeError(name)

        def note(trainer: nbviz.Trainer, event: Any) -> None:
            self.calls.append((name, event.step))
            assert trainer.run.name

        return note


def test_each_method_is_called_at_its_time() -> None:
    recording = Recording()
    batches = [(torch.randn(8, 3), torch.randint(2, (8,))) for _ in range(2)]
    run(make(recording, max_epochs=1, train_loader=batches, val_loader=batches))
    assert recording.calls == [
        ("on_start", 0), ("on_step", 1), ("on_step", 2), ("on_validation", 2), ("on_epoch", 2),
        ("on_end", 2),
    ]  # fmt: skip


def test_set_save_and_stop_act_from_a_callback(tmp_path: Any) -> None:
    def act(trainer: nbviz.Trainer) -> None:
        trainer.save(tmp_path / f"{trainer.step_number}.pt")
        trainer.set(lr=0.01)
        if trainer.step_number == 4:
            trainer.stop()

    trainer = run(make(every(2, act)))
    assert (trainer.status, trainer.engine.step) == ("stopped", 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.pt", "4.pt"]
    assert trainer.run["lr"].values.tolist() == [0.1, 0.1, 0.01, 0.01]


def test_one_that_raises_is_named_and_called_no_more() -> None:
    calls: list[int] = []

    def faulty(trainer: nbviz.Trainer) -> None:
        calls.append(trainer.step_number)
        raise KeyError("no such thing")

    after = Recording()
    trainer = run(make(every(3, faulty), after))
    assert (trainer.status, calls) == ("finished", [3])
    assert after.calls.count(("on_step", 8)) == 1
    (said,) = lines(trainer, "error")
    assert said == (
        "the callback faulty raised KeyError: 'no such thing' in on_step and is called no more "
        "in this run; training goes on."
    )


def test_stop_training_ends_the_run_with_its_text() -> None:
    class Enough:
        def on_epoch(self, trainer: nbviz.Trainer, event: Any) -> None:
            raise nbviz.StopTraining("good enough")

    trainer = run(make(Enough()))
    assert (trainer.status, trainer.engine.step, trainer.engine.epoch) == ("stopped", 4, 1)
    assert "good enough" in lines(trainer, "info")

    def step(model: Any, batch: Any) -> Any:
        if own.step_number == 3:
            raise nbviz.StopTraining("no third step")
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    own = make(training_step=step, loss_fn=None)
    run(own)
    assert (own.status, own.engine.step) == ("stopped", 2)
    assert "no third step" in lines(own, "info")


def test_what_is_no_callback_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="EMA is a class; give an object of it"):
        make(EMA)
    with pytest.raises(ConfigurationError, match=r"has none of the methods on_start.*every"):
        make(print)
    with pytest.raises(ConfigurationError, match="every takes a function"):
        every(3, "save")
    with pytest.raises(ConfigurationError, match=r"decay must be at least 0 and below 1, got 1"):
        EMA(1)


def test_early_stopping_waits_as_long_as_it_is_told_and_can_be_told_anew() -> None:
    values = iter([3.0, 2.0, 2.5, 2.5, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5])

    def validation(model: Any, batch: Any) -> Any:
        return {"loss": torch.tensor(next(values))}

    stopping = EarlyStopping("loss/val", patience=3)
    batch = [(torch.randn(8, 3), torch.randint(2, (8,)))]
    trainer = run(
        make(stopping, max_epochs=20, train_loader=batch, val_loader=batch,
             validation_step=validation)
    )  # fmt: skip
    assert (trainer.status, trainer.engine.epoch) == ("stopped", 8)
    assert (stopping.best, stopping.best_step) == (1.0, 5)
    text = "early stopping: loss/val 1.5 is no better than 1 at step 5, 3 times in a row"
    assert [event.text for event in trainer.run.events if event.event == "command"] == [text]
    trainer.set(patience=1)
    run(trainer)
    assert trainer.engine.epoch == 9


def test_a_tag_of_steps_is_looked_at_once_an_epoch_and_one_that_never_comes_is_said() -> None:
    stopping = EarlyStopping("loss/train", patience=2)
    never = EarlyStopping("speed", patience=1, mode="max")
    trainer = run(make(stopping, never, max_epochs=3))
    assert stopping.best == pytest.approx(
        min(trainer.run["loss/train"].values.reshape(3, 4).mean(1)), rel=1e-6
    )
    assert len([text for text in lines(trainer, "warning") if "no 'speed' was logged" in text]) == 1


@pytest.mark.parametrize("kind", [EarlyStopping, BestCheckpoint])
def test_a_name_that_does_not_tell_what_is_better_needs_a_mode(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"'speed'; give mode='min' or mode='max'\."):
        kind("speed")
    assert [kind(tag).monitor.mode for tag in ("val/mIoU", "val_loss")] == ["max", "min"]


def test_best_checkpoint_is_that_of_the_best_value(tmp_path: Any) -> None:
    values = iter([3.0, 1.0, 2.0])
    batch = [(torch.randn(8, 3), torch.randint(2, (8,)))]
    best = BestCheckpoint("accuracy/val")

    def validation(model: Any, batch: Any) -> Any:
        return {"accuracy": next(values)}

    trainer = run(
        make(best, max_epochs=3, train_loader=batch, val_loader=batch, validation_step=validation,
             dir=tmp_path)
    )  # fmt: skip
    assert (best.best, best.best_step) == (3.0, 1)
    assert torch.load(tmp_path / "checkpoints" / "best.pt", weights_only=True)["step"] == 1
    assert "best accuracy/val: 3, saved" in [event.text for event in trainer.run.events]


def test_ema_is_the_average_of_the_weights_and_its_decay_can_be_set() -> None:
    seen: list[torch.Tensor] = []
    ema = EMA(decay=0.5)
    look = every(1, lambda trainer: seen.append(trainer.model.weight.detach().clone()))
    trainer = run(make(ema, look, max_epochs=1))
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.5 * expected + 0.5 * weight
    torch.testing.assert_close(ema.weights["weight"], expected)
    trainer.set(ema_decay=0.25)
    assert ema.decay == 0.25
    own = trainer.model.weight.detach().clone()
    with trainer.between_steps(), ema.applied(trainer.model):
        torch.testing.assert_close(trainer.model.weight.detach(), expected)
    assert torch.equal(trainer.model.weight, own)


def test_swa_is_the_mean_of_the_ends_of_epochs() -> None:
    seen: list[torch.Tensor] = []
    swa = SWA(start_epoch=2, lr=0.02)
    look = every(4, lambda trainer: seen.append(trainer.model.weight.detach().clone()))
    trainer = run(make(swa, look, max_epochs=4))
    torch.testing.assert_close(swa.weights["weight"], torch.stack(seen[1:]).mean(0))
    assert trainer.run["lr"].values.tolist() == [0.1] * 4 + [0.02] * 12
    swa.apply(trainer.model)
    torch.testing.assert_close(trainer.model.weight.detach(), swa.weights["weight"])


def test_a_pause_inside_a_validation_is_told_behind_it(tmp_path: Any) -> None:
    batch = (torch.randn(8, 3), torch.randint(2, (8,)))

    class Validation(list[Any]):
        def __iter__(self) -> Any:
            for one in list.__iter__(self):
                trainer.pause()
                yield one

    class Saves:
        def on_pause(self, trainer: nbviz.Trainer, event: Any) -> None:
            trainer.save(tmp_path / "paused.pt")
            paused.append(event.step)

    paused: list[int] = []
    trainer = make(Saves(), max_epochs=1, train_loader=[batch], val_loader=Validation([batch]),
                   validation_step=lambda model, _: {"loss": model.weight.sum()})  # fmt: skip
    stands = threading.Event()
    trainer.run.subscribe(lambda: stands.set() if trainer.status == "paused" else None)
    trainer.start()
    assert stands.wait(SECONDS)
    # Paused inside the validation, which a save from elsewhere has it end first.
    trainer.save(tmp_path / "elsewhere.pt")
    for name in ("paused.pt", "elsewhere.pt"):
        place = torch.load(tmp_path / name, weights_only=True)["parts"]["place"]
        assert not place["validation_due"]
    assert paused == [1]
    trainer.resume()
    trainer.wait(SECONDS)
    assert trainer.status == "finished"
