"""What a run was made with: a user's configuration and what nbviz knows, kept and read back."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.recording.hyperparameters import MOST_PARAMETERS, MOST_TEXT

GIVEN = {
    "width": 64,
    "augment": {"flip": True, "crop": {"size": 28}},
    "lr": torch.tensor(0.5),
    "momentum": np.float32(0.25),
    "classes": ["cat", "dog"],
    "schedule": None,
    "big": 2**70,
    "name": "=1+1",
}
FLAT = {
    "width": 64,
    "augment.flip": True,
    "augment.crop.size": 28,
    "lr": 0.5,
    "momentum": 0.25,
    "classes": "['cat', 'dog']",
    "schedule": None,
    "big": 2**70,
    "name": "=1+1",
}


def trainer(**options: object) -> nbviz.Trainer:
    data = TensorDataset(torch.randn(64, 4), torch.randint(0, 2, (64,)))
    model = nn.Linear(4, 2)
    return nbviz.Trainer(
        model,
        DataLoader(data, batch_size=8),
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        max_epochs=1,
        seed=3,
        device="cpu",
        **options,
    )


def test_a_configuration_is_flat_numbers_texts_and_booleans() -> None:
    run = nbviz.Run(config=GIVEN)
    assert run.config == run.hparams == FLAT
    assert {type(value) for value in run.config.values()} <= {int, float, str, bool, type(None)}
    run.update_config({"width": 128, "new": 1})
    assert run.config == {**FLAT, "width": 128, "new": 1}
    run.config["width"] = 3  # a copy
    assert run.config["width"] == 128


@pytest.mark.parametrize("given", [3, ["lr"], argparse.Namespace(lr=1)])
def test_what_is_no_mapping_is_refused_with_a_way_to_give_it(given: object) -> None:
    with pytest.raises(ConfigurationError, match=r"vars\(args\)"):
        nbviz.Run(config=given)


def test_a_configuration_is_bounded() -> None:
    run = nbviz.Run(config={"x" * 1000: "y" * 1000})
    ((name, value),) = run.config.items()
    assert (len(name), len(value)) == (MOST_TEXT, MOST_TEXT)
    with pytest.raises(ConfigurationError, match="500 values"):
        run.update_config({str(place): place for place in range(MOST_PARAMETERS + 1)})
    assert len(run.config) == 1
    loop: dict[str, object] = {}
    loop["again"] = loop
    assert len(nbviz.Run(config=loop).config) == 1


def test_a_value_whose_text_cannot_be_had_ends_nothing() -> None:
    class Odd:
        shape = ()

        def item(self) -> float:
            raise RuntimeError("no")

        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert "raised RuntimeError" in str(nbviz.Run(config={"odd": Odd()}).config["odd"])


def test_a_trainer_knows_what_it_was_made_with() -> None:
    made = trainer(config={"width": 3, "seed": 4}, gradient_clip=1.5)
    assert made.run.hyperparameters.known == {
        "model": "Linear",
        "parameters": 10,
        "optimizer": "SGD",
        "lr": 0.1,
        "momentum": 0.9,
        "weight_decay": 0,
        "scheduler": None,
        "loss_fn": "CrossEntropyLoss",
        "batch_size": 8,
        "examples": 64,
        "batches": 8,
        "accumulate": 1,
        "gradient_clip": 1.5,
        "precision": "float32",
        "seed": 3,
        "device": "cpu",
        "max_epochs": 1,
        "max_steps": None,
    }
    # What a user says counts.
    assert made.run.hparams["seed"] == 4


def test_a_loop_of_ones_own_tells_by_steer() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 2))
    run = nbviz.Run()
    run.steer(torch.optim.Adam(model[1].parameters(), lr=0.01), model)
    known = run.hparams
    assert (known["optimizer"], known["lr"], known["model"]) == ("Adam", 0.01, "Sequential")
    assert known["parameters"] == 8  # of those that exist yet
    assert known["betas"] == "(0.9, 0.999)"


def test_a_journal_keeps_them_exactly_and_the_newest_name(tmp_path) -> None:
    made = trainer(dir=tmp_path, name="first", config=GIVEN)
    made.start()
    made.wait()
    assert made.run.journal
    assert made.run.journal.flush()
    opened = nbviz.open_run(tmp_path)
    assert opened.hparams == made.run.hparams
    assert opened.config == FLAT
    assert opened.name == tmp_path.name
    made.run.update_config({"late": 1.5})
    made.run.rename("second")
    assert made.run.journal.flush()
    opened.refresh()
    assert (opened.name, opened.config["late"]) == ("second", 1.5)
    assert nbviz.open_run(tmp_path).hparams == made.run.hparams


def test_tensorboard_reads_them(tmp_path) -> None:
    with nbviz.Run(dir=tmp_path, config={**GIVEN, "half": "\ud800"}) as run:
        run.log({"loss": 1.0}, step=1)
    accumulator = EventAccumulator(str(tmp_path))
    accumulator.Reload()
    content = accumulator.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(content)
    found = {name: getattr(v, v.WhichOneof("kind")) for name, v in start.hparams.items()}
    assert found == {
        **{name: value for name, value in FLAT.items() if value is not None},
        "half": "\\ud800",
    }
    assert start.start_time_secs == pytest.approx(run.progress.started_at)


def test_a_name_has_a_letter() -> None:
    run = nbviz.Run("kept")
    with pytest.raises(ConfigurationError, match="needs a name"):
        run.rename("  ")
    assert run.name == "kept"
