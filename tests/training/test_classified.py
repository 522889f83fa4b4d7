"""What trainers collect of a classifier by themselves, and where they leave it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import nbviz
from nbviz.recording.recorder import CONFUSION_TAG, PREDICTIONS_TAG
from nbviz.trainer import Trainer
from nbviz.training.steps.classified import FOLLOWED

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(600, 1, 6, 6, generator=GENERATOR)
CLASSES = (IMAGES.mean((1, 2, 3)) > 0).long() + (IMAGES[:, 0, 0, 0] > 1).long()


class Named(TensorDataset):
    classes = ("cold", "warm", "<b>hot</b>")


def trainer(val_loader: Any, kind: type = Trainer, **options: Any) -> Any:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    return kind(
        model,
        options.pop("train_loader", [(IMAGES[:64], CLASSES[:64])] * 4),
        **{
            "val_loader": val_loader,
            "loss_fn": nn.CrossEntropyLoss(),
            "optimizer": torch.optim.SGD(model.parameters(), 0.1),
            "max_epochs": 3,
            "overhead_budget": 1,
            **options,
        },
    )


def trained(val_loader: Any, **options: Any) -> Trainer:
    made = trainer(val_loader, **options)
    made.start()
    made.wait(180)
    return made


def test_a_classifier_s_validations_are_kept_by_step() -> None:
    made = trained(DataLoader(Named(IMAGES, CLASSES), 64))
    confusion, predictions = made.run.media[CONFUSION_TAG], made.run.media[PREDICTIONS_TAG]
    assert confusion.steps.tolist() == predictions.steps.tolist() == [4, 8, 12]
    made.model.eval()
    scores = made.model(IMAGES).detach()
    guesses = scores.argmax(1)
    matrix = np.zeros((3, 3))
    np.add.at(matrix, (CLASSES.numpy(), guesses.numpy()), 1)
    newest: Any = confusion[-1].value
    np.testing.assert_array_equal(newest.matrix, matrix)
    assert newest.classes == Named.classes
    found: Any = predictions[-1].value
    every = -(-600 // FOLLOWED)
    assert found.indices.tolist() == list(range(0, 600, every))
    np.testing.assert_array_equal(found.targets, CLASSES[::every])
    np.testing.assert_array_equal(found.predicted, guesses[::every])
    own = scores.softmax(1)[torch.arange(600), CLASSES]
    np.testing.assert_allclose(found.own, own[::every], rtol=1e-4)
    assert found.classes == Named.classes
    first: Any = predictions[0].value
    assert first.inputs is found.inputs
    assert first.inputs.pictures.shape == (len(found.indices), 6, 6, 1)


class Shifted(Dataset[Any]):
    """Targets that are no class indices."""

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return IMAGES[index], IMAGES[index, 0, 0, :3]


def step_of_the_user(model: nn.Module, batch: Any) -> torch.Tensor:
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


LEFT: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "regression": (
        DataLoader(Shifted(), 5),
        {"loss_fn": nn.MSELoss(), "train_loader": DataLoader(Shifted(), 5)},
        set(),
    ),
    "a step of the user's": (
        [(IMAGES, CLASSES)],
        {"training_step": step_of_the_user, "loss_fn": None},
        set(),
    ),
    "a shuffled loader": (
        DataLoader(TensorDataset(IMAGES, CLASSES), 64, shuffle=True),
        {},
        {CONFUSION_TAG},
    ),
    "a list of batches": ([(IMAGES[:9], CLASSES[:9])] * 2, {}, {CONFUSION_TAG, PREDICTIONS_TAG}),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_cannot_be_known_is_left(case: str) -> None:
    loader, options, kept = LEFT[case]
    made = trained(loader, max_epochs=1, **options)
    assert set(made.run.media) == kept
    assert not any("not recorded" in line.text for line in made.run.lines.since(0))


def test_only_what_a_panel_shows_is_collected() -> None:
    loader = DataLoader(TensorDataset(IMAGES, CLASSES), 64)
    for panels, kept in (
        (["curves"], set()),
        (["curves", "confusion"], {CONFUSION_TAG}),
        (["predictions"], {PREDICTIONS_TAG}),
    ):
        made = trainer(loader, nbviz.LiveTrainer, panels=panels, max_epochs=1)
        made.start()
        made.wait(180)
        assert set(made.run.media) == kept
        made.close()


def test_inputs_that_are_no_pictures_and_tags_that_are_taken_fail_nothing() -> None:
    wide = IMAGES.reshape(600, 2, 3, 6)
    made = trainer([(wide, CLASSES)])
    made.run.log_text(CONFUSION_TAG, "mine", step=0)
    made.start()
    made.wait(180)
    found: Any = made.run.media[PREDICTIONS_TAG][-1].value
    assert (found.inputs, len(found.indices)) == (None, 200)
    said = [line.text for line in made.run.lines.since(0) if "not recorded" in line.text]
    assert len(said) == 1
    assert "has texts already" in said[0]


def test_a_run_that_was_reset_has_its_own_pictures() -> None:
    made = trained(DataLoader(TensorDataset(IMAGES, CLASSES), 64), max_epochs=1)
    made.reset()
    made.start()
    made.wait(180)
    found: Any = made.run.media[PREDICTIONS_TAG][-1].value
    assert found.inputs is not None


def test_beyond_the_overhead_s_budget_validations_are_left_out() -> None:
    made = trainer([(IMAGES, CLASSES)], overhead_budget=0.01)
    asked = []

    def allows() -> bool:
        asked.append(made.engine.step)
        return False

    made.engine.classification.allows = allows
    made.start()
    made.wait(180)
    assert made.run.media[CONFUSION_TAG].steps.tolist() == [4]  # the first one is always collected
    assert asked == [8, 12]
