"""Numbers and files of windows: never changed once they are there, so that threads may share them.

A window holds plain JSON but for these. What goes to a page of them is a blob, which a page is sent
once: a line that grows is sent its new points only.
"""

from __future__ import annotations

import base64
import itertools
import math
import sys
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

_numbers = itertools.count(1)
_NUMBERS = ("x", "y", "z", "i", "j", "k", "values", "intensity")


class Blob:
    """Bytes that pages are sent once.

    Args:
        make: Returns them; called at most once, on nbviz's own thread where there is a page.

    Attributes:
        number: What pages call it.
    """

    def __init__(self, make: Callable[[], bytes]) -> None:
        self.number = next(_numbers)
        self._make: Callable[[], bytes] | None = make
        self._data = b""

    def data(self) -> bytes:
        """Return the bytes."""
        make = self._make
        if make is not None:
            self._data = make()
            self._make = None
        return self._data


class Column:
    """Numbers of one axis, NaN where there is none; float64.

    It is kept in pieces, each at least twice as long as the next, so that adding to it costs little
    and there are few of them.
    """

    def __init__(self, pieces: Iterable[tuple[NDArray[np.float64], Blob]] = ()) -> None:
        self.pieces = tuple(pieces)

    @staticmethod
    def of(values: Any) -> Column:
        """Return the numbers of an array or a list, copied."""
        numbers = np.array(_numbers_of(values), np.float64).reshape(-1)
        return Column([_piece(numbers)])

    def extended(self, other: Column) -> Column:
        """Return these numbers and then those."""
        pieces = [*self.pieces, _piece(other.values)]
        while len(pieces) > 1 and len(pieces[-2][0]) < 2 * len(pieces[-1][0]):
            last, before = pieces.pop()[0], pieces.pop()[0]
            pieces.append(_piece(np.concatenate([before, last])))
        return Column(pieces)

    @property
    def values(self) -> NDArray[np.float64]:
        """All of them."""
        parts = [values for values, _ in self.pieces]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])

    @property
    def is_missing(self) -> bool:
        """Whether none of them is a number; of no numbers it is not."""
        return len(self) > 0 and all(bool(np.isnan(values).all()) for values, _ in self.pieces)

    def plain(self) -> list[float | None]:
        """Return them as JSON has them."""
        return [_plain_number(value) for value in self.values.tolist()]

    def __len__(self) -> int:
        return sum(len(values) for values, _ in self.pieces)


class Grid:
    """Numbers in rows and columns, NaN where there is none."""

    def __init__(self, values: Any) -> None:
        self.values = np.array(values, np.float64)
        self.blob = Blob(lambda: self.values.astype(np.float32).tobytes())

    def plain(self) -> list[list[float | None]]:
        """Return them as JSON has them."""
        return [[_plain_number(value) for value in row] for row in self.values.tolist()]


class File:
    """A file: an image, a sound or a video.

    Args:
        media_type: Of what it is, such as "image/png".
        make: Returns its bytes; called when they are needed.
    """

    def __init__(self, media_type: str, make: Callable[[], bytes]) -> None:
        self.media_type = media_type
        self.blob = Blob(make)

    @staticmethod
    def of_url(url: str) -> File | None:
        """Return what a data: URL of an image, a sound or a video holds; None of other texts."""
        head, found, encoded = url.partition(";base64,")
        if not found or not head.startswith(("data:image/", "data:audio/", "data:video/")):
            return None
        return File(head.removeprefix("data:"), lambda: base64.b64decode(encoded))

    def plain(self) -> str:
        """Return it as a data: URL."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.blob.data()).decode()}"


def host_array(value: Any) -> Any:
    """Return a tensor or a list as an array of numpy; anything else as it is.

    A tensor on a device is copied here and now, as visdom does.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        numbers = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        return numbers.resolve_conj().resolve_neg().numpy()
    if isinstance(value, list):
        return np.array(cast("list[Any]", value))
    return value


