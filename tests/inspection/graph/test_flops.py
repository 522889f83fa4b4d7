"""Multiply-adds of operators for which PyTorch has no formula; what is not known is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from nbviz.inspection.graph.trace.trace import trace, trace_for_real
from nbviz.inspection.summary.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable

r = torch.randn


class Calls(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def grouped(a, b):
    ends = torch.tensor([4, 8], dtype=torch.int32)
    return torch._grouped_mm(a, b, offs=ends)


def integers(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.int8)


COUNTED: dict[str, tuple[int, Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    "mv": (24, torch.mv, (r(6, 4), r(4))),
    "mv in a batch of 3": (72, torch.matmul, (r(3, 6, 4), r(4))),
    "dot": (5, torch.dot, (r(5), r(5))),
    "addmv": (24, torch.addmv, (r(6), r(6, 4), r(4))),
    "addr": (24, torch.addr, (r(6, 4), r(6), r(4))),
    "addbmm": (2 * 3 * 4 * 5, torch.addbmm, (r(3, 5), r(2, 3, 4), r(2, 4, 5))),
    "baddbmm": (2 * 3 * 4 * 5, torch.baddbmm, (r(2, 3, 5), r(2, 3, 4), r(2, 4, 5))),
    "_int_mm": (32 * 16 * 8, torch._int_mm, (integers(32, 16), integers(16, 8))),
    "grouped_mm": (1024, grouped, (r(8, 16).bfloat16(), r(2, 16, 8).bfloat16())),
    "cdist": (5 * 6 * 4, torch.cdist, (r(5, 4), r(6, 4))),
    "cdist by products": (50 * 60 * 4, torch.cdist, (r(50, 4), r(60, 4))),
    "addr_": (24, lambda out, a, b: out.clone().addr_(a, b), (r(6, 4), r(6), r(4))),
    "pdist": (6 * 5, torch.pdist, (r(4, 5),)),
    "weights of int8": (
        3 * 32 * 16,
        torch._weight_int8pack_mm,
        (r(3, 32).bfloat16(), integers(16, 32), torch.ones(16).bfloat16()),
    ),
    "a batch of sparse ones": (
        2 * 24,
        torch.bmm,
        (torch.stack([torch.eye(6)] * 2).to_sparse(), r(2, 6, 4)),
    ),
    "sparse times dense": (24, torch.sparse.mm, (torch.eye(6).to_sparse(), r(6, 4))),
    "CSR times dense": (24, torch.matmul, (torch.eye(6).to_sparse_csr(), r(6, 4))),
}


if not hasattr(torch, "_grouped_mm"):  # before PyTorch 2.8
    del COUNTED["grouped_mm"]


@pytest.mark.parametrize("name", COUNTED)
def test_products_are_counted_with_shapes_alone_and_with_values(name: str) -> None:
    wanted, function, given = COUNTED[name]
    model = Calls(function)
    for graph in (trace(model, *given), trace_for_real(model, given, {})):
        assert graph.flops == 2 * wanted
        assert "not counted" not in graph.note


@torch.inference_mode()
def test_inference_mode_hides_no_product() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3), nn.LSTM(3, 4))
    x = torch.ones(2, 1, 4, 4)
    wanted = 2 * (2 * 2 * 4 * 9 + 2 * 8 * 3 + 2 * 4 * 4 * (3 + 4))
    assert trace(layers, x).flops == trace_for_real(layers, (x,), {}).flops == wanted
    assert summary(layers, x).mult_adds == wanted // 2


def test_a_bilinear_layer_is_two_products() -> None:
    assert trace(nn.Bilinear(4, 5, 6), r(3, 4), r(3, 5)).flops == 2 * 450


def test_a_recurrent_layer_counts_the_same_with_values_as_without() -> None:
    model, x = nn.LSTM(4, 6, batch_first=True), r(2, 5, 4)
    wanted = 2 * (2 * 5) * 4 * 6 * (4 + 6)
    assert trace(model, x).flops == trace_for_real(model, (x,), {}).flops == wanted


@pytest.mark.filterwarnings("ignore")
def test_a_dynamically_quantised_model_has_its_parameters_and_products() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    quantised = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    found = summary(quantised, r(3, 8))
    assert found.parameter_count == 212
    assert found.trainable_count == 0
    assert found.mult_adds == 576
    assert [row.mult_adds for row in found.rows if row.path in ("0", "2")] == [384, 192]


@torch.library.custom_op("nbviz_test::product", mutates_args=())
def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a @ b


@product.register_fake
def _(a, b):
    return a.new_empty(a.shape[0], b.shape[1])


def test_what_is_not_counted_is_named() -> None:
    graph = trace(Calls(torch.linalg.solve), r(3, 3), r(3, 2))
    assert "Multiply-adds not counted: _linalg_solve_ex." in graph.note
    graph = trace(Calls(product), r(2, 3), r(3, 4))
    assert graph.flops == 0
    assert "not counted: product." in graph.note
    assert "not counted: product." in str(summary(Calls(product), r(2, 3), r(3, 4)))
    assert "not counted" not in trace(Calls(torch.linalg.vector_norm), r(3)).note
