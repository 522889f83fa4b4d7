"""What a user draws, as arrays: from numpy, torch on any device, data frames and lists."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, MappingView, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import ConfigurationError, describe
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.media.inputs import is_tensor
from nbviz.text import clean_line, counted, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NUMBERS = 200_000_000
_NAME_CHARACTERS = 80
_REASON_CHARACTERS = 120
_BLOCK = 1 << 16  # numbers
_AXES = 2
_NUMERIC = "biuf"
_WORDS = "words are counted by bar and pie, and name things as labels="
_TO_NUMBERS = {
    "c": "draw np.abs(...) of it",
    "M": "draw the seconds from the first one, (dates - dates.min()) / np.timedelta64(1, 's')",
    "m": "draw seconds of it, values / np.timedelta64(1, 's')",
    "U": _WORDS,
    "S": _WORDS,
    "V": "draw one of its fields",
}
"""What a user can do with arrays of a kind that is no real number."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a table.

    Attributes:
        name: What it is called.
        values: Its numbers; of words their places in `words`, NaN where there is none; float64.
        words: The words that there are, sorted; none for numbers.
    """

    name: str
    values: NDArray[np.float64] = field(repr=False)
    words: tuple[str, ...] = ()


def array_of(chart: str, value: object, what: str) -> NDArray[Any]:
    """Return an array of real numbers as it is in the input.

    Args:
        chart: For errors, as below.
        value: Anything that holds numbers.
        what: What it should be, such as "y".

    Raises:
        ConfigurationError: It holds none, or is too large.
    """
    given: Any = value
    if is_tensor(given):
        array = _of_tensor(chart, given, what)
    elif isinstance(value, np.ma.MaskedArray):
        array = given.astype(np.float64).filled(np.nan)
    elif given is None or isinstance(value, str | bytes | Mapping | set):
        raise ConfigurationError(
            f"{chart} needs {what} as numbers, got {_shown(given)}; give a list, an array, a "
            "tensor or a column of a data frame."
        )
    elif isinstance(value, Iterator | MappingView):
        raise ConfigurationError(
            f"{chart} needs {what} as numbers, got {_shown(given)}; write list(...) of it."
        )
    else:
        array = _of_anything(chart, given, what)
    if array.size > MOST_NUMBERS:
        raise ConfigurationError(
            f"{chart} got {what} with {counted(array.size, 'number')}; at most {MOST_NUMBERS:,} "
            "can be "
            "drawn. Draw a sample, or a part."
        )
    return array


def numbers(chart: str, value: object, what: str, *, axes: int = 1) -> NDArray[np.float64]:
    """Return real numbers as float64, with so many axes; axes of length 1 more are left out.

    Raises:
        ConfigurationError: They are none, have another shape, or there is nothing in them.
    """
    return with_axes(chart, value, what, axes).astype(np.float64)


def with_axes(chart: str, value: object, what: str, axes: int) -> NDArray[Any]:
    """Return the same in the type that it has."""
    array = array_of(chart, value, what)
    while array.ndim > axes and 1 in array.shape:
        array = array.squeeze(array.shape.index(1))
    if array.ndim != axes:
        shape = "(rows,)" if axes == 1 else "(rows, columns)"
        raise ConfigurationError(
            f"{chart} needs {what} of shape {shape}, got {_shape(value, array)}."
        )
    if array.size == 0:
        raise ConfigurationError(
            f"{chart} got {what} of shape {_shape(value, array)}, in which there is nothing to "
            "draw; give at least one value."
        )
    return array


def columns_of(
    chart: str, frame: object, what: str, check: Callable[[int, int], None] | None = None
) -> list[Column]:
    """Return the columns of a data frame, a dictionary of columns or an array, as numbers.

    Args:
        chart: For errors, as below.
        frame: The data.
        what: What it should be, such as "y".
        check: Raises where so many rows and columns cannot be drawn; an array is not read then.

    Raises:
        ConfigurationError: A column has neither numbers nor words, or their lengths differ.
    """
    named = _named_columns(frame)
    if named is None:
        values = _table(chart, frame, what, check)
        return [Column(f"column {at}", column) for at, column in enumerate(values)]
    found = [_column(chart, str(name), values) for name, values in named]
    if not found or not len(found[0].values):
        raise ConfigurationError(
            f"{chart} got {what} without {'rows' if found else 'columns'}; give at least one."
        )
    lengths = {column.name: len(column.values) for column in found}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{clean_line(n)!r} has {rows:,}" for n, rows in lengths.items())
        raise ConfigurationError(f"{chart} got columns of different lengths: {shown}.")
    return found


def number_columns(
    chart: str, frame: object, what: str, check: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the columns of numbers as one array of shape (rows, columns), and their names.

    An array's columns have no names: the list is then empty.

    Raises:
        ConfigurationError: There is none.
    """
    if not has_names(frame):
        return _table(chart, frame, what, check).T, []
    found = [column for column in columns_of(chart, frame, what, check) if not column.words]
    if not found:
        raise ConfigurationError(f"{chart} got {what} without a column of numbers; give one.")
    if check is not None:
        check(len(found[0].values), len(found))
    return np.stack([column.values for column in found]).T, [column.name for column in found]


