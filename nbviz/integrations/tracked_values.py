"""What code written for an experiment tracker logs beside numbers."""

from __future__ import annotations

import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.errors import LoggingError, optional_module, text_of
from nbviz.inspection.tensors.histograms import Histogram as Counted
from nbviz.integrations.tracked_overlays import CATEGORIES, with_overlays
from nbviz.recording.media.audio import wave_from
from nbviz.recording.media.figures import is_figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbviz.recording.run import Run


def login(*arguments: object, **options: object) -> bool:
    """Do nothing: nothing is sent anywhere, and no key is needed.

    Returns:
        True, as where one is logged in.
    """
    del arguments, options
    return True


class Settings:
    """Takes what W&B's settings are, of which none is needed."""

    def __init__(self, **options: object) -> None:
        del options


_DEEPEST = 16  # mappings in mappings: one may hold itself
_TEXTS = (
    *(str, bytes, list, tuple, set, frozenset, PurePath, Enum, np.datetime64, np.timedelta64),
    *(dt.date, dt.time, dt.timedelta),
)


class Loggable(ABC):
    """A value of a log call that knows how it is recorded."""

    @abstractmethod
    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it."""


class Image(Loggable):
    """An image among the values of a log call.

    Args:
        data_or_path: A tensor, an array or an image of Pillow, as for `Run.log_image`, a figure as
            for `Run.log_figure`, or the path of a file.
        mode: Of Pillow; taken, and not needed.
        caption: What is said of it.
        grouping: Taken, and not needed.
        classes: Taken, and not needed.
        boxes: Boxes drawn on it, by name, as W&B takes them: with "box_data" and "class_labels".
        masks: Classes of its pixels, by name: with "mask_data" and "class_labels". The image is
            shown once for each name of `boxes` and `masks`.
        file_type: Taken, and not needed.
        **options: Of `Run.log_image`, such as `normalize` and `colormap`.

    Raises:
        LoggingError: Boxes or masks are of another form, or the file cannot be read.
        MissingDependencyError: It is a file, or has boxes or masks, and Pillow is not installed.
    """

    def __init__(  # noqa: PLR0917  W&B's order
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: Any = None,
        masks: Any = None,
        file_type: str | None = None,
        **options: Any,
    ) -> None:
        del mode, grouping, classes, file_type
        is_path = isinstance(data_or_path, str | PurePath)
        self.image = _image_file(data_or_path) if is_path else data_or_path
        self.caption, self.options = caption, options
        self.overlays = with_overlays(self.image, boxes, masks) if boxes or masks else {}

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it, with its caption."""
        if is_figure(self.image):
            run.log_figure(tag, self.image, step)
            _log_caption(run, tag, self.caption, step)
        else:
            log_images(run, tag, [self], step)

    @property
    def pictures(self) -> list[tuple[Any, str]]:
        """What is shown of it, each with what is said below it."""
        said = self.caption or ""
        if not self.overlays:
            return [(self.image, said)]
        return [
            (image, f"{said} ({name})" if said else name) for name, image in self.overlays.items()
        ]


class Audio(Loggable):
    """A sound among the values of a log call.

    Args:
        data_or_path: Samples, as for `Run.log_audio`, or the path of a WAV file.
        sample_rate: Samples a second; of a file what the file says.
        caption: What is said of it.

    Raises:
        LoggingError: It is a file that cannot be read.
    """

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = 44_100, caption: str | None = None
    ) -> None:
        self.samples, self.caption = data_or_path, caption
        self.sample_rate = 44_100 if sample_rate is None else sample_rate
        if isinstance(data_or_path, str | PurePath):
            try:
                read = wave_from(Path(data_or_path).read_bytes())
            except OSError as error:
                raise LoggingError(
                    f"Audio cannot read the file {str(data_or_path)!r}: {error}."
                ) from error
            self.samples, self.sample_rate = read.samples, read.sample_rate

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it, and its caption beside it."""
        run.log_audio(tag, self.samples, self.sample_rate, step)
        _log_caption(run, tag, self.caption, step)


class Video(Loggable):
    """A video among the values of a log call.

    Args:
        data_or_path: Frames, as for `Run.log_video`.
        caption: What is said of it.
        fps: Frames a second.
        format: Taken, and not needed.
    """

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: float = 4,
        format: str | None = None,  # noqa: A002
    ) -> None:
        del format
        self.frames, self.caption, self.fps = data_or_path, caption, fps

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it, and its caption beside it."""
        run.log_video(tag, self.frames, self.fps, step)
        _log_caption(run, tag, self.caption, step)


