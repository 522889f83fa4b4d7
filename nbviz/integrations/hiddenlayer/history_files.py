"""Histories as files: numpy's archive with JSON in it, and hiddenlayer's pickles with care."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np

from nbviz.errors import LoggingError

TIMESTAMP = "__timestamp__"
Step = int | tuple[int, int]
Records = dict[Step, dict[str, Any]]

_FORMAT = "nbviz history 1"
_ARRAY = "__array__"
_CONTENT = "content"
_PLAIN_KINDS = "biufcSU"  # dtypes that hold no Python objects


def write(path: str | Path, records: Records) -> None:
    """Write records.

    Raises:
        LoggingError: A value is neither a number, text, an array nor a container of these.
    """
    arrays: dict[str, Any] = {}

    def reference(value: Any) -> Any:
        if isinstance(value, np.ndarray) and cast("Any", value).dtype.kind in _PLAIN_KINDS:
            name = f"array{len(arrays)}"
            arrays[name] = cast("Any", value)
            return {_ARRAY: name}
        raise LoggingError(
            "a history's file holds numbers, text, arrays and lists and dictionaries of them, not "
            f"{type(cast('object', value)).__name__}; convert it before it is logged."
        )

    rows = [[list(s) if isinstance(s, tuple) else s, values] for s, values in records.items()]
    text = json.dumps({"format": _FORMAT, "records": rows}, default=reference)
    content = np.frombuffer(text.encode(), np.uint8)
    # All in memory first: a value that cannot be written leaves an older file as it was.
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **{_CONTENT: content}, **arrays)
    Path(path).write_bytes(file.getvalue())


def read(path: str | Path) -> Records:
    """Read records.

    Raises:
        LoggingError: The file holds something else.
    """
    content = Path(path).read_bytes()
    try:
        return _read_own(content) if zipfile.is_zipfile(io.BytesIO(content)) else _unpickle(content)
    except LoggingError:
        raise
    except Exception as error:
        raise LoggingError(
            f"{path} holds no history: {type(error).__name__}: {error}. "
            "Give load a file that History.save wrote."
        ) from error


def _read_own(content: bytes) -> Records:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:

        def dereferenced(value: dict[str, Any]) -> Any:
            return archive[value[_ARRAY]] if value.keys() == {_ARRAY} else value

        found = json.loads(archive[_CONTENT].tobytes(), object_hook=dereferenced)
    if found.get("format") != _FORMAT:
        raise LoggingError(
            f"the history's format is {found.get('format')!r}, and this nbviz reads {_FORMAT!r}; "
            "load it with the nbviz that wrote it."
        )
    rows: list[tuple[Any, dict[str, Any]]] = found["records"]
    return {(s if isinstance(s, int) else (s[0], s[1])): values for s, values in rows}


def _unpickle(content: bytes) -> Records:
    records: Any = _Unpickler(io.BytesIO(content)).load()
    if not isinstance(records, dict):
        raise LoggingError(f"a history is a dictionary of steps, got {type(records).__name__}.")
    for values in cast("dict[Any, Any]", records).values():
        if not isinstance(values, dict):
            raise LoggingError(f"a step holds its metrics by name, got {type(values).__name__}.")
        _check_plain(cast("dict[Any, Any]", values))
    return cast("Records", records)


def _check_plain(value: Any) -> None:
    """Refuse arrays of Python objects, whose content could be anything numpy let through."""
    if isinstance(value, dict):
        for part in cast("dict[Any, Any]", value).values():
            _check_plain(part)
    elif isinstance(value, list | tuple):
        for part in cast("list[Any]", value):
            _check_plain(part)
    elif isinstance(value, np.ndarray) and cast("Any", value).dtype.kind not in _PLAIN_KINDS:
        raise LoggingError("the history's file holds an array of Python objects.")


def _admitted() -> dict[tuple[str, str], Any]:
    """What a pickled numpy array or number names, in the places of numpy 1 and 2."""
    array: Any = np.arange(2)
    found: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1,  # bytes, in pickles that Python 2 can read
    }
    made = {
        "multiarray._reconstruct": array.__reduce__()[0],
        "multiarray.scalar": np.float64(0).__reduce__()[0],
        "numeric._frombuffer": array.__reduce_ex__(5)[0],
    }
    for name, function in made.items():
        module, _, attribute = name.rpartition(".")
        for core in ("numpy.core", "numpy._core"):
            found[f"{core}.{module}", attribute] = function
    return found


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise LoggingError(f"the history's file names the encoding {encoding!r}.")
    return text.encode("latin1")


class _Unpickler(pickle.Unpickler):
    """Reads numbers, text, containers and numpy arrays; refuses to look up anything else."""

    def find_class(self, module: str, name: str, /) -> Any:
        admitted = _admitted().get((module, name))
        if admitted is None:
            _refuse(module, name)
        return admitted

    def persistent_load(self, pid: Any, /) -> NoReturn:
        _refuse("persistent", str(pid))


def _refuse(module: str, name: str) -> NoReturn:
    raise LoggingError(
        f"the file names {module}.{name}, which no history holds and which could run code. "
        "Nothing of it was run."
    )