def has_names(frame: object) -> bool:
    """Whether it is a table whose columns have names."""
    return _named_columns(frame) is not None


def words_or_numbers(
    chart: str, value: object, what: str, rows: int, wanted: str = "a value for each row"
) -> Column:
    """Return one column of words or of numbers, as many as rows; dates are words.

    Raises:
        ConfigurationError: They are none, or not as many.
    """
    given: Any = value
    if value is None or isinstance(value, str | Mapping | set | Iterator):
        raise ConfigurationError(
            f"{chart} needs {what} as a list, got {_shown(given)}; give {wanted}."
        )
    # Before they are read: a million words take a while.
    count = rows
    with contextlib.suppress(TypeError, RuntimeError):  # what has no length, or a tensor without
        count = len(given)
    if count != rows:
        raise ConfigurationError(_not_as_many(chart, what, rows, count, wanted))
    dates = _dates_of(given)
    if dates is not None:
        return _of_words(chart, name_of(value), np.array(_date_texts(dates), object), what)
    column = _column(chart, name_of(value), value, what)
    if len(column.values) != rows:
        raise ConfigurationError(_not_as_many(chart, what, rows, len(column.values), wanted))
    return column


def _not_as_many(chart: str, what: str, rows: int, count: int, wanted: str) -> str:
    return (
        f"{chart} draws {counted(rows, 'row')}, but {what} has {counted(count, 'value')}; "
        f"give {wanted}."
    )


def name_of(value: object) -> str:
    """Return what a column of a data frame is called, else ""."""
    name: Any = getattr(value, "name", None)
    return short_name(name) if isinstance(name, str | int) and not is_tensor(value) else ""


def names_of(chart: str, labels: object, count: int, what: str) -> tuple[str, ...]:
    """Return `labels` as so many names; none if it is None.

    Args:
        chart: For errors.
        labels: What the user gave.
        count: How many there have to be.
        what: What is named, in plural.

    Raises:
        ConfigurationError: They are no names, or not as many.
    """
    if labels is None:
        return ()
    if count == 1 and isinstance(labels, str):
        return (short_name(labels),)
    names = listed(labels, count)
    if names is None:
        raise ConfigurationError(
            f"{chart} needs labels= as a list of names, got {_shown(labels)}; write a list with "
            f"one for each of the {count:,} {what}."
        )
    if len(names) != count:
        given = number_listed(names, labels, count)
        raise ConfigurationError(
            f"{chart} draws {count:,} {what}, but labels= has {given} names; give as many."
        )
    return tuple(map(short_name, names))


def listed(values: object, count: int) -> list[object] | None:
    """Return what a user listed, read up to one more than `count`; None if it is no list."""
    given: Any = values
    if isinstance(values, str | bytes | Mapping | set | frozenset):
        return None
    try:
        if is_tensor(given):
            return list(given.detach()[: count + 1].tolist())
        dates = _dates_of(given)
        if dates is not None:
            return _date_texts(dates[: count + 1])
        return list(itertools.islice(given, count + 1))
    except Exception:  # noqa: BLE001  whatever a user's object raises
        return None


def number_listed(found: list[object], values: object, count: int) -> str:
    """Return how many a user listed, of which `listed` has read some, in words."""
    if len(found) <= count:
        return f"{len(found):,}"
    with contextlib.suppress(TypeError, RuntimeError):  # what has no length, or a tensor without
        return f"{len(cast('Any', values)):,}"
    return "more"


