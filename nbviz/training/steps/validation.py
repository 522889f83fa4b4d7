"""Validation: a pass over other data that changes nothing in the model."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import ConfigurationError, add_note, text_of
from nbviz.errors import describe as describe_error
from nbviz.training.devices.device import to_device
from nbviz.training.random_numbers.seeds import preserved_random_state
from nbviz.training.steps.batches import describe
from nbviz.training.steps.classified import Classification
from nbviz.training.steps.means import Means
from nbviz.training.steps.metrics import MetricMeans
from nbviz.training.steps.samples import first_samples
from nbviz.training.steps.step_functions import validation_function
from nbviz.training.steps.step_results import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from nbviz.training.optimizing.optimizers import Optimizers
    from nbviz.training.options import TrainingOptions
    from nbviz.training.run_log import RunLog
    from nbviz.training.steps.metrics import AnyMetric
    from nbviz.training.steps.step_functions import Splitter, StepFunction


class Validation:
    """Validates the model of one training.

    Args:
        options: The training's.
        split: Splits batches for the supervised step.
        device: Where the batches go.
        optimizers: Those that train; without one of its own, `training_step` trains when called.
        metrics: By name; one that raises is taken out.
        autocast: Makes the context for a forward pass.
        count: Returns how many samples a batch has, given it and its targets.
        log: The run's.

    Attributes:
        is_active: Whether a validation is being made.
        classification: What a classifier said in the last one.

    Raises:
        ConfigurationError: There is a `val_loader`, and nothing that validates.
    """

    def __init__(
        self,
        options: TrainingOptions,
        split: Splitter,
        *,
        device: torch.device,
        optimizers: Optimizers,
        metrics: dict[str, AnyMetric],
        autocast: Callable[[], AbstractContextManager[Any]],
        count: Callable[[Any, Any], int],
        log: RunLog,
    ) -> None:
        self.is_active = False
        self._model = options.model
        self._loader = options.val_loader
        self.classification = Classification(options.val_loader)
        self._optimizers = optimizers
        steps_itself = optimizers.own is None
        self._step, self._source = validation_function(options, split, steps_itself=steps_itself)
        if self._loader is not None and self._step is None:
            raise ConfigurationError(
                "val_loader needs validation_step=… or loss_fn=…, because this training_step "
                "trains when it is called."
            )
        self._device = device
        self._metrics = metrics
        self._autocast = autocast
        self._count = count
        self._log = log
        self._needs_gradients: bool | None = None  # until it is tried

    @property
    def is_possible(self) -> bool:
        """Whether there is something to validate with."""
        return self._loader is not None and self._step is not None

    def measure(self, between: Callable[[], None]) -> dict[str, Any]:
        """Return the means over all samples, by tag.

        The model is in eval mode meanwhile; every module's own mode is restored after it.

        Args:
            between: Called before each batch; what it raises ends the validation.

        Raises:
            ConfigurationError: The loader gives no batches.
        """
        assert self._loader is not None  # since `is_possible`
        assert self._step is not None
        means = Means(self._log.value_left_out)
        measured = MetricMeans(self._metrics, self._log.metric_dropped)
        is_empty = True
        self.classification.begin()
        with self._evaluating(with_gradients=bool(self._needs_gradients)):
            for batch in self._loader:
                is_empty = False
                between()
                try:
                    self._add(batch, self._step, means, measured)
                except Exception as error:
                    add_note(error, f"The validation batch: {describe(batch)}.")
                    raise
        if is_empty:
            raise ConfigurationError(
                "val_loader gave no batches. If it is an iterator, it can be read only once: give "
                "a DataLoader or a list."
            )
        self.classification.end()
        values = {**means.values(), **measured.values()}
        return {tagged(name, "val"): value for name, value in values.items()}

    def try_out(self) -> None:
        """Before the first step, see whether a validation will work, and if it needs gradients.

        Raises:
            ConfigurationError: `training_step` cannot validate.
            Exception: What the supervised step raised.
        """
        if self._step is None or self._loader is None or self._needs_gradients is not None:
            return
        # A validation_step is called when it is due and not before: it may count, write or stop.
        if self._source == "validation_step":
            return
        self._needs_gradients = False
        try:
            self._needs_gradients = self._finds_gradients_needed(self._step)
        except Exception as error:
            if self._source == "training_step":
                raise ConfigurationError(
                    "training_step cannot validate: with the model in eval mode and samples of "
                    f"val_loader it raised {describe_error(error)}. Give validation_step=…"
                ) from error
            add_note(error, "In a trial of the validation with two samples, before training.")
            raise
        if self._needs_gradients:
            self._log("info", f"validation runs with gradients, which {self._source} needs.")

    def _add(self, batch: Any, step: StepFunction, means: Means, measured: MetricMeans) -> None:
        moved = to_device(batch, self._device)
        with self._autocast():
            result = step(self._model, moved)
        samples = self._count(moved, result.targets)
        if result.loss is not None:
            means.add({"loss": result.loss}, samples)
        means.add(result.scalars, samples)
        if result.outputs is not None:
            measured.add(result.outputs, result.targets, samples)
            self.classification.add(result)

    def _finds_gradients_needed(self, step: StepFunction) -> bool:
        """Try a step on two samples, and return whether it needs gradients.

        Neither random numbers nor an iterator of the loader are used up. A loader whose samples
        cannot be had without one is not tried: then the answer is False.
        """
        with preserved_random_state(self._device), self._evaluating():
            try:
                batch = first_samples(self._loader)
            except Exception:  # noqa: BLE001  the loader may have its own way to them
                return False
            if batch is None:
                return False
            moved = to_device(batch, self._device)
            try:
                with self._autocast():
                    step(self._model, moved)
            except RuntimeError as error:
                if "require" not in text_of(error) or "grad" not in text_of(error):
                    raise
            else:
                return False
            with torch.enable_grad(), self._autocast():
                step(self._model, moved)
            return True

    @contextlib.contextmanager
    def _evaluating(self, *, with_gradients: bool = False) -> Generator[None]:
        modes = [(module, module.training) for module in type(self._model).modules(self._model)]
        self._model.eval()
        self._optimizers.evaluate()
        try:
            # Not inference_mode: what a model keeps from it, such as a cache of positions, could
            # not be used in training after.
            with torch.set_grad_enabled(with_gradients):
                yield
        finally:
            for module, mode in modes:
                module.training = mode
