"""The train and eval flags of a model's modules, which a notebook's other cells can change, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class TrainingModes:
    """Keeps a model in train mode while a run trains it, with frozen parts frozen.

    In another cell `model.eval()`, and `model.train()` after it, mean a look at the model, not the
    rest of the run: the flags of before are put back. A part that is set to eval mode by itself
    stays so, whenever that is done; if all frozen parts turn to train mode at once, that was
    `model.train()`.

    Args:
        model: The model.
        accepts_thawing: Whether the run's own step may set frozen parts to train mode.
    """

    def __init__(self, model: torch.nn.Module, *, accepts_thawing: bool) -> None:
        self._model = model
        self._accepts_thawing = accepts_thawing

    def begin(self) -> None:
        """Set the model to train mode, unless it is; what is in eval mode inside it is frozen."""
        if not self._model.training:
            self._model.train()
        self._modules = list(type(self._model).modules(self._model))
        self._flags = self._read()

    def step_ended(self) -> None:
        """Take over what the step itself has changed."""
        if self._accepts_thawing:
            flags = self._read()
            if self._model.training:
                self._flags = flags

    def restore(self) -> str | None:
        """Put back what was changed for the whole model; returns what it was, None if nothing."""
        flags = self._read()
        # Looked at last: eval() and train() begin with the model itself.
        if not self._model.training:
            self._write()
            return "model.eval()"
        if flags != self._flags:
            if all(flags) and not all(self._flags):
                self._write()
                return "model.train()"
            self._flags = flags
        return None

    def _read(self) -> list[bool]:
        return [module.training for module in self._modules]

    def _write(self) -> None:
        flags = dict(zip(self._modules, self._flags, strict=True))
        for module in type(self._model).modules(self._model):
            module.training = flags.get(module, True)
