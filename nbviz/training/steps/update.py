"""From losses to one optimizer step: precision, accumulation, clipping."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

import torch

from nbviz.errors import ConfigurationError, TrainingError
from nbviz.training.optimizing.closures import (
    asks_for_closure,
    requires_closure,
    versions_of,
)
from nbviz.training.optimizing.step_counts import StepCount

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch.optim import Optimizer

    from nbviz.training.optimizing.optimizers import Optimizers

Precision = Literal["float32", "bf16", "fp16"]
DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
MOST_LEFT_OUT = 100
"""Updates in a row that fp16 may leave out; each halves the loss's scale, which begins at 2**16."""


class Update:
    """Gathers the gradients of `accumulate` batches and makes one optimizer step of them.

    Args:
        optimizers: Without one of its own, the user's step does its own stepping.
        device: Where the model is.
        precision: "bf16" and "fp16" run forward passes under autocast; fp16 scales the loss, and
            leaves out an update whose gradients overflow (`torch.amp.GradScaler`, which waits for
            the device at each step to know that).
        gradient_clip: The greatest norm of all gradients together, None for no bound.
        accumulate: Batches in one step.

    Attributes:
        is_made: Whether the last `apply` changed the parameters; False where fp16's gradients
            overflowed.
        reached: Called after "backward" and, with the norm before it, after "clip"; None unless a
            step is stepped into.

    Raises:
        ConfigurationError: The precision does not work on this device, or the optimizer needs a
            closure, and something is given that does not go with that.
    """

    def __init__(
        self,
        optimizers: Optimizers,
        device: torch.device,
        precision: Precision,
        gradient_clip: float | None,
        accumulate: int,
    ) -> None:
        self._optimizers = optimizers
        self._optimizer = optimizer = optimizers.own
        self._device = device
        self._dtype = DTYPES[precision]
        self._clip = gradient_clip
        self._accumulate = accumulate
        self._scaler: Any = None
        self.is_made = True
        self.reached: Callable[..., None] | None = None
        self._left_out = 0
        self._count: StepCount | None = None
        self._has_stepped = False
        if precision == "fp16":
            if device.type not in ("cuda", "cpu"):
                raise ConfigurationError(
                    f'precision="fp16" needs loss scaling, which torch does not have on '
                    f'{device.type}; use "bf16" or "float32".'
                )
            self._scaler = torch.amp.GradScaler(device.type)  # pyright: ignore[reportPrivateImportUsage]
            if optimizer is not None:
                self._count = StepCount(optimizer)
        self._needs_closure, self._closure_name = (
            (False, "") if optimizer is None else requires_closure(optimizer)
        )
        if optimizer is not None and self._needs_closure:
            self._check_closure(optimizer)

    @property
    def overflows(self) -> bool:
        """Whether fp16 has left out so many updates in a row that the run is ended."""
        return self._left_out > 0 and self._left_out % MOST_LEFT_OUT == 0

    @property
    def loss_scale(self) -> float:
        """By how much the loss is scaled, and so its gradients until they are clipped."""
        return 1.0 if self._scaler is None else float(self._scaler.get_scale())

    def state_dict(self) -> dict[str, Any]:
        """Return how the loss is scaled."""
        return {"scaler": {} if self._scaler is None else self._scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on scaling so."""
        if self._scaler is not None and state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context for a forward pass."""
        if self._dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, self._dtype)

    def begin(self) -> None:
        """Clear the gradients; until here those of the last step can be looked at."""
        self._optimizers.begin_step()
        if self._optimizer is not None:
            self._optimizer.zero_grad(set_to_none=True)

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradients of one batch."""
        if self._accumulate > 1:
            loss = loss / self._accumulate
        if self._scaler is not None:
            loss = self._scaler.scale(loss)
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        if self.reached is not None:
            self.reached("backward")

    def apply(self, batches: int, evaluate: Callable[[], torch.Tensor]) -> dict[str, Any]:
        """Make the optimizer step; returns `grad_norm`, before clipping, if it clips.

        Args:
            batches: How many were added: fewer than `accumulate` at the end of an epoch, where the
                gradient is the mean of those.
            evaluate: Computes the loss of the last batch again, for an optimizer that asks for it.

        Raises:
            TrainingError: fp16's gradients overflow however little the loss is scaled.
        """
        self.is_made = True
        if self._optimizer is None:
            return {}
        if batches < self._accumulate:
            self._scale_gradients(self._accumulate / batches)
        scalars: dict[str, Any] = {}
        if self._clip is not None:
            if self._scaler is not None:
                self._scaler.unscale_(self._optimizer)
            scalars["grad_norm"] = self._clip_gradients(self._clip)
            if self.reached is not None:
                self.reached("clip", scalars["grad_norm"])
        if self._scaler is None:
            self._step(self._optimizer, evaluate)
        else:
            self._step_scaled(self._optimizer)
        return scalars

    def _step(self, optimizer: Any, evaluate: Callable[[], torch.Tensor]) -> None:
        if not self._needs_closure:
            before = [] if self._has_stepped else versions_of(optimizer)
            try:
                optimizer.step()
            except Exception as error:
                if self._has_stepped or not asks_for_closure(optimizer, error, before):
                    raise
                self._needs_closure = True
                self._check_closure(optimizer)
            else:
                self._has_stepped = True
                return

        def closure() -> torch.Tensor:
            with torch.enable_grad():
                self.begin()
                loss = evaluate()
                self.backward(loss)
                if self._clip is not None:
                    self._clip_gradients(self._clip)
            return loss.detach()

        if self._closure_name:
            optimizer.step(**{self._closure_name: closure})
        else:
            optimizer.step(closure)
        self._has_stepped = True

    def _step_scaled(self, optimizer: Optimizer) -> None:
        assert self._count is not None  # since there is a scaler
        # An optimizer that is fused leaves the update out by itself, on the device.
        is_fused = getattr(optimizer, "_step_supports_amp_scaling", False)
        is_seen = self._count.is_told and not is_fused
        scale = 0.0 if is_seen else self._scaler.get_scale()
        made = self._count.made
        before = [] if self._has_stepped else versions_of(optimizer)
        try:
            self._scaler.step(optimizer)
        except Exception as error:
            if not self._has_stepped and asks_for_closure(optimizer, error, before):
                self._check_closure(optimizer)
            raise
        self._scaler.update()
        is_made = self._count.made > made if is_seen else self._scaler.get_scale() >= scale
        self.is_made = is_made
        self._has_stepped = self._has_stepped or is_made
        self._left_out = 0 if self.is_made else self._left_out + 1
        if self.overflows:
            # They do not count as steps, so a run with `max_steps` would never end.
            raise TrainingError(
                f"fp16: no update could be made with the last {MOST_LEFT_OUT} steps' gradients, "
                f"not finite at a loss scale of {self._scaler.get_scale():.2g} either. "
                "find_nonfinite() names the operation; or look at the loss and the weights, lower "
                'lr, or use precision="bf16".'
            )

    def _check_closure(self, optimizer: Optimizer) -> None:
        """Raise ConfigurationError for what does not go with an optimizer that needs a closure."""
        for name, is_given in (
            ("accumulate", self._accumulate > 1),
            ('precision="fp16"', self._scaler is not None),
        ):
            if is_given:
                raise ConfigurationError(
                    f"{type(optimizer).__name__} evaluates the loss again inside its step, which "
                    f"does not go with {name}. Leave that out, or step the optimizer yourself in "
                    "training_step, with optimizer=[optimizer]."
                )

    def _clip_gradients(self, norm: float) -> Any:
        return torch.nn.utils.clip_grad_norm_(self._parameters(), norm)

    def _scale_gradients(self, factor: float) -> None:
        for parameter in self._parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def _parameters(self) -> list[torch.Tensor]:
        assert self._optimizer is not None
        return [p for group in self._optimizer.param_groups for p in group["params"]]
