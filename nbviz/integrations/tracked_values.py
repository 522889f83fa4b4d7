"""What code written for an experiment tracker logs beside numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.inspection.tensors.histograms import Histogram as Counted

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class Loggable(ABC):
    """A value of a log call that knows how it is recorded."""

    @abstractmethod
    def log_to(self, run: Run, tag: str, step: int) -> None:
        """Record it."""


class Image(Loggable):
    """An image among the values of a log call.

    Args:
        data_or_path: A tensor, an array or an image of Pillow, as for `Run.log_image`.
        mode: Of Pillow; taken, and not needed.
        caption: What is said of it.
        grouping: Taken, and not needed.
        classes: Taken, and not needed.
        boxes: Not served.
        masks: Not served.
        file_type: Taken, and not needed.
        **options: Of `Run.log_image`, such as `normalize` and `colormap`.

    Raises:
        LoggingError: It has boxes or masks.
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
        if boxes or masks:
            raise LoggingError(
                "Image draws no boxes or masks; draw them into the image first, as "
                "torchvision.utils.draw_bounding_boxes and draw_segmentation_masks do."
            )
        self.image, self.caption, self.options = data_or_path, caption, options

    def log_to(self, run: Run, tag: str, step: int) -> None:
        """Record it, and its caption beside it."""
        run.log_image(tag, self.image, step, **self.options)
        _log_caption(run, tag, self.caption, step)


class Audio(Loggable):
    """A sound among the values of a log call.

    Args:
        data_or_path: Samples, as for `Run.log_audio`.
        sample_rate: Samples a second.
        caption: What is said of it.
    """

    def __init__(
        self, data_or_path: Any, sample_rate: int = 44_100, caption: str | None = None
    ) -> None:
        self.samples, self.sample_rate, self.caption = data_or_path, sample_rate, caption

    def log_to(self, run: Run, tag: str, step: int) -> None:
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

    def log_to(self, run: Run, tag: str, step: int) -> None:
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

    def log_to(self, run: Run, tag: str, step: int) -> None:
        """Record it."""
        if self.counted is not None:
            run.log_made(tag, self.counted, step)
        else:
            run.log_histogram(tag, self.values, step, bins=self.bins)


class Table(Loggable):
    """A table among the values of a log call.

    Args:
        columns: The names of the columns.
        data: Rows.
        dataframe: A table of pandas in their place.
    """

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[Any]] | None = None,
        dataframe: Any = None,
    ) -> None:
        self.columns = list(columns or [])
        self.data = [list(row) for row in data or []]
        self.dataframe = dataframe

    def add_data(self, *row: Any) -> None:
        """Add a row."""
        self.data.append(list(row))

    def log_to(self, run: Run, tag: str, step: int) -> None:
        """Record it."""
        frame = self.dataframe
        if frame is None:
            frame = [dict(zip(self.columns, row, strict=True)) for row in self.data]
        run.log_table(tag, frame, step)


def images_of(value: Any) -> list[Image]:
    """Return the images of a list of them; nothing of another value."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], Image):
        return list(cast("Sequence[Image]", value))
    return []


def _log_caption(run: Run, tag: str, caption: str | None, step: int) -> None:
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
