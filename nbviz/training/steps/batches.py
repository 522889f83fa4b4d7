"""What is in a batch: its inputs and its targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from nbviz.errors import TrainingError, has_attribute
from nbviz.training.steps.forward import TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.training.steps.forward import Forward

INPUT_NAMES = (
    "inputs", "input", "x", "images", "image", "pixel_values", "features", "data",
)  # fmt: skip
_SHOWN = 6  # tensors described in an error's note


class SplitBatch(NamedTuple):
    """How the model and the loss are called: `loss_fn(model(*inputs, **named), targets)`."""

    inputs: tuple[Any, ...]
    named: dict[str, Any]
    targets: Any


def split_batch(
    batch: Any, forward: Forward | None = None, *, keeps_targets: bool = False
) -> SplitBatch:
    """Split a batch for the supervised step.

    A tuple or list is `(*inputs, targets)`. A dict, a dataclass or a named tuple has its targets
    under one of `TARGET_NAMES`; what is left goes to the parameters of `forward` of the same names.
    A single input goes to the only parameter, whatever their names. Parts that hold no tensors,
    such as paths, are left out where `forward` has no place for them.

    Args:
        batch: The batch.
        forward: What the model can be called with. None if that is not known: then the first of
            `INPUT_NAMES` is the only input, or else everything goes to the model by name.
        keeps_targets: Whether the targets go to the model, too, which computes the loss.

    Raises:
        TrainingError: The batch cannot be split, or a part of it has no place in `forward`;
            `prepare_batch` or a `training_step` helps.
    """
    fields = fields_of(batch)
    if fields is not None:
        target_name = next((name for name in TARGET_NAMES if name in fields), None)
        if target_name is not None and len(fields) > 1:
            targets = fields.pop(target_name)
            own = None if forward is None or not keeps_targets else forward.target(target_name)
            if own is not None:
                fields[own] = targets
            if forward is not None:
                return SplitBatch(*_match(fields, forward), targets)
            input_name = next((name for name in INPUT_NAMES if name in fields), None)
            if input_name is not None:
                return SplitBatch((fields[input_name],), {}, targets)
            return SplitBatch((), fields, targets)
        if keeps_targets and forward is not None:
            labels = [name for name in forward.labels if name in fields]
            if labels:
                return SplitBatch(*_match(fields, forward), fields[labels[0]])
    if isinstance(batch, tuple | list):
        parts = cast("tuple[Any, ...] | list[Any]", batch)
        if len(parts) > 1:
            return SplitBatch(tuple(parts[:-1]), {}, parts[-1])
    raise TrainingError(
        f"a batch of {describe(batch)} cannot be split into inputs and targets. "
        "Give batches as (inputs, targets) or as a dict with 'inputs' and 'targets', "
        "or pass prepare_batch=… that returns (inputs, targets), or training_step=… that takes "
        "(model, batch)."
    )


def read_prepared(prepared: Any) -> SplitBatch:
    """Read what `prepare_batch` returned.

    Args:
        prepared: (inputs, targets): the inputs are one object, a tuple of several, or a dict of
            what goes to the model by name.

    Raises:
        TrainingError: It is no such pair.
    """
    pair = cast("tuple[Any, ...]", prepared) if isinstance(prepared, tuple | list) else ()
    if len(pair) != 2:  # noqa: PLR2004  inputs and targets
        raise TrainingError(
            f"prepare_batch must return (inputs, targets), got {describe(prepared)}."
        )
    inputs, targets = pair
    if isinstance(inputs, Mapping):
        named = cast("Mapping[Any, Any]", inputs)
        return SplitBatch((), {str(name): value for name, value in named.items()}, targets)
    if type(inputs) is tuple:
        return SplitBatch(cast("tuple[Any, ...]", inputs), {}, targets)
    return SplitBatch((inputs,), {}, targets)


def _match(fields: dict[str, Any], forward: Forward) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the named inputs."""
    known = {name: value for name, value in fields.items() if name in forward.names}
    other = {
        name: value
        for name, value in fields.items()
        if name not in known and (forward.takes_any or tensors_in(value))
    }
    missing = [name for name in forward.required if name not in known]
    if not missing and (not other or forward.takes_any):
        return (), {**known, **other}
    first = forward.names[0] if forward.names else None
    is_open = first is not None and first not in known and missing in ([], [first])
    if is_open and len(other) == 1:
        # Its name does not matter if there is one place for it.
        (name,) = other
        if not known or name in INPUT_NAMES:
            return (other[name],), known
    what = (
        f"the batch's {_listed(other)} has no place in" if other else "the batch lacks what goes to"
    )
    raise TrainingError(
        f"{what} {forward.owner}.forward({', '.join(forward.names)})"
        + (f", which needs {_listed(missing)}" if missing else "")
        + ". Name the batch's parts like forward's parameters, or pass prepare_batch=… that "
        "returns (inputs, targets)."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def fields_of(batch: Any) -> dict[str, Any] | None:
    """Return the named parts of a dict, a dataclass or a named tuple; None of anything else."""
    if isinstance(batch, Mapping):
        return {str(name): value for name, value in cast("Mapping[Any, Any]", batch).items()}
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        return {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    if isinstance(batch, tuple):
        named = cast("Any", batch)
        return dict(named._asdict()) if has_attribute(named, "_asdict") else None
    return None


def describe(batch: Any) -> str:
    """Return the types and shapes in a batch, such as `[0] float32 (64, 1, 28, 28)`."""
    try:
        found = tensors_in(batch)
    except Exception:  # noqa: BLE001  a batch's own code; the error that it describes matters more
        found = []
    if not found:
        return type(batch).__name__
    parts = [
        f"{path} {str(tensor.dtype).removeprefix('torch.')} {_shape_of(tensor)}".strip()
        for path, tensor in found[:_SHOWN]
    ]
    return ", ".join(parts) + (", …" if len(found) > _SHOWN else "")


def _shape_of(tensor: torch.Tensor) -> str:
    try:
        return str(tuple(tensor.shape))
    except Exception:  # noqa: BLE001  a nested tensor of parts of several shapes has none
        return f"({tensor.size(0)} of several shapes)" if tensor.is_nested else "(no shape)"


def tensors_in(batch: Any, path: str = "") -> list[tuple[str, torch.Tensor]]:
    """Return a batch's tensors with their places, such as `[0].image`."""
    if isinstance(batch, torch.Tensor):
        return [(path, batch)]
    fields = fields_of(batch)
    if fields is None and isinstance(batch, tuple | list):
        parts = cast("tuple[Any, ...] | list[Any]", batch)
        fields = {f"[{index}]": part for index, part in enumerate(parts)}
    if fields is None:
        return []
    found: list[tuple[str, torch.Tensor]] = []
    for name, value in fields.items():
        whole = name if not path or name.startswith("[") else f".{name}"
        found += tensors_in(value, path + whole)
    return found
