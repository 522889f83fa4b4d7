"""What a watch is asked for, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError
from nbviz.inspection.tensors.statistics import STATISTICS

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BINS = 512


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """As for `Run.watch`; `prefix` comes before its tags."""

    weights: bool
    gradients: bool
    activations: tuple[str, ...]
    updates: bool
    every: float
    every_steps: int | None
    histograms: bool
    bins: int
    statistics: tuple[str, ...]
    prefix: str
    feature_maps: tuple[str, ...] = ()
    layers: tuple[str, ...] | None = None


def read_options(
    *,
    weights: object,
    gradients: object,
    activations: Sequence[str] | str | bool,
    updates: object,
    every: object,
    every_steps: object,
    histograms: object,
    bins: object,
    statistics: Sequence[str],
    name: object,
    feature_maps: Sequence[str] | str | bool = (),
    layers: Sequence[str] | str | None = None,
) -> WatchOptions:
    """Return the options.

    Raises:
        ConfigurationError: One of them is out of range.
    """
    _check_switches(weights=weights, gradients=gradients, updates=updates, histograms=histograms)
    _check_numbers(every, every_steps, bins)
    unknown = [one for one in statistics if one not in STATISTICS]
    if unknown or isinstance(statistics, str):
        raise ConfigurationError(
            f"statistics must be some of {', '.join(STATISTICS)}; got {statistics!r}."
        )
    patterns = _patterns("activations", activations)
    maps = _patterns("feature_maps", feature_maps)
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise ConfigurationError(f"name must be a string that is not empty, got {name!r}.")
    if not (weights or gradients or updates or patterns or maps):
        raise ConfigurationError(
            "there is nothing to watch; leave weights=True or gradients=True, or name activations "
            "or feature_maps."
        )
    return WatchOptions(
        weights=bool(weights),
        gradients=bool(gradients),
        activations=patterns,
        updates=bool(updates),
        every=float(cast("float", every)),
        every_steps=cast("int | None", every_steps),
        histograms=bool(histograms),
        bins=cast("int", bins),
        statistics=tuple(statistics),
        prefix=f"{name}/" if name else "",
        feature_maps=maps,
        layers=None if layers is None else _patterns("layers", layers),
    )


def _patterns(label: str, given: object) -> tuple[str, ...]:
    """Return names and patterns of modules; "*" for True."""
    if isinstance(given, bool):
        return ("*",) if given else ()
    patterns: Any = (given,) if isinstance(given, str) else given
    is_listed = isinstance(patterns, Iterable) and not isinstance(patterns, bytes)
    listed: tuple[Any, ...] = tuple(cast("Any", patterns)) if is_listed else (given,)
    if not all(isinstance(one, str) for one in listed):
        raise ConfigurationError(
            f'{label} must be names or patterns of modules, such as ["layer1", "encoder.*"]; '
            f"got {given!r}."
        )
    return listed


def _check_switches(**switches: object) -> None:
    for label, value in switches.items():
        if not isinstance(value, bool):
            raise ConfigurationError(f"{label} must be True or False, got {value!r}.")


def _check_numbers(every: object, every_steps: object, bins: object) -> None:
    seconds: Any = every
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds < float("inf"):
        raise ConfigurationError(f"every must be seconds of 0 or more, got {every!r}.")
    steps: Any = every_steps
    if steps is not None and (steps.__class__ is not int or steps < 1):
        raise ConfigurationError(f"every_steps must be at least 1, got {every_steps!r}.")
    number: Any = bins
    if number.__class__ is not int or not 1 <= number <= MOST_BINS:
        raise ConfigurationError(
            f"bins must be a whole number from 1 to {MOST_BINS}, got {bins!r}."
        )
