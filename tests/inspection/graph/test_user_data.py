"""Objects that keep their tensors in private: found, shown, and left as they are."""

from __future__ import annotations

import weakref
from collections import UserDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Categorical
from torch.utils import _pytree as pytree

from nbviz.inspection.graph.trace.nested_tensors import named_tensors, with_tensors
from nbviz.inspection.graph.trace.trace import trace


class Storage:
    """As torch_geometric's: a mapping in a private attribute, and a weak reference to the whole."""

    def __init__(self, parent: Any) -> None:
        self.__dict__["_mapping"] = {}
        self.__dict__["_parent"] = weakref.ref(parent)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_mapping"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_mapping"][name] = value


class GraphData:
    """As torch_geometric's `Data`, whose class can be called, too."""

    def __init__(self, **tensors: Any) -> None:
        self.__dict__["_store"] = Storage(self)
        for name, tensor in tensors.items():
            setattr(self._store, name, tensor)

    def __getattr__(self, name: str) -> Any:
        if name == "_store":
            raise AttributeError(name)
        return getattr(self._store, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._store, name, value)

    def __call__(self, *names: str) -> Any:
        return [(name, getattr(self, name)) for name in names]


@dataclass(slots=True)
class Slotted:
    x: torch.Tensor
    edge_index: torch.Tensor


class Private:
    def __init__(self, x: torch.Tensor, edge_index: torch.Tensor) -> None:
        self._x, self._edges = x, edge_index

    x = property(lambda self: self._x)
    edge_index = property(lambda self: self._edges)


class Registered:
    """Keeps its tensors where nothing finds them; says so to PyTorch."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        held = list(tensors)
        self.get = lambda: held

    x = property(lambda self: self.get()[0])
    edge_index = property(lambda self: self.get()[1])


class Held(MutableMapping):
    """As DGL's and tensordict's mappings, which keep their items in an attribute."""

    def __init__(self, **tensors: torch.Tensor) -> None:
        self._items = dict(tensors)

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._items[name]

    def __setitem__(self, name: str, value: torch.Tensor) -> None:
        if value.is_meta:
            raise TypeError("a meta tensor")
        self._items[name] = value

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    x = property(lambda self: self["x"])
    edge_index = property(lambda self: self["edge_index"])


class Frozen(Private):
    """Is its own copy, and takes no attributes."""

    def __copy__(self) -> Frozen:
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self, name):
            raise AttributeError("frozen")
        super().__setattr__(name, value)


class Pair(tuple):
    """A tuple whose constructor takes other things than its items."""

    __slots__ = ()

    def __new__(cls, x: torch.Tensor, edge_index: torch.Tensor) -> Self:
        return super().__new__(cls, (x, edge_index))

    x = property(lambda self: self[0])
    edge_index = property(lambda self: self[1])


class Shown:
    """Has a view of its items that cannot be written."""

    def __init__(self, **tensors: torch.Tensor) -> None:
        self.items = MappingProxyType(tensors)

    x = property(lambda self: self.items["x"])
    edge_index = property(lambda self: self.items["edge_index"])


pytree.register_pytree_node(
    Registered, lambda one: (one.get(), None), lambda tensors, _: Registered(*tensors)
)


class Writes(nn.Module):
    """Changes what it is given, in a pass that needs values."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, data):
        data.x.mul_(2)
        chosen = data.x[data.edge_index.max().item()]
        return self.fc(chosen)


def parts() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.ones(4, 3), torch.tensor([[0, 1], [1, 2]])


KINDS = [GraphData, Slotted, Private, Registered, Held, Frozen, Pair, Shown]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_writes_into_its_data_does_not_reach_the_users(kind: Any) -> None:
    x, edge_index = parts()
    data = kind(x=x, edge_index=edge_index) if kind is not Registered else kind(x, edge_index)
    model = Writes()
    graph = trace(model, data)
    assert "real values" in graph.note
    assert torch.equal(data.x, torch.ones(4, 3))
    assert data.x is x
    inputs = [node for node in graph.nodes if node.kind == "input"]
    assert [node.outputs[0].shape for node in inputs] == [(4, 3), (2, 2)]
    assert [edge.source for edge in graph.edges if edge.target == "/mul_"] == [inputs[0].node_id]


def test_inputs_have_the_names_that_their_owner_gives_them() -> None:
    x, edge_index = parts()
    for data in (GraphData(x=x, edge_index=edge_index), Slotted(x, edge_index)):
        names = [name for name, _ in named_tensors(data, "data")]
        assert names == ["data.x", "data.edge_index"]
    assert [name for name, _ in named_tensors(Private(x, edge_index), "data")] == [
        "data.x",
        "data.edges",
    ]
    logits = torch.randn(2, 5)
    assert {name for name, _ in named_tensors(Categorical(logits=logits), "policy")} >= {
        "policy.logits"
    }


def test_the_parts_of_a_copy_know_the_copy() -> None:
    x, edge_index = parts()
    data = GraphData(x=x, edge_index=edge_index)
    copied = with_tensors(data, torch.clone)
    assert copied._store._parent() is copied
    assert data._store._parent() is data
    copied.new = x
    assert "new" not in data._store._mapping


def test_what_is_held_twice_is_copied_once_and_what_lies_beside_tensors_is_copied() -> None:
    x = torch.ones(2)
    batch = {"x": x, "again": [x], "counts": {"seen": [1]}, "array": np.zeros(2)}
    copied = with_tensors((batch,), torch.clone)[0]
    assert copied["x"] is copied["again"][0] is not x
    copied["counts"]["seen"].append(2)
    copied["array"][0] = 1.0
    assert batch["counts"] == {"seen": [1]}
    assert batch["array"][0] == 0.0
    around: dict[str, Any] = {"x": x}
    around["self"] = around
    assert with_tensors(around, torch.clone)["self"]["self"]["x"] is not x


def test_a_distribution_and_a_user_dict_go_in_and_out() -> None:
    class Policy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 5)

        def forward(self, batch):
            return Categorical(logits=self.fc(batch["x"]))

    graph = trace(Policy().eval(), UserDict(x=torch.randn(2, 3)))
    assert [node.name for node in graph.nodes if node.kind == "input"] == ["batch.x"]
    outputs = [node for node in graph.nodes if node.kind == "output"]
    assert (2, 5) in [node.outputs[0].shape for node in outputs]
    assert all(any(edge.target == node.node_id for edge in graph.edges) for node in outputs)
