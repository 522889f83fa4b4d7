"""Lets a run stand after each phase of a step; nothing of it is there else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import attribute_of
from nbviz.training.phases.phase import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbviz.training.commands import Control
    from nbviz.training.optimizing.optimizers import Optimizers
    from nbviz.training.options import TrainingOptions
    from nbviz.training.phases.phase import PhaseName
    from nbviz.training.steps.step_functions import StepFunction
    from nbviz.training.steps.update import Update


class PhaseStops:
    """Puts hooks on one step, or takes them off, as a run's control asks.

    Args:
        options: The training's.
        control: Where it is asked for.
        optimizers: Those of the run.
        update: What makes its optimizer steps.
        by_step: Whether the scheduler steps after each step.
        step: Returns the step that is being made.

    Attributes:
        is_on: Whether the hooks are on.
    """

    def __init__(
        self,
        options: TrainingOptions,
        control: Control,
        optimizers: Optimizers,
        update: Update,
        step: Callable[[], int],
        *,
        by_step: bool,
    ) -> None:
        self.is_on = False
        self._model = options.model
        self._control = control
        control.has_phases = True
        self._optimizers = optimizers
        self._update = update
        self._step = step
        self._train_step: StepFunction | None = None
        self._hooks = contextlib.ExitStack()
        self._batch = 0
        self._computes = self._updates = False
        self._thread = 0
        self._phases = _phases_of(options, owns=optimizers.own is not None, by_step=by_step)

    def follow(self, train_step: StepFunction) -> StepFunction:
        """Put the hooks on or off, at a safe point; returns what computes a batch from now on."""
        if self._control.steps_into == self.is_on:
            self._batch = 0
            return train_step
        return self._end(train_step) if self.is_on else self._begin(train_step)

    def scheduled(self) -> None:
        """Stand after the scheduler's step."""
        if self._phases[-1] == "scheduler":
            self._reach("scheduler", self._rates)

    # ------------------------------------------------------------ the hooks

    def _begin(self, train_step: StepFunction) -> StepFunction:
        self.is_on = True
        self._batch = 0
        self._computes = self._updates = False
        self._train_step = train_step
        hooks = self._hooks
        if attribute_of(self._model, "_compiled_call_impl", None) is None:
            hooks.callback(self._model.register_forward_hook(self._forward).remove)
        for optimizer in self._optimizers:
            hooks.callback(optimizer.register_step_pre_hook(self._before_update).remove)
            hooks.callback(optimizer.register_step_post_hook(self._after_update).remove)
        self._update.reached = self._updated
        return self._compute

    def _end(self, train_step: StepFunction) -> StepFunction:
        self.is_on = False
        self._update.reached = None
        self._hooks.close()
        before, self._train_step = self._train_step, None
        return train_step if before is None else before

    def _compute(self, model: torch.nn.Module, batch: Any) -> Any:
        assert self._train_step is not None
        if self._updates:  # an optimizer that evaluates the loss again
            return self._train_step(model, batch)
        self._batch += 1
        self._thread = threading.get_ident()
        self._reach("batch", lambda: ({}, _named(batch, "batch")))
        self._computes = True
        try:
            result = self._train_step(model, batch)
        finally:
            self._computes = False
        self._reach("loss", lambda: _of_loss(result))
        return result

    def _forward(self, _module: Any, _inputs: Any, output: Any) -> None:
        # Another thread may ask the model something while the run stands inside the step.
        if self._computes and not self._updates and threading.get_ident() == self._thread:
            self._reach("forward", lambda: _of_output(output))

    def _before_update(self, *_: Any) -> None:
        if self._computes:  # training_step steps its optimizers itself
            self._reach("backward", self._gradients)
        self._updates = True

    def _after_update(self, *_: Any) -> None:
        self._updates = False
        self._reach("optimizer", self._weights)

    def _updated(self, name: PhaseName, norm: Any = None) -> None:
        """Take note of what `Update` has done."""
        if self._updates:
            return
        if name == "backward":
            self._reach(name, self._gradients)
            return

        def clipped() -> tuple[dict[str, float], dict[str, torch.Tensor]]:
            gradients = self._gradients()[1]
            return {"gradient norm": _norm(gradients), "before clipping": float(norm)}, gradients

        self._reach(name, clipped)

    # ------------------------------------------------------------ what there is

    def _reach(
        self,
        name: PhaseName,
        look: Callable[[], tuple[dict[str, float], dict[str, torch.Tensor]]],
    ) -> None:
        control = self._control
        if not control.steps_into:
            return
        with torch.no_grad():
            numbers, tensors = look()
        control.stand_inside(
            Phase(self._step(), name, numbers, tensors, max(1, self._batch), self._phases)
        )

    def _gradients(self) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
        gradients = {
            name: one.grad.detach()
            for name, one in self._model.named_parameters()
            if one.grad is not None
        }
        norm = _norm(gradients) / self._update.loss_scale
        return {"gradient norm": norm}, gradients

    def _weights(self) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
        weights = {name: one.detach() for name, one in self._model.named_parameters()}
        return {"weight norm": _norm(weights), **self._rates()[0]}, weights

    def _rates(self) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
        return {name: float(rate) for name, rate in self._optimizers.rates().items()}, {}


def _phases_of(options: TrainingOptions, *, owns: bool, by_step: bool) -> tuple[str, ...]:
    if not owns:  # as training_step has them
        return ("batch", "forward", "backward", "optimizer", "loss")
    phases = ["batch", "forward", "loss", "backward", "clip", "optimizer", "scheduler"]
    if options.gradient_clip is None:
        phases.remove("clip")
    if options.scheduler is None or not by_step:
        phases.remove("scheduler")
    return tuple(phases)


def _of_output(output: Any) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    tensors = _named(output, "output", ("output[0]", "output[1]"))
    only = tensors.get("output")
    if only is None or not only.is_floating_point() or not only.numel():
        return {}, tensors
    values = only.float()
    return {"mean": float(values.mean()), "std": float(values.std(correction=0))}, tensors


def _of_loss(result: Any) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    loss = result.loss
    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        return {"loss": float(loss)}, {"loss": loss.detach()}
    return {}, {}


def _norm(tensors: dict[str, torch.Tensor]) -> float:
    norms: list[torch.Tensor] = [
        torch.linalg.vector_norm(one.float())
        for one in tensors.values()
        if one.layout is torch.strided
    ]
    if not norms:
        return 0.0
    there = norms[0].device
    return torch.stack([norm.to(there) for norm in norms]).square().sum().sqrt().item()


def _named(
    value: Any, name: str, pair: tuple[str, str] = ("inputs", "targets")
) -> dict[str, torch.Tensor]:
    """Return the tensors in a value by names, detached.

    Args:
        value: A tensor, or mappings and sequences of them.
        name: Of the whole.
        pair: What the parts of a sequence of two are called.
    """
    return {key: tensor.detach() for key, tensor in _walk(value, name, pair)}


def _walk(value: Any, name: str, pair: tuple[str, str]) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in cast("Mapping[Any, Any]", value).items():
            yield from _walk(one, str(key), ("0", "1"))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        parts = cast("Sequence[Any]", value)
        names = pair if len(parts) == len(pair) else [f"{name}[{i}]" for i in range(len(parts))]
        for key, one in zip(names, parts, strict=True):
            yield from _walk(one, key, (f"{key}[0]", f"{key}[1]"))