def plain(value: Any) -> Any:  # noqa: PLR0911  a line a kind
    """Return what a window holds as JSON has it."""
    if isinstance(value, Column | Grid | File):
        return value.plain()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in cast("Iterable[Any]", value)]
    if isinstance(value, np.ndarray):
        return plain(cast("Any", value).tolist())
    if isinstance(value, np.generic):
        return plain(cast("Any", value).item())
    if isinstance(value, float):
        return _plain_number(value)
    if value is None or isinstance(value, str | int):
        return value
    return str(value)


def wire(value: Any, blobs: list[Blob]) -> Any:
    """Return what a window holds as pages read it, and add the blobs that they need for it."""
    if isinstance(value, Column):
        found = [blob for _, blob in value.pieces]
        blobs += found
        return {"$": "column", "blobs": [blob.number for blob in found]}
    if isinstance(value, Grid):
        blobs.append(value.blob)
        return {"$": "grid", "blobs": [value.blob.number], "shape": list(value.values.shape)}
    if isinstance(value, File):
        blobs.append(value.blob)
        return {"$": "file", "blobs": [value.blob.number], "type": value.media_type}
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {str(k): wire(v, blobs) for k, v in items if k != "$"}
    if isinstance(value, list | tuple):
        return [wire(one, blobs) for one in cast("Iterable[Any]", value)]
    return plain(value)


def copied(value: Any) -> Any:
    """Return what a window holds with dicts and lists of its own."""
    if isinstance(value, dict):
        return {k: copied(v) for k, v in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [copied(one) for one in cast("list[Any]", value)]
    return value


def read_window(data: dict[str, Any]) -> dict[str, Any]:
    """Return a window as JSON says it, with its numbers and files as windows hold them."""
    content = data.get("content")
    if data.get("type") == "plot" and isinstance(content, dict):
        plot = cast("dict[str, Any]", content)
        traces = [read_trace(trace) for trace in plot.get("data", ())]
        return {**data, "content": {"layout": {}, **plot, "data": traces}}
    if isinstance(content, list) and data.get("type") == "image_history":
        return {**data, "content": [_read_file(one) for one in cast("list[Any]", content)]}
    return {**data, "content": _read_file(content)}


def read_trace(trace: Any) -> dict[str, Any]:
    """Return a trace as plotly's JSON has it, with its numbers as windows hold them."""
    return {
        name: _read_numbers(value) if name in _NUMBERS else value
        for name, value in dict(trace).items()
    }


def _read_file(content: Any) -> Any:
    if isinstance(content, dict) and isinstance(cast("Any", content).get("src"), str):
        held = cast("dict[str, Any]", content)
        return {**held, "src": File.of_url(held["src"]) or held["src"]}
    return cast("Any", content)


def _read_numbers(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "iufb":
            return plain(value)
        return Grid(value) if value.ndim == 2 else Column.of(value)  # noqa: PLR2004
    if not isinstance(value, list | tuple):
        return value
    several = list(cast("Iterable[Any]", value))
    if several and all(_is_number_or_none(one) for one in several):
        return Column.of(several)
    rows = [list(cast("Iterable[Any]", one)) for one in several if isinstance(one, list | tuple)]
    is_table = rows and rows[0] and len(rows) == len(several) and len(set(map(len, rows))) == 1
    if is_table and all(_is_number_or_none(one) for row in rows for one in row):
        return Grid([_numbers_of(row) for row in rows])
    return plain(several)


def _piece(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], Blob]:
    return values, Blob(values.tobytes)


def _numbers_of(values: Any) -> Any:
    if isinstance(values, list | tuple):
        return [math.nan if one is None else one for one in cast("Iterable[Any]", values)]
    return values


def _is_number_or_none(value: Any) -> bool:
    return value is None or (
        isinstance(value, int | float | np.number) and not isinstance(value, bool)
    )


def _plain_number(value: float) -> float | None:
    return value if math.isfinite(value) else None
