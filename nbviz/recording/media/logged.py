"""LoggedMedia: the calls of a run that log what is no scalar."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError, describe
from nbviz.recording.device_memory import is_out_of_memory
from nbviz.recording.embeddings.inputs import EmbeddingInput, EmbeddingMemories
from nbviz.recording.media.audio import AudioInput
from nbviz.recording.media.confusion import ConfusionInput, MatrixInput
from nbviz.recording.media.figures import FigureInput
from nbviz.recording.media.inputs import (
    GridInput,
    HistogramInput,
    ImageInput,
    MadeInput,
    TensorInput,
    TextInput,
)
from nbviz.recording.media.log import MediaLog
from nbviz.recording.media.pr_curves import PrCurveInput, PrCurves
from nbviz.recording.media.shading import Shading
from nbviz.recording.media.tables import TableInput
from nbviz.recording.media.video import VideoInput
from nbviz.recording.meshes.mesh import MeshInput
from nbviz.recording.predictions.inputs import PredictionsInput, PredictionsMemories
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
    from nbviz.recording.scalars.plain_calls import PlainCalls


class LoggedMedia(RecordedRun):
    """A run to which media can be logged; `Run` adds the rest.

    Its arguments are those of `RecordedRun`.
    """

    _media_inbox: MediaInbox
    plain_calls: PlainCalls

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._media_log = MediaLog()
        self._embedding_memories = EmbeddingMemories()
        self._prediction_memories = PredictionsMemories()
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

        The call copies the pixels, since the loop may change them: about 0.1 ms a megabyte, so that
        4,096 × 4,096 pixels in colour take 5 ms, as floats 20 ms. The rest is nbviz's own thread's.

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
                another of matplotlib's, by its name or itself; "labels" for whole numbers that
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
                are counted apart. Of more than 262,144 values that are not on a CUDA device every
                n-th one is counted, so that the call takes less than a millisecond; the panel says
                so.
            step: As for `log_image`.
            bins: Bins of equal width between the smallest and the largest finite value, 1 to 4096.

        Raises:
            LoggingError: The tag, values, step or bins cannot be recorded.
        """
        self._log_media(tag, "histogram", step, lambda name: HistogramInput(name, values, bins))

    def log_made(self, tag: str, value: Histogram | PrCurves, step: int | None = None) -> None:
        """Record a histogram that is counted already, or curves.

        Args:
            tag: Its name.
            value: It is kept as it is.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag or step cannot be recorded.
        """
        kind: MediaKind = "pr_curve" if isinstance(value, PrCurves) else "histogram"
        self._log_media(tag, kind, step, lambda _: MadeInput(value))

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

    def log_text(
        self, tag: str, text: str, step: int | None = None, *, markdown: bool = True
    ) -> None:
        """Record a text, such as a generated sample.

        It is shown as Markdown: headings, lists, tables, code, emphasis and links, each line of the
        text on a line of its own. HTML in it is shown as it is written, and no image is loaded.

        Args:
            tag: Its name.
            text: The text; of more than a million characters the end is cut and counted.
            step: As for `log_image`.
            markdown: False to show it character by character, as code is.

        Raises:
            LoggingError: The tag, text or step cannot be recorded.
        """
        self._log_media(tag, "text", step, lambda name: TextInput(name, text, markdown=markdown))

    def log_figure(
        self, tag: str, figure: object, step: int | None = None, *, close: bool = True
    ) -> None:
        """Record a figure of a plotting library, as it is now.

        A figure of matplotlib is drawn within the call, at 144 dots per inch or the figure's own if
        those are more, which takes as long as `figure.savefig`; log it every so many steps.

        Args:
            tag: Its name.
            figure: Of matplotlib, or axes of it, a grid of seaborn, or `matplotlib.pyplot` for its
                current figure. A figure of Plotly, and a chart of Altair where vl-convert is
                installed, is interactive in the page. For pages without a kernel and for event
                files kaleido or vl-convert draws it, on another thread; where these are not
                installed it is kept without a picture, and the log says what to install. So it is
                with what lies on other hosts, such as maps. The usual marks of a figure of bqplot
                are drawn by matplotlib.
            step: As for `log_image`.
            close: Close a figure of matplotlib in pyplot, so that a loop does not collect them.

        Raises:
            LoggingError: The tag, figure or step cannot be recorded.
        """
        self._log_media(tag, "figure", step, lambda name: FigureInput(name, figure, close=close))

    def log_audio(
        self, tag: str, samples: object, sample_rate: int = 44_100, step: int | None = None
    ) -> None:
        """Record a sound.

        Args:
            tag: Its name.
            samples: A torch tensor or a numpy array of shape (samples,), (channels, samples) or
                (samples, channels), with at most 8 channels. Floats run from -1 to 1; what is
                outside is clipped and NaN is silent, which the run's log says once. int16 is kept
                as it is; int32 and uint8, whose silence is 128, are brought to 16 bits.
            sample_rate: Samples a second, 1 to 768,000.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, samples, rate or step cannot be recorded.
        """
        self._log_media(tag, "audio", step, lambda name: AudioInput(name, samples, sample_rate))

    def log_video(self, tag: str, frames: object, fps: float = 4, step: int | None = None) -> None:
        """Record a video, as a GIF with at most 256 colours a frame.

        Args:
            tag: Its name.
            frames: A torch tensor or a numpy array of shape (frames, channels, height, width),
                (frames, height, width, channels), (frames, height, width), or (videos, frames,
                channels, height, width) for several beside each other, with 1, 3 or 4 channels;
                floats from 0 to 1 or integers from 0 to 255, as for `log_image`.
            fps: Frames a second, above 0 to 50.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, frames, fps or step cannot be recorded.
        """
        self._log_media(tag, "video", step, lambda name: VideoInput(name, frames, fps))

    def log_embedding(
        self,
        tag: str,
        vectors: object,
        *,
        labels: object = None,
        images: object = None,
        step: int | None = None,
    ) -> None:
        """Record the vectors of a set of points, shown as a cloud in 2 and 3 dimensions.

        The same points logged at several steps are followed: each projection is turned to lie as
        that of the tag's first step.

        The call copies the vectors, about 0.1 ms a megabyte, and looks at no label that is a text:
        a list of a million takes 5 ms, an array of them 1 ms.

        Args:
            tag: Its name, such as "features".
            vectors: Real numbers of shape (points, dimensions): a torch tensor on any device, a
                numpy array or a list; at most 2,000,000 points. A vector with NaN or ±inf has no
                place. Of vectors that would take more than a quarter of the media budget the
                principal components are kept, at most 50.
            labels: One label of each point, texts or numbers, or several by name: a mapping or a
                data frame. Texts and at most 50 whole numbers colour by category, others by value.
                Those of the step before if None.
            images: An image of each point: a batch as for `log_images`, or a list of images of one
                size; kept at up to 32 pixels a side. Floats run from 0 to 1. Those of the step
                before if None.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, vectors, labels, images or step cannot be recorded.
        """
        self._log_media(
            tag,
            "embedding",
            step,
            lambda name: EmbeddingInput(
                name,
                vectors,
                labels,
                images,
                memory=self._embedding_memories.of(name),
                budget=self._media.budget,
            ),
        )

    def log_mesh(
        self,
        tag: str,
        vertices: object,
        *,
        faces: object = None,
        colors: object = None,
        step: int | None = None,
    ) -> None:
        """Record a mesh, or a cloud of points in space, which can be turned and zoomed.

        The call copies the arrays, about 0.1 ms a megabyte: a million triangles take 3 ms.

        Args:
            tag: Its name, such as "shape".
            vertices: Real numbers of shape (vertices, 3) or (1, vertices, 3): a torch tensor on any
                device, a numpy array or a list; at most 2,000,000.
            faces: Whole numbers of shape (triangles, 3) or (1, triangles, 3), the vertices of each
                triangle from 0; a cloud of points if None.
            colors: RGB of each vertex in the shape of the vertices; floats from 0 to 1, or numbers
                from 0 to 255.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, vertices, faces, colors or step cannot be recorded.
        """
        self._log_media(tag, "mesh", step, lambda name: MeshInput(name, vertices, faces, colors))

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

    def log_predictions(
        self,
        tag: str,
        target: object,
        prediction: object,
        step: int | None = None,
        *,
        inputs: object = None,
        classes: Sequence[str] | None = None,
        indices: object = None,
    ) -> None:
        """Record what a classifier predicts for samples, beside what is true.

        The panel shows the most confident mistakes first. The same samples logged at several steps
        are followed; log a fixed set of them, at most 10,000.

        Args:
            tag: Its name, such as "predictions/val". Of samples of a trainer's training data it
                ends with "/train": then the panel can drop, relabel and weight them.
            target: The true class of each sample, as for `log_confusion_matrix`; negative where
                there is none.
            prediction: Scores of shape (samples, classes), logits or probabilities: rows that are
                no probabilities become such by softmax. Or a class index for each sample, which
                says nothing of how sure the model is.
            step: As for `log_image`.
            inputs: What was predicted for: images as for `log_images`, all of one size, of which 64
                pixels along the longer side are kept; texts; or rows of numbers. Floats outside 0
                to 1, as normalised images have, are shown from the smallest to the largest of all.
                Those of the step before if None.
            classes: The classes' names; numbers if None.
            indices: Which sample of its data set each is, no two alike; 0, 1, 2 … if None.

        Raises:
            LoggingError: The tag, samples, inputs, names, indices or step cannot be recorded.
        """
        self._log_media(
            tag,
            "predictions",
            step,
            lambda name: PredictionsInput(
                name,
                target,
                prediction,
                inputs=inputs,
                classes=classes,
                indices=indices,
                memory=self._prediction_memories.of(name),
            ),
        )

    def _log_media(
        self, tag: str, kind: MediaKind, step: int | None, make: Callable[[str], MediaInput]
    ) -> None:
        if self.plain_calls.attention:
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

    def _forget_media(self, tag: str) -> None:
        """Keep nothing beside of a tag that the store has let go."""
        self._media_log.forget(tag)
        self._media_inbox.forget(tag)
        self._embedding_memories.forget(tag)
        self._prediction_memories.forget(tag)

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
