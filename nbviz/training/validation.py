"""Validation: a pass over other data that changes nothing in the model."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import ConfigurationError
from nbviz.training.batches import count_samples, describe
from nbviz.training.device import to_device
from nbviz.training.means import Means
from nbviz.training.metrics import MetricMeans
from nbviz.training.step_results import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from contextlib import AbstractContextManager

    from nbviz.training.metrics import AnyMetric
    from nbviz.training.step_functions import StepFunction


def validate(
    model: torch.nn.Module,
    loader: Iterable[Any],
    step: StepFunction,
    *,
    device: torch.device,
    autocast: Callable[[], AbstractContextManager[Any]],
    metrics: dict[str, AnyMetric],
    report: Callable[[str, Exception], None],
    between: Callable[[], None],
) -> dict[str, Any]:
    """Return the means over all samples, by tag.

    Args:
        model: In eval mode while this runs; every module's own mode is restored after it.
        loader: Batches.
        step: Gives the result of one batch.
        device: Where the batches go.
        autocast: Makes the context for a forward pass.
        metrics: By name; one that raises is taken out.
        report: Called with the name and the error of such a metric.
        between: Called before each batch; what it raises ends the validation.

    Raises:
        ConfigurationError: The loader gives no batches.
    """
    means = Means()
    measured = MetricMeans(metrics, report)
    is_empty = True
    with _evaluating(model):
        for batch in loader:
            is_empty = False
            between()
            try:
                moved = to_device(batch, device)
                with autocast():
                    result = step(model, moved)
                samples = count_samples(moved)
                if result.loss is not None:
                    means.add({"loss": result.loss}, samples)
                means.add(result.scalars, samples)
                if result.outputs is not None:
                    measured.add(result.outputs, result.targets, samples)
            except Exception as error:
                error.add_note(f"The validation batch: {describe(batch)}.")
                raise
    if is_empty:
        raise ConfigurationError(
            "val_loader gave no batches. If it is an iterator, it can be read only once: give a "
            "DataLoader or a list."
        )
    values = {**means.values(), **measured.values()}
    return {tagged(name, "val"): value for name, value in values.items()}


@contextlib.contextmanager
def _evaluating(model: torch.nn.Module) -> Generator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        # Not inference_mode: what a model keeps from it, such as a cache of positions, could not
        # be used in training after.
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
