"""From losses to one optimizer step: precision, accumulation, clipping."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

import torch

from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch.optim import Optimizer

Precision = Literal["float32", "bf16", "fp16"]
DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class Update:
    """Gathers the gradients of `accumulate` batches and makes one optimizer step of them.

    Args:
        optimizer: None where the user's step does its own stepping.
        device: Where the model is.
        precision: "bf16" and "fp16" run forward passes under autocast; fp16 scales the loss, and
            leaves out a step whose gradients overflow (`torch.amp.GradScaler`).
        gradient_clip: The greatest norm of all gradients together, None for no bound.
        accumulate: Batches in one step.

    Raises:
        ConfigurationError: The precision does not work on this device.
    """

    def __init__(
        self,
        optimizer: Optimizer | None,
        device: torch.device,
        precision: Precision,
        gradient_clip: float | None,
        accumulate: int,
    ) -> None:
        self._optimizer = optimizer
        self._device = device
        self._dtype = DTYPES[precision]
        self._clip = gradient_clip
        self._accumulate = accumulate
        self._scaler: Any = None
        if precision == "fp16":
            if device.type not in ("cuda", "cpu"):
                raise ConfigurationError(
                    f'precision="fp16" needs loss scaling, which torch does not have on '
                    f'{device.type}; use "bf16" or "float32".'
                )
            self._scaler = torch.amp.GradScaler(device.type)  # pyright: ignore[reportPrivateImportUsage]

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context for a forward pass."""
        if self._dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, self._dtype)

    def begin(self) -> None:
        """Clear the gradients; until here those of the last step can be looked at."""
        if self._optimizer is not None:
            self._optimizer.zero_grad(set_to_none=True)

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradients of one batch."""
        if self._accumulate > 1:
            loss = loss / self._accumulate
        if self._scaler is not None:
            loss = self._scaler.scale(loss)
        loss.backward()  # pyright: ignore[reportUnknownMemberType]

    def apply(self, batches: int) -> dict[str, Any]:
        """Make the optimizer step; returns `grad_norm`, before clipping, if it clips.

        Args:
            batches: How many were added: fewer than `accumulate` at the end of an epoch, where the
                gradient is the mean of those.
        """
        if self._optimizer is None:
            return {}
        if batches < self._accumulate:
            self._scale_gradients(self._accumulate / batches)
        scalars: dict[str, Any] = {}
        if self._clip is not None:
            if self._scaler is not None:
                self._scaler.unscale_(self._optimizer)
            scalars["grad_norm"] = torch.nn.utils.clip_grad_norm_(self._parameters(), self._clip)
        if self._scaler is None:
            self._optimizer.step()
        else:
            self._scaler.step(self._optimizer)
            self._scaler.update()
        return scalars

    def _scale_gradients(self, factor: float) -> None:
        for parameter in self._parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def _parameters(self) -> list[torch.Tensor]:
        assert self._optimizer is not None
        return [p for group in self._optimizer.param_groups for p in group["params"]]
