"""RecordedRun: what a run leaves behind, as dashboards, pictures and journals read it."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import uuid
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import ConfigurationError, describe, text_of
from nbviz.recording.device_memory import read_memory
from nbviz.recording.holdups import status_text
from nbviz.recording.hyperparameters import Hyperparameters
from nbviz.recording.lines import Line, Lines, RecordedEvent
from nbviz.recording.media.store import MediaStore
from nbviz.recording.overhead import OverheadBudget
from nbviz.recording.progress import ENDED, Progress, ProgressMeter, Steps
from nbviz.recording.scalars.budget import MemoryBudget
from nbviz.recording.scalars.inputs import read_level, read_step, read_wall_time
from nbviz.recording.scalars.store import ScalarStore
from nbviz.recording.weights_store import WeightsStore
from nbviz.text import counted, shortened
from nbviz.training import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from nbviz.inspection.graph.overlays.overlays import Overlays
    from nbviz.protocol.log import LineLevel
    from nbviz.protocol.run import EventKind, RunStatus
    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.media.store import MediaItem, MediaKind
    from nbviz.recording.origin import Origin
    from nbviz.recording.scalars.segment import Points
    from nbviz.recording.scalars.series import Series
    from nbviz.recording.scalars.summaries import Summaries
    from nbviz.recording.watching.watch import Watch
    from nbviz.training.commands import Control
    from nbviz.training.events import Asked, EndReason
    from nbviz.training.phases.phase import Phase
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

DEFAULT_MEMORY_BUDGET = 256_000_000
DEFAULT_MEDIA_BUDGET = 64_000_000
LEAST_BUDGET = 1_000_000
_MEMORY_SECONDS = 1.0
_MOST_EPOCHS_SKIPPED = 100_000  # by a run that goes on where another was
_WEIGHTS_SHARE = 4  # this part of the media budget is for heatmaps of weights of earlier steps
MOST_MARKS = 10_000
"""Marks of a kind that are drawn on the curves; all of them are lines of the log."""
MARK_CHARACTERS = 1000
"""Of a mark's text on the curves; the line of the log has more of it."""

MOST_NAME = 500
"""Characters of a run's name; the end of a longer one is cut."""

_MOST_VALIDATION_MARKS = 1000  # their scalars are in the series anyway

_numbers = itertools.count(1)


