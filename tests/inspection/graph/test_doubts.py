"""What PyTorch refuses of real tensors only is a TraceError, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from nbviz.errors import TraceError
from nbviz.inspection.graph.trace.trace import trace

if TYPE_CHECKING:
    from collections.abc import Callable


class Calls(nn.Module):
    """Calls a function in a layer of its own."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.first = nn.Identity()
        self.inner = Applies(function)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.inner(self.first(inputs[0]), *inputs[1:])


class Applies(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


ONES = torch.ones(2, 4)
LONG = torch.ones(2, 4, dtype=torch.long)
REFUSED: dict[str, tuple[Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    "matmul of two dtypes": (lambda x, y: x @ y.T, (ONES, LONG)),
    "linear of double": (nn.Linear(4, 4), (ONES.double(),)),
    "linear in half": (nn.Linear(4, 4).half(), (ONES,)),
    "convolution": (nn.Conv1d(2, 3, 1), (ONES.double()[None],)),
    "transposed convolution": (nn.ConvTranspose1d(3, 4, 1), (ONES[None],)),
    "bag of indices": (nn.EmbeddingBag(3, 4), (LONG * 3,)),
    "pooling of integers": (nn.AdaptiveMaxPool2d(1), (LONG[None],)),
    "spread of integers": (torch.std, (LONG,)),
    "rest of complex numbers": (lambda x: x % 2, (ONES.cfloat(),)),
    "product of truths": (lambda x: x @ x.T, (ONES > 0,)),
    "nothing to resize": (nn.Upsample(scale_factor=2, mode="linear"), (torch.ones(1, 2, 0),)),
    "addmm": (torch.addmm, (ONES[:, :2], ONES[:, :2], ONES[:, :2].double())),
    "softmax of integers": (nn.Softmax(-1), (LONG,)),
    "softmax of no such dimension": (nn.Softmax(5), (ONES,)),
    "gelu of integers": (functional.gelu, (LONG,)),
    "relu of complex": (nn.ReLU(), (ONES.cfloat(),)),
    "layer norm": (nn.LayerNorm(4), (ONES.double(),)),
    "batch norm": (nn.BatchNorm1d(4), (ONES.double(),)),
    "and of floats": (lambda x: x & x, (ONES,)),
    "index out of range": (nn.Embedding(10, 4), (LONG * 10,)),
    "part of an index out of range": (
        lambda x: nn.functional.embedding(x.view(-1)[:3], torch.ones(1, 4)),
        (LONG,),
    ),
    "indexing": (lambda x, i: x[i], (ONES, torch.tensor([2]))),
    "gather": (lambda x, i: x.gather(1, i), (ONES, LONG * 4)),
    "class out of range": (functional.cross_entropy, (ONES, torch.tensor([0, 4]))),
    "class of int32": (functional.cross_entropy, (ONES, torch.tensor([0, 1]).int())),
    "attention mask": (
        lambda x, m: functional.scaled_dot_product_attention(x, x, x, attn_mask=m),
        (torch.ones(1, 2, 4, 8), torch.ones(4, 5)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_names_the_layer_and_holds_what_ran_before(name: str) -> None:
    function, inputs = REFUSED[name]
    model = Calls(function)
    with pytest.raises((RuntimeError, IndexError)):
        model(*inputs)
    with pytest.raises(TraceError, match=r"failed in inner") as caught:
        trace(model, *inputs)
    assert caught.value.__cause__ is not None
    graph = caught.value.graph
    nodes = {node["label"]: node for node in graph.level("")["nodes"]}
    assert "error" not in nodes["first"]
    assert nodes["inner"]["error"].startswith(type(caught.value.__cause__).__name__)


ACCEPTED: dict[str, tuple[Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    "last index": (nn.Embedding(10, 4), (LONG * 9,)),
    "negative index": (lambda x, i: x[i], (ONES, torch.tensor([-2]))),
    "ignored class": (functional.cross_entropy, (ONES, torch.tensor([0, -100]))),
    "integers": (lambda x: (x + 1) * 2 > x.cumsum(1), (LONG,)),
    "bits": (lambda x: x & 1, (LONG,)),
    "mask that is broadcast": (
        lambda x, m: functional.scaled_dot_product_attention(x, x, x, attn_mask=m),
        (torch.ones(1, 2, 4, 8), torch.ones(1, 1, 4, 4, dtype=torch.bool)),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_a_real_call_accepts_is_traced_by_shapes(name: str) -> None:
    function, inputs = ACCEPTED[name]
    Calls(function)(*inputs)
    assert trace(Calls(function), *inputs).note == ""


def test_a_real_pass_decides_where_it_is_not_sure() -> None:
    def gathered(x: torch.Tensor) -> torch.Tensor:
        return x.cfloat() @ x.T.cfloat() + torch.matmul(x.T.half(), x.half()).sum()

    assert trace(Calls(gathered), ONES).note == ""
    given = Calls(lambda x, i: x.gather(1, i.int()))
    try:
        given(ONES, LONG)
    except RuntimeError:  # earlier versions of PyTorch
        with pytest.raises(TraceError, match="Expected dtype int64 for index"):
            trace(given, ONES, LONG)
    else:
        note = trace(given, ONES, LONG).note
        assert "known of real values only: its index is int32" in note
