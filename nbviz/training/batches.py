"""What is in a batch: its inputs, its targets, and how many samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import torch

from nbviz.errors import TrainingError

INPUT_NAMES = (
    "inputs", "input", "x", "images", "image", "pixel_values", "features", "data",
)  # fmt: skip
TARGET_NAMES = ("targets", "target", "labels", "label", "y")
_SHOWN = 6  # tensors described in an error's note


class SplitBatch(NamedTuple):
    """How the model and the loss are called: `loss_fn(model(*inputs, **named), targets)`."""

    inputs: tuple[Any, ...]
    named: dict[str, Any]
    targets: Any


def split_batch(batch: Any) -> SplitBatch:
    """Split a batch for the supervised step.

    A tuple or list is `(*inputs, targets)`. A dict, a dataclass or a named tuple has its targets
    under one of `TARGET_NAMES`; its inputs under one of `INPUT_NAMES`, or else everything that is
    left goes to the model by name.

    Raises:
        TrainingError: The batch cannot be split; a `training_step` can.
    """
    fields = _fields_of(batch)
    if fields is not None:
        target_name = next((name for name in TARGET_NAMES if name in fields), None)
        if target_name is not None and len(fields) > 1:
            targets = fields.pop(target_name)
            input_name = next((name for name in INPUT_NAMES if name in fields), None)
            if input_name is not None:
                return SplitBatch((fields[input_name],), {}, targets)
            return SplitBatch((), fields, targets)
    if isinstance(batch, tuple | list):
        parts = cast("tuple[Any, ...] | list[Any]", batch)
        if len(parts) > 1:
            return SplitBatch(tuple(parts[:-1]), {}, parts[-1])
    raise TrainingError(
        f"a batch of {describe(batch)} cannot be split into inputs and targets. "
        "Give batches as (inputs, targets) or as a dict with 'inputs' and 'targets', "
        "or pass training_step=… that takes (model, batch)."
    )


def _fields_of(batch: Any) -> dict[str, Any] | None:
    if isinstance(batch, Mapping):
        return {str(name): value for name, value in cast("Mapping[Any, Any]", batch).items()}
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        return {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    if isinstance(batch, tuple):
        named = cast("Any", batch)
        return dict(named._asdict()) if hasattr(named, "_asdict") else None
    return None


def count_samples(batch: Any) -> int:
    """Return the first dimension of the first tensor in the batch; 1 if there is none."""
    return next((len(tensor) for _, tensor in _tensors_in(batch) if tensor.ndim), 1)


def describe(batch: Any) -> str:
    """Return the types and shapes in a batch, such as `[0] float32 (64, 1, 28, 28)`."""
    found = list(_tensors_in(batch))
    if not found:
        return type(batch).__name__
    parts = [
        f"{path} {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}".strip()
        for path, tensor in found[:_SHOWN]
    ]
    return ", ".join(parts) + (", …" if len(found) > _SHOWN else "")


def _tensors_in(batch: Any, path: str = "") -> list[tuple[str, torch.Tensor]]:
    if isinstance(batch, torch.Tensor):
        return [(path, batch)]
    fields = _fields_of(batch)
    if fields is None and isinstance(batch, tuple | list):
        parts = cast("tuple[Any, ...] | list[Any]", batch)
        fields = {f"[{index}]": part for index, part in enumerate(parts)}
    if fields is None:
        return []
    found: list[tuple[str, torch.Tensor]] = []
    for name, value in fields.items():
        whole = name if not path or name.startswith("[") else f".{name}"
        found += _tensors_in(value, path + whole)
    return found
