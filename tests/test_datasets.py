import gzip
import pickle
import struct
import sys

import numpy as np
import pytest
import torch

from nbviz import datasets
from nbviz.errors import ConfigurationError, DatasetError, MissingDependencyError


def test_digits_are_real_images_in_the_promised_form() -> None:
    train, val = datasets.digits(batch_size=50)
    images, labels = next(iter(train))
    assert images.shape == (50, 1, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert images.min() == 0
    assert images.max() == 1
    assert len(train.dataset) + len(val.dataset) == 1797
    assert len(val.dataset) == 360


def test_digits_validate_on_every_digit_alike() -> None:
    _, val = datasets.digits()
    labels = torch.cat([labels for _, labels in val])
    assert torch.bincount(labels).min() >= 34


def test_digits_follow_the_seed() -> None:
    first, again, other = (next(iter(datasets.digits(seed=s)[0]))[0] for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_training_batches_are_shuffled_anew_each_epoch() -> None:
    train, _ = datasets.digits()
    first, second = (next(iter(train))[1] for _ in range(2))
    assert not torch.equal(first, second)


def test_an_image_alone_is_as_in_its_batch() -> None:
    _, val = datasets.digits()
    images, labels = next(iter(val))
    image, label = val.dataset[3]
    assert torch.equal(image, images[3])
    assert label == labels[3]


def test_worker_processes_load_the_same_batches() -> None:
    _, val = datasets.digits()
    in_workers = torch.utils.data.DataLoader(
        val.dataset, val.batch_size, num_workers=1, collate_fn=val.collate_fn
    )
    for (a, _), (b, _) in zip(val, in_workers, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_a_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ConfigurationError, match="val_fraction must be between 0 and 1"):
        datasets.digits(val_fraction=fraction)


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="batch_size must be at least 1, got 0"):
        datasets.digits(batch_size=0)


def test_without_scikit_learn_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingDependencyError, match=r"scikit-learn.*nbviz\[demo\]"):
        datasets.digits()


def write_idx(path, array: np.ndarray) -> None:
    """Write MNIST's own format: magic, sizes, bytes, gzipped."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb") as file:
        file.write(head + array.astype(np.uint8).tobytes())
    path.with_suffix("").write_bytes(head + array.astype(np.uint8).tobytes())


@pytest.mark.parametrize(
    ("load", "folder"), [(datasets.mnist, "MNIST"), (datasets.fashion_mnist, "FashionMNIST")]
)
def test_mnist_reads_its_own_files(tmp_path, load, folder: str) -> None:
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 12)):
        raw = tmp_path / folder / "raw"
        images = random.integers(0, 256, (count, 28, 28))
        images[0, 0, 0] = 255
        write_idx(raw / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(raw / f"{part}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    train, val = load(tmp_path, batch_size=16, download=False)
    batch, labels = next(iter(val))
    assert batch.shape == (12, 1, 28, 28)
    assert batch[0, 0, 0, 0] == 1
    assert torch.equal(batch[0, 0], torch.as_tensor(images[0]).float() / 255)
    assert labels.tolist() == [*range(10), 0, 1]
    assert [len(labels) for _, labels in train] == [16, 14]


def test_cifar10_reads_its_own_files(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    # The real files' checksums cannot be met by small ones.
    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda path, md5=None: True)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        data = random.integers(0, 256, (4, 3072), dtype=np.uint8)
        (folder / name).write_bytes(pickle.dumps({"data": data, "labels": [0, 1, 2, 3]}))
    names = [f"thing {i}" for i in range(10)]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": names}))
    train, val = datasets.cifar10(tmp_path, batch_size=8, download=False)
    images, labels = next(iter(val))
    assert images.shape == (4, 3, 32, 32)
    assert torch.equal(images[1].flatten(), torch.as_tensor(data[1]).float() / 255)
    assert labels.tolist() == [0, 1, 2, 3]
    assert len(train.dataset) == 20


def test_data_that_are_not_there_are_named(tmp_path) -> None:
    with pytest.raises(DatasetError, match=r"MNIST is not in .*Pass download=True"):
        datasets.mnist(tmp_path, download=False)


def test_a_download_that_fails_says_what_to_do(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST

    # Port 9 of this machine answers nothing: the download really fails, at once.
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DatasetError, match=r"could not be downloaded.*download=False.*digits\(\)"):
        datasets.mnist(tmp_path)


def test_data_set_is_one_of_samples_in_any_loader() -> None:
    train, _ = datasets.digits()
    whole = train.dataset
    part, _ = torch.utils.data.random_split(whole, [100, len(whole) - 100])
    expected = torch.stack([whole[i][0] for i in range(8)]), torch.stack([whole[i][1] for i in range(8)])  # fmt: skip  # noqa: E501
    for options in ({}, {"num_workers": 1}, {"collate_fn": list}):
        loader = torch.utils.data.DataLoader(whole, batch_size=8, **options)
        batch = next(iter(loader))
        if "collate_fn" in options:
            assert len(batch) == 8
            assert all(image.shape == (1, 8, 8) for image, _ in batch)
            continue
        assert torch.equal(batch[0], expected[0])
        assert torch.equal(batch[1], expected[1])
    images, labels = next(iter(torch.utils.data.DataLoader(part, batch_size=16)))
    assert (images.shape, labels.shape) == ((16, 1, 8, 8), (16,))
    assert len(whole.__getitems__([3, 4, 5])[1:]) == 2
