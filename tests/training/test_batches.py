"""Batches of every shape: split, moved, described."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from observed import Events, make_engine
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from nbviz.errors import TrainingError
from nbviz.training.devices.device import to_device
from nbviz.training.events import LineLogged, ValidationEnded
from nbviz.training.steps.batches import describe, split_batch
from nbviz.training.steps.forward import Forward
from nbviz.training.steps.sample_counts import SampleCounter, count_samples

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
    assert count_samples({"scale": torch.tensor(1.0), "x": [X, Y]})[:2] == (4, "")
    assert count_samples("nothing").samples == 1
    assert count_samples(SimpleNamespace(batch_size=3)).samples == 3  # as DGL's
    assert count_samples((X, torch.tensor(0.0))).samples == 4  # one target for all of them
    assert describe({"a": X, "b": (Y, 1)}) == "a float32 (4, 3), b[0] float32 (4,)"
    assert describe(X) == "float32 (4, 3)"
    assert describe(3) == "int"


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested")
def test_nested_tensor_and_foreign_code_are_counted_without_an_error() -> None:
    nested = torch.nested.nested_tensor([torch.ones(3, 2), torch.ones(5, 2)])
    assert count_samples(nested).samples == 2
    assert describe((nested, Y)) == "[0] float32 (2 of several shapes), [1] float32 (4,)"

    class Untellable:
        def __len__(self) -> int:
            raise RuntimeError("no length")

    said: list[str] = []
    assert SampleCounter(None, said.append)(Untellable(), None) == 1
    assert "no length" in said[0]
    assert "batch_size=" in said[0]
    assert SampleCounter(lambda batch: batch["none"], said.append)({"x": X}, None) == 4
    assert "KeyError" in said[1]
    assert SampleCounter(lambda batch: -1, said.append)({"x": X}, None) == 4
    assert said[2] == "batch_size=… gave -1, and nbviz counts by itself"
    of_pictures = SampleCounter(None, said.append)
    assert [of_pictures(one, None) for one in (X, X[:1])] == [4, 1]
    assert len(said) == 3  # only the first dimension differs
    of_series = SampleCounter(None, said.append)  # (time, samples)
    assert [of_series(one, None) for one in (X, X[:, :1])] == [4, 4]
    assert "shapes (…, 1,) and (…, 3,), and the first dimension is taken to be" in said[3]


class Masked(nn.Module):
    """Takes two inputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.layer(x * mask)


class Vision(nn.Module):
    """As Hugging Face's models: everything is optional, and the first is not the images."""

    def forward(self, input_ids: Any = None, pixel_values: Any = None, **rest: Any) -> Any:
        return pixel_values


ONE = Forward.of(nn.Linear(3, 2))
TWO = Forward.of(Masked())


def test_forward_is_read_through_what_wraps_a_model() -> None:
    expected = Forward("Masked", ("x", "mask"), ("x", "mask"), takes_any=False)
    assert expected == TWO
    assert Forward.of(torch.compile(Masked(), backend="eager")) == expected  # type: ignore[arg-type]
    assert Forward.of(nn.DataParallel(Masked())) == expected


@pytest.mark.parametrize(
    ("batch", "forward", "inputs", "named"),
    [
        ({"image": X, "label": Y}, ONE, (X,), {}),
        ({"image": X, "label": Y, "path": ["a", "b"]}, ONE, (X,), {}),
        ({"whatever": X, "label": Y}, ONE, (X,), {}),
        ({"x": X, "mask": Z, "y": Y}, TWO, (), {"x": X, "mask": Z}),
        ({"images": X, "mask": Z, "y": Y}, TWO, (X,), {"mask": Z}),
        ({"pixel_values": X, "labels": Y}, Forward.of(Vision()), (), {"pixel_values": X}),
        ({"pixel_values": X, "more": Z, "labels": Y}, Forward.of(Vision()), (),
         {"pixel_values": X, "more": Z}),
        (Record(X, Y), ONE, (X,), {}),
    ],
)  # fmt: skip
def test_named_parts_go_to_the_parameters_of_forward(
    batch: Any, forward: Any, inputs: Any, named: Any
) -> None:
    split = split_batch(batch, forward)
    assert [id(each) for each in split.inputs] == [id(each) for each in inputs]
    assert {name: id(each) for name, each in split.named.items()} == {
        name: id(each) for name, each in named.items()
    }
    assert split.targets is Y


