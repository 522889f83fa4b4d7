"""What a watch is asked for, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import ConfigurationError, repr_of
from nbviz.inspection.tensors.statistics import STATISTICS
from nbviz.training.steps.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BINS = 512
_MOST_SECONDS = 1e9


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
    chosen = _read_names(statistics)
    if chosen is None or not set(chosen) <= set(STATISTICS) or isinstance(statistics, str):
        raise ConfigurationError(
            f"statistics must be some of {', '.join(STATISTICS)}; got {repr_of(statistics)}."
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
        every_steps=whole_number(every_steps),
        histograms=bool(histograms),
        bins=whole_number(bins) or 1,
        statistics=chosen,
        prefix=f"{name}/" if name else "",
        feature_maps=maps,
        layers=None if layers is None else _patterns("layers", layers),
    )


def _patterns(label: str, given: object) -> tuple[str, ...]:
    """Return names and patterns of modules; "*" for True."""
    if isinstance(given, bool):
        return ("*",) if given else ()
    names = _read_names(given)
    if names is None:
        raise ConfigurationError(
            f'{label} must be names or patterns of modules, such as ["layer1", "encoder.*"]; '
            f"got {repr_of(given)}."
        )
    return names


def _read_names(names: object) -> tuple[str, ...] | None:
    """Return one string, or an iterable of them, as a tuple; None of anything else."""
    if isinstance(names, str):
        return (names,)
    if not isinstance(names, Iterable):
        return None
    read = tuple(cast("Iterable[Any]", names))
    return read if all(isinstance(one, str) for one in read) else None


def _check_switches(**switches: object) -> None:
    for label, value in switches.items():
        if not isinstance(value, bool):
            raise ConfigurationError(f"{label} must be True or False, got {repr_of(value)}.")


def _check_numbers(every: object, every_steps: object, bins: object) -> None:
    seconds: Any = every
    is_number = isinstance(seconds, int | float | np.number) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= _MOST_SECONDS:
        raise ConfigurationError(f"every must be seconds of 0 or more, got {repr_of(every)}.")
    steps = whole_number(every_steps)
    if every_steps is not None and (steps is None or steps < 1):
        raise ConfigurationError(f"every_steps must be at least 1, got {repr_of(every_steps)}.")
    number = whole_number(bins)
    if number is None or not 1 <= number <= MOST_BINS:
        raise ConfigurationError(
            f"bins must be a whole number from 1 to {MOST_BINS}, got {repr_of(bins)}."
        )
