"""Keras' callback on PyTorch, in real fits."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from commands import elsewhere, marks, resume_once_paused

import nbviz
from nbviz.errors import ConfigurationError

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
    thread.join(180)
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


def test_keras_own_callback_under_its_tags(keras: Any, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from nbviz.integrations.keras import TensorBoard

    names = list(inspect.signature(keras.callbacks.TensorBoard.__init__).parameters)
    assert list(inspect.signature(TensorBoard.__init__).parameters)[:-1] == names
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(3, 6), layers.Flatten()])
    model.add(layers.Dense(1))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    callback = TensorBoard(
        tmp_path, histogram_freq=1, write_images=True, update_freq="batch",
        write_steps_per_second=True,
    )  # fmt: skip
    x, y = np.ones((8, 6, 6, 1), "float32"), np.ones((8, 1), "float32")
    history = model.fit(
        x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x, y), callbacks=[callback]
    ).history
    train = EventAccumulator(str(tmp_path / "train")).Reload()
    assert set(train.Tags()["scalars"]) == {
        "batch_loss", "batch_steps_per_second", "epoch_loss", "epoch_learning_rate",
        "epoch_steps_per_second",
    }  # fmt: skip
    losses = [(event.step, event.value) for event in train.Scalars("epoch_loss")]
    assert losses == [(n, pytest.approx(loss)) for n, loss in enumerate(history["loss"])]
    assert [event.step for event in train.Scalars("batch_loss")] == [1, 2, 3, 4]
    assert len(train.Tags()["images"]) >= 2
    assert all(tag.endswith("/histogram") for tag in train.Tags()["histograms"])
    plugin = train.summary_metadata["keras"].plugin_data.plugin_name
    assert plugin == "graph_keras_model"
    validation = EventAccumulator(str(tmp_path / "validation")).Reload()
    assert [e.step for e in validation.Scalars("evaluation_loss_vs_iterations")] == [2, 4]
    assert validation.Scalars("epoch_loss")[1].value == pytest.approx(history["val_loss"][1])
    with pytest.raises(ConfigurationError, match="profile_batch must be 0"):
        TensorBoard(tmp_path, profile_batch=2)
