import math

import numpy as np
import pytest
import torch
from torch import nn

from nbviz.errors import ConfigurationError
from nbviz.inspection.tensors.arrangement import arrange
from nbviz.inspection.tensors.heatmaps import (
    NOT_FINITE,
    Heatmap,
    layer_tensors,
    list_layers,
    reduce_weights,
)


def shown(image: Heatmap) -> np.ndarray:
    """The values a page shows."""
    values = image.cells.astype(np.float64) * image.scale
    values[image.cells == NOT_FINITE] = np.nan
    return values


def close(image: Heatmap, expected: torch.Tensor) -> bool:
    return np.allclose(shown(image), expected.double().numpy(), atol=image.scale)


def test_a_matrix_stays_as_it_is() -> None:
    weight = torch.randn(10, 64)
    image = reduce_weights("fc.weight", weight, step=7)
    assert (image.name, image.step, image.shape) == ("fc.weight", 7, (10, 64))
    assert image.cells.dtype == np.int16
    assert image.cells.flags.c_contiguous
    assert (image.tile_rows, image.tile_columns, image.reduced) == (0, 0, 1)
    assert close(image, weight)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_statistics_are_those_of_torch(dtype: torch.dtype, offset: float) -> None:
    weight = (torch.randn(600, 500, dtype=torch.float64) * 2 + offset).to(dtype)
    image = reduce_weights("w", weight, 0)
    exact = weight.double()
    assert image.minimum == pytest.approx(exact.min().item(), rel=1e-6)
    assert image.maximum == pytest.approx(exact.max().item(), rel=1e-6)
    assert image.mean == pytest.approx(exact.mean().item(), rel=1e-4, abs=1e-6)
    assert image.std == pytest.approx(exact.std().item(), rel=2e-3)
    assert image.nonfinite == 0


@pytest.mark.parametrize(
    ("shape", "cells", "tile", "reduced"),
    [
        ((), (1, 1), (0, 0), 1),
        ((1,), (1, 1), (0, 0), 1),
        ((256,), (1, 256), (0, 0), 1),
        ((300,), (2, 150), (0, 0), 1),
        ((100_000,), (196, 256), (0, 0), 2),
        ((64, 1, 3, 3), (24, 24), (3, 3), 1),
        ((64, 3, 7, 7), (91, 105), (7, 7), 1),
        ((768, 3, 16, 16), (256, 240), (16, 16), 1),
        ((16, 32, 3, 3), (48, 96), (3, 3), 1),
        ((512, 512, 3, 3), (256, 256), (0, 0), 36),
        ((8, 4, 3, 3, 3), (24, 36), (3, 3), 1),
        ((2, 8, 2, 2, 2, 3), (4, 96), (2, 3), 1),
        ((64, 32, 3), (64, 96), (1, 3), 1),
        ((8, 64, 64), (192, 192), (64, 64), 1),
        ((12, 768, 64), (256, 64), (0, 0), 36),
        ((1, 197, 768), (197, 256), (0, 0), 3),
        ((128, 64, 1, 1), (128, 64), (0, 0), 1),
        ((1000, 512), (250, 256), (0, 0), 8),
        ((1, 1, 600, 600), (1, 1), (0, 0), 360_000),
    ],
)
def test_any_shape_fits(
    shape: tuple[int, ...], cells: tuple[int, int], tile: tuple[int, int], reduced: int
) -> None:
    image = reduce_weights("w", torch.randn(shape), 0)
    assert image.shape == shape
    assert image.cells.shape == cells
    assert (image.tile_rows, image.tile_columns) == tile
    assert image.reduced == reduced


def test_kernels_become_tiles_with_a_row_for_each_filter() -> None:
    weight = torch.randn(6, 5, 3, 2)
    image = reduce_weights("conv.weight", weight, 0)
    values = shown(image)
    for n in range(6):
        for c in range(5):
            tile = values[3 * n : 3 * n + 3, 2 * c : 2 * c + 2]
            assert np.allclose(tile, weight[n, c].numpy(), atol=image.scale)


