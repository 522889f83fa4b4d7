"""SummaryWriter as torch.utils.tensorboard has it, whose values show live in the cell.

It writes what TensorBoard reads, each second, from another thread.
"""

from __future__ import annotations

import os
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbviz.integrations.tensorboard.base import default_directory
from nbviz.integrations.tensorboard.common import CommonWriter
from nbviz.integrations.tensorboard.logs import directory_of
from nbviz.integrations.tensorboard.values import refused_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SummaryWriter(CommonWriter):
    """Logs to event files, and shows them live in the notebook cell that logs.

    Where it is used in a notebook, each cell that logs shows a dashboard of the directory, which
    needs no server; a second one shows a line that leads to the first. All writers of a directory
    are one run, which `run` is: it has the series, Pause and Stop. A value without `global_step`
    has as its step how many of its tag came before.

    Args:
        log_dir: Where the event files are; by default runs/<date>_<host><comment>.
        comment: Ends the default name of the directory.
        purge_step: What earlier files of the directory have of this step or later does not count.
        max_queue: Taken, and not needed: nothing waits longer than a second.
        flush_secs: As `max_queue`.
        filename_suffix: Ends the file's name.
        logdir: Another name of `log_dir`, as tensorboardX has it.
        show: Whether cells that log show a dashboard.

    Attributes:
        log_dir: The directory.
        run: What is logged, as an `nbviz.Run`.

    Raises:
        ConfigurationError: The directory cannot be written to.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
        *,
        logdir: str | os.PathLike[str] | None = None,
        show: bool = True,
    ) -> None:
        given = log_dir if log_dir is not None else logdir
        name = default_directory(comment) if given is None else os.fspath(given)
        super().__init__(
            directory_of(name, anew=purge_step is not None),
            name,
            purge_step=purge_step,
            filename_suffix=filename_suffix,
            show=show,
        )
        self.max_queue, self.flush_secs = max_queue, flush_secs

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Add a number; also a point at which Pause and Stop act.

        Args:
            tag: Its name.
            scalar_value: A number, or a tensor or an array of one; a CUDA tensor is not waited for.
            global_step: The step, 0 or more.
            walltime: Unix seconds; now if None.
            new_style: Taken, and not needed: every reader reads what is written.
            double_precision: Taken, and not needed: what needs float64 is written as such.

        Raises:
            LoggingError: The tag, number or step cannot be recorded.
        """
        # As `Run.log` does it, for the same reason: no other call. In a training's loop each
        # instruction counts, since the processor has not seen it for a while.
        calls = self._calls
        if type(scalar_value) is float and type(global_step) is int and walltime is None:
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
        hparam_domain_discrete: Mapping[str, Sequence[Any]] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Add a set of hyper-parameters and what came of it: a row of the run table.

        Args:
            hparam_dict: Numbers, strings and booleans by name.
            metric_dict: Numbers by name.
            hparam_domain_discrete: Taken, and not needed: the table finds the values there are.
            run_name: The folder of the run, in the directory; the time if None.
            global_step: As for `add_scalar`.

        Raises:
            ConfigurationError: Something given is no mapping.
            LoggingError: A metric cannot be recorded.
        """
        self._add_trial(hparam_dict, metric_dict, run_name, global_step)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: list[str] | None = None,
    ) -> None:
        """Add an image with boxes drawn on it.

        Args:
            tag: Its name.
            img_tensor: As for `add_image`.
            box_tensor: Left, top, right and bottom of each box in pixels, shape (boxes, 4).
            global_step: As for `add_scalar`.
            walltime: As for `add_scalar`.
            rescale: The image's size is multiplied by it.
            dataformats: As for `add_image`.
            labels: One for each box.

        Raises:
            LoggingError: Something given cannot be recorded.
            MissingDependencyError: Pillow is not installed.
        """
        self._add_boxes(
            tag, img_tensor, box_tensor, global_step, walltime, rescale, dataformats, labels
        )

    def add_onnx_graph(self, prototxt: Any) -> None:
        """Not served.

        Raises:
            LoggingError: Always; it says what to use.
        """
        raise refused_graph("ONNX files", prototxt)

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float = 4,
        walltime: float | None = None,
    ) -> None:
        """Add a video; as `Run.log_video`, of shape (videos, frames, channels, height, width)."""
        self._add_video(tag, vid_tensor, global_step, fps, walltime)
