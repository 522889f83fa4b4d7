"""Changes to the training data while a run trains: samples left out, other labels, weights.

They hold from the next iterator of the loader on, which is the next epoch's: one that is being read
goes on as it began.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
)

from nbviz.errors import ConfigurationError, attribute_of, has_attribute
from nbviz.training.steps.forward import TARGET_NAMES
from nbviz.training.steps.sample_weights import Weighed, WeighingCollate

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

_COPIED = (
    "num_workers",
    "collate_fn",
    "pin_memory",
    "timeout",
    "worker_init_fn",
    "multiprocessing_context",
    "generator",
    "prefetch_factor",
    "persistent_workers",
    "pin_memory_device",
    "in_order",
)
_LEAST_PARTS = 2  # of a sample: input and target


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """What is changed.

    Attributes:
        dropped: Indices of samples that are left out.
        labels: New targets by index.
        weights: What samples count that do not count 1, by index.
        order: In which order samples come; None for that of the loader.
    """

    dropped: frozenset[int] = frozenset()
    labels: Mapping[int, Any] = field(default_factory=dict[int, Any])
    weights: Mapping[int, float] = field(default_factory=dict[int, float])
    order: tuple[int, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.dropped or self.labels or self.weights or self.order is not None)

    def state(self) -> dict[str, Any]:
        """Return it in a form that a checkpoint keeps."""
        return {
            "dropped": sorted(self.dropped),
            "labels": dict(self.labels),
            "weights": dict(self.weights),
            "order": None if self.order is None else list(self.order),
        }

    def is_as(self, other: Edits) -> bool:
        """Whether both change the same; targets may be tensors, which are compared as objects."""
        mine, theirs = ((one.dropped, one.weights, one.order) for one in (self, other))
        is_alike = mine == theirs
        is_alike = is_alike and self.labels.keys() == other.labels.keys()
        return is_alike and all(other.labels[place] is one for place, one in self.labels.items())

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Edits:
        """Return what `state` kept."""
        order = state.get("order")  # files of earlier versions have none
        return cls(
            frozenset(state["dropped"]),
            dict(state["labels"]),
            dict(state["weights"]),
            None if order is None else tuple(order),
        )


class TrainingData:
    """The training data, whose samples can be left out, relabelled or weighted while a run trains.

    Of map-style data sets in a `DataLoader` that goes through them in order or shuffled. Samples
    are named by their indices in the data set. A change holds from the next epoch on, is marked on
    the curves, and is part of checkpoints; `trainer.reset` goes back to the data as they were.

    >>> trainer.data.drop([17, 402])
    >>> trainer.data.relabel({88: 3})
    >>> trainer.data.weight([5, 6], 3)
    >>> trainer.data.dropped
    [17, 402]

    Args:
        loader: The training's.
        still: Returns a context in which the run stands between two steps, and random numbers stay
            as they are.
        unweighable: Why samples cannot be weighted, as a part of a sentence; empty if they can.
    """

    def __init__(
        self,
        loader: Any,
        still: Callable[[], AbstractContextManager[object]],
        unweighable: str = "",
    ) -> None:
        self._loader = loader
        self._still = still
        self._unweighable = unweighable
        self._edits = self._in_force = Edits()
        self._made: list[tuple[Edits, Any]] = []  # the newest ones

    def __repr__(self) -> str:
        edits = self._edits
        return f"TrainingData({_said(edits) or 'as it was given'})"

    @property
    def dropped(self) -> list[int]:
        """Indices of the samples that are left out, rising."""
        return sorted(self._edits.dropped)

    @property
    def relabelled(self) -> dict[int, Any]:
        """New targets by index."""
        return dict(sorted(self._edits.labels.items()))

    @property
    def count(self) -> int:
        """How many samples the data set has.

        Raises:
            ConfigurationError: It is none whose samples can be changed.
        """
        return len(self._dataset())

    def targets(self, indices: Iterable[int] | None = None) -> list[Any]:
        """Return targets as the data set gives them, of some samples or of all.

        Where it does not hold them as `targets` or `tensors`, the samples are read.

        Raises:
            ConfigurationError: The loader is none whose samples can be changed, or there is no such
                sample or no target.
        """
        dataset = self._dataset()
        places = range(len(dataset)) if indices is None else _checked(indices, len(dataset))
        is_plain = attribute_of(dataset, "target_transform", None) is None
        held = attribute_of(dataset, "targets", None) if is_plain else None
        if held is None and isinstance(dataset, TensorDataset) and len(dataset.tensors) > 1:
            held = dataset.tensors[-1]
        if held is not None and len(held) == len(dataset):
            return [held[place] for place in places]
        with self._still():
            return [_known_target(dataset[place], place) for place in places]

    @property
    def weights(self) -> dict[int, float]:
        """What samples count that do not count 1, by index."""
        return dict(sorted(self._edits.weights.items()))

    def drop(self, indices: Iterable[int]) -> None:
        """Leave samples out, from the next epoch on.

        Args:
            indices: In the data set; as a list, an array or a tensor.

        Raises:
            ConfigurationError: The loader is none whose samples can be left out, there is no such
                sample, or none would be left.
        """
        dataset = self._dataset()
        found = self._edits.dropped | frozenset(_checked(indices, len(dataset)))
        loader, left = self._loader, len(dataset) - len(found)
        least = loader.batch_size if loader.batch_size and loader.drop_last else 1
        if left < least:
            raise ConfigurationError(
                f"of {len(dataset):,} samples {left:,} would be left; leave at least {least:,}, "
                "so that there is a batch."
            )
        self._edits = replace(self._edits, dropped=found)

    def relabel(self, indices: Mapping[int, Any] | Iterable[int], target: Any = None) -> None:
        """Give samples another target, from the next epoch on.

        Args:
            indices: In the data set, with `target` for all of them; or a mapping of indices to
                targets.
            target: As the data set gives it, before it is put into a batch; such as a class index.

        Raises:
            ConfigurationError: The loader is none whose samples can be relabelled, there is no such
                sample, or it has no target of that kind.
        """
        dataset = self._dataset()
        given = (
            dict(cast("Mapping[int, Any]", indices))
            if isinstance(indices, Mapping)
            else dict.fromkeys(_checked(indices, len(dataset)), target)
        )
        places = _checked(given, len(dataset))
        with self._still():
            labels = {
                place: _as_target(dataset[place], value, place)
                for place, value in zip(places, given.values(), strict=True)
            }
        self._edits = replace(self._edits, labels={**self._edits.labels, **labels})

    def weight(self, indices: Mapping[int, float] | Iterable[int], weight: float = 1.0) -> None:
        """Have samples count more or less, from the next epoch on.

        The loss of a batch is then the weighted mean of its samples' losses: one of weight 2 counts
        as if it were there twice. The curve of the training loss is that mean, too.

        Args:
            indices: In the data set, with `weight` for all of them; or a mapping of indices to
                weights.
            weight: Finite, from 0 on; 1 for what any other sample counts.

        Raises:
            ConfigurationError: The loader is none whose samples can be weighted, the loss is not
                the mean of losses of samples, there is no such sample, or a weight is none.
        """
        dataset = self._dataset()
        if self._unweighable or self._loader.batch_sampler is None:
            reason = self._unweighable or "the loader makes no batches"
            raise ConfigurationError(
                f"samples cannot be weighted: {reason}. It takes a loss_fn whose mean over samples "
                "nbviz can take apart, such as nn.CrossEntropyLoss(); or drop samples."
            )
        given = (
            dict(cast("Mapping[int, Any]", indices))
            if isinstance(indices, Mapping)
            else dict.fromkeys(_checked(indices, len(dataset)), weight)
        )
        for one in given.values():
            is_number = isinstance(one, int | float) and not isinstance(one, bool)
            if not is_number or not 0 <= one < math.inf:
                raise ConfigurationError(
                    f"a weight must be a finite number from 0 on, got {one!r}; 2 counts a sample "
                    "twice, 0 leaves it out."
                )
        places = _checked(given, len(dataset))
        new = dict(zip(places, map(float, given.values()), strict=True))
        kept = {place: one for place, one in {**self._edits.weights, **new}.items() if one != 1}
        self._edits = replace(self._edits, weights=kept)

    def in_order(self, indices: Iterable[int] | None = None) -> None:
        """Have samples come in one order, not shuffled, from the next epoch on.

        Args:
            indices: Each index of the data set once; None for its own order.

        Raises:
            ConfigurationError: The loader is none whose samples can be put in order, or an index is
                missing or there twice.
        """
        count = len(self._dataset())
        order = range(count) if indices is None else _checked(indices, count)
        if sorted(order) != list(range(count)):
            raise ConfigurationError(
                f"an order must have each of the {count:,} indices once, got {len(order):,}."
            )
        self._edits = replace(self._edits, order=tuple(order))

    def restore(self, indices: Iterable[int] | None = None) -> None:
        """Have samples as they were, from the next epoch on; all of them if None.

        Raises:
            ConfigurationError: There is no such sample.
        """
        if indices is None:
            self._edits = Edits()
            return
        places = set(_checked(indices, len(self._dataset())))
        edits = self._edits
        labels = {place: one for place, one in edits.labels.items() if place not in places}
        weights = {place: one for place, one in edits.weights.items() if place not in places}
        self._edits = Edits(edits.dropped - places, labels, weights, edits.order)

    # ------------------------------------------------------------ for the run

    def take(self) -> str | None:
        """Have the changes in force; returns what to say of them, None if none is new."""
        before, self._in_force = self._in_force, self._edits
        return _difference(before, self._in_force)

    @property
    def loader(self) -> Any:
        """The loader with the changes that are in force; that which was given, where none is."""
        return self._with(self._in_force)

    @property
    def upcoming(self) -> Any:
        """The loader of the next epoch."""
        return self._with(self._edits)

    def state_dict(self) -> dict[str, Any]:
        """Return what is changed, and what of it is in force."""
        return {
            "edits": self._edits.state(),
            "in_force": self._in_force.state(),
            "is_in_force": self._edits.is_as(self._in_force),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        edits, in_force = Edits.of(state["edits"]), Edits.of(state["in_force"])
        if edits or in_force:
            self._dataset()
        self._edits = edits
        # Read from a file they are two copies of what was one.
        self._in_force = edits if state["is_in_force"] else in_force

    def _with(self, edits: Edits) -> Any:
        if not edits:
            return self._loader
        for known, loader in self._made:
            if known is edits:
                return loader
        made = _edited(self._loader, edits)
        self._made = [*self._made[-1:], (edits, made)]
        return made

    def _dataset(self) -> Any:
        """Return the data set.

        Raises:
            ConfigurationError: Its samples cannot be left out or relabelled.
        """
        loader = self._loader
        if type(loader) is not DataLoader:
            _refuse(f"train_loader is a {type(loader).__name__}")
        given = cast("Any", loader)
        if isinstance(given.dataset, IterableDataset):
            kind = type(cast("Any", given.dataset)).__name__
            _refuse(f"{kind} is an iterable data set, without indices")
        if type(given.sampler) not in {RandomSampler, SequentialSampler}:
            _refuse(f"the loader draws its samples by a {type(given.sampler).__name__}")
        if given.batch_sampler is not None and type(given.batch_sampler) is not BatchSampler:
            _refuse(f"the loader makes its batches by a {type(given.batch_sampler).__name__}")
        return given.dataset


def _refuse(reason: str) -> NoReturn:
    raise ConfigurationError(
        f"samples cannot be dropped, relabelled, weighted or reordered: {reason}. It takes a "
        "DataLoader over a data set with indices, with or without shuffle=True; change the data "
        "set itself instead."
    )


def _checked(indices: Iterable[Any], count: int) -> list[int]:
    """Return indices as whole numbers.

    Raises:
        ConfigurationError: One is no index.
    """
    array: Any = indices
    listed: Any = array.tolist() if has_attribute(array, "tolist") else array  # of a tensor, too
    if isinstance(listed, str | bytes) or not isinstance(listed, Iterable):
        raise ConfigurationError(
            f"indices must be a list of whole numbers, got {listed!r}; write [{listed!r}]."
        )
    found: list[int] = []
    for given in cast("Iterable[Any]", listed):
        one = given.item() if has_attribute(given, "item") else given  # of numpy
        if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one < count:
            raise ConfigurationError(
                f"indices must be whole numbers from 0 to {count - 1:,}, the samples of the data "
                f"set; got {one!r}."
            )
        found.append(one)
    return found


def _difference(before: Edits, now: Edits) -> str | None:
    """Return what to say of other data; None if they are the same."""
    if before.is_as(now):
        return None
    return f"training data: {_said(now) or 'as they were'}"


def _said(edits: Edits) -> str:
    parts = [
        f"{len(edits.dropped):,} dropped" if edits.dropped else "",
        f"{len(edits.labels):,} relabelled" if edits.labels else "",
        f"{len(edits.weights):,} weighted" if edits.weights else "",
        "not shuffled" if edits.order is not None else "",
    ]
    return ", ".join(part for part in parts if part)


# ---------------------------------------------------------------- the data as changed


class EditedDataset(Dataset[Any]):
    """A data set without some of its samples, some of the others with another target.

    Where samples have weights each comes as a `Weighed`.

    Args:
        dataset: Map-style.
        edits: What is changed.
    """

    def __init__(self, dataset: Any, edits: Edits) -> None:
        self.dataset = dataset
        self._labels = dict(edits.labels)
        self._weights = dict(edits.weights)
        order = range(len(dataset)) if edits.order is None else edits.order
        self._kept = [place for place in order if place not in edits.dropped]

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int) -> Any:
        place = self._kept[index]
        sample = self.dataset[place]
        if place in self._labels:
            sample = _with_target(sample, self._labels[place])
        return Weighed(sample, self._weights.get(place, 1.0)) if self._weights else sample


def _edited(loader: Any, edits: Edits) -> Any:
    dataset = EditedDataset(loader.dataset, edits)
    given = loader.sampler
    if type(given) is RandomSampler and edits.order is None:
        count = given.num_samples
        sampler: Any = RandomSampler(
            dataset,
            replacement=given.replacement,
            num_samples=None if count == len(loader.dataset) else count,
            generator=given.generator,
        )
    else:
        sampler = SequentialSampler(dataset)
    options = {name: getattr(loader, name) for name in _COPIED if has_attribute(loader, name)}
    if edits.weights:
        options["collate_fn"] = WeighingCollate(loader.collate_fn)
    if loader.batch_sampler is None:
        return DataLoader(dataset, batch_size=None, sampler=sampler, **options)
    batches = BatchSampler(sampler, loader.batch_size, loader.drop_last)
    return DataLoader(dataset, batch_sampler=batches, **options)


def _target_of(sample: Any) -> tuple[Any, Any]:
    """Return where a sample has its target, and the target; None where it has none."""
    if isinstance(sample, Mapping):
        fields = cast("Mapping[Any, Any]", sample)
        name = next((name for name in TARGET_NAMES if name in fields), None)
        return (None, None) if name is None else (name, fields[name])
    if isinstance(sample, list | tuple):
        parts = cast("Sequence[Any]", sample)
        names: tuple[str, ...] | None = attribute_of(
            cast("Any", sample), "_fields", None
        )  # of a named tuple
        if names is not None:
            place = next((names.index(name) for name in TARGET_NAMES if name in names), None)
            return (None, None) if place is None else (place, parts[place])
        if len(parts) >= _LEAST_PARTS:
            return len(parts) - 1, parts[-1]
    return None, None


def _known_target(sample: Any, place: int) -> Any:
    name, target = _target_of(sample)
    if name is None:
        raise ConfigurationError(
            f"sample {place} is a {type(sample).__name__} in which no target was found."
        )
    return target


def _with_target(sample: Any, target: Any) -> Any:
    place, _ = _target_of(sample)
    if isinstance(sample, Mapping):
        return {**cast("Mapping[Any, Any]", sample), place: target}
    parts = list(cast("Sequence[Any]", sample))
    parts[place] = target
    if has_attribute(sample, "_fields"):  # a named tuple
        return type(sample)(*parts)
    return type(sample)(parts)


def _as_target(sample: Any, target: Any, place: int) -> Any:
    """Return a target in the form of the one that a sample has.

    Raises:
        ConfigurationError: The sample has none, or one of another kind.
    """
    name, present = _target_of(sample)
    if name is None:
        raise ConfigurationError(
            f"sample {place} cannot be relabelled: it is a {type(sample).__name__} in which no "
            f"target was found. It takes pairs of input and target, or one of "
            f"{', '.join(TARGET_NAMES)} in a mapping."
        )
    try:
        if isinstance(present, torch.Tensor):
            made: Any = torch.as_tensor(target, dtype=present.dtype)
            is_good = made.shape == present.shape and bool((made == torch.as_tensor(target)).all())
        elif isinstance(present, np.ndarray):
            values = cast("NDArray[Any]", present)
            made = np.asarray(target, dtype=values.dtype)
            is_good = made.shape == values.shape and bool((made == target).all())
        else:
            made = type(present)(target)
            is_good = bool(made == target)
    except (TypeError, ValueError, RuntimeError):
        made, is_good = target, False
    if not is_good:
        raise ConfigurationError(
            f"sample {place} has the target {present!r} and cannot have {target!r}; give one of "
            "the same kind and form."
        )
    return made
