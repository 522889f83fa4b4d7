"""The journal of a run: what it records, in a TensorBoard event file, each second.

One thread reads the series as dashboards do, so logging costs the training thread nothing more. A
kill of the process loses what came after the last write, at most a second; a power cut may lose
more, since the disk is not made to sync.
"""

from __future__ import annotations

import atexit
import os
import threading
import time as clock
import weakref
from functools import partial
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError, text_of
from nbviz.recording.collector import END_SECONDS, OwnThread
from nbviz.recording.event_files.messages import start_event, text_event
from nbviz.recording.event_files.writer import EventFileWriter
from nbviz.recording.holdups import STUCK_SECONDS
from nbviz.recording.journal.identity import IDENTITY_TAG, identity_of
from nbviz.recording.journal.source import JournalSource, Place
from nbviz.recording.progress import ENDED
from nbviz.text import counted
from nbviz.training import clock as run_clock
from nbviz.training.background import end_all
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from nbviz.recording.recorded_run import RecordedRun

INTERVAL_SECONDS = 0.8
"""Between writes: with the time to write, under a second."""

FLUSH_SECONDS = 10.0
_EXIT_SECONDS = 5.0

_journals: WeakRegistry[Journal] = WeakRegistry()
_flushed_children: set[int] = set()


class Journal:
    """Writes a run to a new event file in a directory, beside those that are there.

    A disk that is full or does not answer, or a directory that vanished, becomes a warning in the
    run's log; what memory holds is written once it can be, and training goes on.

    Args:
        run: The run. It is kept alive while it has something to write.
        directory: Made if it does not exist.

    Attributes:
        directory: Its absolute path.
        suffix: Ends the names of its files.
        purged_from: What other files of the directory have of this step or later does not count.
        places: Tags whose points go to files of their own, in folders of the directory.

    Raises:
        ConfigurationError: The directory cannot be made or written to.
    """

    def __init__(self, run: RecordedRun, directory: str | Path) -> None:
        self.suffix = ""
        self.purged_from: int | None = None
        self.places: dict[str, Place] = {}
        self.directory = _read_directory(directory)
        _check_directory(self.directory)
        self._run = weakref.ref(run)
        self._pid = os.getpid()
        self._held: RecordedRun | None = None
        self._thread: OwnThread | None = None
        self._is_stopping = False
        self._changed = threading.Condition()
        self._asked = self._done = self._wakes = 0
        self._source = JournalSource(run.name, self.places, self.directory, self._report)
        self._name = run.name
        self._writer: EventFileWriter | None = None
        self._folders: dict[str, EventFileWriter] = {}
        self._is_failing = self._has_reported = False
        self._begins_at = 0.0
        self._writing_since: float | None = None  # by the monotonic clock
        run.subscribe(self._wake)
        # Not at exit: it could come before `_flush_all`, which would find the file closed.
        weakref.finalize(run, self._close).atexit = False
        _journals.add(self)
        _flush_at_end_of_child()

    @property
    def path(self) -> Path | None:
        """The event file, None before the first write."""
        return None if self._writer is None else self._writer.path

    def flush(self, timeout: float = FLUSH_SECONDS) -> bool:
        """Have everything recorded so far written, and say whether it was.

        Args:
            timeout: Seconds to wait at the most, such as for a network disk that hangs.
        """
        if self._pid != os.getpid():
            return False
        run = self._run()
        if run is not None:
            run.drain_media()
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._wake()
            if self._thread is None and self._held is not None:
                self._write_held()
                return not self._is_failing
            self._changed.notify_all()
            thread, until = self._thread, clock.monotonic() + timeout
            self._changed.wait_for(lambda: self._done >= asked or self._thread is None, timeout)
            is_written = self._done >= asked and not self._is_failing
        if thread is not None and (run is None or run.meter.status in ENDED):
            thread.end_within(max(0.0, min(END_SECONDS, until - clock.monotonic())))
        return is_written

    def stop(self) -> None:
        """Have the thread end once what there is has been written; what comes starts another."""
        with self._changed:
            self._is_stopping = self._thread is not None
            self._changed.notify_all()

    def skip_what_is_there(self, run: RecordedRun) -> None:
        """Leave out what the run has now, since other files of the directory have it."""
        self._source.skip(run)
        self._begins_at = run_clock.now()

    def add_event(self, payload: bytes) -> None:
        """Have an event written that is no scalar and no media, such as a plugin's layout."""
        self._source.payloads.append(payload)
        self._wake()

    def notice(self) -> str:
        """Return for how long the disk has not answered, and what waits; empty if it does."""
        now = clock.monotonic()  # before the other, so that what is said here is taken back there
        since, run = self._writing_since, self._run()
        seconds = 0.0 if since is None else now - since
        if seconds < STUCK_SECONDS or run is None:
            return ""
        waiting = self._source.count_new(run)
        records = counted(waiting, "record")
        return f"journal: waiting for the disk since {seconds:,.0f} s, {records} kept in memory"

    def _wake(self) -> None:
        """Start to write; called by the run when something comes, on whichever thread."""
        if self._pid != os.getpid():
            return
        with self._changed:
            self._wakes += 1
            self._held = self._run()
            # One without an ident was not started: it was interrupted.
            is_there = self._thread is not None and self._thread.ident is not None
            if not is_there and self._held is not None:
                self._thread = OwnThread(self._loop, "nbviz-journal", self.stop)
                if not self._thread.try_start():  # `flush` writes itself
                    self._thread = None

    def _loop(self) -> None:
        with self._changed:
            if self._thread is not threading.current_thread():  # another was started in its place
                return
        while True:
            run = self._held
            assert run is not None
            with self._changed:
                asked = self._asked  # one look: who asks after it is answered by the next round
                is_stopping = self._is_stopping
            if is_stopping:
                run.doze()
            if asked > self._done:
                run.settle()  # an ended run that was asked for leaves no thread behind
            with self._changed:
                wakes = self._wakes
            is_idle = self._write_held()
            if run.is_quiet and not (is_idle or self._is_failing):
                is_idle = self._write_held()  # what was taken in meanwhile
            is_idle = is_idle or (is_stopping and self._is_failing)
            with self._changed:
                self._done = asked
                self._changed.notify_all()
                has_more = (self._asked, self._wakes) != (asked, wakes)
                if is_idle and not has_more and self._release():
                    return
                self._changed.wait_for(
                    lambda: self._asked > asked or self._is_stopping,  # noqa: B023
                    INTERVAL_SECONDS,
                )

    def _release(self) -> bool:
        """End the thread, unless something came after its last look."""
        if self._held is not None and not self._held.is_quiet:
            return False
        self._is_stopping = False
        self._thread = self._held = None
        return True

    def _write_held(self) -> bool:
        """Write what is new; returns whether there was nothing, and the run is quiet."""
        run = self._held
        assert run is not None
        if not run.meter.started_at:
            return run.is_quiet
        started = clock.thread_time()
        try:
            run.drain()
            self._writing_since = clock.monotonic()
            try:
                self._look_for_file(run)
                something = self._source.write_new(run, partial(self._write, run))
            finally:
                self._writing_since = None
        except Exception as error:  # noqa: BLE001  whatever it is, training goes on
            if not self._is_failing:
                self._is_failing = True
                run.note(
                    f"The journal in {self.directory} cannot be written ({text_of(error)}). Make "
                    "room, or make it writable: what memory holds is written then. Training goes "
                    "on.",
                    "warning",
                )
            return False
        if self._is_failing:
            self._is_failing = False
            run.note(f"The journal in {self.directory} is being written again.")
        run.meter.spend(clock.thread_time() - started)
        return not something and run.is_quiet

    def _write(self, run: RecordedRun, records: bytes | bytearray, *, folder: str = "") -> None:
        began = self._writing_since or clock.monotonic()  # which `notice` has counted from
        self._file(run, folder).write(records)
        self._writing_since = now = clock.monotonic()  # the disk answers
        if now - began >= STUCK_SECONDS:
            text = f"journal: the disk answers again after {now - began:,.0f} s; nothing is lost."
            run.note(text)

    def _report(self, text: str) -> None:
        """Say, once, what has no place in the journal; the rest is written."""
        run = self._run()
        if run is not None and not self._has_reported:
            self._has_reported = True
            run.note(f"Not in the journal: {text}.", "warning")

    def _look_for_file(self, run: RecordedRun) -> None:
        if self._writer is None or self._writer.is_there():
            return
        run.note(
            f"The journal {self._writer.path} was removed; what memory holds is written anew.",
            "warning",
        )
        self._close()
        self._writer = None
        self._folders = {}
        self._name = run.name
        self._source = JournalSource(run.name, self.places, self.directory, self._report)

    def _file(self, run: RecordedRun, folder: str) -> EventFileWriter:
        if folder:
            if folder not in self._folders:
                directory, started_at = self.directory / folder, run.meter.started_at
                self._folders[folder] = EventFileWriter(directory, started_at, suffix=self.suffix)
            return self._folders[folder]
        if self._writer is None:
            # Files of one directory whose times overlap are of several runs.
            started_at = max(run.meter.started_at, self._begins_at)
            identity = identity_of(run.run_id, self._name).to_text()
            first = [text_event(started_at, 0, IDENTITY_TAG, identity)]
            if self.purged_from is not None:
                first.insert(0, start_event(started_at, self.purged_from))
            self._writer = EventFileWriter(self.directory, started_at, first, suffix=self.suffix)
        return self._writer

    def _close(self) -> None:
        for writer in (self._writer, *self._folders.values()):
            if writer is not None:
                writer.close()


def _read_directory(directory: object) -> Path:
    try:
        return Path(cast("Any", directory)).absolute()
    except TypeError:
        kind = type(directory).__name__
        raise ConfigurationError(
            f"dir must be a path, such as 'runs/mine'; got a {kind}."
        ) from None


def _check_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"dir={str(directory)!r} cannot be made ({error.strerror}); "
            "give a directory that can be written to."
        ) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"dir={str(directory)!r} cannot be written to; give a directory that can be."
        )


def _flush_all() -> None:
    end_all()  # what an active run logs until it has stopped is written, too
    for journal in _journals:
        journal.flush(_EXIT_SECONDS)


def _flush_at_end_of_child() -> None:
    """Have a process of multiprocessing flush, too: it ends without what `atexit` knows."""
    if parent_process() is not None and os.getpid() not in _flushed_children:
        _flushed_children.add(os.getpid())
        Finalize(None, _flush_all, exitpriority=0)


atexit.register(_flush_all)
