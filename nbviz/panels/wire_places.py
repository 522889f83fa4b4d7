"""Places in space in the form in which they travel to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_PLACE = 65_535
_LARGEST = NO_PLACE - 1


def extent(places: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """Return the middle of the finite places, and how far the longest side reaches.

    Args:
        places: Shape (places, dimensions).
    """
    finite: NDArray[Any] = places[np.all(np.isfinite(places), axis=1)]
    if not len(finite):
        return np.zeros(int(places.shape[1])), 1.0
    low: NDArray[np.float64] = np.min(finite, axis=0).astype(np.float64)
    high: NDArray[np.float64] = np.max(finite, axis=0).astype(np.float64)
    return (low + high) / 2, float((high - low).max()) or 1.0


def packed(
    places: NDArray[np.float32], middle: NDArray[np.float64], span: float
) -> NDArray[np.uint16]:
    """Return places as shares of their extent, uint16; `NO_PLACE` for those that are not finite."""
    part = places.astype(np.float64)
    lost: NDArray[np.bool_] = ~np.all(np.isfinite(part), axis=1)
    shares = np.where(lost[:, None], 0, (part - middle) / span + 0.5)
    values = (shares.clip(0, 1) * _LARGEST).round().astype("<u2")
    values[lost] = NO_PLACE
    return values
