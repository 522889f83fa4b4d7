"""SummaryWriter as tensorboardX has it, whose values show live in the cell."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from nbviz.errors import LoggingError
from nbviz.integrations.tensorboard.base import default_directory
from nbviz.integrations.tensorboard.common import CommonWriter
from nbviz.integrations.tensorboard.logs import directory_of
from nbviz.integrations.tensorboard.values import in_order, refused_graph, whole

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


class SummaryWriter(CommonWriter):
    """Logs to event files, and shows them live in the notebook cell that logs.

    As `nbviz.SummaryWriter`, with the arguments of tensorboardX.

    Args:
        logdir: Where the event files are; by default runs/<date>_<host><comment>.
        comment: Ends the default name of the directory.
        purge_step: What earlier files of the directory have of this step or later does not count.
        max_queue: Taken, and not needed: nothing waits longer than a second.
        flush_secs: As `max_queue`.
        filename_suffix: Ends the file's name.
        write_to_disk: Whether there are files; else values are only shown.
        log_dir: Another name of `logdir`.
        comet_config: Refused where it turns Comet on.
        show: Whether cells that log show a dashboard.
        **kwargs: Taken, and not needed.

    Raises:
        ConfigurationError: The directory cannot be written to.
        LoggingError: Comet is asked for.
    """

    _nests = True

    def __init__(
        self,
        logdir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
        write_to_disk: bool = True,
        log_dir: str | os.PathLike[str] | None = None,
        comet_config: Mapping[str, Any] | None = None,
        *,
        show: bool = True,
        **kwargs: Any,
    ) -> None:
        if comet_config is not None and not comet_config.get("disabled", False):
            raise LoggingError(
                f"nothing is sent to Comet, got comet_config={dict(comet_config)!r}; leave it out, "
                "or use Comet's own experiment beside this writer."
            )
        self._metadata: tuple[Any, Any] = (None, None)
        given = logdir if logdir is not None else log_dir
        name = default_directory(comment or "") if given is None else os.fspath(given)
        super().__init__(
            directory_of(name if write_to_disk else None, anew=purge_step is not None),
            name,
            purge_step=purge_step,
            filename_suffix=filename_suffix or "",
            show=show,
        )
        self.logdir = self.log_dir
        self.max_queue, self.flush_secs = max_queue, flush_secs

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        display_name: str = "",
        summary_description: str = "",
    ) -> None:
        """Add a number; as `nbviz.SummaryWriter.add_scalar`.

        Args:
            tag: Its name.
            scalar_value: A number, or a tensor or an array of one.
            global_step: The step, 0 or more.
            walltime: Unix seconds; now if None.
            display_name: Taken, and not needed.
            summary_description: As `display_name`.

        Raises:
            LoggingError: The tag, number or step cannot be recorded.
        """
        # As `Run.log` does it, for the same reason: no other call. In a training's loop each
        # instruction counts, since the processor has not seen it for a while.
        calls = self._calls
        if (
            type(scalar_value) is float
            and type(global_step) is int
            and walltime is None
            and self._metadata[1] is None
        ):
            try:
                number = calls.single_numbers[tag]
            except (KeyError, TypeError):  # a new tag, or what is none
                pass
            else:
                if calls.steps.logged <= global_step < calls.limit:
                    calls.steps.logged = global_step
                    entries = calls.entries
                    entries.extend((number, monotonic(), get_ident(), global_step, scalar_value))
                    if len(entries) > calls.most_waiting:
                        calls.attention = True
                    return
        self._add_scalar(tag, scalar_value, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Add a set of hyper-parameters; as `nbviz.SummaryWriter.add_hparams`.

        Args:
            hparam_dict: Numbers, strings and booleans by name.
            metric_dict: Numbers by name.
            name: The folder of the run, in the directory; the time if None.
            global_step: The step of the metrics.

        Raises:
            ConfigurationError: Something given is no mapping.
            LoggingError: A metric cannot be recorded.
        """
        self._add_trial(hparam_dict, metric_dict, name, global_step)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
        labels: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Add an image with boxes; as `nbviz.SummaryWriter.add_image_with_boxes`."""
        rescale = kwargs.get("rescale", 1)
        self._add_boxes(
            tag, img_tensor, box_tensor, global_step, walltime, rescale, dataformats, labels
        )

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float | None = 4,
        walltime: float | None = None,
        dataformats: str = "NTCHW",
    ) -> None:
        """Add a video; as `Run.log_video`.

        Args:
            tag: Its name.
            vid_tensor: Floats from 0 to 1, or integers to 255.
            global_step: As for `add_scalar`.
            fps: Frames a second.
            walltime: As for `add_scalar`.
            dataformats: Names the axes.

        Raises:
            LoggingError: Something given cannot be recorded.
        """
        video = in_order(tag, vid_tensor, dataformats, "NTCHW")
        self._add_video(tag, video, global_step, 4 if fps is None else fps, walltime)

    def add_onnx_graph(self, onnx_model_file: Any) -> None:
        """Not served.

        Raises:
            LoggingError: Always; it says what to use.
        """
        raise refused_graph("ONNX files", onnx_model_file)

    def add_openvino_graph(self, xmlname: Any) -> None:
        """Not served.

        Raises:
            LoggingError: Always; it says what to use.
        """
        raise refused_graph("OpenVINO", xmlname)

    def export_scalars_to_json(self, path: str | os.PathLike[str]) -> None:
        """Write all scalars as JSON: by tag a list of [Unix seconds, step, value].

        Those of `add_scalars` have the folder of their file as the tag, as with tensorboardX.
        """
        self.run.drain()
        started = self.run.meter.started_at
        grouped = {tag for tags in self._tags_of.values() for tag in tags.values()}
        found: dict[str, list[tuple[float, int, float]]] = {}
        for tag in self.run:
            series, points = self.run[tag], list[tuple[float, int, float]]()
            for segment in series.segments:
                walls = (started + segment.wall_times).tolist()
                steps, values = segment.steps.tolist(), segment.values.tolist()
                points += zip(walls, map(int, steps), values, strict=True)
            points += ((started + one.wall_time, one.step, one.value) for one in series.strays)
            found[f"{self.log_dir}/{tag}" if tag in grouped else tag] = sorted(points)
        Path(path).write_text(json.dumps(found, allow_nan=True), encoding="utf-8")

    @contextlib.contextmanager
    def use_metadata(
        self, *, global_step: int | None = None, walltime: float | None = None
    ) -> Generator[Self]:
        """Have what is added inside be of a step and a wall time where a call gives none."""
        before = self._metadata
        self._metadata = (global_step, walltime)
        try:
            yield self
        finally:
            self._metadata = before

    def _step(self, tag: str, global_step: Any) -> int:
        given = self._metadata[0] if global_step is None else global_step
        return super()._step(tag, None if given is None else whole(given))

    def _wall_time(self, walltime: float | None) -> float | None:
        return self._metadata[1] if walltime is None else walltime


class GlobalSummaryWriter:
    """One writer for a whole program, whose steps count themselves by tag.

    `getSummaryWriter` returns it. It is one of this process: what a child process adds goes to a
    writer of its own.

    Args:
        coalesce_process: Taken, and not needed.
        **options: As for `SummaryWriter`.
    """

    _instance: GlobalSummaryWriter | None = None
    _lock = threading.Lock()

    def __init__(self, coalesce_process: bool = True, **options: Any) -> None:
        self.smw = SummaryWriter(**options)

    @staticmethod
    def getSummaryWriter(**options: Any) -> GlobalSummaryWriter:  # noqa: N802  its name there
        """Return the writer, made with the options at the first call."""
        with GlobalSummaryWriter._lock:
            if GlobalSummaryWriter._instance is None:
                GlobalSummaryWriter._instance = GlobalSummaryWriter(**options)
            return GlobalSummaryWriter._instance

    def add_scalar(self, tag: str, scalar_value: Any, walltime: float | None = None) -> None:
        """Add a number; as `SummaryWriter.add_scalar`."""
        self.smw.add_scalar(tag, scalar_value, walltime=walltime)

    def add_image(
        self, tag: str, img_tensor: Any, walltime: float | None = None, dataformats: str = "CHW"
    ) -> None:
        """Add an image; as `SummaryWriter.add_image`."""
        self.smw.add_image(tag, img_tensor, walltime=walltime, dataformats=dataformats)

    def add_audio(
        self, tag: str, audio: Any, sample_rate: int = 44100, walltime: float | None = None
    ) -> None:
        """Add a sound; as `SummaryWriter.add_audio`."""
        self.smw.add_audio(tag, audio, sample_rate=sample_rate, walltime=walltime)

    def add_text(self, tag: str, text_string: str, walltime: float | None = None) -> None:
        """Add a text; as `SummaryWriter.add_text`."""
        self.smw.add_text(tag, text_string, walltime=walltime)

    def flush(self) -> None:
        """Have all that was added so far written."""
        self.smw.flush()

    def close(self) -> None:
        """Have all that was added written."""
        self.smw.close()
