"""Lightning's Logger, Callback and a fit in the background, with the real Trainer."""

from __future__ import annotations

import pickle
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbviz
from nbviz.errors import CheckpointError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def lightning() -> Any:
    import lightning.pytorch

    return lightning.pytorch


@pytest.fixture(scope="module")
def ours(lightning: Any) -> Any:
    import nbviz.integrations.lightning

    return nbviz.integrations.lightning


@pytest.fixture
def module(lightning: Any) -> Any:
    class Small(lightning.LightningModule):
        def __init__(self, width: int = 4, lr: float = 0.1) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))
            self.losses: list[float] = []
            self.rates: list[float] = []
            self.at_step: dict[int, Callable[[], None]] = {}
            self.example_input_array = torch.zeros(1, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            inputs, targets = batch
            loss = nn.functional.mse_loss(self(inputs), targets)
            self.log("error", loss.sqrt())
            self.losses.append(loss.item())
            self.rates.append(self.optimizers().param_groups[0]["lr"])
            self.at_step.pop(len(self.losses), lambda: None)()
            return loss

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            inputs, targets = batch
            self.log("val_loss", nn.functional.mse_loss(self(inputs), targets))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
            decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
            return [optimizer], [decay]

    torch.manual_seed(0)
    return Small()


@pytest.fixture
def loader() -> DataLoader:
    inputs = torch.randn(32, 2, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=8)


@pytest.fixture
def trainer_of(lightning: Any, tmp_path: Path) -> Callable[..., Any]:
    def make(**options: Any) -> Any:
        quiet = {"enable_progress_bar": False, "enable_model_summary": False}
        where = {"default_root_dir": tmp_path / "root", "accelerator": "cpu", "devices": 1}
        return lightning.Trainer(**{**quiet, **where, **options})

    return make


@pytest.fixture
def in_step(module: Any) -> Iterator[Callable[[int, Callable[[], None]], None]]:
    """Returns a function that has another thread act while a step is made."""
    threads: list[threading.Thread] = []

    def act(step: int, what: Callable[[], None]) -> None:
        def there() -> None:
            threads.append(threading.Thread(target=what))
            threads[-1].start()
            threads[-1].join(180)

        module.at_step[step] = there

    yield act
    for thread in threads:
        assert not thread.is_alive()


def texts(run: nbviz.Run, event: str) -> list[str]:
    return [mark.text for mark in run.events if mark.event == event]


def test_the_logger_takes_tables_and_models_as_others_of_lightnings(
    ours: Any, module: Any, loader: Any, trainer_of: Any
) -> None:
    logger = ours.NbvizLogger()
    logger.watch(module, log="all", log_freq=1)
    trainer_of(max_epochs=1, log_every_n_steps=1, logger=logger).fit(module, loader)
    logger.log_table(key="samples", columns=["a", "b"], data=[[1, 2], [3, 4]], step=2)
    logger.log_text("said", ["text"], [["x"]])
    logger.log_table("none", ["a"], [[1, 2]])
    logger.watch(torch.nn.ReLU(), log=None)
    run = logger.experiment
    run.drain()
    run.drain_media()
    assert [run.media[tag].kind for tag in ("samples", "said")] == ["table", "table"]
    assert run.media["samples"][0].step == 2
    assert "not recorded: " in run.lines.since(0)[-1].text
    kinds = {tag.partition("/")[0] for tag in run.tags}
    assert {"weights", "gradients"} <= kinds


def test_the_logger_records_what_lightning_logs(
    ours: Any, module: Any, loader: Any, trainer_of: Any, tmp_path: Path
) -> None:
    logger = ours.NbvizLogger(tmp_path / "logs", name="small", log_graph=True)
    told: list[tuple[int, dict[str, float]]] = []
    record = logger.log_metrics
    logger.log_metrics = lambda metrics, step: (told.append((step, metrics)), record(metrics, step))
    trainer = trainer_of(max_epochs=2, log_every_n_steps=1, logger=logger)
    trainer.fit(module, loader, loader)
    logger.log_image("first", [torch.rand(3, 4, 4)], step=3, caption=["one"])
    logger.log_image("some", [torch.rand(3, 4, 4), torch.rand(3, 4, 4)], step=3)
    logger.log_image("none", ["no image"])
    logger.log_image("uneven", [torch.rand(3, 4, 4)], caption=["one", "two"])
    tones, films = [torch.rand(80), torch.rand(80)], [torch.rand(2, 3, 4, 4)]
    logger.log_audio("tones", audios=tones, step=3, sample_rate=[8000, 4000])
    logger.log_video("film", videos=films, step=3, fps=[2], caption=["short"])
    logger.log_audio("none", ["a file.wav"])
    with pytest.raises(AttributeError, match=r"use run\.log_image\(.*TensorBoardLogger"):
        logger.experiment.add_image("samples", torch.rand(3, 4, 4), 0)
    run = logger.experiment
    run.drain()
    for tag in ("error", "val_loss"):
        expected = [(step, metrics[tag]) for step, metrics in told if tag in metrics]
        assert list(zip(run[tag].steps, run[tag].values, strict=True)) == expected
    assert run["error"].values.tolist() == pytest.approx([loss**0.5 for loss in module.losses])
    assert run.config == {"width": 4, "lr": 0.1}
    assert (logger.name, logger.version, run.status) == ("small", 0, "finished")
    run.drain_media()
    refused = [one.text for one in run.lines.since(0) if one.text.startswith("not recorded: ")]
    assert len(refused) == 3
    assert "caption must be one for each of 1, got 2" in refused[1]
    rates = [run.media[f"tones/{number}"][0].value.sample_rate for number in range(2)]
    assert rates == [8000, 4000]
    assert (run.media["film"].kind, run.media["film"][0].step) == ("video", 3)
    assert trainer.checkpoint_callback.best_model_path.startswith(str(tmp_path / "logs/small"))
    run.journal.flush()
    events = EventFiles(tmp_path / "logs" / "small" / "version_0")
    assert events.scalars("error") == pytest.approx(run["error"].values.tolist())
    assert {"first", "some"} <= set(events.read.Tags()["images"])
    assert any("net" in node.name for node in events.read.Graph().node)
    [opened] = nbviz.open_runs(tmp_path / "logs")
    assert opened["val_loss"].values.tolist() == run["val_loss"].values.tolist()
    assert ours.NbvizLogger(tmp_path / "logs", name="small").version == 1


class EventFiles:
    """What TensorBoard's own reader finds in a folder."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        self.read = EventAccumulator(str(folder)).Reload()

    def scalars(self, tag: str) -> list[float]:
        if tag in self.read.Tags()["scalars"]:
            return [one.value for one in self.read.Scalars(tag)]
        return [one.tensor_proto.float_val[0] for one in self.read.Tensors(tag)]


def test_the_callback_records_each_step(
    ours: Any, module: Any, loader: Any, trainer_of: Any, tmp_path: Path
) -> None:
    callback = ours.NbvizCallback(dir=tmp_path / "run", watch={"every": 0, "weights": False})
    meter = callback.run.meter
    seen: list[str] = []

    def look() -> None:
        seen.append(f"{meter.step} of {meter.total_steps}, epoch {meter.epoch}")

    module.at_step[6] = look
    trainer = trainer_of(max_epochs=3, logger=False, callbacks=[callback])
    trainer.fit(module, loader, loader)
    run = callback.run
    assert run["loss/train"].values.tolist() == pytest.approx(module.losses)
    assert run["loss/train"].steps.tolist() == list(range(12))
    assert run["lr"].values.tolist() == module.rates == [0.1] * 4 + [0.05] * 4 + [0.025] * 4
    assert run["val_loss"].steps.tolist() == [3, 7, 11]
    assert run["gradients/net.0.weight/norm"].values.min() >= 0
    assert texts(run, "validation") == [
        "sanity check: 2 validation batches, before training",
        *["validation"] * 3,
    ]
    assert seen == ["5 of 12, epoch 2"]
    assert run.epochs == [0, 4, 8]
    assert trainer.loggers == []  # as it was
    assert (run.status, run.progress.step) == ("finished", 12)
    assert run.hparams["optimizer"] == "SGD"
    assert nbviz.open_run(tmp_path / "run")["lr"].values.tolist() == module.rates


def test_commands_act_between_two_steps(
    ours: Any, module: Any, loader: Any, trainer_of: Any, in_step: Any
) -> None:
    callback = ours.NbvizCallback()
    run = callback.run
    paused = threading.Event()
    run.subscribe(lambda: paused.set() if run.status == "paused" else None)

    def resume() -> None:
        assert paused.wait(180)
        run.control.resume()

    waiting = threading.Thread(target=resume)
    waiting.start()
    in_step(2, lambda: run.control.set(lr=0.4))
    in_step(3, run.control.pause)
    in_step(6, run.control.stop)
    trainer = trainer_of(max_epochs=50, logger=False, callbacks=[callback])
    trainer.fit(module, loader)
    waiting.join(180)
    assert texts(run, "command") == ["lr 0.1 → 0.4", "paused", "resumed"]
    assert module.rates == [0.1, 0.1, 0.4, 0.4, 0.2, 0.2]  # the schedule goes on from there
    assert run["lr"].values.tolist() == module.rates
    assert (run.status, len(module.losses)) == ("stopped", 6)
    assert trainer.should_stop


def test_an_error_fails_the_run_and_reaches_the_caller(
    ours: Any, module: Any, loader: Any, trainer_of: Any
) -> None:
    def fail() -> None:
        raise ValueError("no good")

    module.at_step[2] = fail
    callback = ours.NbvizCallback()
    with pytest.raises(ValueError, match="no good"):
        trainer_of(max_epochs=1, logger=False, callbacks=[callback]).fit(module, loader)
    assert callback.run.status == "failed"
    assert "no good" in texts(callback.run, "ended")[0]


def test_several_batches_make_a_step(ours: Any, module: Any, loader: Any, trainer_of: Any) -> None:
    callback = ours.NbvizCallback()
    options = {"max_epochs": 1, "accumulate_grad_batches": 2, "num_sanity_val_steps": 0}
    trainer_of(logger=False, callbacks=[callback], **options).fit(module, loader)
    a, b, c, d = module.losses
    run = callback.run
    assert run["loss/train"].values.tolist() == pytest.approx([(a + b) / 2, (c + d) / 2])
    assert run.progress.total_steps == run.progress.step == 2


def test_code_for_the_tensorboard_logger_finds_a_writer_of_the_same_run(  # noqa: PLR0917
    ours: Any, module: Any, trainer_of: Any, loader: Any, in_step: Any, tmp_path: Path
) -> None:
    logger = ours.TensorBoardLogger(tmp_path, name="mine", version=3, prefix="fit")

    def log() -> None:
        logger.experiment.add_histogram("weights", module.net[0].weight, module.global_step)
        logger.experiment.add_image("first", torch.zeros(3, 4, 4), 0)
        logger.log_metrics({"mine": 0.5}, step=module.global_step)

    in_step(2, log)
    trainer_of(logger=logger, max_epochs=1).fit(module, loader)
    assert (logger.log_dir, logger.run.status) == (str(tmp_path / "mine/version_3"), "finished")
    opened = nbviz.open_run(logger.log_dir)
    assert {opened.media[tag].kind for tag in ("weights", "first")} == {"histogram", "image"}
    assert opened["fit-mine"].values.tolist() == [0.5]
    assert pickle.loads(pickle.dumps(logger)).experiment is not None


def test_both_names_of_the_library_are_served(
    ours: Any, module: Any, loader: Any, tmp_path: Path, monkeypatch
) -> None:
    import pytorch_lightning

    class Theirs(pytorch_lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(2, 1)

        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            return nn.functional.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    callback = ours.NbvizCallback()
    trainer = pytorch_lightning.Trainer(
        max_epochs=1,
        logger=ours.NbvizLogger(),
        callbacks=[callback],
        accelerator="cpu",
        default_root_dir=tmp_path,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Theirs(), loader)
    assert callback.run.progress.step == 4
    monkeypatch.chdir(tmp_path)
    for options in ({}, {"dir": tmp_path / "asked"}):
        live = nbviz.LiveTrainer.from_lightning(
            Theirs(), train_dataloaders=loader, max_epochs=1, **options
        )
        live.start()
        live.wait(180)
        assert live.status == "finished"
        # Lightning's checkpoint is kept where a place was named, and nowhere else.
        assert not (tmp_path / "lightning_logs").exists()
        assert len(list(tmp_path.rglob("*.ckpt"))) == len(options)


def test_a_fit_in_the_background_is_steered(
    module: Any, loader: Any, tmp_path: Path, lightning: Any
) -> None:
    class Data(lightning.LightningDataModule):
        def train_dataloader(self) -> Any:
            return loader

        def val_dataloader(self) -> Any:
            return loader

    live = nbviz.LiveTrainer.from_lightning(
        module, Data(), name="behind", dir=tmp_path, max_epochs=500, enable_checkpointing=False
    )
    assert live.status == "ready"
    run = live.run
    paused_after = {3: threading.Event(), 4: threading.Event()}
    run.subscribe(lambda: paused_after[run.meter.step].set() if run.status == "paused" else None)
    live.step(3)
    assert paused_after[3].wait(180)
    assert len(module.losses) == run.meter.step == 3
    with live.between_steps():
        live.set(lr=0.02)
    live.step()
    assert paused_after[4].wait(180)
    live.stop()
    live.wait(180)
    assert (live.status, run["loss/train"].values.tolist()) == (
        "stopped",
        pytest.approx(module.losses),
    )
    assert module.rates[3] == 0.02
    assert run["error"].steps.tolist() == run["loss/train"].steps.tolist()
    own = (lambda: live.save("mine.pt"), live.reset, lambda: live.rewind(3), live.find_nonfinite)
    for refused in (*own, live.fork, lambda: live.probe(len, [3])):
        with pytest.raises(CheckpointError, match="save_checkpoint"):
            refused()
    assert live.trainer not in nbviz.active()
    with pytest.raises(ConfigurationError, match="LightningModule"):
        nbviz.LiveTrainer.from_lightning(nn.Linear(1, 1))
    with pytest.raises(ConfigurationError, match="one process"):
        nbviz.LiveTrainer.from_lightning(module, devices=2, accelerator="cpu").start()


def test_without_lightnings_own_count_the_optimizers_steps_count(ours: Any) -> None:
    """`_batches_that_stepped` is private; a version without it is served by what is public."""
    index = ours.callback._index
    trainer = SimpleNamespace(fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace()), global_step=3)
    assert index(trainer) == 2
    trainer.fit_loop.epoch_loop._batches_that_stepped = 7
    assert index(trainer) == 7


def test_a_models_graph_is_recorded_once_however_often_lightning_asks(
    ours: Any, module: Any, loader: Any, trainer_of: Any, tmp_path: Path
) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    logger = ours.NbvizLogger(tmp_path, name="once", log_graph=True)
    trainer = trainer_of(max_epochs=1, logger=logger)
    trainer.fit(module, loader, loader)
    trainer.validate(module, loader, verbose=False)
    pickle.dumps(logger)
    logger.run.journal.flush()
    events = list(EventFileLoader(str(logger.run.journal.path)).Load())
    assert sum(event.HasField("graph_def") for event in events) == 1


def test_what_lightnings_csv_logger_writes_is_read_as_it_grows(tmp_path: Path) -> None:
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(tmp_path)
    logger.log_hyperparams({"lr": 0.1, "layers": [64, 32]})
    logger.log_metrics({"train_loss": torch.tensor(0.5), "epoch": 0}, step=49)
    logger.save()
    (run,) = nbviz.open_runs(tmp_path)
    assert run["train_loss"].values.tolist() == [0.5]
    logger.log_metrics({"train_loss": 0.25, "epoch": 0}, step=99)
    logger.log_metrics({"val_acc": 0.75, "epoch": 0}, step=99)  # which makes it write anew
    logger.finalize("success")
    run.refresh()
    assert run["train_loss"].steps.tolist() == [49, 99]
    assert (run["val_acc"].steps.tolist(), run["val_acc"].values.tolist()) == ([99], [0.75])
    assert run.config == {"lr": 0.1, "layers": "[64, 32]"}
    assert nbviz.open_run(logger.log_dir)["epoch"].steps.tolist() == [49, 99, 99]
