"""Drawn samples in the data set that a training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, TensorDataset

from nbviz.datasets import ImageTensors
from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from nbviz.trainer import Trainer

_PAIR = 2


def add_sample(trainer: Trainer, image: torch.Tensor, label: int) -> None:
    """Add a sample to the data set of a training; its next epoch has it.

    Args:
        trainer: Its loader reads a `TensorDataset`, one of `nbviz.datasets`, or a list of pairs.
        image: float32 of shape (1, height, width), 0 to 1.
        label: The index of the class.

    Raises:
        ConfigurationError: Nothing can be added to the data set; the text says why.
    """
    loader: Any = trainer.options.train_loader
    if not isinstance(loader, DataLoader):
        raise ConfigurationError(
            f"the training reads from {type(loader).__name__}, which is no DataLoader; add the "
            "samples in pad.samples to your data."
        )
    dataset: Any = cast("Any", loader).dataset
    _check_reading(cast("Any", loader), dataset)
    if isinstance(dataset, ImageTensors):
        pixels = dataset.images
        added = _fitted(image * dataset.peak, pixels, "images")
        # One assignment each, the labels last: the length is theirs.
        dataset.images = torch.cat([pixels, added.round().to(pixels.dtype)])
        dataset.labels = torch.cat([dataset.labels, _label(label, dataset.labels)])
    elif isinstance(dataset, TensorDataset) and len(dataset.tensors) == _PAIR:
        images, labels = dataset.tensors
        given = image if images.is_floating_point() else image * 255
        added = _fitted(given, images, "samples")
        dataset.tensors = (
            torch.cat([images, added.to(images)]),
            torch.cat([labels, _label(label, labels)]),
        )
    elif isinstance(dataset, list):
        first = cast("list[Any]", dataset)[0] if dataset else (image, label)
        if not isinstance(first, list | tuple) or len(cast("list[Any]", first)) != _PAIR:
            raise ConfigurationError(
                "the training's list does not hold (image, label) pairs; add the samples in "
                "pad.samples to it."
            )
        cast("list[Any]", dataset).append((image, label))
    else:
        raise ConfigurationError(
            f"samples cannot be added to a {type(dataset).__name__}; the drawn ones are in "
            "pad.samples. A TensorDataset, a list of pairs or nbviz.datasets takes them."
        )


def _check_reading(loader: Any, dataset: Any) -> None:
    """Refuse loaders whose next epoch would not have what is added."""
    sampler = loader.sampler
    is_whole = isinstance(sampler, RandomSampler | SequentialSampler)
    if not is_whole or (hasattr(dataset, "__len__") and len(sampler) != len(dataset)):
        raise ConfigurationError(
            f"the training's {type(sampler).__name__} chooses among the samples of before; the "
            "drawn ones are in pad.samples. shuffle=True or no sampler reads all that there is."
        )
    if loader.num_workers and loader.persistent_workers:
        raise ConfigurationError(
            "the loader's persistent workers keep the data of before; the drawn samples are in "
            "pad.samples. Make the loader without persistent_workers."
        )


def _fitted(image: torch.Tensor, others: torch.Tensor, what: str) -> torch.Tensor:
    shape = tuple(others.shape[1:])
    if image.numel() != torch.Size(shape).numel():
        raise ConfigurationError(
            f"the training's {what} have shape {shape}, the drawing has {tuple(image.shape)}; make "
            "the pad with size=(height, width) of the samples."
        )
    return image.reshape(1, *shape)


def _label(label: int, others: torch.Tensor) -> torch.Tensor:
    if others.ndim != 1:
        raise ConfigurationError(
            f"the training's labels have shape {tuple(others.shape)}; a class index can be added "
            "to labels of shape (samples,)."
        )
    return torch.tensor([label], dtype=others.dtype, device=others.device)
