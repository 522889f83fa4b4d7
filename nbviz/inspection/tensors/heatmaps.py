"""A parameter as a heatmap, reduced on its own device before it travels.

Every reduction keeps the value of largest magnitude in each cell, so that a single outlier among
millions stays visible, and a cell with a NaN or an infinity shows as such. How a parameter is
arranged in rows and columns is decided in `arrangement.py`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from nbviz.errors import ConfigurationError
from nbviz.inspection.tensors.arrangement import Arrangement, arrange
from nbviz.inspection.tensors.sharded import own_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_FINITE = -32768
"""The cell that stands for NaN or an infinity."""

_LARGEST_CELL = 32767
_LARGEST_SPARSE = 1 << 24
_WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)
_CPU_PART = 1 << 17
_DEVICE_PART = 1 << 24
_STATISTICS = 5  # largest, minimum, maximum, mean and variance, the last two of values / largest


@dataclass(frozen=True, slots=True)
class Heatmap:
    """One parameter's values as a heatmap; its fields are those of `WeightsUpdated`.

    Attributes:
        name: The parameter's dotted name.
        step: The completed steps when it was taken.
        shape: The parameter's own shape.
        cells: int16, rows × columns, contiguous. A cell's value is `cell * scale`; -32768 stands
            for NaN or an infinity. Cells past the last value (a wrapped vector, an unfilled grid of
            tiles) are 0.
        tile_rows: Rows of one kernel, 0 if it is one matrix.
        tile_columns: Columns of one kernel, 0 if it is one matrix.
        reduced: How many weights one cell stands for, at the most.
        scale: The value of one unit of a cell; above 0.
        minimum: The smallest finite value of the whole parameter; 0 if there is none.
        maximum: The largest finite value of the whole parameter; 0 if there is none.
        mean: The mean of the finite values; 0 if there is none.
        std: The sample standard deviation of the finite values (as `torch.std`); 0 below two.
        nonfinite: How many values are NaN or infinite.
    """

    name: str
    step: int
    shape: tuple[int, ...]
    cells: NDArray[np.int16]
    tile_rows: int
    tile_columns: int
    reduced: int
    scale: float
    minimum: float
    maximum: float
    mean: float
    std: float
    nonfinite: int

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.cells.nbytes


@dataclass(frozen=True)
class ReducedWeights:
    """A heatmap whose cells and statistics are still on the tensor's device.

    Attributes:
        packed: All that is to be copied from there.
    """

    packed: torch.Tensor
    _name: str
    _step: int
    _shape: tuple[int, ...]
    _float_type: type[np.float32 | np.float64]
    _cells_shape: tuple[int, ...]
    _tiles: tuple[int, int]
    _reduced: int

    def heatmap(self, packed: NDArray[np.int16]) -> Heatmap:
        """Return the heatmap, from `packed` as it has arrived here."""
        width = _STATISTICS * np.dtype(self._float_type).itemsize // 2
        statistics = packed[:width].view(self._float_type).astype(np.float64)
        divisor, minimum, maximum, mean, variance = (float(value) for value in statistics)
        nonfinite = int(packed[width : width + 4].view(np.int64)[0])
        count = math.prod(self._shape) - nonfinite
        mean, std = _of_the_finite(mean, variance, count, nonfinite)
        return Heatmap(
            name=self._name,
            step=self._step,
            shape=self._shape,
            cells=packed[width + 4 :].reshape(self._cells_shape).copy(),
            tile_rows=self._tiles[0],
            tile_columns=self._tiles[1],
            reduced=self._reduced,
            scale=divisor / _LARGEST_CELL,
            minimum=minimum if count else 0.0,
            maximum=maximum if count else 0.0,
            mean=mean * divisor,
            std=std * divisor,
            nonfinite=nonfinite,
        )


def reduce_weights(name: str, tensor: torch.Tensor, step: int, max_size: int = 256) -> Heatmap:
    """Make a heatmap of at most `max_size` × `max_size` cells from a tensor.

    Reduction and quantisation run on the tensor's device, and one copy brings the result here.
    Vectors become a row (longer ones wrap), matrices stay, convolution kernels become tiles; see
    `arrangement.arrange`. Complex values are shown by magnitude, quantised and float8 ones by the
    numbers they stand for. Of one that processes share (a DTensor) this one's part is shown.

    Args:
        name: What the heatmap is called.
        tensor: Any shape and device; it is neither changed nor kept.
        step: The completed steps, kept in the heatmap.
        max_size: The most rows and the most columns, at least 1.

    Raises:
        ConfigurationError: `max_size` is below 1, or the tensor has no values that can be read (it
            is empty, on the meta device, sparse and large, or of an unreadable dtype).
    """
    reduced = reduce_on_device(name, tensor, step, max_size)
    return reduced.heatmap(reduced.packed.cpu().numpy())


def reduce_on_device(
    name: str, tensor: torch.Tensor, step: int, max_size: int = 256
) -> ReducedWeights:
    """Begin a heatmap as `reduce_weights` makes it, without waiting for the device.

    Raises:
        ConfigurationError: As for `reduce_weights`.
    """
    if max_size < 1:
        raise ConfigurationError(f"max_size must be at least 1, got {max_size}.")
    with torch.no_grad():
        values = _readable(name, tensor)
        arrangement = arrange(values, max_size)
        packed = _pack(values, arrangement)
    return ReducedWeights(
        packed,
        name,
        step,
        tuple(values.shape),
        np.float64 if values.dtype == torch.float64 else np.float32,
        tuple(arrangement.cells.shape),
        (arrangement.tile_rows, arrangement.tile_columns),
        arrangement.reduced,
    )


def layer_tensors(model: nn.Module) -> dict[str, nn.Parameter]:
    """Map the names that `list_layers` gives to the parameters themselves."""
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.get_submodule("module")
        elif "_orig_mod" in dict(model.named_children()):  # made by torch.compile
            model = model.get_submodule("_orig_mod")
        else:
            break
    return {
        plain_name(name): parameter
        for name, parameter in model.named_parameters()
        if not isinstance(parameter, nn.UninitializedParameter)
        and parameter.numel() > 0
        and not parameter.is_meta
    }


def plain_name(name: str) -> str:
    """Return a dotted name without the parts that wrappers such as `torch.compile` add."""
    return _WRAPPERS.sub("", name)


def list_layers(model: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    """List the parameters that can be shown, as (name, shape), in the model's order.

    A tied parameter appears once, under its first name. Prefixes that `torch.compile`,
    `DataParallel`, FSDP and activation checkpointing add are left out. Lazy parameters appear once
    they are initialised.
    """
    return [(name, tuple(tensor.shape)) for name, tensor in layer_tensors(model).items()]


def _readable(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor's values as dense float32 (float64 where they are that), unchanged."""
    tensor = own_part(tensor.detach())
    if tensor.numel() == 0:
        raise ConfigurationError(
            f"{name} has shape {tuple(tensor.shape)}, so there is nothing to draw; leave it out."
        )
    if tensor.is_meta:
        raise ConfigurationError(
            f"{name} is on the meta device and has no values; "
            "move the model to a real device with model.to_empty(device=…) first."
        )
    if tensor.layout != torch.strided:
        if tensor.numel() > _LARGEST_SPARSE:
            raise ConfigurationError(
                f"{name} is sparse with {tensor.numel():,} entries when dense; "
                f"at most {_LARGEST_SPARSE:,} can be drawn. Pass a part of it."
            )
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_complex():
        tensor = tensor.abs()
    if tensor.dtype == torch.float64:
        return tensor
    try:
        return tensor.to(torch.float32)
    except (RuntimeError, NotImplementedError) as error:
        raise ConfigurationError(
            f"{name} has dtype {tensor.dtype}, which torch cannot read as numbers here; "
            "convert it to a floating-point dtype first."
        ) from error


