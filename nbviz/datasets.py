"""Small image data sets for teaching and for the demo, as loaders that are quick on a CPU.

`digits` comes with scikit-learn and needs no download. The others are torchvision's own, read from
`root` or downloaded once. Images stay bytes in memory and become float32 a batch at a time, so that
a loader takes microseconds a batch where one image after another takes milliseconds.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nbviz.errors import ConfigurationError, DatasetError, MissingDependencyError

if TYPE_CHECKING:
    from pathlib import Path

Batch = tuple[Tensor, Tensor]
Loaders = tuple[DataLoader[Batch], DataLoader[Batch]]


class Samples(Sequence[Batch]):
    """Samples of a batch, to every collate function a sequence of (image, label).

    Attributes:
        images: float32 of shape (B, C, H, W), 0 to 1.
        labels: int64 of shape (B,).
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> Batch: ...

    @overload
    def __getitem__(self, index: slice) -> Samples: ...

    def __getitem__(self, index: int | slice) -> Batch | Samples:
        images, labels = self.images[index], self.labels[index]
        return Samples(images, labels) if isinstance(index, slice) else (images, labels)


class ImageTensors(Dataset[Batch]):
    """Images and labels in memory; whole batches are taken at once.

    Args:
        images: uint8 of shape (N, C, H, W), from 0 to `peak`.
        labels: int64 of shape (N,).
        peak: The value that becomes 1.0.
    """

    def __init__(self, images: Tensor, labels: Tensor, peak: float = 255) -> None:
        self.images = images
        self.labels = labels
        self.peak = peak

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Batch:
        return self.images[index].float() / self.peak, self.labels[index]

    def __getitems__(self, indices: Sequence[int]) -> Samples:
        """Return several samples at once, as a DataLoader asks for those of a batch."""
        chosen = torch.as_tensor(indices)
        return Samples(self.images[chosen].float() / self.peak, self.labels[chosen])


def digits(batch_size: int = 64, seed: int = 0, val_fraction: float = 0.2) -> Loaders:
    """Return handwritten digits of 8 × 8 pixels: 1,797 real ones, nothing to download.

    From the UCI repository (Alpaydin and Kaynak, 1998), as scikit-learn ships them. Both parts hold
    every digit in the same proportion.

    Args:
        batch_size: Images in a batch, at least 1.
        seed: Decides which images validate, and the order of the training batches.
        val_fraction: Share of the images that validate, between 0 and 1.

    Returns:
        Training and validation loader. A batch is images, float32 of shape (B, 1, 8, 8) in 0 to 1,
        and labels, int64 of shape (B,).

    Raises:
        ConfigurationError: The batch size or the fraction is out of range.
        MissingDependencyError: scikit-learn is not installed.
    """
    if not 0 < val_fraction < 1:
        raise ConfigurationError(f"val_fraction must be between 0 and 1, got {val_fraction}.")
    try:
        # By name, because scikit-learn has no complete types.
        data: Any = importlib.import_module("sklearn.datasets")
        selection: Any = importlib.import_module("sklearn.model_selection")
    except ImportError:
        raise MissingDependencyError("scikit-learn", "demo") from None
    bunch = data.load_digits()
    parts = selection.train_test_split(
        bunch.images, bunch.target, test_size=val_fraction, stratify=bunch.target, random_state=seed
    )
    train_images, val_images, train_labels, val_labels = (torch.as_tensor(p) for p in parts)
    return _loaders(
        ImageTensors(train_images.byte().unsqueeze(1), train_labels.long(), peak=16),
        ImageTensors(val_images.byte().unsqueeze(1), val_labels.long(), peak=16),
        batch_size,
        seed,
    )


def mnist(
    root: str | Path = "data", *, batch_size: int = 128, seed: int = 0, download: bool = True
) -> Loaders:
    """Return MNIST's handwritten digits: 60,000 to train and 10,000 to validate, 1 × 28 × 28.

    Args:
        root: The folder that holds torchvision's copy, or will.
        batch_size: Images in a batch, at least 1.
        seed: Decides the order of the training batches.
        download: Whether to fetch what is missing (12 MB).

    Returns:
        Training and validation loader. A batch is images, float32 of shape (B, 1, 28, 28) in 0 to
        1, and labels, int64 of shape (B,).

    Raises:
        ConfigurationError: The batch size is below 1.
        DatasetError: The data are not in `root`, and could not be downloaded.
        MissingDependencyError: torchvision is not installed.
    """
    return _from_torchvision("MNIST", root, batch_size=batch_size, seed=seed, download=download)


def fashion_mnist(
    root: str | Path = "data", *, batch_size: int = 128, seed: int = 0, download: bool = True
) -> Loaders:
    """Return FashionMNIST: ten kinds of clothes, sized and called as `mnist` (31 MB)."""
    return _from_torchvision(
        "FashionMNIST", root, batch_size=batch_size, seed=seed, download=download
    )


def cifar10(
    root: str | Path = "data", *, batch_size: int = 128, seed: int = 0, download: bool = True
) -> Loaders:
    """Return CIFAR-10: ten kinds of things in colour, called as `mnist` (170 MB).

    There are 50,000 images to train and 10,000 to validate, of shape (B, 3, 32, 32) in a batch.
    """
    return _from_torchvision("CIFAR10", root, batch_size=batch_size, seed=seed, download=download)


def _from_torchvision(
    name: str, root: str | Path, *, batch_size: int, seed: int, download: bool
) -> Loaders:
    try:
        from torchvision import datasets
    except ImportError:
        raise MissingDependencyError("torchvision", "vision") from None
    parts: list[ImageTensors] = []
    for is_train in (True, False):
        try:
            part: Any = getattr(datasets, name)(root, train=is_train, download=download)
        except (OSError, RuntimeError) as error:
            raise DatasetError(_missing(name, root, error, download=download)) from error
        images = torch.as_tensor(part.data)
        # MNIST comes as (N, H, W), CIFAR as (N, H, W, C).
        images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)  # noqa: PLR2004
        parts.append(ImageTensors(images.contiguous(), torch.as_tensor(part.targets)))
    train, val = parts
    return _loaders(train, val, batch_size, seed)


def _missing(name: str, root: str | Path, error: Exception, *, download: bool) -> str:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if not download:
        return (
            f"{name} is not in {str(root)!r} ({reason}). Pass download=True, or the folder that "
            "holds it as root."
        )
    return (
        f"{name} could not be downloaded to {str(root)!r} ({reason}). Without a network, copy "
        "torchvision's folder there from another machine and pass download=False, or use "
        "nbviz.datasets.digits(), which needs no download."
    )


def _loaders(train: ImageTensors, val: ImageTensors, batch_size: int, seed: int) -> Loaders:
    if batch_size < 1:
        raise ConfigurationError(f"batch_size must be at least 1, got {batch_size}.")
    order = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size, shuffle=True, generator=order, collate_fn=_collate),
        DataLoader(val, max(batch_size, 256), collate_fn=_collate),
    )


def _collate(samples: Any) -> Any:
    """Keep what `__getitems__` made at once, where the default would stack one sample by one."""
    if isinstance(samples, Samples):
        return samples.images, samples.labels
    return torch.utils.data.default_collate(samples)
