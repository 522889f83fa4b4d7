"""Samples that are left out or relabelled while a run trains, and data of which none can be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch
from pages import wait_until
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, WeightedRandomSampler

from nbviz.errors import ConfigurationError
from nbviz.trainer import Trainer

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 12


class Pair(NamedTuple):
    """A sample whose parts have names."""

    x: torch.Tensor
    label: int


class Numbered(Dataset[Any]):
    """Each sample is its own index, in one of several forms."""

    def __init__(self, form: str = "pair") -> None:
        self.form = form

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> Any:
        x = torch.tensor([float(index), 1.0])
        forms: dict[str, Any] = {
            "pair": (x, index % 2),
            "list": [x, torch.tensor(index % 2)],
            "mapping": {"x": x, "label": np.int64(index % 2)},
            "named": Pair(x, index % 2),
            "several": (x, x, index % 2),
            "array": (x, np.array([index % 2, 0])),
            "bare": x,
        }
        return forms[self.form]


class Batches:
    """Keeps the samples and targets that a training was given, epoch by epoch."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, model: nn.Module, batch: Any) -> torch.Tensor:
        if isinstance(batch, dict):
            x, targets = batch["x"], batch["label"]
        elif hasattr(batch, "label"):
            x, targets = batch.x, batch.label
        else:
            x, targets = batch[0], batch[-1]
        for one, target in zip(x, targets, strict=True):
            number = target if target.dim() == 0 else target[0]
            self.seen.append((int(one[0]), int(number)))
        return nn.functional.cross_entropy(model(x), targets.long().reshape(len(x), -1)[:, 0])

    def take(self) -> dict[int, int]:
        """Return the targets by sample since the last call; each was there once."""
        counts = Counter(index for index, _ in self.seen)
        assert set(counts.values()) <= {1}
        found = dict(self.seen)
        self.seen.clear()
        return found