def _pack(values: torch.Tensor, arrangement: Arrangement) -> torch.Tensor:
    """Put statistics, the count of non-finite values and the cells into one int16 tensor.

    Nothing in here waits for the device.
    """
    known = _finite_extremes(values)
    if known is not None:
        minimum, maximum = known
        divisor = max(abs(minimum), abs(maximum)) or 1.0
        moments = _moments(values, divisor, masked=False)
        statistics = torch.tensor([divisor, minimum, maximum, *moments], dtype=values.dtype)
        count = torch.zeros(1, dtype=torch.int64)
        cells = (arrangement.cells / divisor).mul_(_LARGEST_CELL).round_()
        return _joined(statistics, count, cells)
    finite = torch.isfinite(values)
    infinity = float("inf")
    minimum = torch.where(finite, values, infinity).amin()
    maximum = torch.where(finite, values, -infinity).amax()
    largest = torch.maximum(minimum.abs(), maximum.abs())
    # One where all is 0 or nothing is finite; dividing keeps squares of huge values in range.
    divisor = torch.where((largest > 0) & torch.isfinite(largest), largest, 1.0)
    moments = _moments(values, divisor, masked=True)
    mean, variance = (torch.as_tensor(one, dtype=divisor.dtype) for one in moments)
    statistics = torch.stack([divisor, minimum, maximum, mean, variance])
    cells = (arrangement.cells / divisor).mul_(_LARGEST_CELL).round_()
    cells = torch.where(torch.isfinite(arrangement.cells), cells, NOT_FINITE)
    return _joined(statistics, (~finite).sum(), cells)


