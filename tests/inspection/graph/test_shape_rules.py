"""Shapes computed by rules are those of the real operators: size, dtype, order in memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nbviz.inspection.graph.trace.shape_rules import RULES

aten = torch.ops.aten


def image() -> torch.Tensor:
    return torch.rand(2, 6, 9, 8)


def moved() -> torch.Tensor:
    return torch.rand(2, 9, 8, 6).permute(0, 3, 1, 2)


def matrix() -> torch.Tensor:
    return torch.rand(5, 6)


ones, flat = torch.ones(6), torch.zeros(0)
CALLS: list[tuple[Any, tuple[Any, ...]]] = [
    *((getattr(aten, name).default, (x,)) for name in ("relu", "gelu", "silu", "tanh", "sigmoid")
      for x in (image(), moved())),
    *((getattr(aten, name).default, (image(),)) for name in ("relu_", "silu_", "hardswish_")),
    (aten.clamp.default, (moved(), 0.1)),
    (aten.roll.default, (image(), [1, 2], [1, 2])),
    (aten._unsafe_view.default, (image(), [12, -1])),
    *((op, (image(), y)) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)
      for y in (image(), torch.rand(6, 1, 1), torch.rand(()))),
    (aten.add.Tensor, (torch.rand(6, 1), torch.rand(2, 1, 8))),
    (aten.mul.Scalar, (moved(), 2)),
    (aten.cat.default, ([image(), torch.rand(2, 3, 9, 8)], 1)),
    (aten.mean.dim, (image(), [-1, -2], True)),
    (aten.mean.dim, (image(), [2, 3])),
    (aten.max_pool2d_with_indices.default, (image(), [3, 3], [2, 2], [1, 1])),
    (aten.max_pool2d_with_indices.default, (image(), [2, 2])),
    (aten.avg_pool2d.default, (image(), [2, 2], [2, 2], [0, 0], False, False)),
    (aten.avg_pool2d.default, (image(), [3, 3], [1, 1], [1, 1])),
    (aten._adaptive_avg_pool2d.default, (image(), [4, 3])),
    (aten.addmm.default, (torch.rand(7), matrix(), torch.rand(6, 7))),
    (aten.mm.default, (matrix(), matrix().t())),
    (aten.bmm.default, (torch.rand(2, 3, 4), torch.rand(2, 5, 4).transpose(1, 2))),
    (aten.convolution.default,
     (image(), torch.rand(4, 3, 3, 2), None, [2, 1], [1, 0], [1, 2], False, [0, 0], 2)),
    (aten.native_batch_norm.default, (image(), ones, ones, ones, ones, False, 0.1, 1e-5)),
    (aten.native_batch_norm.default, (image(), ones, ones, ones, ones, True, 0.1, 1e-5)),
    (aten.native_layer_norm.default, (torch.rand(3, 5, 6), [6], ones, ones, 1e-5)),
    (aten.native_layer_norm.default,
     (torch.rand(3, 6, 5).transpose(1, 2), [6], ones, ones, 1e-5)),
    (aten.embedding.default, (matrix(), torch.tensor([[0, 1], [4, 2]]))),
    (aten._softmax.default, (image(), 1, False)),
]  # fmt: skip


# Here the order in memory or the type is the operator's own affair.
LEFT_TO_THE_OPERATOR: list[tuple[Any, tuple[Any, ...]]] = [
    (aten.clone.default, (moved(),)),
    (aten._unsafe_view.default, (moved(), [2, 6, 72])),
    *((op, (image(), y)) for op in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor)
      for y in (moved(), torch.rand(8).double())),
    (aten.div.Tensor, (torch.ones(3, dtype=torch.long), torch.ones(3, dtype=torch.long))),
    (aten.cat.default, ([image(), moved()], -1)),
    (aten.max_pool2d_with_indices.default, (image(), [3], [2], [1], [2], True)),
    (aten.convolution.default,
     (image(), torch.rand(6, 4, 3, 3), None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1)),
]  # fmt: skip


def name_of(value: object) -> str:
    """The operator's; arguments are random, and would name a test differently each time."""
    return "" if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("func", "args"), CALLS, ids=name_of)
def test_a_rule_says_what_the_operator_returns(func: Any, args: tuple[Any, ...]) -> None:
    said = RULES[func](*args)
    assert said is not NotImplemented
    for made, known in zip(_several(said), _several(func(*args)), strict=True):
        assert (made.shape, made.dtype) == (known.shape, known.dtype)
        assert made.stride() == known.stride()


@pytest.mark.parametrize(("func", "args"), LEFT_TO_THE_OPERATOR, ids=name_of)
def test_what_no_rule_is_sure_of_is_left_to_the_operator(func: Any, args: tuple[Any, ...]) -> None:
    assert RULES[func](*args) is NotImplemented
    assert isinstance(_several(func(*args))[0], torch.Tensor)


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (aten.mm.default, (matrix(), matrix())),
        (aten.add.Tensor, (torch.rand(3), torch.rand(4))),
        (aten.cat.default, ([torch.rand(2, 3), torch.rand(4, 4)],)),
        (aten.mean.dim, (matrix(), [2])),
        (aten._unsafe_view.default, (matrix(), [7, -1])),
        (aten.max_pool2d_with_indices.default, (image(), [2, 2], [1, 1], [2, 2])),
    ],
)
def test_what_the_operator_refuses_is_left_to_it(func: Any, args: tuple[Any, ...]) -> None:
    assert RULES[func](*args) is NotImplemented
    with pytest.raises((RuntimeError, IndexError)):
        func(*args)


def _several(value: Any) -> tuple[torch.Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)
