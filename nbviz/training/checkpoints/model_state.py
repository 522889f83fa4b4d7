"""The state of a model: its tensors, the flags of its modules, what was set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn.parameter import is_lazy

from nbviz.errors import CheckpointError
from nbviz.training.checkpoints.attributes import Attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHOWN = 3  # names in a message
_COMPILED = "_orig_mod"  # where torch.compile keeps the module that was compiled


class ModelState:
    """What of a model a run changes.

    Names are those of the model as it was written: `torch.compile` of it, or of parts of it, does
    not change them.

    Args:
        model: The model.
        keeps_gradients: Whether `.grad` belongs to it, as where `training_step` adds gradients up
            over several steps by itself.

    Attributes:
        attributes: What its modules keep on themselves.
    """

    def __init__(self, model: torch.nn.Module, *, keeps_gradients: bool) -> None:
        self._model = model
        self._keeps_gradients = keeps_gradients
        self.attributes = Attributes(lambda: tuple(self._modules()))

    def state_dict(self) -> dict[str, Any]:
        """Return it; the tensors are the model's own.

        Raises:
            CheckpointError: A layer does not know its shape yet.
        """
        for name, parameter in self._model.named_parameters():
            if is_lazy(parameter):
                raise CheckpointError(
                    f"{plain_name(name)} has no shape before the model is first called, so there "
                    "is no state to keep yet. Make a first step, or call the model with a batch."
                )
        tensors: Any = self._model.state_dict()
        state: dict[str, Any] = {
            "tensors": {plain_name(name): value for name, value in tensors.items()},
            "versions": {
                plain_name(name): dict(entry)
                for name, entry in getattr(tensors, "_metadata", {}).items()
            },
            "buffers": {name: value for name, _, _, value in self._other_buffers()},
            "is_training": {name: module.training for name, module in self._modules()},
            "attributes": self.attributes.state_dict(),
            "dropout": {name: layer.p for name, layer in self._dropouts()},
            "requires_grad": {
                plain_name(name): parameter.requires_grad
                for name, parameter in self._model.named_parameters(remove_duplicate=False)
            },
        }
        if self._keeps_gradients:
            state["gradients"] = {
                plain_name(name): parameter.grad
                for name, parameter in self._model.named_parameters()
                if parameter.grad is not None
            }
        return state

    def check(self, state: dict[str, Any]) -> None:
        """Raise CheckpointError unless the state is one of such a model."""
        ours = {plain_name(name): value for name, value in self._model.state_dict().items()}
        theirs: dict[str, Any] = state["tensors"]
        kind = type(getattr(self._model, _COMPILED, self._model)).__name__
        for name, value in theirs.items():
            own = ours.get(name)
            if not isinstance(own, torch.Tensor) or not isinstance(value, torch.Tensor):
                continue
            if is_lazy(own):
                continue
            if own.shape != value.shape:
                raise CheckpointError(
                    f"the checkpoint is of another model: its {name} has the shape "
                    f"{tuple(value.shape)}, and that of this {kind} has {tuple(own.shape)}. Make "
                    "the model with the sizes that it had."
                )
            if own.dtype != value.dtype:
                raise CheckpointError(
                    f"the checkpoint is of another model: its {name} is {value.dtype}, and that "
                    f"of this {kind} is {own.dtype}. Make the model in the precision that it had."
                )
        empty = self._empty_buffers()
        missing = [name for name in theirs if name not in ours and name not in empty]
        may_be_empty = {plain_name(name) for name, _ in self._model.named_buffers()}
        more = [name for name in ours if name not in theirs and name not in may_be_empty]
        if missing or more:
            parts = [
                f"{_named(missing)} of it {'is' if len(missing) == 1 else 'are'} not in this {kind}"
                if missing
                else "",
                f"{_named(more)} of this {kind} {'is' if len(more) == 1 else 'are'} not in it"
                if more
                else "",
            ]
            raise CheckpointError(
                "the checkpoint is of another model: " + ", and ".join(filter(None, parts)) + "."
            )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set the model to it, in place: what else holds its tensors holds them still."""
        self._fill_or_empty_buffers(state["tensors"])
        names = {plain_name(name): name for name in self._model.state_dict()}
        tensors: Any = _Tensors({names[name]: value for name, value in state["tensors"].items()})
        tensors._metadata = self._versions(state["versions"])  # noqa: SLF001  as state_dict gives it
        self._model.load_state_dict(tensors)
        for name, module, own_name, value in self._other_buffers():
            kept = state["buffers"].get(name)
            if kept is not None:
                _write_buffer(module, own_name, value, kept)
        for name, module in self._modules():
            module.training = state["is_training"].get(name, module.training)
        if "attributes" in state:  # files of earlier versions have none
            self.attributes.load_state_dict(state["attributes"])
        for name, layer in self._dropouts():
            layer.p = state["dropout"].get(name, layer.p)
        gradients = state.get("gradients", {})
        for name, parameter in self._model.named_parameters(remove_duplicate=False):
            plain = plain_name(name)
            needs = state["requires_grad"].get(plain, parameter.requires_grad)
            if parameter.requires_grad != needs:
                parameter.requires_grad_(needs)
            kept = gradients.get(plain)
            # Of sparse ones `to` makes no copy.
            parameter.grad = None if kept is None else kept.to(parameter.device).clone()

    def _empty_buffers(self) -> dict[str, tuple[torch.nn.Module, str]]:
        """Return the buffers of `state_dict` that hold nothing yet, where they are."""
        return {
            f"{name}.{own_name}".lstrip("."): (module, own_name)
            for name, module in self._modules()
            for own_name, value in _buffers_of(module)
            if value is None
        }

    def _fill_or_empty_buffers(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Have those buffers hold something that did then, and no others: some come with a step."""
        for name, (module, own_name) in self._empty_buffers().items():
            if name in tensors:
                setattr(module, own_name, tensors[name].clone())
        for name, module in self._modules():
            for own_name, value in _buffers_of(module):
                if value is not None and f"{name}.{own_name}".lstrip(".") not in tensors:
                    setattr(module, own_name, None)

    def _versions(self, versions: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: versions[plain_name(name)]
            for name, _ in cast("Any", self._model).named_modules(remove_duplicate=False)
            if plain_name(name) in versions
        }

    def _modules(self) -> Iterable[tuple[str, torch.nn.Module]]:
        for name, module in cast("Any", self._model).named_modules():
            yield plain_name(name), module

    def _dropouts(self) -> Iterator[tuple[str, Any]]:
        from torch.nn.modules.dropout import (
            _DropoutNd,  # pyright: ignore[reportPrivateUsage]  the one base of all of them
        )

        for name, module in self._modules():
            if isinstance(module, _DropoutNd):
                yield name, module

    def _other_buffers(self) -> Iterator[tuple[str, torch.nn.Module, str, torch.Tensor]]:
        """Return the buffers that `state_dict` leaves out."""
        for name, module in self._modules():
            left_out: Any = getattr(module, "_non_persistent_buffers_set", ())
            for own_name, value in module.named_buffers(recurse=False):
                if own_name in left_out:
                    yield f"{name}.{own_name}".lstrip("."), module, own_name, value


class _Tensors(dict[str, Any]):
    """A state dict, which has an attribute beside its items."""


def plain_name(name: str) -> str:
    """Return a parameter's or module's name without what `torch.compile` adds to it."""
    if _COMPILED not in name:
        return name
    return ".".join(part for part in name.split(".") if part != _COMPILED)


def _buffers_of(module: torch.nn.Module) -> list[tuple[str, torch.Tensor | None]]:
    """Return a module's own buffers that `state_dict` has, those too that are None."""
    left_out: Any = getattr(module, "_non_persistent_buffers_set", ())
    own: Any = getattr(module, "_buffers", {})
    return [(name, value) for name, value in own.items() if name not in left_out]


def _write_buffer(
    module: torch.nn.Module, name: str, value: torch.Tensor, kept: torch.Tensor
) -> None:
    if value.shape == kept.shape and value.dtype == kept.dtype:
        with torch.no_grad():
            value.copy_(kept)
    else:  # one that grows, such as a cache of positions
        setattr(module, name, kept.to(value.device, copy=True))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