class Histogram(Loggable):
    """A histogram among the values of a log call.

    Args:
        sequence: Numbers to be counted.
        np_histogram: Counts and edges, as `numpy.histogram` returns them.
        num_bins: Of `sequence`.

    Raises:
        LoggingError: Both are given, or neither, or counts and edges do not belong together.
    """

    def __init__(self, sequence: Any = None, np_histogram: Any = None, num_bins: int = 64) -> None:
        if (sequence is None) == (np_histogram is None):
            raise LoggingError(
                "Histogram takes numbers or np_histogram=(counts, edges), one of both."
            )
        self.values, self.bins = sequence, num_bins
        self.counted = None if np_histogram is None else _counted(*np_histogram)

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it."""
        if self.counted is not None:
            run.log_made(tag, self.counted, step)
        else:
            run.log_histogram(tag, self.values, step, bins=self.bins)


class Table(Loggable):
    """A table among the values of a log call.

    Args:
        columns: The names of the columns; "Input", "Output" and "Expected" if None.
        data: Rows.
        rows: An older name of `data`.
        dataframe: A table of pandas in their place.
        **options: Taken, and not needed.

    Attributes:
        columns: The names of the columns.
        data: Rows.

    Raises:
        LoggingError: A row has another number of cells than there are columns.
    """

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[Any]] | None = None,
        rows: Sequence[Sequence[Any]] | None = None,
        dataframe: Any = None,
        **options: object,
    ) -> None:
        del options
        if dataframe is None and hasattr(data, "columns"):
            dataframe = data
        if dataframe is not None:
            columns, data = list(dataframe.columns), list(dataframe.itertuples(index=False))
        given = rows if data is None else data
        self.columns = list(("Input", "Output", "Expected") if columns is None else columns)
        self.data: list[list[Any]] = []
        for row in () if given is None else given:
            self.add_data(*row)

    def add_data(self, *row: Any) -> None:
        """Add a row.

        Raises:
            LoggingError: It has another number of cells than there are columns.
        """
        if len(row) != len(self.columns):
            names = ", ".join(map(str, self.columns))
            raise LoggingError(
                f"a row of this table has {len(self.columns)} cells ({names}), got {len(row)}."
            )
        self.data.append(list(row))

    def add_column(self, name: str, data: Sequence[Any]) -> None:
        """Add a column.

        Raises:
            LoggingError: It has another number of cells than there are rows.
        """
        if self.columns and len(data) != len(self.data):
            raise LoggingError(
                f"a column of this table has {len(self.data)} cells, got {len(data)} for {name!r}."
            )
        if not self.columns:
            self.data = [[] for _ in data]
        self.columns.append(name)
        for row, value in zip(self.data, data, strict=True):
            row.append(value)

    def get_column(self, name: str) -> list[Any]:
        """Return a column's cells.

        Raises:
            LoggingError: There is no such column.
        """
        if name not in self.columns:
            known = ", ".join(map(str, self.columns)) or "none"
            raise LoggingError(f"the table has no column {name!r}; it has {known}.")
        place = self.columns.index(name)
        return [row[place] for row in self.data]

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Return the rows with their numbers."""
        return enumerate(self.data)

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it; of an `Image` in a cell the picture."""
        rows = [[one.image if isinstance(one, Image) else one for one in row] for row in self.data]
        run.log_table(tag, rows, step, columns=[str(name) for name in self.columns])


class Plotly(Loggable):
    """A figure of Plotly, or of matplotlib, among the values of a log call; it can be logged as is.

    Args:
        val: As for `Run.log_figure`.
    """

    def __init__(self, val: Any) -> None:
        self.figure = val

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it."""
        run.log_figure(tag, self.figure, step)


