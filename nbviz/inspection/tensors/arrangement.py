"""How a tensor of any shape is laid out in rows and columns.

The whole parameter stays in view wherever it can be read: a matrix larger than the heatmap is
reduced in blocks, and kernels too many to draw become one cell each, so that a dead filter or a
stray weight shows wherever it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod, sqrt

import torch

_IMAGE_CHANNELS = 4
_LONGEST_KERNEL_1D = 32
_MATRIX_DIMENSIONS = 2
_KERNEL_1D_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A tensor laid out as a matrix of cells on its own device.

    Attributes:
        cells: rows × columns, the tensor's dtype; not yet quantised.
        tile_rows: Rows of one kernel, 0 if the cells are one matrix.
        tile_columns: Columns of one kernel, 0 if the cells are one matrix.
        reduced: How many values one cell stands for, at the most.
    """

    cells: torch.Tensor
    tile_rows: int = 0
    tile_columns: int = 0
    reduced: int = 1


def arrange(values: torch.Tensor, max_size: int) -> Arrangement:
    """Lay a tensor out in at most `max_size` rows and columns.

    - One number is one cell. A vector is one row; a longer one wraps into rows of equal length,
      first reduced to `max_size`² runs of neighbours if it has more values than that.
    - A matrix stays as it is, reduced in equal blocks if it is larger. Dimensions of size 1 at
      the end (a 1×1 convolution's) or before a matrix (a positional embedding's) do not count.
    - Convolution kernels (N, C, …, height, width) are tiles in row-major order: tile `t` is filter
      `t // C`, channel `t % C`, further dimensions counting as channels. Each filter has a row of
      its own, except with up to 4 channels (a first layer, a depthwise one): there filters follow
      each other in a near-square grid, and those that do not fit are left out.
    - (N, C, k) with k ≤ 32 are 1-D kernels and become the matrix N × (C·k), tiled by 1 × k. With a
      longer last dimension they are N matrices, one tile each.
    - Other kernels that do not fit become one cell each: the matrix N × C of their values
      of largest magnitude. Matrices that do not fit are stacked into one.
    """
    shape = list(values.shape)
    while len(shape) > _MATRIX_DIMENSIONS and shape[-1] == 1:
        shape.pop()
    if len(shape) == _KERNEL_1D_DIMENSIONS and shape[0] == 1:
        shape.pop(0)
    values = values.reshape(shape)
    if len(shape) < _MATRIX_DIMENSIONS:
        return _vector(values.reshape(-1), max_size)
    if len(shape) == _MATRIX_DIMENSIONS:
        return _matrix(values, max_size)
    if len(shape) > _KERNEL_1D_DIMENSIONS:
        return _tiles(values.reshape(shape[0], prod(shape[1:-2]), *shape[-2:]), max_size)
    if shape[-1] <= _LONGEST_KERNEL_1D:
        return _tiles(values.unsqueeze(2), max_size)
    across = _filters_across(values.unsqueeze(1), max_size)
    if across * shape[2] > max_size or ceil(shape[0] / across) * shape[1] > max_size:
        return _matrix(values.reshape(-1, shape[2]), max_size)
    return _tiles(values.unsqueeze(1), max_size)


def _vector(values: torch.Tensor, max_size: int) -> Arrangement:
    run = ceil(len(values) / max_size**2)
    values = _largest(values, 0, run)
    rows = ceil(len(values) / max_size)
    columns = ceil(len(values) / rows)
    padded = values.new_zeros(rows * columns)
    padded[: len(values)] = values
    return Arrangement(padded.reshape(rows, columns), reduced=run)


def _matrix(values: torch.Tensor, max_size: int, already: int = 1) -> Arrangement:
    row_block, column_block = (ceil(size / max_size) for size in values.shape)
    # Rows first: reducing the strided dimension of a whole matrix is what runs at memory speed.
    cells = _largest(_largest(values, 0, row_block), 1, column_block)
    return Arrangement(cells, reduced=already * row_block * column_block)


def _tiles(kernels: torch.Tensor, max_size: int) -> Arrangement:
    filters, channels, height, width = kernels.shape
    across = _filters_across(kernels, max_size)
    fitting = max_size // height * across
    if across * channels * width > max_size or (
        fitting < filters and (channels > _IMAGE_CHANNELS or fitting == 0)
    ):
        strongest = _largest(kernels.reshape(filters * channels, -1), 1, height * width)
        return _matrix(strongest.reshape(filters, channels), max_size, height * width)
    kernels = kernels[:fitting]
    down = ceil(len(kernels) / across)
    grid = kernels.new_zeros(down * across, channels, height, width)
    grid[: len(kernels)] = kernels
    cells = (
        grid.reshape(down, across * channels, height, width)
        .permute(0, 2, 1, 3)
        .reshape(down * height, across * channels * width)
    )
    return Arrangement(cells, height, width)


def _filters_across(kernels: torch.Tensor, max_size: int) -> int:
    """How many filters stand side by side: one, or what makes the heatmap near-square."""
    filters, channels, height, width = kernels.shape
    if channels > _IMAGE_CHANNELS:
        return 1
    square = round(sqrt(filters * height / (channels * width)))
    return max(1, min(filters, square, max_size // (channels * width)))


def _largest(values: torch.Tensor, dimension: int, block: int) -> torch.Tensor:
    """Reduce runs of `block` neighbours along a dimension to the one of largest magnitude.

    The last run may be shorter. A NaN in a run wins; `amin` and `amax` pass it on.
    """
    if block == 1:
        return values
    size = values.shape[dimension]
    whole = size // block
    parts: list[torch.Tensor] = []
    if whole:
        even = values.narrow(dimension, 0, whole * block)
        runs = torch.unflatten(even, dimension, (whole, block))
        parts.append(_of_largest_magnitude(runs, dimension + 1))
    if whole * block < size:
        rest = values.narrow(dimension, whole * block, size - whole * block)
        parts.append(_of_largest_magnitude(rest, dimension).unsqueeze(dimension))
    return torch.cat(parts, dimension)


def _of_largest_magnitude(values: torch.Tensor, dimension: int) -> torch.Tensor:
    low, high = values.amin(dimension), values.amax(dimension)  # faster than aminmax along one
    # As `where(high >= -low, high, low)` in floats, and five times as fast: which of them it is
    # changes from run to run, and no processor guesses that.
    return torch.copysign(torch.maximum(high, -low), high + low)
