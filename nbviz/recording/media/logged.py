"""LoggedMedia: the calls of a run that log images, histograms, tensors and texts."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError, describe
from nbviz.recording.device_memory import is_out_of_memory
from nbviz.recording.media.confusion import ConfusionInput, MatrixInput
from nbviz.recording.media.inputs import (
    CountedInput,
    GridInput,
    HistogramInput,
    ImageInput,
    TensorInput,
    TextInput,
)
from nbviz.recording.media.log import MediaLog
from nbviz.recording.media.pr_curves import PrCurveInput
from nbviz.recording.media.shading import Shading
from nbviz.recording.media.tables import TableInput
from nbviz.recording.recorded_run import RecordedRun
from nbviz.recording.scalars.inputs import read_step, read_wall_time
from nbviz.training import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.recording.media.inbox import MediaInbox
    from nbviz.recording.media.inputs import ImageLayout, MediaInput
    from nbviz.recording.media.shading import Colormap, Normalize
    from nbviz.recording.media.store import MediaKind


class LoggedMedia(RecordedRun):
    """A run to which media can be logged; `Run` adds the rest.

    Its arguments are those of `RecordedRun`.
    """

    _media_inbox: MediaInbox

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Whether the next log call has to look up: the first one, a quiet run, a forked process.
        self._attention = True
        self._media_log = MediaLog()
        self._said_full = False  # that there was no memory for a copy
        self._dated = threading.local()

    def log_image(
        self,
        tag: str,
        image: object,
        step: int | None = None,
        *,
        layout: ImageLayout = "auto",
        normalize: Normalize = False,
        colormap: Colormap = None,
    ) -> None:
        """Record an image.

        Args:
            tag: Its name, such as "samples/fixed".
            image: A torch tensor, numpy array or PIL image of shape (height, width), (channels,
                height, width) or (height, width, channels), with 1, 3 or 4 channels. Floats run
                from 0 to 1, integers from 0 to 255; what is outside is clipped and NaN is black,
                which the run's log says once. Booleans are black and white. Of a PIL image of any
                mode the pixels are what Pillow converts them to.
            step: The completed step; an image of the same step takes that one's place. Where a tag
                begins again at an earlier one, as a restarted training does, it goes on as
                `samples (2)`. The newest step of the run if None.
            layout: "HWC", "CHW" or "HW"; with "auto", where both ends could be channels, they are
                the first axis of a torch tensor and the last of any other array.
            normalize: The numbers that become black and white, such as (-1, 1), or (0, 65535) for
                16 bits; True for the smallest and the largest of the image. Alpha stays.
            colormap: Colours for an image of one channel: "viridis", "magma", "coolwarm", "gray" or
                another of matplotlib's where that is installed; "labels" for whole numbers that
                are classes, or an array of their colours, shape (classes, 3).

        Raises:
            LoggingError: The tag, image, step or an option cannot be recorded.
        """
        self._log_media(
            tag,
            "image",
            step,
            lambda name: ImageInput(name, image, layout, Shading(name, normalize, colormap)),
        )

    def log_images(
        self,
        tag: str,
        images: object,
        step: int | None = None,
        *,
        layout: ImageLayout = "auto",
        columns: int | None = None,
        captions: Sequence[object] | None = None,
        normalize: Normalize = False,
        colormap: Colormap = None,
    ) -> None:
        """Record several images as one grid.

        Args:
            tag: Its name.
            images: A batch, such as (images, channels, height, width), or a list of images or a
                nested tensor, each as for `log_image`; their sizes may differ.
            step: As for `log_image`.
            layout: Of each image.
            columns: Images in a row; about as many as there are rows if None.
            captions: For each image a text, or a pair of prediction and truth, which marks those
                that are right and those that are wrong.
            normalize: As for `log_image`; True takes the range of each image.
            colormap: As for `log_image`.

        Raises:
            LoggingError: The tag, an image, the step or an option cannot be recorded.
        """
        self._log_media(
            tag,
            "image",
            step,
            lambda name: GridInput(
                name,
                images,
                layout,
                columns,
                shading=Shading(name, normalize, colormap),
                captions=captions,
            ),
        )

    def log_histogram(
        self, tag: str, values: object, step: int | None = None, *, bins: int = 64
    ) -> None:
        """Record how values are distributed.

        Args:
            tag: Its name.
            values: Real numbers in any shape: a torch tensor, a numpy array or a list. NaN and ±inf
                are counted apart.
            step: As for `log_image`.
            bins: Bins of equal width between the smallest and the largest finite value, 1 to 4096.

        Raises:
            LoggingError: The tag, values, step or bins cannot be recorded.
        """
        self._log_media(tag, "histogram", step, lambda name: HistogramInput(name, values, bins))

    def log_counted(self, tag: str, histogram: Histogram, step: int | None = None) -> None:
        """Record a histogram that is counted already.

        Args:
            tag: Its name.
            histogram: It is kept as it is.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag or step cannot be recorded.
        """
        self._log_media(tag, "histogram", step, lambda _: CountedInput(histogram))

    def log_tensor(self, tag: str, values: object, step: int | None = None) -> None:
        """Record an array as it is; bfloat16 and smaller floats become float32.

        Args:
            tag: Its name.
            values: Real numbers in any shape: a torch tensor, a numpy array or a list.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, values or step cannot be recorded.
        """
        self._log_media(tag, "tensor", step, lambda name: TensorInput(name, values))

    def log_text(self, tag: str, text: str, step: int | None = None) -> None:
        """Record a text, such as a generated sample; it is shown as plain text.

        Args:
            tag: Its name.
            text: The text; of more than a million characters the end is cut and counted.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, text or step cannot be recorded.
        """
        self._log_media(tag, "text", step, lambda name: TextInput(name, text))

    def log_confusion_matrix(
        self,
        tag: str,
        target: object = None,
        prediction: object = None,
        step: int | None = None,
        *,
        matrix: object = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        """Record which class was predicted for which.

        Samples are counted later, on nbviz's own thread.

        Args:
            tag: Its name, such as "val/confusion".
            target: The true class of each sample: a class index, a whole number from 0 on, in any
                shape, or scores of shape (samples, classes, …), of which the highest counts. A
                torch tensor on any device, a numpy array or a list. Samples with a negative index
                are left out, and the panel says how many.
            prediction: The predicted class of each sample, as `target`.
            step: As for `log_image`.
            matrix: In place of both, a matrix that was counted elsewhere: finite numbers from 0 on,
                shape (classes, classes), targets × predictions.
            classes: The classes' names; numbers if None.

        Raises:
            LoggingError: The tag, samples, matrix, names or step cannot be recorded.
        """

        def make(name: str) -> MediaInput:
            given = [one is not None for one in (target, prediction, matrix)]
            if given == [True, True, False]:
                return ConfusionInput(name, target, prediction, classes)
            if given == [False, False, True]:
                return MatrixInput(name, matrix, classes)
            raise LoggingError(
                f"{name!r} needs target and prediction, or matrix= alone; got "
                + (
                    " and ".join(
                        one
                        for one, is_given in zip(
                            ("target", "prediction", "matrix="), given, strict=True
                        )
                        if is_given
                    )
                    or "none of them"
                )
                + "."
            )

        self._log_media(tag, "confusion_matrix", step, make)

    def log_pr_curve(
        self,
        tag: str,
        target: object,
        score: object,
        step: int | None = None,
        *,
        classes: Sequence[str] | None = None,
    ) -> None:
        """Record how well scores tell classes apart: precision and recall, ROC, calibration.

        It is computed later, on nbviz's own thread; TensorBoard shows it among its PR curves.

        Args:
            tag: Its name, such as "val/pr".
            target: Of one score a sample, 0 or 1. Of several, a class index from 0 on for each
                sample, or 0 and 1 in the shape of the scores. Negative ones are left out. A torch
                tensor on any device, a numpy array or a list.
            score: Probabilities, 0 to 1, of shape (samples,) for one curve, or (samples, classes)
                for a curve of each class against all others, 128 at the most. Samples with NaN are
                left out.
            step: As for `log_image`.
            classes: The classes' names; numbers if None.

        Raises:
            LoggingError: The tag, targets, scores, names or step cannot be recorded.
        """
        self._log_media(
            tag, "pr_curve", step, lambda name: PrCurveInput(name, target, score, classes)
        )

    def log_table(
        self,
        tag: str,
        frame: object,
        step: int | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Record a table, which the page sorts and filters.

        Args:
            tag: Its name, such as "val/samples".
            frame: A data frame of pandas or polars, a table of Arrow, a dictionary of columns, a
                list of dictionaries, or rows (lists, or an array of shape (rows, columns)). A
                column holds numbers, booleans, texts, or images: as for `log_image`, or a batch.
                Of images what is shown is kept, 64 pixels along the longer side; anything else
                becomes its text, of which a thousand characters are kept. A million rows and 500
                columns at the most.
            step: As for `log_image`.
            columns: The columns' names where rows have none; else which columns, in this order.

        Raises:
            LoggingError: The tag, table, step or columns cannot be recorded.
        """
        self._log_media(tag, "table", step, lambda name: TableInput(name, frame, columns))

    @contextlib.contextmanager
    def dated(self, wall_time: float | None) -> Generator[None]:
        """Have what this thread logs inside, other than scalars, be of a wall time.

        Args:
            wall_time: Unix seconds; None for now.

        Raises:
            LoggingError: It is none.
        """
        self._dated.at = None if wall_time is None else read_wall_time(wall_time)
        try:
            yield
        finally:
            self._dated.at = None

    def _log_media(
        self, tag: str, kind: MediaKind, step: int | None, make: Callable[[str], MediaInput]
    ) -> None:
        if self._attention:
            self._attend()
        started = time.perf_counter()
        if step is not None:
            at_step = read_step(step)
        else:
            present = self._steps.present
            at_step = self.meter.step if present is None else present()
        try:
            dated: float | None = getattr(self._dated, "at", None)
            wall_time = clock.now() if dated is None else dated
            item = self._media_log.read(tag, kind, at_step, wall_time, make)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._left_out(tag, at_step, error)  # no picture is worth the training
        else:
            self._media_inbox.put(item)
        self.meter.spend(time.perf_counter() - started)

    def _left_out(self, tag: str, step: int, error: Exception) -> None:
        if not self._said_full:
            self._said_full = True
            self.note(
                f"{tag!r} at step {step:,} is left out, and so is what comes later and finds no "
                f"memory for a copy: {describe(error)} Log fewer or smaller images and tensors.",
                "warning",
            )

    def _attend(self) -> None:
        """Begin, or wake, what a log call finds not begun or quiet."""
        raise NotImplementedError