@pytest.mark.parametrize(
    ("batch", "forward", "message"),
    [
        ({"x": X, "mask": Z, "y": Y}, ONE, r"'x', 'mask' has no place in Linear.forward\(input\)"),
        ({"input": X, "mask": Z, "y": Y}, ONE, r"'mask' has no place in Linear.forward\(input\)"),
        ({"a": X, "mask": Z, "y": Y}, TWO, r"'a' has no place in Masked.forward.*needs 'x'"),
        (
            {"x": X, "y": Y},
            TWO,
            r"lacks what goes to Masked.forward\(x, mask\), which needs",
        ),
    ],
)
def test_part_without_a_place_is_refused_by_name(batch: Any, forward: Any, message: str) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        split_batch(batch, forward)
    assert "prepare_batch=" in str(caught.value)


def final(batches: Any, model: Any, **options: Any) -> dict[str, float]:
    """Validate once, and return what was measured."""
    events = Events()
    options = {"optimizer": torch.optim.SGD(model.parameters(), lr=0.0), **options}
    make_engine(events, batches, model=model, val_loader=batches, max_steps=1, **options).run()
    assert events[-1].reason == "finished"
    (ended,) = events.of(ValidationEnded)
    return {tag: float(value) for tag, value in ended.scalars.items()}


def test_batch_can_be_prepared() -> None:
    model, generator = Masked(), torch.Generator().manual_seed(0)
    x, mask = torch.randn(8, 3, generator=generator), torch.ones(8, 3)
    y = (x.sum(1) > 0).long()
    expected = nn.functional.cross_entropy(model.layer(x), y).item()
    batches = [{"data": {"a": x, "b": mask}, "truth": y}]
    for prepare in (
        lambda batch: ({"x": batch["data"]["a"], "mask": batch["data"]["b"]}, batch["truth"]),
        lambda batch: ((batch["data"]["a"], batch["data"]["b"]), batch["truth"]),
    ):
        found = final(batches, model, prepare_batch=prepare, metrics=["accuracy"])
        assert found["loss/val"] == pytest.approx(expected)
        assert 0 <= found["accuracy/val"] <= 1
    with pytest.raises(TrainingError, match=r"must return \(inputs, targets\), got float32"):
        final(batches, model, prepare_batch=lambda batch: batch["data"]["a"])


class Output(OrderedDict[str, Any]):
    """As Hugging Face's ModelOutput: a mapping whose items are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Classifier(nn.Module):
    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.kind = kind

    def forward(self, input_ids: Any = None, pixel_values: Any = None, labels: Any = None) -> Any:
        logits = self.layer(pixel_values)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return self.kind(loss=loss, logits=logits)


@pytest.mark.parametrize("kind", [Output, SimpleNamespace])
@pytest.mark.parametrize("loss_fn", [None, nn.CrossEntropyLoss()])
def test_model_whose_output_has_loss_and_logits(kind: Any, loss_fn: Any) -> None:
    model, x = Classifier(kind), torch.randn(8, 3)
    y = (x.sum(1) > 0).long()
    expected = model(pixel_values=x, labels=y)
    found = final([{"pixel_values": x, "labels": y}], model, loss_fn=loss_fn, metrics=["accuracy"])
    assert found["loss/val"] == pytest.approx(expected.loss.item())
    right = (expected.logits.argmax(1) == y).float().mean().item()
    assert found["accuracy/val"] == pytest.approx(right)


class Answers(nn.Module):
    """Computes its loss from targets of names of its own, as Hugging Face's BERT for questions."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, pixel_values: Any, start_positions: Any = None, end_positions: Any = None):
        logits = self.layer(pixel_values)
        loss = None
        if start_positions is not None and end_positions is not None:
            loss = nn.functional.cross_entropy(logits, (start_positions + end_positions) % 2)
        return Output(loss=loss, logits=logits)


