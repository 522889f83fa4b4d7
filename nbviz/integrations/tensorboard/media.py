"""MediaWriter: what a SummaryWriter takes beside scalars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.inspection.tensors.histograms import Histogram
from nbviz.integrations.tensorboard.base import Writer
from nbviz.integrations.tensorboard.values import (
    array_of,
    in_order,
    weighted_counts,
    with_boxes,
)
from nbviz.recording.media.pr_curves import THRESHOLDS, PrCurves, curve_from

if TYPE_CHECKING:
    from collections.abc import Sequence


_BINS = 64
_MOST_BINS = 4096
_GRID_COLUMNS = 8
_MATRIX = 2  # axes of one


class MediaWriter(Writer):
    """A writer of images, histograms, texts and the like; its arguments are those of `Writer`."""

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add an image.

        Args:
            tag: Its name.
            img_tensor: Floats from 0 to 1, or integers to 255.
            global_step: As for `add_scalar`.
            walltime: As for `add_scalar`.
            dataformats: Names the axes: "CHW", "HWC" or "HW"; with an "N" it is a batch, as for
                `add_images`.

        Raises:
            LoggingError: The tag, image or step cannot be recorded.
        """
        if "N" in dataformats.upper():
            self.add_images(tag, img_tensor, global_step, walltime, dataformats)
            return
        with self._media("image", tag, global_step, walltime) as (name, step):
            image = in_order(tag, img_tensor, dataformats, "HWC")
            self.run.log_image(name, image, step, layout="HWC")

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add a batch of images as a grid, eight in a row.

        Args:
            tag: Its name.
            img_tensor: As for `add_image`.
            global_step: As for `add_scalar`.
            walltime: As for `add_scalar`.
            dataformats: Names the axes: "NCHW", "NHWC", or one image's.

        Raises:
            LoggingError: The tag, an image or step cannot be recorded.
        """
        with self._media("image", tag, global_step, walltime) as (name, step):
            images = in_order(tag, img_tensor, dataformats, "NHWC")
            self.run.log_images(name, images, step, layout="HWC", columns=_GRID_COLUMNS)

    def _add_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None,
        walltime: float | None,
        rescale: float,
        dataformats: str,
        labels: list[str] | None,
    ) -> None:
        with self._media("image", tag, global_step, walltime) as (name, step):
            image = array_of(in_order(tag, img_tensor, dataformats, "HWC"))
            drawn = with_boxes(tag, image, array_of(box_tensor), labels, rescale)
            self.run.log_image(name, drawn, step, layout="HWC")

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Add a figure of matplotlib, or several beside each other.

        Args:
            tag: Its name.
            figure: The figure, or a list of them.
            global_step: As for `add_scalar`.
            close: Whether to close it afterwards.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: It is no figure that can be drawn.
        """
        given: Any = figure
        figures: list[Any] = [*given] if isinstance(given, list | tuple) else [given]
        with self._media("figure", tag, global_step, walltime) as (name, step):
            for number, one in enumerate(figures):
                beside = f"{name}/{number}" if number else name
                self.run.log_figure(beside, one, step, close=close)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: str | int | Sequence[float] = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add how values are distributed.

        Args:
            tag: Its name.
            values: Numbers in any shape.
            global_step: As for `add_scalar`.
            bins: How many of equal width, or their edges; a name that numpy knows, such as "auto",
                "fd" or "doane", finds how many. "tensorflow" is 64.
            walltime: As for `add_scalar`.
            max_bins: The most bins.

        Raises:
            LoggingError: Something given cannot be recorded.
        """
        with self._media("histogram", tag, global_step, walltime) as (name, step):
            if isinstance(bins, str) and bins == "tensorflow":
                self.run.log_histogram(name, values, step, bins=min(_BINS, max_bins or _BINS))
                return
            if isinstance(bins, int):
                self.run.log_histogram(name, values, step, bins=min(bins, max_bins or bins))
                return
            self.run.log_made(name, _counted(tag, values, bins, max_bins), step)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: float,
        sum: float,
        sum_squares: float,
        bucket_limits: Any,
        bucket_counts: Any,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a histogram that is counted already.

        Args:
            tag: Its name.
            min: The smallest value.
            max: The largest value.
            num: How many values.
            sum: Their sum.
            sum_squares: The sum of their squares.
            bucket_limits: The upper edge of each bin, rising.
            bucket_counts: How many values are in each.
            global_step: As for `add_scalar`.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: There are not as many limits as counts.
        """
        limits, counts = array_of(bucket_limits), array_of(bucket_counts)
        if limits.shape != counts.shape or limits.ndim != 1 or not len(limits):
            raise LoggingError(
                f"{tag!r} needs as many bucket_counts as bucket_limits, got shapes {counts.shape} "
                f"and {limits.shape}."
            )
        low = np.minimum(float(min), float(limits[0]))
        with self._media("histogram", tag, global_step, walltime) as (name, step):
            histogram = Histogram(
                counts.astype(np.float64),
                np.append(low, limits).astype(np.float64),
                float(min),
                float(max),
                int(num),
                float(sum),
                float(sum_squares),
            )
            self.run.log_made(name, histogram, step)

    def add_tensor(
        self, tag: str, tensor: Any, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add an array as it is; as `Run.log_tensor`."""
        with self._media("tensor", tag, global_step, walltime) as (name, step):
            self.run.log_tensor(name, tensor, step)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a text in Markdown.

        Raises:
            LoggingError: It is no string, or the tag or step cannot be recorded.
        """
        with self._media("text", tag, global_step, walltime) as (name, step):
            self.run.log_text(name, text_string, step)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Add a sound.

        Args:
            tag: Its name.
            snd_tensor: Samples from -1 to 1, shape (samples,) or (1, samples).
            global_step: As for `add_scalar`.
            sample_rate: Samples a second.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: Something given cannot be recorded.
        """
        with self._media("audio", tag, global_step, walltime) as (name, step):
            self.run.log_audio(name, snd_tensor, sample_rate, step)

    def _add_video(
        self, tag: str, video: Any, global_step: Any, fps: float, walltime: float | None
    ) -> None:
        with self._media("video", tag, global_step, walltime) as (name, step):
            self.run.log_video(name, video, fps, step)

    def add_embedding(
        self,
        mat: Any,
        metadata: Any = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: list[str] | None = None,
    ) -> None:
        """Add vectors for the projector.

        Args:
            mat: One row a point, shape (points, features); more axes are joined.
            metadata: A label for each point; with a header a row of labels.
            label_img: An image for each point, (points, channels, height, width).
            global_step: As for `add_scalar`.
            tag: The name.
            metadata_header: Names the columns of `metadata`.

        Raises:
            LoggingError: Something given cannot be recorded.
        """
        labels = metadata
        if metadata is not None and metadata_header:
            rows = [list(row) for row in metadata]
            labels = {
                name: [row[number] for row in rows] for number, name in enumerate(metadata_header)
            }
        with self._media("embedding", tag, global_step, None) as (name, step):
            vectors = _shaped(mat)
            if len(vectors.shape) != _MATRIX:
                vectors = vectors.reshape(len(vectors), -1)
            self.run.log_embedding(name, vectors, labels=labels, images=label_img, step=step)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a precision-recall curve.

        Args:
            tag: Its name.
            labels: 0 or 1 for each sample.
            predictions: The probability of 1 for each sample.
            global_step: As for `add_scalar`.
            num_thresholds: How many points the curve has.
            weights: How much each sample counts.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: Something given cannot be recorded.
        """
        with self._media("pr_curve", tag, global_step, walltime) as (name, step):
            true, scores = _shaped(labels), _shaped(predictions)
            if true.shape == scores.shape:  # else a curve of each class
                true, scores = true.reshape(-1), scores.reshape(-1)
            if weights is None and num_thresholds == THRESHOLDS:
                self.run.log_pr_curve(name, true, scores, step)
                return
            counts = weighted_counts(tag, labels, predictions, weights, num_thresholds)
            self.run.log_made(name, PrCurves((curve_from("", *counts),)), step)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a precision-recall curve of which the counts are known.

        Args:
            tag: Its name.
            true_positive_counts: At thresholds from 0 to 1, evenly, as below.
            false_positive_counts: The same of negatives.
            true_negative_counts: Taken, and not needed, as what follows: it comes of the counts.
            false_negative_counts: As `true_negative_counts`.
            precision: As `true_negative_counts`.
            recall: As `true_negative_counts`.
            global_step: As for `add_scalar`.
            num_thresholds: As `true_negative_counts`.
            weights: As `true_negative_counts`.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: The counts are not as many.
        """
        true, false = array_of(true_positive_counts), array_of(false_positive_counts)
        if true.shape != false.shape or true.ndim != 1 or len(true) < _MATRIX:
            raise LoggingError(
                f"{tag!r} needs as many true as false positives, two or more; got shapes "
                f"{true.shape} and {false.shape}."
            )
        with self._media("pr_curve", tag, global_step, walltime) as (name, step):
            curve = curve_from("", true.astype(np.float64), false.astype(np.float64))
            self.run.log_made(name, PrCurves((curve,)), step)

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: Any = None,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a mesh or a point cloud; as `Run.log_mesh`.

        `config_dict`, which is for TensorBoard's own 3D view, is not needed.
        """
        del config_dict
        with self._media("mesh", tag, global_step, walltime) as (name, step):
            self.run.log_mesh(name, vertices, faces=faces, colors=colors, step=step)


def _shaped(values: Any) -> Any:
    """Return a tensor or an array as it is, and anything else as an array."""
    return values if hasattr(values, "shape") else np.asarray(values)


def _counted(tag: str, values: Any, bins: Any, max_bins: int | None) -> Histogram:
    """Count values in bins of which the edges, or a rule of numpy's that finds them, are given."""
    given = array_of(values).astype(np.float64).ravel()
    numbers = given[np.isfinite(given)]
    try:
        found: Any = np.histogram_bin_edges(numbers, bins)
    except (TypeError, ValueError) as error:
        raise LoggingError(f"{tag!r} has bins={bins!r}, which are none: {error}.") from error
    edges = np.asarray(found, np.float64)
    most = min(max_bins or _MOST_BINS, _MOST_BINS)
    if len(edges) - 1 > most:
        edges = np.linspace(float(edges[0]), float(edges[-1]), most + 1)
    counts, _ = np.histogram(numbers, edges)
    is_empty = not len(numbers)
    nan = int(np.isnan(given).sum())
    return Histogram(
        counts.astype(np.float64),
        edges.astype(np.float64),
        float("nan") if is_empty else float(numbers.min()),
        float("nan") if is_empty else float(numbers.max()),
        len(numbers),
        float(numbers.sum()),
        float((numbers**2).sum()),
        nan,
        len(given) - len(numbers) - nan,
    )
