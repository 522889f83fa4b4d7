"""Keras' callback on PyTorch, in real fits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from commands import elsewhere, marks, resume_once_paused

import nbviz

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    return keras


@pytest.fixture(scope="module")
def callback_class(keras: Any) -> Any:
    from nbviz.integrations.keras import NbvizCallback

    return NbvizCallback


@pytest.fixture
def model(keras: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    return model


X = np.arange(32, dtype="float32").reshape(16, 2) / 32
Y = X.sum(1, keepdims=True)


def test_what_keras_reports_is_recorded(model: Any, callback_class: Any, tmp_path: Path) -> None:
    callback = callback_class(dir=tmp_path)
    history = model.fit(
        X, Y, batch_size=4, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[callback]
    ).history
    run = callback.run
    for name, tag in {
        "loss": "loss/train",
        "mae": "mae/train",
        "val_loss": "loss/val",
        "val_mae": "mae/val",
    }.items():
        assert run[tag].values.tolist() == history[name]
        assert run[tag].steps.tolist() == [4, 8, 12]
    assert run["loss/batch"].values[3::4].tolist() == pytest.approx(history["loss"])
    assert run["lr"].values.tolist() == pytest.approx([0.1] * 12)
    assert (run.status, run.progress.step, run.progress.total_steps) == ("finished", 12, 12)
    assert run.epochs == [0, 4, 8]
    assert marks(run, "validation") == ["validation"] * 3
    assert nbviz.open_run(tmp_path)["loss/val"].values.tolist() == history["val_loss"]


def test_commands_act_between_two_batches(keras: Any, model: Any, callback_class: Any) -> None:
    callback = callback_class()
    run = callback.run
    commands = {
        2: lambda: run.control.set(lr=0.05),
        3: run.control.pause,
        6: run.control.stop,
    }
    rates: list[float] = []

    class Act(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            rates.append(float(self.model.optimizer.learning_rate))
            if len(rates) in commands:
                elsewhere(commands[len(rates)])

    thread = resume_once_paused(run)
    model.fit(X, Y, batch_size=4, epochs=9, verbose=0, callbacks=[callback, Act()])
    thread.join(30)
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.05, 0.05])
    assert run["lr"].values.tolist() == pytest.approx(rates)
    assert marks(run, "command") == ["lr 0.1 → 0.05", "paused", "resumed"]
    assert run.status == "stopped"


def test_a_schedule_is_left_alone(keras: Any, model: Any, callback_class: Any) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True)
    model.compile(optimizer=keras.optimizers.SGD(schedule), loss="mse")
    with nbviz.Run("around") as run:  # as in a `%%live` cell: what is made in it records there
        callback = callback_class()
        model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[callback])
        assert (callback.run, run.status) == (run, "running")
    assert run["lr"].values.tolist() == pytest.approx([0.1] * 4 + [0.05] * 4)
    assert "lr" not in [one.name for one in run.control.settings()]
