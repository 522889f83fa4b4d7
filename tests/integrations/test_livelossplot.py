"""PlotLosses as livelossplot has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.integrations.livelossplot import MainLogger, PlotLosses
from nbviz.integrations.livelossplot.outputs import BaseOutput

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Kept(BaseOutput):
    def __init__(self) -> None:
        self.sent: list[dict] = []

    def send(self, logger: MainLogger) -> None:
        self.sent.append(logger.grouped_log_history())


def test_metrics_are_series_and_validation_stands_beside_training(tmp_path: Path) -> None:
    losses = PlotLosses(dir=tmp_path)
    for epoch in range(3):
        losses.update({"loss": 1 / (epoch + 1), "val_loss": 2.0, "acc": epoch / 3})
        losses.send()
    losses.run.finish()
    assert list(losses.run) == ["loss", "loss/val", "acc"]
    assert losses.run["loss"].steps.tolist() == [0, 1, 2]
    assert nbviz.open_run(tmp_path)["loss/val"].values.tolist() == [2.0, 2.0, 2.0]


def test_groups_are_charts() -> None:
    losses = PlotLosses(groups={"accuracy": ["acc", "f1"], "cost": ["loss"]})
    losses.update({"acc": 0.5, "f1": 0.25, "loss": 1.0}, current_step=7)
    assert list(losses.run) == ["accuracy/acc", "accuracy/f1", "cost/loss"]
    assert losses.run["cost/loss"].steps.tolist() == [7]
    grouped = losses.logger.grouped_log_history(raw_names=True)
    assert {name: list(metrics) for name, metrics in grouped.items()} == {
        "accuracy": ["acc", "f1"],
        "cost": ["loss"],
    }


@pytest.mark.parametrize(("from_step", "left"), [(0, 10), (2, 8), (-5, 6)])
def test_from_step(from_step: int, left: int) -> None:
    kept = Kept()
    losses = PlotLosses(outputs=[kept], from_step=from_step)
    for _ in range(10):
        losses.update({"acc": 0.1, "val_acc": 0.2})
    losses.send()
    assert {name: len(of) for name, of in kept.sent[-1]["Accuracy"].items()} == {
        "training": left,
        "validation": left,
    }


def test_extremes_are_printed_in_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    losses = PlotLosses(mode="script")
    for value in (0.5, 0.75, 0.625):
        losses.update({"acc": value})
    losses.send()
    assert (
        "acc              \t (min:    0.500, max:    0.750, cur:    0.625)"
        in capsys.readouterr().out
    )
    quiet = PlotLosses(mode="notebook")
    quiet.update({"acc": 0.5})
    quiet.send()
    assert capsys.readouterr().out == ""


def test_outputs_are_taken_away_and_added() -> None:
    losses = PlotLosses(outputs=["MatplotlibPlot"], figsize=(10, 5))
    assert len(losses.reset_outputs().to_matplotlib().to_bokeh().to_extrema_printer().outputs) == 3
    with pytest.raises(ConfigurationError, match=r"no output 'NeptuneLogger'.*PlotLosses\(dir=…\)"):
        PlotLosses(outputs=["NeptuneLogger"])
    with pytest.raises(ConfigurationError, match='mode must be "notebook" or "script", got \'x\''):
        PlotLosses(mode="x")
    with pytest.warns(PendingDeprecationWarning):
        losses.draw()


def test_the_callbacks_of_keras_and_ignite_send_what_these_measure(monkeypatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras
    from ignite.engine import Engine, Events

    from nbviz.integrations.livelossplot import PlotLossesIgnite, PlotLossesKeras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    callback = PlotLossesKeras(outputs=[])
    ones = np.ones((8, 2)), np.ones((8, 1))
    fitted = model.fit(*ones, validation_data=ones, epochs=3, verbose=0, callbacks=[callback])
    run = callback.liveplot.run
    assert run["loss"].values.tolist() == pytest.approx(fitted.history["loss"])
    assert run["loss/val"].steps.tolist() == [0, 1, 2]

    kept = Kept()
    trainer, evaluator = Engine(lambda *_: None), Engine(lambda *_: None)
    plot = PlotLossesIgnite(train_engine=trainer, outputs=[kept])
    plot.attach(evaluator)
    plot.attach(trainer)  # which measures nothing

    @trainer.on(Events.EPOCH_COMPLETED)
    def evaluate(engine: Engine) -> None:
        evaluator.run([0])

    @evaluator.on(Events.EPOCH_STARTED)
    def measure(engine: Engine) -> None:
        engine.state.metrics["acc"] = trainer.state.epoch / 10

    trainer.run([0, 1], max_epochs=3)
    assert plot.liveplot.run["acc"].steps.tolist() == [1, 2, 3]
    assert len(kept.sent) == 3
    with pytest.raises(ConfigurationError, match="PlotLossesPoutyne is not served"):
        from nbviz.integrations.livelossplot import PlotLossesPoutyne  # noqa: F401


def test_a_cell_shows_a_chart_for_each_group(run_cells: Callable[..., list[Any]]) -> None:
    shown, _ = run_cells(
        """from nbviz.integrations.livelossplot import PlotLosses
losses = PlotLosses(groups={"Loss [a]": ["loss", "val_loss"], "acc": ["acc", "val_acc"]})
losses.update({"loss": 1.0, "val_loss": 2.0, "acc": 0.5, "val_acc": 0.25}); losses.send()""",
        """from nbviz.integrations import in_cells
assert in_cells._views[losses.run].charts == [
    ["Loss [[]a]/loss", "Loss [[]a]/val_loss"], ["acc/acc", "acc/val_acc"]
]""",
    )
    assert "application/vnd.jupyter.widget-view+json" in shown.outputs[0].data
