"""Principal components of vectors, computed where they are and turned to lie as earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from nbviz.recording.capture.arrays import CapturedArray

SHOWN = 3
"""Components that a projection has."""

KEPT = 50
"""Components that stand in for vectors that are too large to be kept."""

MOST_SIDES = 2048  # rows of the matrix whose eigenvectors are sought
_MIXED = 512  # dimensions that stand for more than that
_PART = 1 << 16  # rows at a time, so that other threads get their turn


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The first three principal components of a set of points.

    Attributes:
        components: float32, shape (points, 3); NaN for a point whose vector is not finite.
        variance: The share of the variance that each component has, 0 to 1.
        turns: By the number of dimensions that are shown, 2 or 3: the orthogonal matrix after which
            the points lie as those of the tag's first step.
    """

    components: NDArray[np.float32] = field(repr=False)
    variance: tuple[float, float, float]
    turns: dict[int, NDArray[np.float32]] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.components.nbytes

    @property
    def broken(self) -> int:
        """How many points have no place, because their vectors are not finite."""
        return int(np.isnan(self.components[:, 0]).sum())

    def positions(self, dims: int) -> NDArray[np.float32]:
        """Return where the points lie in 2 or 3 dimensions; float32, shape (points, dims)."""
        return self.components[:, :dims] @ self.turns[dims]


@dataclass(frozen=True, slots=True)
class Basis:
    """What turns vectors into principal components.

    Attributes:
        mean: Of the finite vectors; float32, shape (dimensions,).
        axes: float32, shape (dimensions, components).
        variance: The share of the variance that each component has.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    variance: NDArray[np.float64]


def components_of(
    captured: CapturedArray, count: int, *, keep: bool
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32], NDArray[np.float64]]:
    """Return the vectors, their principal components, and the share of variance of each.

    Tensors on a device are reduced there.

    Args:
        captured: The vectors, shape (points, dimensions).
        count: Of components; those that the vectors do not have are 0.
        keep: Whether to bring the vectors themselves to the host; else None stands for them.
    """
    if captured.is_on_device:
        found = _on_device(captured, count)
        if found is not None:
            vectors = captured.read().astype(np.float32) if keep else None
            return vectors, *found
    with np.errstate(over="ignore"):  # what is too large is said with what is not finite
        vectors = np.ascontiguousarray(captured.read(), np.float32)
    basis = _basis(vectors, count)
    return (vectors if keep else None), _project(vectors, basis, count), basis.variance


def turned(
    components: NDArray[np.float32], reference: NDArray[np.float32] | None
) -> dict[int, NDArray[np.float32]]:
    """Return the turns after which components lie as a reference's do; see `Projection.turns`.

    The orthogonal Procrustes problem: the turn or reflection that brings the points nearest to
    where they were. Sets of another number of points stay as they are.
    """
    turns = {dims: np.eye(dims, dtype=np.float32) for dims in (2, SHOWN)}
    if reference is None or reference.shape != components.shape:
        return turns
    both = np.isfinite(components[:, 0]) & np.isfinite(reference[:, 0])
    if not both.any():
        return turns
    return {dims: procrustes(components[both, :dims], reference[both, :dims]) for dims in turns}


def procrustes(moved: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the orthogonal matrix that turns centred points nearest to others."""
    one = moved - moved.mean(0)
    other = reference - reference.mean(0)
    left, _, right = np.linalg.svd(one.astype(np.float64).T @ other.astype(np.float64))
    return (left @ right).astype(np.float32)


