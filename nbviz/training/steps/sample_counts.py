"""How many samples a batch weighs in a mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import torch
from torch.nn.utils.rnn import PackedSequence

from nbviz.errors import attribute_of, describe, has_attribute
from nbviz.text import counted
from nbviz.training.steps.batches import fields_of, tensors_in
from nbviz.training.steps.forward import TARGET_NAMES


class SampleCount(NamedTuple):
    """What a batch weighs in a mean over samples.

    `doubt` says why that may be wrong; `others` are the dimensions of its first tensor behind the
    first, where that one was taken to be the samples.
    """

    samples: int
    doubt: str = ""
    others: tuple[int, ...] | None = None


def count_samples(batch: Any, targets: Any = None) -> SampleCount:
    """Count the samples of a batch.

    By the elements of its targets; where there are none, by the `num_graphs`, the `batch_size` or
    the `len` of a library's own batch object, or by the first dimension that all its tensors share.
    A packed sequence knows its own.

    Args:
        batch: The batch.
        targets: Its targets, if they are known; else those under one of `TARGET_NAMES`, or the last
            part of a tuple.
    """
    if targets is None:
        targets = _targets_of(batch)
    # `len` and `shape` ask for all sizes, which a nested tensor does not have.
    tensors = [tensor for _, tensor in tensors_in(batch) if tensor.ndim]
    firsts = [int(tensor.size(0)) for tensor in tensors]
    for part in (targets, batch):
        count = None if part is None else _own_count(part)
        if count is not None:
            return SampleCount(count)
    if targets is not None:
        # Its elements, not its first dimension: in the same proportion where all samples have the
        # same shape, and what a mean over tokens or pixels is a mean of, whichever comes first.
        sizes = [tensor.numel() for _, tensor in tensors_in(targets) if tensor.ndim]
        if sizes:
            return SampleCount(sizes[0])
    if not firsts:
        kind = type(batch).__name__
        return SampleCount(
            1,
            f"the samples of a {kind} cannot be counted, and each batch weighs the same; say how "
            "many with batch_size=…",
        )
    if len(set(firsts)) > 1:
        return SampleCount(firsts[0], _doubt(firsts[0], firsts))
    nested = tensors[0].is_nested
    return SampleCount(firsts[0], others=None if nested else tuple(tensors[0].shape[1:]))


def _doubt(count: int, firsts: list[int]) -> str:
    sizes = ", ".join(map(str, dict.fromkeys(firsts)))
    return (
        f"the batches' tensors begin with dimensions of {sizes}, and a batch is taken to have "
        f"{counted(count, 'sample')}; say how many with batch_size=…"
    )


def _targets_of(batch: Any) -> Any:
    fields = fields_of(batch)
    if fields is not None:
        return next((fields[name] for name in TARGET_NAMES if name in fields), None)
    if isinstance(batch, tuple | list):
        parts = cast("tuple[Any, ...] | list[Any]", batch)
        return parts[-1] if len(parts) > 1 else None
    return None


def _own_count(part: Any) -> int | None:
    """Return what an object that is no mere container says of its size."""
    if isinstance(part, PackedSequence):
        return int(part.batch_sizes[0])
    if not isinstance(part, torch.Tensor | Mapping | tuple | list):
        for name in ("num_graphs", "batch_size"):  # PyTorch Geometric's, and DGL's
            count = attribute_of(part, name)
            if isinstance(count, int):
                return count
    if isinstance(part, list) and not any(isinstance(x, torch.Tensor) for x in part):  # pyright: ignore[reportUnknownVariableType]
        return len(cast("list[Any]", part)) or None  # such as a dict of boxes for each image
    if isinstance(part, torch.Tensor | Mapping | tuple | list | str) or not has_attribute(
        part, "__len__"
    ):
        return None
    return len(part)


class SampleCounter:
    """Counts the samples of batches; never fails, since only a mean's weights depend on it.

    Args:
        given: The number of all batches, or what counts one; None for `count_samples`.
        warn: Called with a sentence: why a count may be wrong.
    """

    def __init__(
        self, given: int | Callable[[Any], int] | None, warn: Callable[[str], None]
    ) -> None:
        self._given = given
        self._warn = warn
        self._others: tuple[int, ...] | None = None

    def __call__(self, batch: Any, targets: Any) -> int:
        """Return the number of samples, at least 0."""
        given = self._given
        if callable(given):
            try:
                samples = int(given(batch))
            except Exception as error:  # noqa: BLE001  code of the user's
                self._warn(f"batch_size=… failed, and nbviz counts by itself: {describe(error)}")
            else:
                if samples >= 0:
                    return samples
                self._warn(f"batch_size=… gave {samples:,}, and nbviz counts by itself")
        elif given is not None:
            return given
        try:
            count = count_samples(batch, targets)
        except Exception as error:  # noqa: BLE001  a batch's own code
            count = SampleCount(
                1,
                f"the samples of a batch cannot be counted ({describe(error)}), and each batch "
                "weighs the same; say how many with batch_size=…",
            )
        if count.doubt:
            self._warn(count.doubt)
        if count.others is not None:
            if self._others not in (None, count.others):
                self._warn(
                    f"the batches' tensors are of shapes (…, {str(count.others)[1:]} and (…, "
                    f"{str(self._others)[1:]}, and the first dimension is taken to be the samples; "
                    "say how many with batch_size=…"
                )
            self._others = count.others
        return count.samples