def said_of(count: int, has: str, have: str) -> str:
    """Return a remark of so many samples, such as "1 sample has no class"; "" of none.

    Args:
        count: Of how many.
        has: What is so of one.
        have: The same of several.
    """
    return counted(count, f"sample {has}", f"samples {have}") if count else ""


def check_count(chart: str, count: int, most: int, what: str) -> None:
    """Refuse more than can be drawn in a few seconds.

    Raises:
        ConfigurationError: There are more than `most`.
    """
    if count > most:
        raise ConfigurationError(
            f"{chart} takes at most {most:,} {what}, got {count:,}; draw a sample of them, such as "
            "each tenth: values[::10]."
        )


def short_name(value: object) -> str:
    """Return a name as one line of at most 80 characters."""
    return shortened(clean_line(str(value)), _NAME_CHARACTERS)


def title_of(chart: str, title: object) -> str:
    """Return a title as one line.

    Raises:
        ConfigurationError: It is no text.
    """
    if not isinstance(title, str):
        raise ConfigurationError(f"{chart} needs title= as a text, got {_shown(title)}.")
    return shortened(clean_line(title), 2 * _NAME_CHARACTERS)


def _of_tensor(chart: str, tensor: Any, what: str) -> NDArray[Any]:
    if tensor.is_meta:
        raise ConfigurationError(
            f"{chart} got {what} as a tensor without values (on the meta device); draw one that "
            "has been computed."
        )
    if tensor.is_complex():
        raise ConfigurationError(
            f"{chart} needs {what} as real numbers, got {tensor.dtype}; draw .abs() of it."
        )
    if tensor.is_nested:
        raise ConfigurationError(
            f"{chart} got {what} as a nested tensor; give .to_padded_tensor(float('nan'))."
        )
    tensor = tensor.detach()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    return copy_array(tensor).read()


def _of_anything(chart: str, value: object, what: str) -> NDArray[Any]:
    given: Any = value
    array: NDArray[Any]
    try:
        if isinstance(value, list | tuple) and any(map(is_tensor, cast("Sequence[Any]", value))):
            parts = [_of_tensor(chart, one, what) if is_tensor(one) else one for one in given]
            array = np.asarray(parts)
        elif hasattr(given, "to_numpy"):
            array = np.asarray(given.to_numpy())
        else:
            array = np.asarray(given)
        if array.dtype.kind == "O":  # None among numbers
            array = array.astype(np.float64)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a user's object raises
        raise ConfigurationError(
            f"{chart} needs {what} as numbers, got {type(given).__name__} that numpy cannot read "
            f"({shortened(describe(error), _REASON_CHARACTERS)}); rows need the same length, and "
            "words do not go."
        ) from None
    if array.dtype.kind not in _NUMERIC:
        raise ConfigurationError(
            f"{chart} needs {what} as real numbers, got {type(given).__name__} of dtype "
            f"{array.dtype}; {_TO_NUMBERS.get(array.dtype.kind, 'convert it first')}."
        )
    return array


