"""Batches of every shape: split, moved, described."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch

from nbviz.errors import TrainingError
from nbviz.training.batches import count_samples, describe, split_batch
from nbviz.training.device import to_device

X = torch.ones(4, 3)
Z = torch.zeros(4, 2)
Y = torch.zeros(4)


class Named(NamedTuple):
    image: torch.Tensor
    label: torch.Tensor


class Plain(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


@dataclass(frozen=True)
class Record:
    x: torch.Tensor
    y: torch.Tensor
    name: str = "record"


@pytest.mark.parametrize(
    ("batch", "inputs", "named"),
    [
        ((X, Y), (X,), {}),
        ([X, Y], (X,), {}),
        ((X, Z, Y), (X, Z), {}),
        (({"a": X, "b": Z}, Y), ({"a": X, "b": Z},), {}),
        ({"image": X, "label": Y}, (X,), {}),
        ({"inputs": X, "extra": Z, "targets": Y}, (X,), {}),
        ({"ids": X, "mask": Z, "labels": Y}, (), {"ids": X, "mask": Z}),
        (UserDict({"x": X, "y": Y}), (X,), {}),
        (Named(X, Y), (X,), {}),
        (Plain(X, Y), (X,), {}),
        (Record(X, Y), (X,), {}),
    ],
)  # fmt: skip
def test_split(batch: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
    split = split_batch(batch)
    assert len(split.inputs) == len(inputs)
    assert all(a is b or a == b for a, b in zip(split.inputs, inputs, strict=True))
    assert split.named.keys() == named.keys()
    assert all(split.named[name] is named[name] for name in named)
    assert split.targets is Y


@pytest.mark.parametrize("batch", [X, (X,), {"x": X}, "text", None])
def test_batch_that_cannot_be_split(batch: Any) -> None:
    with pytest.raises(TrainingError, match="cannot be split into inputs and targets"):
        split_batch(batch)


def test_moved_containers_keep_their_types() -> None:
    class OwnBatch:
        def to(self, device: torch.device) -> str:
            return f"on {device}"

    ordered = OrderedDict(a=X)
    batch = {"t": (X, [Y]), "n": Named(X, Y), "r": Record(X, Y), "o": OwnBatch(), "k": 3}
    moved = to_device({**batch, "od": ordered, "ud": UserDict(a=X)}, torch.device("meta"))
    assert moved["t"][0].is_meta
    assert moved["t"][1][0].is_meta
    assert isinstance(moved["n"], Named)
    assert moved["n"].label.is_meta
    assert isinstance(moved["r"], Record)
    assert moved["r"].x.is_meta
    assert moved["r"].name == "record"
    assert not batch["r"].x.is_meta
    assert moved["o"] == "on meta"
    assert moved["k"] == 3
    assert isinstance(moved["od"], OrderedDict)
    assert isinstance(moved["ud"], UserDict)
    assert to_device(defaultdict(list, a=X), torch.device("meta"))["a"].is_meta


def test_tensor_that_is_there_is_not_copied() -> None:
    assert to_device((X, Y), torch.device("cpu"))[0] is X


def test_samples_and_description() -> None:
    assert count_samples({"scale": torch.tensor(1.0), "x": [X, Y]}) == 4
    assert count_samples("nothing") == 1
    assert describe({"a": X, "b": (Y, 1)}) == "a float32 (4, 3), b[0] float32 (4,)"
    assert describe(X) == "float32 (4, 3)"
    assert describe(3) == "int"
