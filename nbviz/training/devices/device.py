"""The device of a run: choosing it, moving the model and the batches to it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import ConfigurationError, has_attribute, text_of
from nbviz.training.between_steps import is_trained_elsewhere

if TYPE_CHECKING:
    from torch import nn

    from nbviz.training.optimizing.optimizers import Optimizers


def choose_device(wanted: str | torch.device) -> torch.device:
    """Return the device: "auto" takes CUDA, then Apple's MPS, then the CPU.

    A CUDA device gets its number here, because the current one is each thread's own.

    Raises:
        ConfigurationError: There is no such device here.
    """
    if isinstance(wanted, str) and wanted == "auto":
        wanted = "cpu"
        if torch.cuda.is_available():
            wanted = "cuda"
        elif torch.backends.mps.is_available():
            wanted = "mps"
    try:
        device = torch.device(wanted)
        device = torch.empty(1, device=device).device
    except Exception as error:
        reason = next(iter(text_of(error).splitlines()), type(error).__name__)
        raise ConfigurationError(
            f'device must be "auto" or a device of this machine, got {text_of(wanted)!r}: {reason}'
        ) from error
    return device


def move_model(model: nn.Module, optimizers: Optimizers, device: torch.device) -> None:
    """Move the model, and what the optimizers keep for it, to the device.

    Raises:
        ConfigurationError: The optimizers hold none of the model's parameters, some of the model is
            on the meta device, where there are no values, or another run trains it elsewhere.
    """
    empty = next((name for name, p in model.named_parameters() if p.is_meta), None)
    if empty is not None and device.type != "meta":
        raise ConfigurationError(
            f"the model's {empty} is on the meta device, which holds no values. Make the model "
            'there with model.to_empty(device="cpu"), and load or initialise its weights.'
        )
    before = {parameter.device for parameter in type(model).parameters(model)}
    if before | {buffer.device for buffer in type(model).buffers(model)} != {device}:
        if is_trained_elsewhere(model):
            raise ConfigurationError(
                f"the model cannot be moved to {device} while another run trains it; stop that one "
                "first."
            )
        model.to(device)
    if not optimizers:
        return
    ours = {id(parameter) for parameter in type(model).parameters(model)}
    if not ours & set(map(id, optimizers.parameters())):
        names = ", ".join(type(optimizer).__name__ for optimizer in optimizers)
        raise ConfigurationError(
            f"the optimizer ({names}) holds none of the model's parameters, so "
            "training would change nothing. Make it from this model, after any change to its "
            "layers: optimizer = torch.optim.SGD(model.parameters(), lr=0.1)."
        )
    for optimizer in optimizers:
        if optimizer.state and before != {device}:
            # Loading a state moves it to where the parameters are now.
            optimizer.load_state_dict(optimizer.state_dict())


def to_device(batch: Any, device: torch.device) -> Any:
    """Return the batch with every tensor in it on the device; containers keep their types.

    From pinned memory the copy to a CUDA device overlaps with the step before.
    """
    if isinstance(batch, torch.Tensor):
        # Elsewhere a copy that does not wait may be read before it is there.
        return batch.to(device, non_blocking=device.type == "cuda")
    if has_attribute(batch, "to") and not isinstance(batch, type):  # a library's own batch
        return batch.to(device)
    if isinstance(batch, Mapping):
        return _move_mapping(cast("Mapping[Any, Any]", batch), device)
    if isinstance(batch, tuple | list):
        return _move_sequence(cast("tuple[Any, ...] | list[Any]", batch), device)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        moved = copy.copy(cast("Any", batch))
        for field in dataclasses.fields(batch):
            # Also in a frozen one.
            object.__setattr__(moved, field.name, to_device(getattr(batch, field.name), device))
        return moved
    return cast("object", batch)


def _move_mapping(batch: Mapping[Any, Any], device: torch.device) -> Any:
    moved = {key: to_device(value, device) for key, value in batch.items()}
    if type(batch) is dict:
        return moved
    try:
        return cast("Any", type(batch))(moved)
    except TypeError:  # a mapping that is made in another way, such as defaultdict
        return moved


def _move_sequence(batch: tuple[Any, ...] | list[Any], device: torch.device) -> Any:
    moved = [to_device(part, device) for part in batch]
    if has_attribute(batch, "_fields"):
        return cast("Any", type(batch))(*moved)
    return moved if isinstance(batch, list) else tuple(moved)