class Object3D(Loggable):
    """A cloud of points among the values of a log call.

    Args:
        data_or_path: Of shape (points, 3), (points, 4) with a category of each from 1 on, or
            (points, 6) with red, green and blue from 0 to 255; also as "points" of a scene, of
            which they are shown. A file is not.
        caption: What is said of it.
        **options: Taken, and not needed.

    Raises:
        LoggingError: It is of another shape.
    """

    def __init__(self, data_or_path: Any, caption: str | None = None, **options: object) -> None:
        del options
        given = data_or_path
        self.caption, self._left_out = caption, ""
        if isinstance(given, dict) and "points" in given:
            given = cast("dict[str, Any]", given)
            rest = sorted(str(name) for name in given.keys() - {"type", "points"})
            self._left_out = ", ".join(rest)
            given = given["points"]
        elif isinstance(given, str | PurePath | dict) or hasattr(given, "read"):
            self.points = None
            return
        self.points = np.asarray(given)
        if self.points.ndim != 2 or self.points.shape[1] not in (3, 4, 6):  # noqa: PLR2004
            raise LoggingError(
                f"Object3D needs points of shape (points, 3, 4 or 6), got {self.points.shape}."
            )

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it, and its caption beside it.

        Raises:
            LoggingError: It is a file.
        """
        if self.points is None:
            raise LoggingError(
                f"{tag!r} is a file, and Object3D shows points; run.log_mesh(tag, vertices, "
                "faces=…) shows triangles."
            )
        vertices, rest = self.points[:, :3], self.points[:, 3:]
        colors = None if rest.shape[1] == 0 else rest
        if rest.shape[1] == 1:
            colors = CATEGORIES[(rest[:, 0].astype(np.int64) - 1) % len(CATEGORIES)]
        run.log_mesh(tag, vertices, colors=colors, step=step)
        _log_caption(run, tag, self.caption, step)
        if self._left_out:
            raise LoggingError(f"{tag!r}: of its scene the points are shown, not {self._left_out}.")


def with_text_keys(values: Any, depth: int = 0) -> Any:
    """Return values whose nested mappings have texts for names: W&B takes numbers, too."""
    if not isinstance(values, Mapping) or depth > _DEEPEST:
        return cast("Any", values)
    given = cast("Mapping[Any, Any]", values)
    return {
        str(name) if depth and not isinstance(name, str) else name: with_text_keys(value, depth + 1)
        for name, value in given.items()
    }


def log_value(run: Run, tag: str, value: Any, step: int) -> bool:
    """Record what is no number; returns whether it was that.

    Raises:
        NbvizError: It is that, and cannot be recorded.
    """
    if isinstance(value, Loggable):
        value.log_to(run, tag, step)
    elif images := images_of(value):
        log_images(run, tag, images, step)
    elif several := listed(value):
        for i, one in enumerate(several):
            one.log_to(run, f"{tag}/{i}", step)
    elif is_figure(value):
        run.log_figure(tag, value, step)
    else:
        return _log_plain(run, tag, value, step)
    return True


def _log_plain(run: Run, tag: str, value: Any, step: int) -> bool:
    """Record an array, a list or a text; returns whether it was that, or None, which is a gap."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return _log_array(run, tag, cast("Any", value), step)
    if isinstance(value, list | tuple) and (numbers := _numbers(cast("Any", value))) is not None:
        return _log_array(run, tag, numbers, step)
    if isinstance(value, _TEXTS):
        run.log_text(tag, value if isinstance(value, str) else text_of(cast("Any", value)), step)
        return True
    return value is None


def _log_array(run: Run, tag: str, array: Any, step: int) -> bool:
    if getattr(array.dtype, "kind", "f") not in "biufc":
        run.log_text(tag, text_of(array.tolist()), step)
    elif (count := math.prod(array.shape)) > 1:
        run.log_histogram(tag, array, step)
    else:
        return count == 0  # of nothing there is nothing to draw
    return True


def _numbers(values: Sequence[Any]) -> Any:
    """Return a list of numbers, or of tensors of one, as an array; None of another list."""
    if values and all(isinstance(one, torch.Tensor) and one.numel() == 1 for one in values):
        return torch.stack([one.detach().reshape(()).float() for one in values])
    try:
        array = np.asarray(values)
    except Exception:  # noqa: BLE001  rows of several lengths, or a value's own code
        return None
    return array if array.dtype.kind in "biuf" else None


def images_of(value: Any) -> list[Image]:
    """Return the images of a list of them; nothing of another value, or where one is a figure."""
    several = listed(value)
    images = [one for one in several if isinstance(one, Image) and not is_figure(one.image)]
    return images if len(images) == len(several) else []


def log_images(run: Run, tag: str, images: Sequence[Image], step: int | None) -> None:
    """Record images as one, or as a grid, with their captions.

    Raises:
        LoggingError: One of them cannot be recorded.
    """
    pictures = [picture for one in images for picture in one.pictures]
    options = images[0].options
    if any(said for _, said in pictures):
        captions = [said for _, said in pictures]
        run.log_images(tag, [image for image, _ in pictures], step, captions=captions, **options)
    elif len(pictures) == 1:
        run.log_image(tag, pictures[0][0], step, **options)
    else:
        run.log_images(tag, [image for image, _ in pictures], step, **options)


def listed(value: Any) -> list[Loggable]:
    """Return what a list of such values holds; nothing of another value."""
    given = list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else []
    return given if all(isinstance(one, Loggable) for one in given) else []


def _image_file(path: str | PurePath) -> Any:
    image: Any = optional_module("PIL.Image", "all")
    try:
        with image.open(path) as opened:
            return opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except OSError as error:
        raise LoggingError(f"Image cannot read the file {str(path)!r}: {error}.") from error


def _log_caption(run: Run, tag: str, caption: str | None, step: int | None) -> None:
    if caption:
        run.log_text(f"{tag}/caption", caption, step)


def _counted(counts: Any, edges: Any) -> Counted:
    numbers, limits = np.asarray(counts, np.float64), np.asarray(edges, np.float64)
    if numbers.ndim != 1 or limits.shape != (len(numbers) + 1,):
        raise LoggingError(
            f"np_histogram needs one more edge than counts, got shapes {numbers.shape} and "
            f"{limits.shape}."
        )
    middles = (limits[1:] + limits[:-1]) / 2
    return Counted(
        numbers,
        limits,
        float(limits[0]),
        float(limits[-1]),
        int(numbers.sum()),
        float((numbers * middles).sum()),
        float((numbers * middles**2).sum()),
    )
