"""What a classifier says in a validation, collected beside its loss where it can be known.

That is so where outputs are scores of shape (samples, classes) and targets class indices. Samples
can be followed from one validation to the next where the loader has them in the same order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, SequentialSampler, Subset

from nbviz.errors import attribute_of

if TYPE_CHECKING:
    from torch import Tensor

    from nbviz.training.steps.step_results import StepResult

COLLECTED = frozenset({"confusion", "predictions"})
"""What can be collected, by the names of the panels that show it."""

FOLLOWED = 256
"""Samples that are followed, at the most; evenly spread over the data."""

_MOST_CLASSES = 10_000
_MOST_SAMPLES = 2_000_000
_MOST_SCORES = 1 << 22  # of the samples that are followed
_LEAST_AXES, _MOST_AXES = 2, 4  # of inputs that can be shown


@dataclass(frozen=True, slots=True)
class Followed:
    """The samples that are followed from one validation to the next.

    Attributes:
        indices: Their places in the data.
        scores: On the training's device; shape (samples, classes).
        targets: Class indices there.
        inputs: What the model was given, there; None where it is known from an earlier validation,
            or cannot be shown.
    """

    indices: range
    scores: Tensor
    targets: Tensor
    inputs: Tensor | None


@dataclass(frozen=True, slots=True)
class Classified:
    """What a classifier said in one validation.

    Attributes:
        predictions: The class of each sample, on the training's device; None if not collected.
        targets: The true ones there.
        classes: How many classes there are.
        names: Their names, if the data set says them; else none.
        followed: Samples that are followed; None where they cannot be.
        seconds: What collecting took of the run's thread.
    """

    predictions: Tensor | None
    targets: Tensor | None
    classes: int
    names: tuple[str, ...]
    followed: Followed | None
    seconds: float


class Classification:
    """Collects it, batch by batch, without waiting for the device.

    Args:
        loader: The validation's.

    Attributes:
        wanted: What is collected, out of `COLLECTED`.
        allows: Whether another validation may be collected now; the first one always is.
        found: What the last validation had; None if it was not collected.
    """

    def __init__(self, loader: Any) -> None:
        self.wanted = COLLECTED
        self.allows: Callable[[], bool] = lambda: True
        self.found: Classified | None = None
        self._loader = loader
        self._is_possible = True
        self._is_active = False
        self.forget()

    def forget(self) -> None:
        """Begin anew: the next validation is collected with what the model is given."""
        self._is_first = True

    def begin(self) -> None:
        """Begin a validation."""
        self.found = None
        self._is_active = bool(
            self._is_possible and self.wanted and (self._is_first or self.allows())
        )
        self._seconds = 0.0
        self._count = 0
        self._classes = 0
        self._stride = 0
        self._predictions: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._followed: list[tuple[Tensor, Tensor, Tensor | None]] = []

    def add(self, result: StepResult) -> None:
        """Take a batch in."""
        if not self._is_active:
            return
        started = time.perf_counter()
        outputs, targets = result.outputs, result.targets
        if not _fits(outputs, targets) or self._count > _MOST_SAMPLES:
            self._is_possible = self._is_active = False
            self.begin()
            return
        count, classes = outputs.shape
        if not self._count:
            self._classes = classes
            self._stride = self._stride_of(count, classes)
        if classes != self._classes:
            self._is_possible = self._is_active = False
            self.begin()
            return
        with torch.no_grad():
            if "confusion" in self.wanted:
                # Copies: what a loader or a compiled model gives may be overwritten by the next.
                self._predictions.append(_highest(outputs))
                self._targets.append(targets.clone())
            if self._stride:
                self._follow(outputs, targets, result.inputs)
        self._count += count
        self._seconds += time.perf_counter() - started

    def end(self) -> None:
        """End the validation: then it is in `found`."""
        if not self._is_active or not self._count:
            return
        started = time.perf_counter()
        with torch.no_grad():
            has_all = bool(self._predictions)
            predictions = torch.cat(self._predictions) if has_all else None
            targets = torch.cat(self._targets) if has_all else None
            followed = self._put_together()
        seconds = self._seconds + time.perf_counter() - started
        names = _names_in(self._loader, self._classes)
        self.found = Classified(predictions, targets, self._classes, names, followed, seconds)
        self._is_first = self._is_active = False
        self._predictions, self._targets, self._followed = [], [], []

    def _follow(self, outputs: Tensor, targets: Tensor, inputs: Any) -> None:
        first = -self._count % self._stride
        if first >= len(targets):
            return
        rows = slice(first, None, self._stride)  # no indices, which would go to the device
        given = _shown(inputs, len(targets)) if self._is_first else None
        self._followed.append(
            (
                outputs[rows].clone(),
                targets[rows].clone(),
                None if given is None else given[rows].clone(),
            )
        )

    def _put_together(self) -> Followed | None:
        if not self._followed:
            return None
        scores, targets, inputs = zip(*self._followed, strict=True)
        given: list[Tensor] = [one for one in inputs if one is not None]
        is_alike = len({one.shape[1:] for one in given}) == 1
        return Followed(
            range(0, self._count, self._stride),
            torch.cat(scores),
            torch.cat(targets),
            torch.cat(given) if is_alike and len(given) == len(inputs) else None,
        )

    def _stride_of(self, count: int, classes: int) -> int:
        """Return which samples are followed: every n-th one; 0 for none."""
        samples = _samples_in_order(self._loader, count)
        if "predictions" not in self.wanted or not samples:
            return 0
        most = max(1, min(FOLLOWED, _MOST_SCORES // classes))
        return math.ceil(samples / most)


def _fits(outputs: Any, targets: Any) -> bool:
    if not isinstance(outputs, torch.Tensor) or not isinstance(targets, torch.Tensor):
        return False
    return (
        outputs.dim() == 2  # noqa: PLR2004
        and 1 < outputs.shape[1] <= _MOST_CLASSES
        and outputs.is_floating_point()
        and targets.dim() == 1
        and len(targets) == len(outputs)
        and len(targets) > 0
        and not targets.is_floating_point()
        and not targets.is_complex()
        and targets.dtype != torch.bool
    )


def _highest(outputs: Tensor) -> Tensor:
    """Return the class of the highest score of each sample."""
    # On a CPU numpy takes 30 µs for 256 × 1,000 scores, PyTorch 700.
    if outputs.device.type == "cpu" and outputs.dtype in {torch.float32, torch.float64}:
        return torch.from_numpy(outputs.detach().numpy().argmax(1))
    return outputs.argmax(1)


def _shown(inputs: Any, count: int) -> Tensor | None:
    """Return the one tensor that the model was given, if it can be shown."""
    if not isinstance(inputs, tuple) or not inputs:
        return None
    first = cast("tuple[Any, ...]", inputs)[0]
    if not isinstance(first, torch.Tensor) or first.is_complex() or first.is_sparse:
        return None
    is_shown = _LEAST_AXES <= first.dim() <= _MOST_AXES and len(first) == count
    return first if is_shown else None


def _names_in(loader: Any, classes: int) -> tuple[str, ...]:
    """Return the names that a data set such as torchvision's has of its classes."""
    dataset: Any = attribute_of(loader, "dataset", None)
    while isinstance(dataset, Subset):
        dataset = cast("Any", dataset).dataset
    names: Any = attribute_of(dataset, "classes", None)
    if not isinstance(names, list | tuple):
        return ()
    found = cast("Sequence[Any]", names)
    are_names = len(found) == classes and all(isinstance(one, str) for one in found)
    return tuple(found) if are_names else ()


def _samples_in_order(loader: Any, count: int) -> int:
    """Return about how many samples a loader has, in the same order each time; 0 if it has none.

    Args:
        loader: Any.
        count: Samples of its first batch.
    """
    if isinstance(loader, DataLoader):
        given = cast("Any", loader)
        is_plain = (
            not isinstance(given.dataset, IterableDataset)
            and type(given.sampler) is SequentialSampler
            and (given.batch_sampler is None or type(given.batch_sampler) is BatchSampler)
        )
        return len(cast("Any", given.dataset)) if is_plain else 0
    return len(cast("Any", loader)) * count if isinstance(loader, Sequence) else 0
