"""init, log, watch and finish: a run for code that is written for an experiment tracker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.inspection.tensors.histograms import Histogram as Counted
from nbviz.integrations.in_cells import CellLog
from nbviz.recording.current import as_current
from nbviz.recording.run import Run
from nbviz.recording.scalars.inputs import flatten, read_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from torch import nn

    from nbviz.recording.watching.watch import Watch


_newest: Experiment | None = None


class Image:
    """An image among the values of a log call.

    Args:
        data_or_path: A tensor, an array or an image of Pillow, as for `Run.log_image`.
        caption: What is said of it.
        **options: Of `Run.log_image`, such as `normalize` and `colormap`.
    """

    def __init__(self, data_or_path: Any, *, caption: str | None = None, **options: Any) -> None:
        self.image, self.caption, self.options = data_or_path, caption, options


class Histogram:
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


class Table:
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


class Config(Mapping[str, Any]):
    """What a run is made with, as items and as attributes; setting one adds it to the run."""

    _run: Run
    _values: dict[str, Any]

    def __init__(self, run: Run, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_run", run)
        object.__setattr__(self, "_values", dict(values))

    def update(self, values: Mapping[str, Any], allow_val_change: bool = True) -> None:
        """Add several; `allow_val_change` is taken, and not needed."""
        del allow_val_change
        self._values.update(values)
        self._run.update_config(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "nothing yet"
            raise AttributeError(f"the config has no {name!r}; it has {known}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Config({self._values!r})"


class Experiment(CellLog):
    """What `nbviz.init` returns: each cell that logs to it shows it live.

    Attributes:
        run: All that was logged, as an `nbviz.Run`.
        config: What the run is made with.
        step: The step of what is logged next without one.
        is_current: Whether `nbviz.log` may log to it: it is not finished.
    """

    def __init__(self, run: Run, config: Mapping[str, Any], *, show: bool) -> None:
        super().__init__(run, show=show)
        self.config = Config(run, config)
        self.step = 0
        self.is_current = True
        self._current = ExitStack()
        self._current.enter_context(as_current(self))

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.run.name

    def log(
        self, values: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Record numbers, images, histograms, tables and figures at one step.

        Args:
            values: Tag to number, `Image`, list of them, `Histogram`, `Table`, or figure of
                matplotlib; nested mappings become tags joined by slashes.
            step: The step; the next one if None.
            commit: Whether the step is over. If False, what the next call records is of this step,
                too. By default True, but for a step that is given.

        Raises:
            LoggingError: Something cannot be recorded; the other values are kept.
            RunStopped: The run was stopped from the dashboard.
        """
        if self._attention:
            self._attend()
        if step is not None:
            self.step = step
        numbers = {tag: value for tag, value in flatten(values) if not self._log_media(tag, value)}
        self.run.log(cast("dict[str, Any]", numbers), self.step)
        if commit or (commit is None and step is None):
            self.step += 1

    def log_committed(self, values: Mapping[str, Any], step: int | None, commit: bool) -> None:
        """Record as `log` does; for `nbviz.log`."""
        self.log(values, step, commit)

    def watch(
        self, model: nn.Module, criterion: Any = None, log: str = "gradients", log_freq: int = 1000
    ) -> Watch:
        """Record gradients and weights of a model now and then; as `Run.watch`.

        Args:
            model: The model.
            criterion: Taken, and not needed.
            log: "gradients", "parameters" or "all".
            log_freq: Steps between two samples.
        """
        del criterion
        return self.run.watch(
            model,
            weights=log in ("parameters", "all"),
            gradients=log in ("gradients", "all"),
            every_steps=log_freq,
        )

    def define_metric(self, name: str, **options: Any) -> None:
        """Do nothing: every tag has its lowest and highest value, and a step of its own."""

    def finish(self, exit_code: int | None = None) -> None:
        """End the run; `exit_code` other than 0 fails it."""
        self._end(is_complete=True)
        failed = exit_code not in (None, 0)
        self.run.finish(RuntimeError(f"exit code {exit_code}") if failed else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(is_complete=error is None)
        self.run.finish(error)

    def _end(self, *, is_complete: bool) -> None:
        self._leave(is_complete=is_complete)
        self.is_current = False
        self._current.close()

    def __repr__(self) -> str:
        return f"Experiment({self.run.name!r})"

    def _log_media(self, given: object, value: Any) -> bool:
        """Record what is no number; returns whether it was that."""
        run, step, tag = self.run, self.step, read_tag(given)
        if isinstance(value, Image):
            run.log_image(tag, value.image, step, **value.options)
            if value.caption:
                run.log_text(f"{tag}/caption", value.caption, step)
        elif _are_images(value):
            images = cast("list[Image]", value)
            run.log_images(tag, [one.image for one in images], step, **images[0].options)
        elif isinstance(value, Histogram) and value.counted is not None:
            run.log_counted(tag, value.counted, step)
        elif isinstance(value, Histogram):
            run.log_histogram(tag, value.values, step, bins=value.bins)
        elif isinstance(value, Table):
            frame = value.dataframe
            if frame is None:
                frame = [dict(zip(value.columns, row, strict=True)) for row in value.data]
            run.log_table(tag, frame, step)
        elif str(type(value).__module__).startswith(("matplotlib.", "plotly.", "altair.")):
            run.log_figure(tag, value, step)
        elif isinstance(value, str):
            run.log_text(tag, value, step)
        else:
            return False
        return True


def init(
    project: str | None = None,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    dir: str | Path | None = None,  # noqa: A002
    show: bool = True,
    **options: Any,
) -> Experiment:
    """Begin a run that `nbviz.log` logs to, and that each cell that logs shows.

    Args:
        project: Comes before the name.
        name: What the run is called; numbered if None.
        config: What it is made with.
        dir: Where a journal is kept; None keeps none. Nothing is sent anywhere.
        show: Whether cells that log show a dashboard.
        **options: What other trackers take (`entity`, `tags`, `mode` …); taken, and not needed.

    Raises:
        ConfigurationError: `dir` cannot be written to, or `config` is no mapping.
    """
    del options
    whole = f"{project}/{name}" if project and name else name or project
    given = dict(config or {})
    global _newest  # noqa: PLW0603  one at a time, as in other trackers
    finish()
    _newest = Experiment(Run(whole, dir=dir, config=given), given, show=show)
    return _newest


def experiment() -> Experiment:
    """Return the newest run of `init` that is not finished.

    Raises:
        LoggingError: There is none.
    """
    if _newest is None or not _newest.is_current:
        raise LoggingError("there is no run; begin one with nbviz.init(…).")
    return _newest


def finish(exit_code: int | None = None) -> None:
    """End the newest run of `init`, if there is one; as `Experiment.finish`."""
    if _newest is not None and _newest.is_current:
        _newest.finish(exit_code)


def watch(
    model: nn.Module, criterion: Any = None, log: str = "gradients", log_freq: int = 1000
) -> Watch:
    """Record gradients and weights in the newest run of `init`; as `Experiment.watch`.

    Raises:
        LoggingError: There is no such run.
    """
    return experiment().watch(model, criterion, log, log_freq)


def _are_images(value: Any) -> bool:
    return isinstance(value, list | tuple) and isinstance(next(iter(value), None), Image)  # pyright: ignore[reportUnknownArgumentType]


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
