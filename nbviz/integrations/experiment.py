"""init, log, watch and finish: a run for code that is written for an experiment tracker."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch

from nbviz.errors import LoggingError, NbvizError
from nbviz.integrations import tracked_calls
from nbviz.integrations.in_cells import CellLog
from nbviz.integrations.refused import not_served
from nbviz.integrations.tracked_values import log_value, with_text_keys
from nbviz.recording.current import as_current
from nbviz.recording.recorder import note_refusal
from nbviz.recording.run import Run
from nbviz.recording.scalars.inputs import flatten, read_step, read_tag, read_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from torch import nn

    from nbviz.protocol.log import LineLevel
    from nbviz.recording.watching.watch import Watch


_newest: Experiment | None = None
_SAME_FOR_ALL = {"offline": True, "resumed": False, "starting_step": 0, "sweep_url": None}
_TAKEN = ("entity", "group", "job_type", "notes", "settings", "sweep_id", "tags")


class Config(Mapping[str, Any]):
    """What a run is made with, as items and as attributes; setting one adds it to the run."""

    _run: Run
    _values: dict[str, Any]

    def __init__(self, run: Run, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_run", run)
        object.__setattr__(self, "_values", dict(values))

    def update(self, values: Mapping[str, Any] | Namespace, allow_val_change: bool = True) -> None:
        """Add several; `allow_val_change` is taken, and not needed.

        Raises:
            ConfigurationError: They are no mapping.
        """
        del allow_val_change
        given = _named(values)
        self._run.update_config(given)
        self._values.update(given)

    def setdefaults(self, values: Mapping[str, Any] | Namespace) -> None:
        """Add those of several that are not there."""
        self.update({name: v for name, v in _named(values).items() if name not in self._values})

    def as_dict(self) -> dict[str, Any]:
        """Return a copy."""
        return dict(self._values)

    def persist(self) -> None:
        """Nothing to do: all is kept as it comes."""

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


class Summary:
    """What is left of a run at its end: the last value of each tag, or what is set by name."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def update(self, values: Mapping[str, Any]) -> None:
        """Set several: numbers are recorded at the present step, other values in the config."""
        run, step = self._experiment.run, max(0, self._experiment.step - 1)
        numbers = {
            name: value
            for name, value in values.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        run.log(numbers, step)
        run.update_config({name: v for name, v in values.items() if name not in numbers})

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __getitem__(self, name: str) -> Any:
        run = self._experiment.run
        run.drain()
        last = run[name].last if name in run else None
        return run.config[name] if last is None else last.value

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value by its name, or `default` where there is none."""
        try:
            return self[name]
        except KeyError:
            return default


class Experiment(CellLog):
    """What `nbviz.init` returns: each cell that logs to it shows it live.

    Attributes:
        run: All that was logged, as an `nbviz.Run`.
        config: What the run is made with.
        summary: Its last values, and others by name.
        project: As given to `init`.
        step: The step of what is logged next without one.
        is_current: Whether `nbviz.log` may log to it: it is not finished.
    """

    def __init__(
        self,
        run: Run,
        config: Mapping[str, Any],
        *,
        show: bool,
        project: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(run, show=show)
        self._options = dict(options or {})
        self._refused: set[str] = set()
        self.config = Config(run, config)
        self.summary = Summary(self)
        self.project = project
        self.step = 0
        self.is_current = True
        self._current = ExitStack()
        self._current.enter_context(as_current(self))

    @property
    def name(self) -> str:
        """What the run is called; a new name keeps the project before it."""
        return self.run.name

    @name.setter
    def name(self, name: str) -> None:
        start = f"{self.project}/" if self.project and name else ""
        self.run.rename(name if str(name).startswith(start) else f"{start}{name}")

    @property
    def id(self) -> str:
        """What tells the run from others."""
        return self.run.run_id

    @property
    def dir(self) -> str:
        """The folder of its journal; the working directory where it has none."""
        journal = self.run.journal
        return str(journal.directory if journal is not None else Path())

    @property
    def url(self) -> None:
        """None, as of W&B's offline runs: nothing is sent anywhere."""
        return

    @property
    def path(self) -> str:
        """Project and id."""
        return f"{self.project}/{self.id}" if self.project else self.id

    @property
    def disabled(self) -> bool:
        """Whether `init` was told to keep and show nothing."""
        return self._options.get("mode") == "disabled"

    @property
    def start_time(self) -> float:
        """Unix seconds at which it began; 0 before."""
        return self.run.meter.started_at

    def __getattr__(self, name: str) -> Any:
        if name in _TAKEN:  # what `init` was given, and does not need
            given = self._options.get(name)
            return tuple(given or ()) if name == "tags" else given
        if name in _SAME_FOR_ALL:
            return _SAME_FOR_ALL[name]
        if name in tracked_calls.OF_RUNS:
            return partial(tracked_calls.OF_RUNS[name], self)
        raise not_served(name, f"{type(self).__name__!r} object")

    def log(
        self, values: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Record numbers, images, histograms, tables and figures at one step.

        What cannot be recorded is said in the run's log, once, and ends no training.

        Args:
            values: Tag to number, `Image`, list of them, `Histogram`, `Table`, `Audio`, `Video`, a
                figure, or an array or a list of numbers, of which a histogram is made; None is a
                gap, other values are texts. Nested mappings become tags joined by slashes.
            step: The step; the next one if None.
            commit: Whether the step is over. If False, what the next call records is of this step,
                too. By default True, but for a step that is given.

        Raises:
            LoggingError: `values` is no mapping of strings, or the step is no whole number.
            RunStopped: The run was stopped from the dashboard.
        """
        if self._attention:
            self._attend()
        if step is not None:
            self.step = _whole(step)
        numbers: dict[str, Any] = {}
        for tag, value in flatten(with_text_keys(values)):
            try:
                if value.__class__ is float or not log_value(
                    self.run, read_tag(tag), value, self.step
                ):
                    numbers[read_tag(tag)] = read_value(read_tag(tag), value)
            except NbvizError as error:
                self.refuse(error)
        self.run.log(numbers, self.step)
        if commit or (commit is None and step is None):
            self.step += 1

    def refuse(self, error: Exception) -> None:
        """Say in the run's log what was not recorded, or not done."""
        note_refusal(self.run, error, self._refused)

    def log_committed(self, values: Mapping[str, Any], step: int | None, commit: bool) -> None:
        """Record as `log` does; for `nbviz.log`."""
        self.log(values, step, commit)

    def watch(
        self,
        models: nn.Module | Sequence[nn.Module],
        criterion: Any = None,
        log: str | None = "gradients",
        log_freq: int = 1000,
        **options: object,
    ) -> Watch | None:
        """Record gradients and weights of models now and then; as `Run.watch`.

        Args:
            models: The model, or several.
            criterion: Taken, and not needed.
            log: "gradients", "parameters", "all", or None for neither.
            log_freq: Steps between two samples.
            **options: Of W&B (`idx`, `log_graph`); taken, and not needed.

        Returns:
            What watches the last of them.
        """
        del criterion, options
        watch: Watch | None = None
        for model in models if isinstance(models, list | tuple) else (models,) if log else ():
            watch = self.run.watch(
                cast("nn.Module", model),
                weights=log in ("parameters", "all"),
                gradients=log in ("gradients", "all"),
                every_steps=log_freq,
            )
        return watch

    def unwatch(self, model: nn.Module | None = None) -> None:
        """Stop what `watch` began; of all models if None."""
        for watch in tuple(self.run.watches):
            if model is None or watch.is_of(model):
                watch.stop()

    def define_metric(self, name: str, **options: Any) -> None:
        """Do nothing: every tag has its lowest and highest value, and a step of its own."""

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run; `exit_code` other than 0 fails it. `quiet` is taken, and not needed."""
        del quiet
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


def init(
    project: str | None = None,
    name: str | None = None,
    config: Mapping[str, Any] | Namespace | None = None,
    *,
    dir: str | Path | None = None,  # noqa: A002
    show: bool = True,
    **options: Any,
) -> Experiment:
    """Begin a run that `nbviz.log` logs to, and that each cell that logs shows.

    Args:
        project: Comes before the name.
        name: What the run is called; numbered if None.
        config: What it is made with; also as argparse returns it.
        dir: Where a journal is kept; None keeps none. Nothing is sent anywhere.
        show: Whether cells that log show a dashboard.
        **options: What other trackers take (`entity`, `tags` …); taken, and not needed. With
            `mode="disabled"` no cell shows the run, and it has no journal.

    Raises:
        ConfigurationError: `dir` cannot be written to, or `config` is no mapping.
    """
    whole = f"{project}/{name}" if project and name else name or project
    given: Mapping[str, Any] = {} if config is None else _named(config)
    global _newest  # noqa: PLW0603  one at a time, as in other trackers
    finish()
    if options.get("mode") == "disabled":
        dir, show = None, False  # noqa: A001
    run = Run(whole, dir=dir, config=given)
    _newest = Experiment(run, given, show=show, project=project or "", options=options)
    return _newest


def _named(values: Mapping[str, Any] | Namespace) -> Mapping[str, Any]:
    return vars(values) if isinstance(values, Namespace) else values


def experiment() -> Experiment:
    """Return the newest run of `init` that is not finished.

    Raises:
        LoggingError: There is none.
    """
    if _newest is None or not _newest.is_current:
        raise LoggingError("there is no run; begin one with nbviz.init(…).")
    return _newest


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the newest run of `init`, if there is one; as `Experiment.finish`."""
    del quiet
    if _newest is not None and _newest.is_current:
        _newest.finish(exit_code)


def define_metric(name: str, **options: Any) -> None:
    """Do nothing, as `Experiment.define_metric`.

    Raises:
        LoggingError: There is no run of `init`.
    """
    experiment().define_metric(name, **options)


def unwatch(model: nn.Module | None = None) -> None:
    """Stop what `watch` began; as `Experiment.unwatch`."""
    if _newest is not None:
        _newest.unwatch(model)


def newest() -> Experiment | None:
    """Return the newest run of `init` that is not finished, if there is one."""
    return _newest if _newest is not None and _newest.is_current else None


def watch(
    models: nn.Module | Sequence[nn.Module],
    criterion: Any = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    **options: object,
) -> Watch | None:
    """Record gradients and weights in the newest run of `init`; as `Experiment.watch`.

    Raises:
        LoggingError: There is no such run.
    """
    return experiment().watch(models, criterion, log, log_freq, **options)


def _whole(step: Any) -> int:
    """Return a step; also of a tensor of one."""
    return read_step(step.item() if isinstance(step, torch.Tensor) and not step.dim() else step)


def of_module(name: str) -> Any:
    """Return what code written `import nbviz as wandb` finds under a name that nbviz has not."""
    if name in tracked_calls.LINES:
        return partial(_write_line, tracked_calls.LINES[name])
    if name in tracked_calls.OF_RUNS:
        return partial(_of_newest, name)
    return tracked_calls.VALUES[name]


def _write_line(level: LineLevel, string: object = "", **options: object) -> None:
    """Write a line of the newest run's log; where there is none, print it."""
    del options
    run = newest()
    if run is None:
        print(string)  # noqa: T201  as W&B does
    else:
        run.run.note(str(string), level)


def _of_newest(name: str, /, *given: Any, **options: Any) -> Any:
    return tracked_calls.OF_RUNS[name](experiment(), *given, **options)
