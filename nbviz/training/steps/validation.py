"""Validation: a pass over other data that changes nothing in the model."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import ConfigurationError, add_note, text_of
from nbviz.training.devices.device import to_device
from nbviz.training.seeds import preserved_random_state
from nbviz.training.steps.batches import describe
from nbviz.training.steps.means import Means
from nbviz.training.steps.metrics import MetricMeans
from nbviz.training.steps.samples import first_samples
from nbviz.training.steps.step_results import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from contextlib import AbstractContextManager

    from nbviz.training.steps.metrics import AnyMetric
    from nbviz.training.steps.step_functions import StepFunction


def validate(
    model: torch.nn.Module,
    loader: Iterable[Any],
    step: StepFunction,
    *,
    device: torch.device,
    autocast: Callable[[], AbstractContextManager[Any]],
    metrics: dict[str, AnyMetric],
    report: Callable[[str, str], None],
    leave_out: Callable[[str, str], None],
    count: Callable[[Any, Any], int],
    between: Callable[[], None],
    with_gradients: bool = False,
) -> dict[str, Any]:
    """Return the means over all samples, by tag.

    Args:
        model: In eval mode while this runs; every module's own mode is restored after it.
        loader: Batches.
        step: Gives the result of one batch.
        device: Where the batches go.
        autocast: Makes the context for a forward pass.
        metrics: By name; one that raises is taken out.
        report: Called with the name of such a metric, and the reason.
        leave_out: Called with the name of a value that is not one number, and the reason.
        count: Returns how many samples a batch has, given it and its targets.
        between: Called before each batch; what it raises ends the validation.
        with_gradients: Whether the step needs them.

    Raises:
        ConfigurationError: The loader gives no batches.
    """
    means = Means(leave_out)
    measured = MetricMeans(metrics, report)
    is_empty = True
    with _evaluating(model, with_gradients=with_gradients):
        for batch in loader:
            is_empty = False
            between()
            try:
                moved = to_device(batch, device)
                with autocast():
                    result = step(model, moved)
                samples = count(moved, result.targets)
                if result.loss is not None:
                    means.add({"loss": result.loss}, samples)
                means.add(result.scalars, samples)
                if result.outputs is not None:
                    measured.add(result.outputs, result.targets, samples)
            except Exception as error:
                add_note(error, f"The validation batch: {describe(batch)}.")
                raise
    if is_empty:
        raise ConfigurationError(
            "val_loader gave no batches. If it is an iterator, it can be read only once: give a "
            "DataLoader or a list."
        )
    values = {**means.values(), **measured.values()}
    return {tagged(name, "val"): value for name, value in values.items()}


def needs_gradients(
    model: torch.nn.Module,
    loader: Iterable[Any],
    step: StepFunction,
    *,
    device: torch.device,
    autocast: Callable[[], AbstractContextManager[Any]],
) -> bool:
    """Try a validation step on two samples, and return whether it needs gradients.

    Neither random numbers nor an iterator of the loader are used up. A loader whose samples cannot
    be had without one is not tried: then the answer is False.

    Raises:
        Exception: What the step raised.
    """
    with preserved_random_state(device), _evaluating(model):
        try:
            batch = first_samples(loader)
        except Exception:  # noqa: BLE001  the loader may have its own way to them
            return False
        if batch is None:
            return False
        moved = to_device(batch, device)
        try:
            with autocast():
                step(model, moved)
        except RuntimeError as error:
            if "require" not in text_of(error) or "grad" not in text_of(error):
                raise
        else:
            return False
        with torch.enable_grad(), autocast():
            step(model, moved)
        return True


@contextlib.contextmanager
def _evaluating(model: torch.nn.Module, *, with_gradients: bool = False) -> Generator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        # Not inference_mode: what a model keeps from it, such as a cache of positions, could not
        # be used in training after.
        with torch.set_grad_enabled(with_gradients):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