def trainer(loader: Any, **options: Any) -> tuple[Trainer, Batches]:
    torch.manual_seed(0)
    model = nn.Linear(2, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    batches = Batches()
    made = Trainer(
        model,
        loader,
        training_step=batches,
        optimizer=optimizer,
        **{"max_epochs": 1, **options},
    )
    return made, batches


def epoch(made: Trainer) -> None:
    made.start()
    made.wait(180)


def marks(made: Trainer) -> list[tuple[int, str]]:
    return [(one.step, one.text) for one in made.run.events if "training data" in one.text]


WHOLE = {index: index % 2 for index in range(SAMPLES)}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("workers", [0, 1])
def test_from_the_next_epoch_on_the_data_are_as_changed(shuffle: bool, workers: int) -> None:
    loader = DataLoader(Numbered(), 4, shuffle=shuffle, num_workers=workers)
    made, batches = trainer(loader)
    epoch(made)
    assert batches.take() == WHOLE
    made.data.drop(torch.tensor([3, 5]))
    made.data.relabel({7: 4, 8: 2})
    assert (made.data.dropped, made.data.relabelled) == ([3, 5], {7: 4, 8: 2})
    assert repr(made.data) == "TrainingData(2 dropped, 2 relabelled)"
    epoch(made)
    changed = {**WHOLE, 7: 4, 8: 2}
    del changed[3], changed[5]
    assert batches.take() == changed
    assert made.data.weights == {}
    made.data.restore([3, 7])
    epoch(made)
    assert batches.take() == {**changed, 3: 1, 7: 1}
    made.data.restore()
    epoch(made)
    assert batches.take() == WHOLE
    assert marks(made) == [
        (3, "training data: 2 dropped, 2 relabelled"),
        (6, "training data: 1 dropped, 1 relabelled"),
        (9, "training data: as they were"),
    ]


def test_an_epoch_that_is_being_read_goes_on_as_it_began() -> None:
    made, batches = trainer(DataLoader(Numbered(), 4), max_epochs=2)
    made.step(1)
    wait_until(lambda: made.status == "paused")
    made.data.drop([1, 9])
    made.resume()
    made.wait(180)
    seen = [index for index, _ in batches.seen]
    assert seen[:SAMPLES] == list(range(SAMPLES))
    assert seen[SAMPLES:] == [index for index in range(SAMPLES) if index not in {1, 9}]
    assert marks(made) == [(3, "training data: 2 dropped")]


FORMS: dict[str, Any] = {
    "pair": 3,
    "list": 3,
    "mapping": 3,
    "named": 3,
    "several": 3,
    "array": [3, 0],
}


@pytest.mark.parametrize("form", FORMS)
def test_targets_are_found_in_every_form_of_a_sample(form: str) -> None:
    made, batches = trainer(DataLoader(Numbered(form), 4))
    made.data.relabel([2, np.int64(4)], FORMS[form])
    epoch(made)
    assert batches.take() == {**WHOLE, 2: 3, 4: 3}


def test_random_numbers_of_a_run_are_not_used_up() -> None:
    class Random(Numbered):
        def __getitem__(self, index: int) -> Any:
            return torch.randn(2), index % 2

    made, _ = trainer(DataLoader(Random(), 4, shuffle=True))
    before = torch.get_rng_state()
    made.data.relabel([1], 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_that_is_loaded_goes_on_with_the_data_as_changed(tmp_path: Path) -> None:
    def loader() -> DataLoader[Any]:
        return DataLoader(Numbered(), 4, shuffle=True, generator=torch.Generator().manual_seed(1))

    whole, expected = trainer(loader(), max_epochs=2)
    whole.data.drop([3, 5])
    whole.data.relabel([2], 4)
    epoch(whole)
    made, batches = trainer(loader(), max_epochs=2)
    made.data.drop([3, 5])
    made.data.relabel([2], 4)
    made.step(2)  # inside the first epoch
    wait_until(lambda: made.status == "paused")
    path = made.save(tmp_path / "kept.pt")
    made.stop_and_wait()
    again, rest = trainer(loader(), max_epochs=2)
    loaded = Trainer.load(
        path,
        again.model,
        again.options.train_loader,
        training_step=rest,
        optimizer=again.optimizer,
        max_epochs=2,
    )
    assert (loaded.data.dropped, loaded.data.relabelled) == ([3, 5], {2: 4})
    epoch(loaded)
    assert batches.seen + rest.seen == expected.seen


def test_a_reset_goes_back_to_the_data_as_they_were() -> None:
    made, batches = trainer(DataLoader(Numbered(), 4))
    epoch(made)
    made.data.drop([1])
    epoch(made)
    batches.seen.clear()
    made.reset()
    assert made.data.dropped == []
    epoch(made)
    assert batches.take() == WHOLE


def weighted(
    loss_fn: Any, *, workers: int = 0, weights: dict[int, float] | None = None
) -> list[float]:
    """Return the losses of an epoch of 3 batches of 4 samples, and the weights after it."""
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    made = Trainer(
        model,
        DataLoader(Numbered(), 4, num_workers=workers, pin_memory=False),
        loss_fn=loss_fn,
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=1,
    )
    if weights is not None:
        made.data.weight(weights)
        assert made.data.weights == {place: one for place, one in weights.items() if one != 1}
    epoch(made)
    return [*made.run["loss/train"].values, *model.weight.detach().reshape(-1).tolist()]


def repeated(weights: dict[int, float]) -> list[float]:
    """Return the same of an epoch in which samples stand as often as they count."""
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    losses: list[float] = []
    for first in range(0, SAMPLES, 4):
        places = [n for n in range(first, first + 4) for _ in range(int(weights.get(n, 1)))]
        x = torch.stack([Numbered()[place][0] for place in places])
        loss = nn.functional.cross_entropy(model(x), torch.tensor([n % 2 for n in places]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [*losses, *model.weight.detach().reshape(-1).tolist()]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_sample_of_weight_3_counts_as_if_it_were_there_three_times(workers: int) -> None:
    weights = {1: 3.0, 6: 0.0, 9: 2.0}
    expected = repeated(weights)
    for loss_fn in (nn.CrossEntropyLoss(), nn.functional.cross_entropy):
        found = weighted(loss_fn, workers=workers, weights=weights)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    # Where all count 1 it is the training that it would be without weights, to the last bit.
    assert weighted(nn.CrossEntropyLoss(), weights={2: 1}) == weighted(nn.CrossEntropyLoss())


def test_a_batch_that_counts_nothing_changes_nothing() -> None:
    weights = dict.fromkeys(range(4), 0.0)
    found = weighted(nn.CrossEntropyLoss(), weights=weights)
    assert found[0] == 0
    assert np.isfinite(found).all()


def own_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return ((outputs[:, 0] - targets) ** 2).mean()


UNWEIGHABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a step of one's own": (
        {"training_step": lambda model, batch: model(batch[0]).mean()},
        "training_step, or the model itself, computes the loss",
    ),
    "a loss of one's own": ({"loss_fn": own_loss}, "own_loss takes no reduction='none'"),
    "a sum": ({"loss_fn": nn.CrossEntropyLoss(reduction="sum")}, "has reduction='sum'"),
    "weights of classes": (
        {"loss_fn": nn.CrossEntropyLoss(weight=torch.ones(2))},
        "CrossEntropyLoss has weights of its own",
    ),
}


@pytest.mark.parametrize("case", UNWEIGHABLE)
def test_losses_that_are_no_mean_of_samples_are_refused_by_name(case: str) -> None:
    options, said = UNWEIGHABLE[case]
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    made = Trainer(model, DataLoader(Numbered(), 4), optimizer=optimizer, max_epochs=1, **options)
    with pytest.raises(ConfigurationError, match=said):
        made.data.weight([1], 2)
    assert made.data.weights == {}


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield torch.zeros(2), 0


class OwnLoader(DataLoader[Any]):
    """A loader that may do anything."""


DATA = Numbered()
LEFT: dict[str, tuple[Any, str]] = {
    "a list": ([(torch.zeros(4, 2), torch.zeros(4))], "train_loader is a list"),
    "a loader of another library": (OwnLoader(DATA, 4), "train_loader is a OwnLoader"),
    "a stream": (DataLoader(Stream(), 4), "Stream is an iterable data set"),
    "weights of samples": (
        DataLoader(DATA, 4, sampler=WeightedRandomSampler([1.0] * SAMPLES, SAMPLES)),
        "by a WeightedRandomSampler",
    ),
    "batches of one's own": (DataLoader(DATA, batch_sampler=[[0, 1]]), "by a list"),
}


@pytest.mark.parametrize("case", LEFT)
def test_data_without_indices_are_refused_by_name(case: str) -> None:
    loader, said = LEFT[case]
    made, _ = trainer(loader)
    for change in (lambda: made.data.drop([0]), lambda: made.data.relabel([0], 1)):
        with pytest.raises(ConfigurationError, match=said):
            change()


REFUSED: dict[str, tuple[str, Any, str]] = {
    "no such sample": ("drop", ([SAMPLES],), "from 0 to 11, the samples of the data set; got 12"),
    "a negative index": ("drop", ([-1],), "got -1"),
    "a float": ("drop", ([1.5],), "got 1.5"),
    "a number": ("drop", (3,), r"got 3; write \[3\]"),
    "all": ("drop", (range(SAMPLES),), "0 would be left; leave at least 1"),
    "another kind": ("relabel", ([0], "cat"), "has the target 0 and cannot have 'cat'"),
    "half a class": ("relabel", ([0], 1.5), "cannot have 1.5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_change_is_refused_and_changes_nothing(case: str) -> None:
    method, given, said = REFUSED[case]
    made, _ = trainer(DataLoader(Numbered(), 4))
    with pytest.raises(ConfigurationError, match=said):
        getattr(made.data, method)(*given)
    assert (made.data.dropped, made.data.relabelled) == ([], {})


def test_a_sample_without_a_target_cannot_be_relabelled() -> None:
    made, _ = trainer(DataLoader(Numbered("bare"), 4))
    with pytest.raises(ConfigurationError, match="sample 0 cannot be relabelled: it is a Tensor"):
        made.data.relabel([0], 1)


def test_without_a_whole_batch_nothing_is_left() -> None:
    made, _ = trainer(DataLoader(Numbered(), 8, drop_last=True))
    with pytest.raises(ConfigurationError, match="7 would be left; leave at least 8"):
        made.data.drop(range(5))