def _table(
    chart: str, frame: object, what: str, check: Callable[[int, int], None] | None
) -> NDArray[np.float64]:
    """Return an array's columns one after another; float64, shape (columns, rows)."""
    array = array_of(chart, frame, what)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != _AXES:
        raise ConfigurationError(
            f"{chart} needs {what} as a table of rows and columns, got {_shape(frame, array)}."
        )
    rows, columns = array.shape
    if check is not None:
        check(rows, columns)
    if array.size == 0:
        raise ConfigurationError(
            f"{chart} got {what} without {'rows' if columns else 'columns'}; give at least one."
        )
    found = np.empty((columns, rows))
    block = max(1, _BLOCK // columns)
    for start in range(0, rows, block):  # as much as a cache holds: several times as fast
        found[:, start : start + block] = array[start : start + block].T
    return found


def _named_columns(frame: Any) -> list[tuple[Any, Any]] | None:
    given: object = frame
    if isinstance(given, Mapping):
        return list(cast("Mapping[Any, Any]", given).items())
    if is_tensor(frame) or isinstance(given, np.ndarray):
        return None
    if hasattr(frame, "collect") and hasattr(frame, "collect_schema"):
        raise ConfigurationError("a query that has not run cannot be drawn; draw .collect() of it.")
    if hasattr(frame, "columns") and hasattr(frame, "items"):  # as pandas has them
        return list(frame.items())
    if hasattr(frame, "get_columns"):  # as polars has them
        return [(one.name, one) for one in frame.get_columns()]
    if hasattr(frame, "column_names") and hasattr(frame, "columns"):  # as Arrow has them
        return list(zip(frame.column_names, frame.columns, strict=True))
    return None


def _column(chart: str, name: str, values: Any, what: str = "") -> Column:
    shown = short_name(name)
    what = what or f"the column {shown!r}"
    if not is_tensor(values):
        try:
            array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
        except Exception as error:  # noqa: BLE001  whatever a user's object raises
            raise ConfigurationError(
                f"{chart} cannot read {what} "
                f"({shortened(describe(error), _REASON_CHARACTERS)}); give numbers or words."
            ) from None
        if array.ndim == 1 and array.dtype.kind not in "biufcmMV":
            return _of_words(chart, shown, array, what)
        if array.dtype.kind in "mM":
            return Column(shown, _seconds(array))
        values = array
    return Column(shown, _one_axis(chart, values, what))


def _one_axis(chart: str, values: Any, what: str) -> NDArray[np.float64]:
    array = array_of(chart, values, what)
    if array.ndim != 1:
        raise ConfigurationError(
            f"{chart} needs {what} of shape (rows,), got {_shape(values, array)}."
        )
    return array.astype(np.float64)


def _of_words(chart: str, name: str, array: NDArray[Any], what: str) -> Column:
    cells: list[Any] = array.tolist()
    if array.dtype.kind not in "US":
        is_missing = [_is_missing(cell) for cell in cells]
        if all(map(_is_number_or, cells, is_missing)):
            known = [math.nan if m else c for c, m in zip(cells, is_missing, strict=True)]
            try:
                numbers = [float(cell) for cell in known]
            except OverflowError:
                raise ConfigurationError(
                    f"{chart} cannot draw {what}: a number in it is beyond 1.8e308."
                ) from None
            return Column(name, np.array(numbers, np.float64))
        cells = [None if m else str(c) for c, m in zip(cells, is_missing, strict=True)]
    # Each word is made a name once: of a million cells most have words that others have.
    short = {word: short_name(word) for word in set(cells) if word is not None}
    words = sorted(set(short.values()))
    place = {word: float(at) for at, word in enumerate(words)}
    of_cell = {word: place[shown] for word, shown in short.items()} | {None: np.nan}
    return Column(name, np.array([of_cell[cell] for cell in cells], np.float64), tuple(words))


def _is_missing(cell: Any) -> bool:
    """Whether it is None, NaN, NaT or pandas' NA, which differ from themselves."""
    if cell is None:
        return True
    differs: Any = cell != cell  # noqa: PLR0124
    return bool(differs) if type(differs) in {bool, np.bool_} else differs is cell


def _is_number_or(cell: Any, is_missing: bool) -> bool:
    return is_missing or isinstance(cell, Real | Decimal | np.bool_)


def _dates_of(value: Any) -> NDArray[np.datetime64] | None:
    """Return an array's or a column's dates; None if it holds none."""
    if is_tensor(value):
        return None
    given: Any = value.to_numpy() if hasattr(value, "to_numpy") else value
    if not isinstance(given, np.ndarray) or given.ndim != 1:
        return None
    array = cast("NDArray[Any]", given)
    return array if array.dtype.kind == "M" else None


def _date_texts(array: NDArray[np.datetime64]) -> list[object]:
    """Return dates as words, as short as all of them are exact."""
    texts = cast("list[str]", np.datetime_as_string(array, unit="auto").tolist())
    return [None if text == "NaT" else text for text in texts]


def _seconds(array: NDArray[Any]) -> NDArray[np.float64]:
    kind = "M8[ms]" if array.dtype.kind == "M" else "m8[ms]"
    known = array.astype(kind)
    seconds = known.astype(np.int64) / 1000
    return np.where(np.isnat(known), np.nan, seconds)


def _shape(value: Any, array: NDArray[Any]) -> str:
    given = getattr(value, "shape", array.shape)
    try:
        return str(tuple(given))
    except TypeError:
        return str(array.shape)


def _shown(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the text {short_name(value)!r}"
    return type(value).__name__