class RecordedRun:
    """A run to read from: one that records, `Run`, or one that was read from files, `OpenedRun`.

    `run["loss"]` is the whole series at any time.

    Args:
        name: What it is called, at most 500 characters; numbered if None.
        control: Pause, resume, step, stop and set.
        memory_budget: Bytes that the series may take in memory.
        media_budget: Bytes that the media may take in memory.
        warn: Called with a sentence that says what a budget could not hold.

    Attributes:
        run_id: Unique.
        name: What it is called.
        commands: Which of its control's commands pages may use.
        again: What a start adds after the end, such as "40 epochs"; "" where that has no end.
        control: Pause, resume, step, stop and set, from any thread.
        steering: What has a method for each command; its control if None.
        events: Marks on the curves, in order; only ever appended to.
        lines: The newest lines of its log.
        epochs: `epochs[i]` is the step completed before epoch i + 1; only ever appended to.
        weights: Heatmaps of parameters, of the newest and of earlier steps.
        overlays: What colours its model's graph; None where no trainer measures it.
        progress: Where it is; replaced as a whole by `drain`.
        meter: What the run's thread says of its progress.
        overhead: What nbviz may take of the time.
        watches: Those that are active; see `Run.watch`.
        is_quiet: Whether nothing has come for a while; subscribers are notified when it does.
        hyperparameters: What it was made with.
        summaries: What is known of its series while their points, which are in files, have not been
            read; None once they have been.
        ends_with_kernel: A program executes its notebook, and ends the kernel after the last cell:
            where a loop is still running then, it is cut.
        generation: Raised when what it holds turned out to be another run's in part, and was read
            anew: pages are then sent all of it again.
        expected_tags: What it is going to log, as far as that is known before its first step.
        broken: What broke the step that comes next, where it was found; None for most.
        phase: The phase of a step after which it stands, or stood last; None unless it is stepped
            into.
        origin: The run that it was forked off, or that was rewound to give it; None for most.
        selections: By tag of an embedding, the points that a page selected last, rising.
    """

    def __init__(
        self,
        name: str | None,
        control: Control,
        *,
        memory_budget: int,
        media_budget: int,
        warn: Callable[[str], None],
    ) -> None:
        for option, budget in (("memory_budget", memory_budget), ("media_budget", media_budget)):
            if budget < LEAST_BUDGET:
                raise ConfigurationError(
                    f"{option} must be at least {LEAST_BUDGET:,} bytes, got {budget:,}."
                )
        number = next(_numbers)
        self.run_id = uuid.uuid4().hex[:12]
        self.name = _read_name(name) or f"run {number}"
        self.commands: tuple[str, ...] = ()
        self.again = ""
        self.control = control
        self.steering: Any = None
        self.weights = WeightsStore(budget=media_budget // _WEIGHTS_SHARE)
        self.overlays: Overlays | None = None
        self.overhead = OverheadBudget()
        self.watches: list[Watch] = []
        self.is_quiet = True
        self.summaries: Summaries | None = None
        self.ends_with_kernel = False
        self.generation = 0
        self.origin: Origin | None = None
        self.broken: FirstNonFinite | None = None
        self.phase: Phase | None = None
        self._make_stores = lambda: (
            ScalarStore(MemoryBudget(memory_budget, warn)),
            MediaStore(media_budget, warn, lambda: self.weights.kept.nbytes),
        )
        self._make_empty()
        self.expected_tags: Sequence[str] = ()
        self.selections: dict[str, NDArray[np.int64]] = {}
        self._memory: tuple[int | None, int | None] = (None, None)
        self._memory_at = float("-inf")
        self._progress_lock = threading.RLock()
        self._subscribers: list[Callable[[], None]] = []

    def _make_empty(self) -> None:
        """Hold nothing that was recorded; what readers have of it stays as it is."""
        self.events: list[RecordedEvent] = []
        self.lines = Lines()
        self.epochs: list[int] = []
        self.progress = Progress()
        self.hyperparameters = Hyperparameters()
        self._steps = Steps()
        self.meter = ProgressMeter(self.overhead, self._steps)
        self._store, self._media = self._make_stores()
        self._noticed: frozenset[str] = frozenset()  # kinds of notices that the log has said
        self._marks: Counter[EventKind] = Counter()

    # ------------------------------------------------------------ where it is

    @property
    def is_active(self) -> bool:
        """Whether it has begun and not ended."""
        return self.meter.status in ("running", "paused")

    @property
    def ending(self) -> EndReason | None:
        """How it ends unless something comes soon; None while it goes on, and afterwards."""
        return None

    @property
    def status(self) -> RunStatus:
        """Where it is in its life."""
        if self.is_active and self.control.status == "stopping":
            return "stopping"
        return self.meter.status

    # ------------------------------------------------------------ what it was made with

    @property
    def config(self) -> dict[str, Parameter]:
        """The user's own configuration by name; `Run.update_config` adds to it."""
        return dict(self.hyperparameters.config)

    @property
    def hparams(self) -> dict[str, Parameter]:
        """All hyper-parameters by name: what nbviz knows of the training, and `config`."""
        return dict(self.hyperparameters.all)

    def rename(self, name: str) -> None:
        """Give it another name; dashboards that show it follow, and so does its journal.

        Raises:
            ConfigurationError: The name is empty.
        """
        if not (read := (_read_name(name) or "").strip()):
            raise ConfigurationError("a run needs a name with at least one letter; got none.")
        self.name = read
        self.notify()

    # ------------------------------------------------------------ scalars

    def __getitem__(self, tag: str) -> Series:
        self._look()
        return self.series(tag)

    def __contains__(self, tag: object) -> bool:
        self._look()
        return tag in self._store.series

    def __iter__(self) -> Iterator[str]:
        self._look()
        return iter(tuple(self.tags))

    def __len__(self) -> int:
        self._look()
        return len(self.tags)

    def __bool__(self) -> bool:
        return True  # also with no tags yet

    def __repr__(self) -> str:
        self.drain_ready()
        kind, tags = type(self).__name__, len(self.tags)
        named = counted(tags, "tag")
        return f"{kind}({self.name!r}, {self.status}, step {self.meter.step:,}, {named})"

    @property
    def tags(self) -> list[str]:
        """The tags in order of appearance, as far as they have been drained."""
        return self._store.tags

    def series(self, tag: str) -> Series:
        """Return a tag's points, as far as they have been drained.

        Raises:
            KeyError: Nothing has been logged under this tag.
        """
        try:
            return self._store.series[tag]
        except KeyError:
            known = ", ".join(self.tags) or "none yet"
            raise KeyError(f"no tag {tag!r} in run {self.name!r}; tags: {known}") from None

    def newest_step(self) -> int:
        """Return the newest step that is known, without waiting for a device."""
        return self.meter.step

    def drain(self) -> None:
        """Move everything logged so far into the series, and look where the run is.

        Any thread may call it. Waits for scalars that are on their way from a device.
        """
        self._see_progress()

    def settle(self) -> None:
        """Note that the run is quiet, if it has ended and nothing waits to be taken in."""

    def doze(self) -> None:
        """Have whatever is logged next notify the subscribers, as after a pause."""

    def drain_ready(self) -> None:
        """Do what `drain` does without waiting for a device."""
        self._see_progress()

    def want_points(self) -> None:
        """Have the points of its series read soon, if they are in files."""

    def read_part(self) -> bool:
        """Read a part of what is in files; returns whether more is left, to be read soon."""
        return False

    def read_summaries(self) -> None:
        """Have `summaries`, if there are any, know all, however long that takes."""

    def read_points(self) -> None:
        """Read all points that are in files, however long that takes."""

    # ------------------------------------------------------------ media

    @property
    def media(self) -> MediaStore:
        """The media by tag: `run.media["samples"].steps`, `run.media["samples"].at(400).value`.

        Waits for those that are on their way from a device.
        """
        self.drain_media()
        return self._media

    @property
    def kept_media(self) -> MediaStore:
        """The media taken in so far, without waiting for those still to be made."""
        return self._media

    def media_since(self, version: int) -> list[tuple[str, MediaKind, MediaItem]]:
        """Return the media that were taken in after a version, as far as they are kept."""
        return self._media.since(version)

    def hasten_media(self, *, wait: bool) -> None:
        """Have media made at once, by another thread: a page looks at the run.

        Args:
            wait: Wait a moment for it.
        """

    def projector_selection(self, tag: str) -> list[int]:
        """Return the indices of the points that were selected last in the projector, rising.

        Args:
            tag: The embedding's.

        Raises:
            KeyError: No embedding has been logged under this tag.
        """
        if self._media.kind(tag) != "embedding" and self.media.kind(tag) != "embedding":
            known = ", ".join(one for one in self._media if self._media.kind(one) == "embedding")
            raise KeyError(f"no embedding {tag!r} in this run; embeddings: {known or 'none yet'}")
        selected = self.selections.get(tag)
        return [] if selected is None else selected.tolist()

    def drain_media(self) -> None:
        """Take in the images, histograms, tensors and texts logged so far.

        Any thread may call it. Waits for what is still on its way from a device.
        """

    # ------------------------------------------------------------ what watches and engines bring

    def take_media(
        self, tag: str, kind: MediaKind, step: int, wall_time: float, value: Any
    ) -> None:
        """Take in an item that has been made; `wall_time` is in Unix seconds, as below."""
        self._media.add(tag, kind, step, wall_time, value)

    def take_points(self, points: Mapping[str, float], step: int, wall_time: float) -> None:
        """Take in a point for each tag."""
        steps, wall_times = np.array([step], np.int64), np.array([wall_time])
        for tag, value in points.items():
            self._store.extend(tag, steps, wall_times, np.array([value]))

    def take_points_of(self, points: Mapping[str, Sequence[Points]]) -> None:
        """Take in the segments of each tag; the wall times are seconds since the start."""
        for tag, segments in points.items():
            self._store.take_segments(tag, segments)

    def capture_due_weights(self, step: int) -> None:
        """Take heatmaps of the parameters that a page shows, if it is time to."""
        if self.weights.is_due():
            started = time.perf_counter()
            self.weights.capture(step, wait=False)
            self.meter.spend(time.perf_counter() - started)

    def capture_idle_weights(self) -> None:
        """Take the heatmaps that a page waits for while the run's own thread makes no steps."""
        step = self.meter.step

        phase = self.phase

        def stands() -> bool:
            is_same = self.meter.step == step and self.phase is phase
            return is_same and self.status in ("ready", "paused", *ENDED)

        if self.weights.is_behind and stands():
            self.weights.capture(step, holds=stands)

    # ------------------------------------------------------------ its log

    def mark(self, kind: EventKind, step: int, text: str, wall_time: float | None = None) -> None:
        """Record an event to be drawn on the curves, and as a line of the log.

        Of many of a kind, `MOST_MARKS`, the later ones are lines alone, which is said once; of
        validations, whose scalars are curves, fewer are drawn, and nothing is said.

        Raises:
            LoggingError: The step or the wall time is none.
        """
        step, wall_time = read_step(step), None if wall_time is None else read_wall_time(wall_time)
        self._marks[kind] += 1
        most = _MOST_VALIDATION_MARKS if kind == "validation" else MOST_MARKS
        if self._marks[kind] <= most or kind == "ended":
            said = shortened(text_of(text), MARK_CHARACTERS)
            self.events.append(RecordedEvent(kind, step, self._since_start(wall_time), said))
        self.note(text, step=step, wall_time=wall_time)
        if self._marks[kind] == MOST_MARKS + 1 and kind != "validation":
            self.note(
                f"The curves have {MOST_MARKS:,} marks of this kind. Those that follow are lines of"
                " the log alone.",
                level="warning",
                step=step,
                wall_time=wall_time,
            )
        if kind == "command":
            self.notify()

    def mark_epoch(self, epoch: int, step: int) -> None:
        """Record that an epoch (1-based) begins after `step` completed steps."""
        self.meter.epoch = epoch
        if 0 < epoch - len(self.epochs) <= _MOST_EPOCHS_SKIPPED:
            self.epochs.extend([step] * (epoch - len(self.epochs)))

    def note(
        self,
        text: str,
        level: LineLevel = "info",
        *,
        step: int | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Add a line to the run's log.

        Args:
            text: The line.
            level: "info", "print", "warning" or "error".
            step: The step; the one that is being made if None, where an engine makes them, else
                the newest known.
            wall_time: Unix seconds, now if None.

        Raises:
            LoggingError: There is no such level, or the step or the wall time is none.
        """
        at_step = self._steps.of_a_line if step is None else read_step(step)
        since_start = self._since_start(None if wall_time is None else read_wall_time(wall_time))
        self.lines.append(Line(read_level(level), at_step, since_start, text_of(text)))

    # ------------------------------------------------------------ subscribers

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when a quiet run becomes active, and when a run begins, pauses or ends.

        Args:
            callback: Called on whichever thread acts; must be quick, such as an event's `set`.

        Returns:
            A function that unsubscribes it.
        """
        self._subscribers.append(callback)

        return partial(self._unsubscribe, callback)

    def notify(self) -> None:
        """Call the subscribers; one that raises is not called again."""
        for callback in list(self._subscribers):
            try:
                callback()
            except Exception as error:  # noqa: BLE001  it may be a user's
                self._unsubscribe(callback)
                text = f"a subscriber of the run failed, and is not called again: {describe(error)}"
                self.lines.append(Line("warning", self.meter.step, self._since_start(None), text))

    # ------------------------------------------------------------ inside

    def leave_to_parent(self) -> None:
        """After a fork, in the child: locks may be held by threads that are not here."""
        self._progress_lock = threading.RLock()
        self._store.renew_lock()
        self._media.renew_lock()
        self.weights.kept.renew_lock()
        self.overhead.renew_lock()
        self.lines.renew_lock()

    def _unsubscribe(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(ValueError):  # another thread, or a failure, has
            self._subscribers.remove(callback)

    def _look(self) -> None:
        self.drain_media()  # a watch's samples become points
        self.drain()

    def _see_progress(self) -> None:
        now = time.monotonic()
        if self.is_active and now - self._memory_at >= _MEMORY_SECONDS:
            self._memory, self._memory_at = read_memory(self.meter.device), now
        with self._progress_lock:
            asked = self.control.asked if self.is_active else None
            notices = self._notices(asked)
            progress = self._read_progress(asked, tuple(notices.values()))
            if progress != self.progress:
                self.progress = progress
            new = [text for kind, text in notices.items() if kind not in self._noticed]
            self._noticed = frozenset(notices)
        for text in new:  # the log says it once, the page as long as it lasts
            self.note(text, "warning")

    def _read_progress(self, asked: Asked | None, notices: tuple[str, ...]) -> Progress:
        known = self.progress
        while True:
            status = self.status
            # A disk may answer, or stop to, after the run's end.
            if status in ENDED and (status, notices) == (known.status, known.notices):
                return known
            now = clock.now()
            text = status_text(asked, self.meter.step_seconds(now))
            if not text and status == "running":
                text = self.meter.activity
            elif not text and (inside := self.control.inside) is not None:
                text = f"In step {inside.step:,}: {inside.name}"
            progress = self.meter.read(now, status, self._memory, text, notices)
            if self.status == status:  # else the run may have gone on to the step that was read
                return progress

    def _notices(self, asked: Asked | None) -> dict[str, str]:
        """Return what holds the run up, by kind, and what can be done."""
        del asked
        return {}

    def _since_start(self, wall_time: float | None) -> float:
        now = clock.now() if wall_time is None else wall_time
        return max(0.0, now - self.meter.started_at) if self.meter.started_at else 0.0


def _read_name(name: object) -> str | None:
    if name is not None and not isinstance(name, str):
        raise ConfigurationError(
            f"the name of a run must be a string, got a {type(name).__name__}."
        )
    return name and shortened(str.__str__(name), MOST_NAME)