def test_model_that_computes_its_loss_from_targets_of_its_own_names() -> None:
    x, y = torch.randn(8, 3), torch.arange(8) % 2
    model: Any = Answers()
    batch = {"pixel_values": x, "start_positions": y, "end_positions": 1 - y}
    expected = model(**batch).loss.item()
    assert final([batch], model, loss_fn=None)["loss/val"] == pytest.approx(expected)
    model = Classifier(Output)
    expected = model(pixel_values=x, labels=y).loss.item()
    for name in ("label", "label_ids"):  # as data sets name what the model calls `labels`
        found = final([{"pixel_values": x, name: y}], model, loss_fn=None)
        assert found["loss/val"] == pytest.approx(expected)


def pieces() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Time-first sequences (5, B, 3) with one target each; the last batch is smaller."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 7, 3, generator=generator)
    y = (x.sum((0, 2)) > 0).long()
    return [(x[:, :6], y[:6]), (x[:, 6:], y[6:])]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner, self.out = nn.GRU(3, 4), nn.Linear(4, 2)

    def forward(self, x: Any) -> torch.Tensor:
        return self.out(self.inner(x)[1][0])


def whole_loss(model: nn.Module) -> float:
    (x, y), (more, last) = pieces()
    x, y = torch.cat([x, more], 1), torch.cat([y, last])
    with torch.no_grad():
        return nn.functional.cross_entropy(model(x), y).item()


def test_validation_of_time_first_and_packed_batches_is_weighted_by_samples() -> None:
    model = Recurrent()
    expected = whole_loss(model)
    assert final(pieces(), model)["loss/val"] == pytest.approx(expected)
    packed = [(pack_padded_sequence(x, [5] * x.shape[1]), y) for x, y in pieces()]
    assert final(packed, model)["loss/val"] == pytest.approx(expected)


class Graphs:
    """As PyTorch Geometric's Batch: its `len` is not the number of graphs."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y, self.num_graphs = x, y, len(y)

    def __len__(self) -> int:
        return 2

    def to(self, device: Any) -> Any:
        return self


def test_validation_of_a_librarys_own_batches_is_weighted_by_samples() -> None:
    model = Recurrent()
    expected = whole_loss(model)

    def loss_of(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(model(x), y)

    def of_graphs(model: nn.Module, batch: Any) -> Any:
        return loss_of(model, batch.x, batch.y)

    graphs = [Graphs(x, y) for x, y in pieces()]
    found = final(graphs, model, training_step=of_graphs, loss_fn=None)
    assert found["loss/val"] == pytest.approx(expected)

    def of_samples(model: nn.Module, batch: Any) -> Any:
        x = torch.stack([sample["x"] for sample in batch], 1)
        return loss_of(model, x, torch.stack([sample["y"] for sample in batch]))

    samples = [
        [{"x": x[:, i], "y": y[i]} for i in range(len(y))] for x, y in pieces()
    ]  # fmt: skip
    found = final(samples, model, training_step=of_samples, loss_fn=None)
    assert found["loss/val"] == pytest.approx(expected)


def test_batch_size_that_cannot_be_told_is_asked_for() -> None:
    model, events = Recurrent(), Events()
    expected = whole_loss(model)

    def step(model: nn.Module, batch: Any) -> Any:
        return nn.functional.cross_entropy(model(batch["seq"]), batch["classes"])

    batches = [{"seq": x, "classes": y} for x, y in pieces()]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    options: dict[str, Any] = {"training_step": step, "optimizer": optimizer, "max_epochs": 1}
    make_engine(events, batches, model=model, val_loader=batches, **options).run()
    (line,) = events.of(LineLogged)
    assert "begin with dimensions of 5, 6, and a batch is taken to have 5 samples" in line.text
    assert "batch_size=" in line.text
    found = final(
        batches, model, batch_size=lambda batch: len(batch["classes"]), loss_fn=None,
        training_step=step,
    )  # fmt: skip
    assert found["loss/val"] == pytest.approx(expected)
