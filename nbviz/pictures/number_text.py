"""Numbers as a reader wants them: ticks at round values, a few significant digits."""

from __future__ import annotations

import math

_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_PLAIN_BELOW = 10_000  # steps up to here are written out


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
    return [k * spacing for k in range(first, last + 1)]


def format_value(value: float) -> str:
    """Return a scalar with four significant digits: 0.03124, 12.35, 3.1e-07, NaN, ∞."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size != 0 and (size < 1e-3 or size >= 1e6):  # noqa: PLR2004
        mantissa, exponent = f"{value:.3e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return _minus(f"{mantissa}e{int(exponent)}")
    return _minus(f"{value:.4g}" if size < 1000 else f"{value:,.0f}")  # noqa: PLR2004


def format_ticks(ticks: list[float]) -> list[str]:
    """Return labels of one axis, all with the same number of decimals."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    spacing = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else largest
    if largest == 0 or spacing == 0:
        return [format_value(tick) for tick in ticks]
    if largest >= _PLAIN_BELOW:
        scale, suffix = next((s, t) for s, t in _SUFFIXES if largest >= s)
        if largest / scale >= _PLAIN_BELOW:
            return [_minus(f"{tick:.1e}") if tick else "0" for tick in ticks]
        return [_with_decimals(tick / scale, spacing / scale, suffix) for tick in ticks]
    if largest < 1e-3:  # noqa: PLR2004
        return [_short_exponent(tick) for tick in ticks]
    return [_with_decimals(tick, spacing) for tick in ticks]


def format_step(step: int) -> str:
    """Return a step count with thousands separators."""
    return f"{step:,}"


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: 4.2 s, 3 min 05 s, 2 h 10 min, 3 d 4 h."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_rest = divmod(minutes, 60)
    days, hours_rest = divmod(hours, 24)
    if days:
        return f"{days} d {hours_rest} h"
    if hours:
        return f"{hours} h {minutes_rest:02d} min"
    if minutes:
        return f"{minutes} min {rest:02d} s"
    return f"{whole} s"


def _with_decimals(value: float, spacing: float, suffix: str = "") -> str:
    decimals = max(0, -math.floor(math.log10(spacing) + 1e-9))
    text = f"{value:,.{decimals}f}"
    return "0" if value == 0 else _minus(text) + suffix


def _short_exponent(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return _minus(f"{mantissa.removesuffix('.0')}e{int(exponent)}")


def _minus(text: str) -> str:
    return text.replace("-", "−") if text.startswith("-") else text
