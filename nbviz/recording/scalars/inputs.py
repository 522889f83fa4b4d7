"""What users log, read as numbers: Python, numpy and torch scalars, nested in dicts or not."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from nbviz.errors import LoggingError, describe, repr_of
from nbviz.inspection.tensors.sharded import is_whole, own_part
from nbviz.protocol.log import LineLevel
from nbviz.recording.capture.captured import CapturedScalar
from nbviz.training.devices.cuda_events import is_captured

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_STEPS = (1 << 63) - 1
"""The largest number of 64 bits; steps are below it."""

_YEAR_10000 = 253_402_300_800  # Unix seconds
_LEVELS: tuple[LineLevel, ...] = get_args(LineLevel)
_DEEPEST = 16  # mappings in mappings: one may hold itself


def flatten(values: object, prefix: str = "", depth: int = 0) -> Iterator[tuple[object, object]]:
    """Yield (tag, value); the tags of nested mappings are joined by slashes.

    Raises:
        LoggingError: `values` is no mapping, or too many are in one another.
    """
    if depth > _DEEPEST:
        raise LoggingError(
            f"{repr_of(prefix)} has mappings more than {_DEEPEST} deep in one another; does one "
            "hold itself?"
        )
    if not isinstance(values, Mapping):
        raise LoggingError(
            f'log takes a mapping of tags to numbers, such as {{"loss": 0.5}}; '
            f"got {_named(values)}."
        )
    for tag, value in cast("Mapping[object, object]", values).items():
        whole = str.__str__(tag) if isinstance(tag, str) else tag  # an Enum's, or numpy's
        if prefix and whole and isinstance(whole, str):
            whole = f"{prefix}/{whole}"
        if isinstance(value, Mapping) and isinstance(whole, str):
            yield from flatten(cast("object", value), whole, depth + 1)
        else:
            yield whole, value


def read_tag(tag: object) -> str:
    """Return the tag.

    Raises:
        LoggingError: It is not a string, or is empty.
    """
    if not isinstance(tag, str):
        raise LoggingError(
            f"a tag must be a string, got {_named(tag)}; "
            f'write {{"{repr_of(tag)}": …}} if that is its name.'
        )
    if not tag.strip():
        raise LoggingError(
            f'a tag must not be empty, got {tag!r}; name the value, such as "loss/train".'
        )
    return tag


def read_step(step: object) -> int:
    """Return the step as a Python integer.

    Raises:
        LoggingError: It is not a whole number of 0 or more.
    """
    given: Any = step
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        try:
            whole = int(given)  # pyright: ignore[reportUnknownArgumentType]  numpy's own generic
        except Exception:  # noqa: BLE001  a subclass's own code
            whole = -1
        if 0 <= whole < MOST_STEPS:
            return whole
    raise LoggingError(
        f"step must be a whole number of 0 or more, got {_named(step)}; "
        "leave it out to count log calls."
    )


def read_wall_time(wall_time: object) -> float:
    """Return Unix seconds.

    Raises:
        LoggingError: It is not a number, or no date that a calendar has.
    """
    given: Any = wall_time
    if isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
        try:
            seconds = float(given)  # pyright: ignore[reportUnknownArgumentType]  numpy's own generic
        except Exception:  # noqa: BLE001  too large, or a subclass's own code
            seconds = math.nan
        if abs(seconds) < _YEAR_10000:
            return seconds
        if math.isfinite(seconds):
            raise LoggingError(
                f"wall_time must be Unix seconds, got {_named(wall_time)}, which no calendar has; "
                "divide milliseconds by 1e3, nanoseconds by 1e9."
            )
    raise LoggingError(
        f"wall_time must be Unix seconds, a finite number such as time.time(), got "
        f"{_named(wall_time)}; of a datetime give .timestamp()."
    )


def read_level(level: object) -> LineLevel:
    """Return the level of a line of the log.

    Raises:
        LoggingError: There is none such.
    """
    for known in _LEVELS:
        if isinstance(level, str) and str.__eq__(known, level):
            return known
    levels = ", ".join(map(repr, _LEVELS))
    raise LoggingError(f"the level of a line must be one of {levels}; got {_named(level)}.")


def read_value(tag: str, value: object) -> float | CapturedScalar:
    """Return a number, or a tensor's value on a device, which `capture.seal` takes as it is.

    Raises:
        LoggingError: The value is not one number.
    """
    if value.__class__ is float:
        return cast("float", value)
    if isinstance(value, CapturedScalar):
        return value
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _read_tensor(tag, value)
    if isinstance(value, np.complexfloating):  # float() would drop its imaginary part
        value = complex(value)  # pyright: ignore[reportUnknownArgumentType]  numpy's own generic
    if isinstance(value, numbers.Number | np.bool_):
        return _to_float(tag, value)
    if isinstance(value, np.ndarray):
        array: Any = cast("Any", value)
        if array.size == 1 and array.dtype.kind in "biuf":
            return _to_float(tag, array.reshape(())[()])
        raise LoggingError(
            f"{tag!r} needs one number, got a numpy array of shape {array.shape} and dtype "
            f"{array.dtype}; reduce it first, such as with .mean()."
        )
    raise LoggingError(
        f"{tag!r} needs a number, got {_named(value)}; "
        "log a number or a tensor with one element, and text with run.print(…)."
    )


def _read_tensor(tag: str, tensor: Any) -> float | CapturedScalar:
    if tensor.numel() != 1:
        raise LoggingError(
            f"{tag!r} needs one number, got a tensor of shape {tuple(tensor.shape)}; "
            "reduce it first, such as with .mean()."
        )
    if not is_whole(tensor):
        raise LoggingError(
            f"{tag!r} is a DTensor of which this process holds a part ({tensor.placements}); log "
            ".full_tensor() of it, called in all processes."
        )
    tensor = own_part(tensor)
    if tensor.device.type == "cpu":
        return _to_float(tag, tensor.item())
    if tensor.is_complex() or tensor.is_meta:
        kind = "a complex number" if tensor.is_complex() else "a tensor without values (meta)"
        raise LoggingError(f"{tag!r} needs a real number, got {kind}; log a real part of it.")
    if tensor.is_cuda and is_captured():
        raise LoggingError(
            f"{tag!r} has no value while a CUDA graph is captured; log it after graph.replay()."
        )
    return CapturedScalar(tensor)


def _to_float(tag: str, value: Any) -> float:
    try:
        return _finite_as_it_is(value)
    except OverflowError:
        raise LoggingError(
            f"{tag!r} is too large for a 64-bit float ({repr_of(value)}); "
            "scale it, or log its logarithm."
        ) from None
    except TypeError:
        raise LoggingError(
            f"{tag!r} needs a real number, got {_named(value)}; log its real part or its magnitude."
        ) from None
    except Exception as error:  # the number's own code, such as of a signalling NaN
        raise LoggingError(
            f"{tag!r} needs a number, and {_named(value)} cannot be read as one "
            f"({describe(error)}); log a float."
        ) from error


def _finite_as_it_is(value: Any) -> float:
    number = float(value)
    if math.isinf(number) and value != number:  # a longdouble's, a Decimal's
        raise OverflowError
    return number


def _named(value: object) -> str:
    return f"{type(value).__name__} {repr_of(value)}"
