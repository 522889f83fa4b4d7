"""NbvizLogger: Lightning's metrics, hyper-parameters, graph and images as a run."""

from __future__ import annotations

import os
import sys
import time
import weakref
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import LoggingError, NbvizError, describe
from nbviz.integrations.foreign_loop import ForeignLoop
from nbviz.integrations.lightning.library import base_of, rank_zero_experiment, rank_zero_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

    from nbviz.integrations.tracked_values import Loggable
    from nbviz.recording.run import Run

_Logger: Any = base_of("Logger")


class NbvizLogger(_Logger):
    """Records what a LightningModule logs in a run, which the cell shows live.

    With several processes the first one records. A process of its own (as the strategies make that
    spawn or fork) cannot reach the notebook's: give `save_dir`, and `%nbviz --logdir` shows it.

    Args:
        save_dir: Where event files are written, in `name/version_0` and so on; None writes none.
        name: Of the experiment.
        version: A number, or a text; the next free one if None.
        run: The run to record in, in place of one of its own.
        show: Whether the cell shows a run of its own.
        log_graph: Whether the model's graph is recorded and shown, if it has an
            `example_input_array`.

    Raises:
        MissingDependencyError: Lightning is not installed.
    """

    def __init__(
        self,
        save_dir: str | Path | None = None,
        name: str = "lightning_logs",
        version: int | str | None = None,
        *,
        run: Run | None = None,
        show: bool = True,
        log_graph: bool = False,
    ) -> None:
        super().__init__()
        self._save_dir = None if save_dir is None else os.fspath(save_dir)
        self._name = name
        self._version = version
        self._given = run
        self._shows = show
        self._logs_graph = log_graph
        self._loop: ForeignLoop | None = None
        self._process = 0
        self._experiment: Run | None = None
        self._graphed: weakref.ref[nn.Module] | None = None

    # ------------------------------------------------------------ where it logs to

    @property
    def loop(self) -> ForeignLoop:
        """What records, and carries out commands; made when it is first asked for."""
        if self._loop is None or self._process != os.getpid():
            is_child = self._loop is not None
            self._process = os.getpid()
            self._loop = ForeignLoop(
                "/".join(part for part in (self._name, str(self.version)) if part) or None,
                run=None if is_child else self._given,
                dir=self.log_dir,
                show=self._shows,
            )
        return self._loop

    @property
    @rank_zero_experiment
    def experiment(self) -> Run:
        """The `nbviz.Run`."""
        self._experiment = self.loop.run
        return self._experiment

    @property
    def run(self) -> Run:
        """The `nbviz.Run`."""
        return self.loop.run

    @property
    def name(self) -> str:
        """Of the experiment."""
        return self._name

    @property
    def version(self) -> int | str:
        """Which run of the experiment."""
        if self._version is None:
            self._version = self._next_version()
        return self._version

    @property
    def save_dir(self) -> str | None:
        """Where all experiments are."""
        return self._save_dir

    @property
    def root_dir(self) -> str | None:
        """Where the versions of the experiment are."""
        return None if self._save_dir is None else str(Path(self._save_dir) / self._name)

    @property
    def log_dir(self) -> str | None:
        """Where the event files of this version are."""
        if self.root_dir is None:
            return None
        version = self.version
        return str(
            Path(self.root_dir) / (version if isinstance(version, str) else f"version_{version}")
        )

    def _next_version(self) -> int:
        folder = Path(self.root_dir or self._name)  # without files, as checkpoints are kept beside
        found = [path.name.removeprefix("version_") for path in folder.glob("version_*")]
        return max((int(number) for number in found if number.isdigit()), default=-1) + 1

    # ------------------------------------------------------------ what is logged

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record metrics at Lightning's step."""
        loop = self.loop
        loop.attend()
        loop.log(metrics, step)

    @rank_zero_only
    def log_hyperparams(
        self, params: Mapping[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Add hyper-parameters to the run's config; metrics after them are recorded at step 0."""
        values = vars(params) if isinstance(params, Namespace) else dict(params)
        metrics = kwargs.get("metrics", args[0] if args else None)
        run = self.loop.run
        try:
            run.update_config(values)
        except NbvizError as error:
            run.note(f"hyper-parameters not recorded: {error}", "warning")
        if metrics:
            is_named = isinstance(metrics, dict)
            self.loop.log(cast("Any", metrics) if is_named else {"hp_metric": metrics}, 0)

    @rank_zero_only
    def log_graph(self, model: nn.Module, input_array: Any = None) -> None:
        """Record a model's graph and show it; Lightning calls it, too, which `log_graph` permits.

        Args:
            model: The model.
            input_array: What its `forward` takes; its `example_input_array` if None.
        """
        if input_array is None:
            was = None if self._graphed is None else self._graphed()
            if was is model or not self._logs_graph:
                return  # Lightning calls it for each of fit, validate and test
            self._graphed = weakref.ref(model)
        given = getattr(model, "example_input_array", None) if input_array is None else input_array
        if given is None:
            self.run.note("no graph: the model has no example_input_array", "warning")
            return
        from nbviz.inspection.graph.trace.trace import trace
        from nbviz.integrations.in_cells import show_graph
        from nbviz.integrations.tensorboard.graph_def import graph_event

        try:
            if isinstance(given, dict):
                graph = trace(model, **given)
            else:
                graph = trace(model, *(given if isinstance(given, tuple | list) else (given,)))
        except NbvizError as error:
            self.run.note(f"no graph: {describe(error)}", "warning")
            return
        if self.run.journal is not None:
            self.run.journal.add_event(graph_event(time.time(), graph))
        if self.loop.shows_in_cells:
            show_graph(graph)

    @rank_zero_only
    def log_image(
        self, key: str, images: Sequence[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Record images, as Lightning's other loggers take them.

        Args:
            key: Their tag.
            images: Tensors, arrays, images of Pillow or paths of files; several are one grid.
            step: The step; the newest if None.
            **kwargs: Lists with one of each image (`caption`, `boxes`, `masks`), as for
                `nbviz.Image`; what is no list is of all.
        """
        from nbviz.integrations.tracked_values import Image, log_images

        def log(run: Run) -> None:
            log_images(run, key, [Image(one, **of) for one, of in _each(images, kwargs)], step)

        self._try(log)

    @rank_zero_only
    def log_audio(
        self, key: str, audios: Sequence[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Record sounds, as Lightning's WandbLogger takes them.

        Args:
            key: Their tag; of several each has its number after it.
            audios: Samples, as for `Run.log_audio`.
            step: The step; the newest if None.
            **kwargs: As for `log_image`: `sample_rate`, `caption`.
        """
        from nbviz.integrations.tracked_values import Audio

        self._try(lambda run: _log_numbered(run, key, Audio, audios, step, kwargs))

    @rank_zero_only
    def log_video(
        self, key: str, videos: Sequence[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Record videos, as Lightning's WandbLogger takes them.

        Args:
            key: Their tag; of several each has its number after it.
            videos: Frames, as for `Run.log_video`.
            step: The step; the newest if None.
            **kwargs: As for `log_image`: `fps`, `caption`.
        """
        from nbviz.integrations.tracked_values import Video

        self._try(lambda run: _log_numbered(run, key, Video, videos, step, kwargs))

    @rank_zero_only
    def log_table(
        self,
        key: str,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Record a table, as Lightning's other loggers take it.

        Args:
            key: Its tag.
            columns: The names of the columns of `data`.
            data: Rows.
            dataframe: A table of pandas in their place.
            step: The step; the newest if None.
        """
        given = data if dataframe is None else dataframe
        self._try(lambda run: run.log_table(key, given, step, columns=columns))

    @rank_zero_only
    def log_text(
        self,
        key: str,
        columns: Sequence[str] | None = None,
        data: Sequence[Sequence[str]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Record texts as a table; as `log_table`."""
        self.log_table(key, columns, data, dataframe, step)

    @rank_zero_only
    def watch(
        self,
        model: nn.Module,
        log: str | None = "gradients",
        log_freq: int = 100,
        log_graph: bool = True,
    ) -> None:
        """Record gradients and weights of a model now and then, as Lightning's other loggers do.

        Args:
            model: The model.
            log: "gradients", "parameters", "all", or None for neither.
            log_freq: Steps between two samples.
            log_graph: Taken, and not needed: `log_graph` of the logger shows the graph.
        """
        del log_graph
        if log is None:
            return
        run = self.loop.run
        try:
            run.watch(
                model,
                weights=log in ("parameters", "all"),
                gradients=log in ("gradients", "all"),
                every_steps=log_freq,
            )
        except NbvizError as error:
            run.note(f"not watched: {error}", "warning")

    def _try(self, log: Callable[[Run], None]) -> None:
        run = self.loop.run
        try:
            log(run)
        except NbvizError as error:
            run.note(f"not recorded: {error}", "warning")

    # ------------------------------------------------------------ its life

    @rank_zero_only
    def save(self) -> None:
        """Nothing to do: the journal is written each second, without making training wait."""

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run, unless a callback has done so or more comes.

        Args:
            status: "success", or else what ended it.
        """
        if self._loop is None:
            return
        error = None if status == "success" else sys.exception() or RuntimeError(status)
        self._loop.end(error)

    def __getstate__(self) -> dict[str, Any]:
        # A run has threads and files of its process: where this is unpickled, another one is made.
        _ = self.version
        return {
            **self.__dict__,
            "_loop": None,
            "_experiment": None,
            "_given": None,
            "_graphed": None,
        }


def logger_of(trainer: Any) -> NbvizLogger | None:
    """Return the first of a trainer's loggers that is ours."""
    return next((one for one in trainer.loggers if isinstance(one, NbvizLogger)), None)


def _each(
    values: Sequence[Any], options: Mapping[str, Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each value with the options that are its own.

    Raises:
        LoggingError: The values are no list, or a list of options has another length.
    """
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise LoggingError(f"a list is needed, got {type(values).__name__}.")
    for name, given in options.items():
        count = len(cast("list[Any]", given)) if isinstance(given, list) else len(values)
        if count != len(values):
            raise LoggingError(f"{name} must be one for each of {len(values)}, got {count}.")
    for number, value in enumerate(values):
        yield (
            value,
            {name: of[number] if isinstance(of, list) else of for name, of in options.items()},
        )


def _log_numbered(  # noqa: PLR0917
    run: Run,
    key: str,
    kind: Callable[..., Loggable],
    values: Sequence[Any],
    step: int | None,
    options: Mapping[str, Any],
) -> None:
    for number, (value, of) in enumerate(_each(values, options)):
        tag = key if len(values) == 1 else f"{key}/{number}"
        kind(value, **of).log_to(run, tag, step)