def test_first_layer_filters_follow_each_other_in_a_grid() -> None:
    weight = torch.randn(10, 1, 3, 3)
    image = reduce_weights("conv1.weight", weight, 0)
    assert image.cells.shape == (12, 9)
    values = shown(image)
    for t in range(10):
        row, column = divmod(t, 3)
        tile = values[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        assert np.allclose(tile, weight[t, 0].numpy(), atol=image.scale)
    assert not image.cells[9:, 3:].any()


@pytest.mark.parametrize("shape", [(1000, 777), (5000,), (200_000,), (300, 300, 3, 3)])
@pytest.mark.parametrize("outlier", [50.0, -50.0])
def test_an_outlier_does_not_vanish(shape: tuple[int, ...], outlier: float) -> None:
    weight = torch.randn(shape)
    weight.view(-1)[weight.numel() * 2 // 3] = outlier
    image = reduce_weights("w", weight, 0)
    assert np.nanmax(np.abs(shown(image))) == pytest.approx(50)
    assert np.isclose(shown(image), outlier, rtol=1e-4).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_cell_is_the_value_of_largest_magnitude(dtype: torch.dtype) -> None:
    special = [0.0, -0.0, 1.5, -1.5, 1e30, -1e30, 1e-44, math.inf, -math.inf, math.nan]
    pairs = torch.cartesian_prod(*[torch.tensor(special, dtype=dtype)] * 2)
    random = torch.randn(500, 2, dtype=dtype)
    for values in (pairs, random):
        low, high = values.amin(1), values.amax(1)
        expected = torch.where(high >= -low, high, low)
        # Twice as wide as it may be: two neighbours of a row become one cell.
        wide = torch.nn.functional.pad(values, (0, 2 * len(values) - 2))
        cells = arrange(wide, len(values)).cells[:, 0]
        is_finite = torch.isfinite(expected)
        assert torch.equal(cells[is_finite], expected[is_finite])
        assert not torch.isfinite(cells[~is_finite]).any()


@pytest.mark.parametrize("shape", [(1000, 777), (2, 3), (300, 300, 3, 3), (70_001,)])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_shows_and_is_counted(shape: tuple[int, ...], bad: float) -> None:
    weight = torch.randn(shape, dtype=torch.float64) + 5
    flat = weight.view(-1)
    flat[-1] = bad
    flat[0] = bad
    image = reduce_weights("w", weight, 0)
    good = flat[1:-1]
    assert image.nonfinite == 2
    assert image.cells.reshape(-1)[0] == NOT_FINITE
    assert (image.cells == NOT_FINITE).sum() == 2
    assert image.minimum == pytest.approx(good.min().item())
    assert image.maximum == pytest.approx(good.max().item())
    assert image.mean == pytest.approx(good.mean().item())
    assert image.std == pytest.approx(good.std().item())


def test_nothing_finite_gives_zeros_not_nan() -> None:
    image = reduce_weights("w", torch.full((4, 4), math.nan), 0)
    assert image.nonfinite == 16
    assert (image.cells == NOT_FINITE).all()
    statistics = (image.minimum, image.maximum, image.mean, image.std)
    assert statistics == (0, 0, 0, 0)
    assert image.scale > 0


@pytest.mark.parametrize("value", [0.0, 1e-44, 3e38, -3e38])
def test_extreme_magnitudes_keep_finite_statistics(value: float) -> None:
    weight = torch.full((5, 4), value)
    weight[0, 0] = 0
    image = reduce_weights("w", weight, 0)
    exact = weight.double()
    assert image.nonfinite == 0
    assert image.mean == pytest.approx(exact.mean().item(), rel=1e-5)
    assert image.std == pytest.approx(exact.std().item(), rel=1e-5)
    assert shown(image)[4, 3] == pytest.approx(weight[4, 3].item(), rel=1e-4)


def test_the_sums_of_float16_do_not_overflow() -> None:
    image = reduce_weights("w", torch.full((300, 300), 60_000.0, dtype=torch.float16), 0)
    assert image.mean == pytest.approx(60_000, rel=1e-3)
    assert image.std == pytest.approx(0, abs=60_000 * 1e-3)


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2"])
def test_float8_is_read(name: str) -> None:
    weight = torch.tensor([[0.5, -1.0], [2.0, 0.0]])
    assert close(reduce_weights("w", weight.to(getattr(torch, name)), 0), weight)


def test_integers_bools_complex_quantised_and_sparse_are_read() -> None:
    weight = torch.tensor([[3.0, -4.0], [0.0, 1.0]])
    assert close(reduce_weights("w", weight.to(torch.int8), 0), weight)
    assert close(reduce_weights("w", weight.bool(), 0), weight.bool().float())
    assert close(reduce_weights("w", torch.complex(weight, weight), 0), weight.abs() * 2**0.5)
    assert close(reduce_weights("w", weight.to_sparse(), 0), weight)
    quantised = torch.quantize_per_tensor(weight, 0.5, 0, torch.qint8)
    assert close(reduce_weights("w", quantised, 0), weight)


def test_what_cannot_be_read_is_refused_with_its_reason() -> None:
    with pytest.raises(ConfigurationError, match=r"w has shape \(0, 3\)"):
        reduce_weights("w", torch.empty(0, 3), 0)
    with pytest.raises(ConfigurationError, match="meta device"):
        reduce_weights("w", torch.empty(3, 3, device="meta"), 0)
    large = torch.sparse_coo_tensor(torch.zeros(2, 1, dtype=torch.int64), [1.0], (10_000, 10_000))
    with pytest.raises(ConfigurationError, match="sparse with 100,000,000"):
        reduce_weights("w", large, 0)
    with pytest.raises(ConfigurationError, match="max_size must be at least 1, got 0"):
        reduce_weights("w", torch.ones(2, 2), 0, max_size=0)


def test_the_tensor_is_left_alone() -> None:
    weight = nn.Parameter(torch.randn(400, 300).t())
    before = weight.detach().clone()
    image = reduce_weights("w", weight, 0)
    assert torch.equal(weight, before)
    assert weight.grad is None
    weight.data.zero_()
    assert image.cells.any()


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight


def test_layers_are_listed_in_order_and_tied_ones_once() -> None:
    expected = [("embed.weight", (7, 4)), ("body.weight", (4, 4)), ("body.bias", (4,))]
    model = Tied()
    assert list_layers(model) == expected
    assert layer_tensors(model)["embed.weight"] is model.head.weight


def test_prefixes_of_wrappers_are_left_out() -> None:
    names = [name for name, _ in list_layers(Tied())]
    compiled = torch.compile(Tied())
    parallel = nn.DataParallel(Tied())
    both = torch.compile(nn.DataParallel(Tied()))
    inner = Tied()
    inner.body = torch.compile(inner.body)
    for model in (compiled, parallel, both, inner):
        assert [name for name, _ in list_layers(model)] == names


def test_a_module_called_module_keeps_its_name() -> None:
    model = nn.ModuleDict({"module": nn.Linear(2, 2, bias=False)})
    assert list_layers(model) == [("module.weight", (2, 2))]


def test_parameters_without_values_are_left_out() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.Linear(2, 2, bias=False))
    model.register_parameter("none", nn.Parameter(torch.empty(0, 4)))
    model.register_parameter("meta", nn.Parameter(torch.empty(2, 2, device="meta")))
    assert list_layers(model) == [("1.weight", (2, 2))]
    assert list_layers(nn.ReLU()) == []