def _basis(vectors: NDArray[np.float32], count: int) -> Basis:
    finite = _finite(vectors)
    rows, dims = int(finite.sum()), int(vectors.shape[1])
    if not rows:
        return Basis(np.zeros(dims, np.float32), np.zeros((dims, count), np.float32), _none(count))
    mix: NDArray[Any] | None = None
    if min(rows, dims) > MOST_SIDES:
        mix = np.random.default_rng(0).standard_normal((dims, _MIXED)) / np.sqrt(_MIXED)
    mean: NDArray[Any] = np.zeros(dims)
    for start in range(0, len(vectors), _PART):
        part: NDArray[Any] = vectors[start : start + _PART][finite[start : start + _PART]]
        mean += part.sum(0, dtype=np.float64) / rows
    if mix is None and rows < dims:
        centred: NDArray[Any] = vectors[finite] - mean
        values, of_rows = np.linalg.eigh(centred @ centred.T)
        axes: NDArray[Any] = centred.T @ of_rows
        lengths = np.linalg.norm(axes, axis=0)
        axes /= np.where(lengths > 0, lengths, 1)
        return _first(mean, axes, values, count)
    sides = dims if mix is None else _MIXED
    products: NDArray[Any] = np.zeros((sides, sides))
    for start in range(0, len(vectors), _PART):
        rest: NDArray[Any] = vectors[start : start + _PART][finite[start : start + _PART]] - mean
        rest = rest if mix is None else rest @ mix
        products += rest.T @ rest
    values, axes = np.linalg.eigh(products)
    return _first(mean, axes if mix is None else mix @ axes, values, count)


def _first(
    mean: NDArray[np.float64], axes: NDArray[Any], values: NDArray[np.float64], count: int
) -> Basis:
    """Return the components of the largest values; the largest weight of an axis is positive."""
    order = np.argsort(values)[::-1][:count]
    chosen = axes[:, order]
    largest = np.abs(chosen).argmax(0)
    signs = np.sign(chosen[largest, np.arange(len(order))])
    chosen = chosen * np.where(signs == 0, 1, signs)
    kept = np.clip(values[order], 0, None)
    total = float(np.clip(values, 0, None).sum())
    variance = _none(count)
    if total > 0:
        variance[: len(order)] = kept / total
        # What is no more than the noise of the arithmetic has no direction.
        chosen = np.where(kept > total * 1e-12, chosen, 0)
    padded = np.zeros((len(mean), count), np.float32)
    padded[:, : len(order)] = chosen
    return Basis(mean.astype(np.float32), padded, variance)


def _project(vectors: NDArray[np.float32], basis: Basis, count: int) -> NDArray[np.float32]:
    found = np.empty((len(vectors), count), np.float32)
    for start in range(0, len(vectors), _PART):
        part = vectors[start : start + _PART]
        broken = ~_finite(part)
        rows = np.where(broken[:, None], 0, part - basis.mean) @ basis.axes
        rows[broken] = np.nan
        found[start : start + _PART] = rows
    return found


def _finite(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    finite: NDArray[np.bool_] = np.all(np.isfinite(vectors), axis=1)
    return finite


def _none(count: int) -> NDArray[np.float64]:
    return np.zeros(count)


def _on_device(
    captured: CapturedArray, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]] | None:
    """Return what `components_of` does, from a device; None where the matrix would be too large."""
    dims = captured.shape[1]
    if dims > MOST_SIDES:
        return None
    sums = captured.reduce(_sums).astype(np.float64)
    rows = float(sums[1, 0])
    values, axes = np.linalg.eigh(sums[2:])
    basis = _first(sums[0], axes, values, count)
    if not rows:
        basis = Basis(basis.mean, np.zeros_like(basis.axes), _none(count))
    return captured.reduce(lambda tensor: _there(tensor, basis)), basis.variance


def _finite_rows(tensor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    values = tensor.float()
    finite = torch.isfinite(values).all(1, keepdim=True)
    return torch.where(finite, values, torch.zeros_like(values)), finite


def _sums(tensor: torch.Tensor) -> torch.Tensor:
    """Return the mean, the number of finite vectors, and the products of the centred vectors."""
    import torch

    values, finite = _finite_rows(tensor)
    rows = finite.sum()
    mean = values.sum(0, keepdim=True) / rows.clamp(min=1)
    centred = torch.where(finite, values - mean, torch.zeros_like(values))
    return torch.cat([mean, rows.float().expand_as(mean), centred.T @ centred])


def _there(tensor: torch.Tensor, basis: Basis) -> torch.Tensor:
    import torch

    values, finite = _finite_rows(tensor)
    mean = torch.from_numpy(basis.mean).to(values.device)
    axes = torch.from_numpy(basis.axes).to(values.device)
    found = (values - mean) @ axes
    return torch.where(finite, found, torch.full_like(found, float("nan")))
