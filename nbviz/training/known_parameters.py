"""What can be said of a training without asking: its optimizer, rates, model, data and device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import attribute_of
from nbviz.training.checks import length_of
from nbviz.training.optimizing.schedule import known_tags
from nbviz.training.steps.metrics import read_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from torch import nn

    from nbviz.training.optimizing.optimizers import Optimizers
    from nbviz.training.options import TrainingOptions

_OF_GROUPS = ("lr", "momentum", "weight_decay", "betas")


def of_training(
    options: TrainingOptions, device: torch.device, optimizers: Iterable[torch.optim.Optimizer]
) -> dict[str, Any]:
    """Return what a trainer was made with, by the names of its options where there are some."""
    loader = options.train_loader
    given = options.batch_size if isinstance(options.batch_size, int) else None
    found: dict[str, Any] = {
        **of_model(options.model),
        **of_optimizers(optimizers),
        "scheduler": None if options.scheduler is None else type(options.scheduler).__name__,
        "loss_fn": _name(options.loss_fn),
        "batch_size": attribute_of(loader, "batch_size", None) or given,
        "examples": _length(attribute_of(loader, "dataset", None)),
        "batches": length_of(loader),
        "accumulate": options.accumulate,
        "gradient_clip": options.gradient_clip,
        "precision": options.precision,
        "seed": options.seed,
        "device": str(device),
        "max_epochs": options.max_epochs,
        "max_steps": options.max_steps,
    }
    return found


def expected_tags(options: TrainingOptions, optimizers: Optimizers) -> list[str]:
    """Return the tags that a training will log, as far as they are known before its first step."""
    metrics: Iterable[str] = ()
    if options.training_step is None:
        metrics = read_metrics(options.metrics)
    tags = known_tags(metrics, validates=options.val_loader is not None)
    if optimizers.own is not None:
        tags += optimizers.rates()
    if options.gradient_clip is not None:
        tags.append("grad_norm")
    return tags


def of_model(model: nn.Module) -> dict[str, Any]:
    """Return a model's class and how many parameters it has."""
    import torch

    inner = attribute_of(model, "_orig_mod", model)  # of a compiled one
    lazy = torch.nn.parameter.UninitializedParameter
    known = [one for one in type(model).parameters(model) if not isinstance(one, lazy)]
    return {"model": type(inner).__name__, "parameters": sum(one.numel() for one in known)}


def of_optimizers(optimizers: Iterable[torch.optim.Optimizer]) -> dict[str, Any]:
    """Return the optimizers' classes, and what the first group of the first one is set to."""
    given = list(optimizers)
    if not given:
        return {}
    found: dict[str, Any] = {"optimizer": ", ".join(type(one).__name__ for one in given)}
    group = given[0].param_groups[0]
    for name in _OF_GROUPS:
        if name in group:
            value = group[name]
            found[name] = value if isinstance(value, float | int) else _single(value)
    return found


def _single(value: Any) -> Any:
    return float(value) if attribute_of(value, "shape", None) == () else str(value)


def _name(function: Any) -> str | None:
    if function is None:
        return None
    return attribute_of(function, "__name__", None) or type(function).__name__


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except Exception:  # noqa: BLE001  a data set's own `__len__`, or none
        return None