def _joined(statistics: torch.Tensor, nonfinite: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    return torch.cat(
        [
            statistics.view(torch.int16),
            nonfinite.reshape(1).view(torch.int16),
            cells.to(torch.int16).reshape(-1),
        ]
    )


def _finite_extremes(values: torch.Tensor) -> tuple[float, float] | None:
    """The smallest and the largest value where all are known to be finite."""
    if not values.is_cpu:  # looking would wait for the device
        return None
    low, high = (one.item() for one in torch.aminmax(values))
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def _moments(
    values: torch.Tensor, divisor: torch.Tensor | float, *, masked: bool
) -> tuple[Any, Any]:
    """Mean and variance of `values / divisor`, with 0 for what is not finite if `masked`.

    By parts that fit the cache, merged as Chan, Golub and LeVeque (1979) do: several times as fast
    as `torch.var_mean` on one thread, and no copy of the whole tensor. Of values here as numbers:
    these cost less than tensors of one, and reading them waits for nothing.
    """
    flat = values.reshape(-1)
    size = _CPU_PART if values.is_cpu else _DEVICE_PART
    means: list[Any] = []
    squares: list[Any] = []
    shares: list[float] = []
    for start in range(0, len(flat), size):
        relative = flat[start : start + size] / divisor
        if masked:
            relative = torch.where(torch.isfinite(relative), relative, 0.0)
        mean = relative.mean()
        means.append(mean)
        squares.append(relative.sub_(mean).square_().sum())
        shares.append(len(relative) / len(flat))
    if values.is_cpu:
        means, squares = ([one.item() for one in column] for column in (means, squares))
    pairs = list(zip(shares, means, strict=True))
    mean = sum(share * part for share, part in pairs)
    between = sum(share * (part - mean) ** 2 for share, part in pairs)
    return mean, sum(squares) / len(flat) + between


def _of_the_finite(mean: float, variance: float, count: int, zeros: int) -> tuple[float, float]:
    """Mean and sample deviation of `count` values from those that also hold `zeros` zeros."""
    if count == 0:
        return 0.0, 0.0
    total = count + zeros
    own_mean = mean * total / count
    squares = total * (variance + (mean - own_mean) ** 2) - zeros * own_mean**2
    return own_mean, (max(0.0, squares) / (count - 1)) ** 0.5 if count > 1 else 0.0
