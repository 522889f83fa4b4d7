"""Numbers as a reader wants them: ticks at round values, a few significant digits.

The live view writes them in the same way (`js/src/ui/format.ts`, `js/src/charts/lines/axis.ts`);
`tests/fixtures/rules` holds what both must write.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_DIGITS = 4
_MINUTE, _HOUR = 60, 3600
# An axis has one unit, by its largest tick; up to 10,000 it has none.
_TICK_UNITS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round values from `low` to `high`, both ends included where round.

    The spacing is 1, 2 or 5 times a power of ten (Heckbert, Graphics Gems, 1990).
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    spacing = next((f * power for f in (1, 2, 5) if f * power >= rough * 0.999), 10 * power)
    first = math.ceil(low / spacing - 1e-9)
    last = math.floor(high / spacing + 1e-9)
    # 3 * 0.1 is to be 0.3, not 0.30000000000000004.
    return [float(f"{k * spacing:.12g}") for k in range(first, last + 1)]


def format_value(value: float) -> str:
    """Return a scalar with four significant digits: 0.03124, 12.35, 3.1e−7, 12,346, NaN, ∞."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3 or size >= 1e6:  # noqa: PLR2004
        return _minus(f"{_significant(value, _DIGITS):e}".replace("e+", "e"))
    if size >= 10**_DIGITS:
        return _minus(_grouped(value))
    return _minus(f"{_significant(value, _DIGITS):,f}")


def short_count(count: float) -> str:
    """Return a count in at most four characters and a unit: 9.41 k, 1 M for 999,600."""
    rounded = _significant(count, 3)
    for size, unit in _UNITS:
        if rounded >= size:
            return f"{(rounded / size).normalize():f} {unit}"
    return _grouped(count)


def format_ticks(ticks: Sequence[float]) -> list[str]:
    """Return labels of one axis, all with the same unit and the decimals of their spacing."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    spacing = min((abs(b - a) for a, b in pairwise(ticks)), default=largest)
    if largest == 0 or spacing == 0:
        return [format_value(tick) for tick in ticks]
    return [_tick_label(tick, spacing, largest) for tick in ticks]


def format_step(step: int) -> str:
    """Return a step count with thousands separators."""
    return f"{step:,}"


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: 4.2 s, 3 min 05 s, 2 h 10 min, 3 d 4 h.

    What is no length of time (negative, NaN or infinite) is "–".
    """
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 9.95:  # noqa: PLR2004 - beyond, it reads as ten seconds
        return f"{seconds:.1f} s"
    # Each unit is rounded from the seconds, so that 7,199 s are two hours.
    whole = _rounded(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = _rounded(seconds / _MINUTE)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = _rounded(seconds / _HOUR)
    return f"{hours // 24} d {hours % 24} h"


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def _significant(value: float, digits: int) -> Decimal:
    """Return a number rounded to significant digits, half away from zero, without end zeros."""
    context = Context(prec=digits, rounding=ROUND_HALF_UP)
    return context.create_decimal(Decimal(value)).normalize()


def _grouped(value: float) -> str:
    """Return a whole number with thousands separators."""
    return f"{Decimal(value).quantize(Decimal(1), ROUND_HALF_UP):,}"


def _tick_label(value: float, spacing: float, largest: float) -> str:
    if value == 0:
        return "0"
    if largest < 1e-3 or largest >= 1e12:  # noqa: PLR2004
        power = _power(abs(value))
        decimals = min(3, max(0, power - _power(spacing)))
        return _minus(f"{value / 10.0**power:.{decimals}f}e{power}")
    unit, suffix = next(((u, t) for low, u, t in _TICK_UNITS if largest >= low), (1.0, ""))
    decimals = min(8, max(0, -_power(spacing / unit)))
    return _minus(f"{value / unit:.{decimals}f}{suffix}")


def _power(value: float) -> int:
    return math.floor(math.log10(value) + 1e-9)


def _minus(text: str) -> str:
    return text.replace("-", "−")
