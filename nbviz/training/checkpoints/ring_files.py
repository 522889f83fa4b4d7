"""The states of a ring as files: written beside the training, and read by their checksums."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from nbviz.errors import CheckpointError, NbvizError, describe, text_of
from nbviz.training.background import end_all
from nbviz.training.checkpoints.files import read_checkpoint
from nbviz.training.checkpoints.parts import is_out_of_memory
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nbviz.training.checkpoints.parts import Checkpoint

MOST_BYTES = 1_000_000_000
_FREE_SHARE = 4  # this part of what is free on the disk
_LEAST_SECONDS = 2.0  # between two files
SHARE = 0.01
"""The most of the time in which a file is being written."""

EXIT_SECONDS = 5.0  # for the last state when the interpreter exits
_NAME = re.compile(r"step-(\d{9,})(-after)?\.pt")


class Key(NamedTuple):
    """Which state of a ring.

    Attributes:
        step: Completed steps.
        is_after: As of a ring's entry.
    """

    step: int
    is_after: bool


def least_missed(steps: Sequence[int], places: Iterable[int], now: int) -> int:
    """Return the place whose state is missed least.

    Its neighbours are closest together for how long ago it was: states stay dense near now.

    Args:
        steps: Of all states, rising.
        places: Among them; neither the first nor the last.
        now: The present step.
    """
    return min(places, key=lambda n: (steps[n + 1] - steps[n - 1]) / (now - steps[n] + 1))


class RingFiles:
    """Keeps states of one ring in a folder, as the ring keeps them in memory.

    Any thread may call. The training thread says what there is (`offer`); a thread of its own
    writes, the newest first, at most `SHARE` of the time, and removes what the ring has let go of.

    Args:
        parent: Has a folder for each run; that of this one is made when something is written.
        folder: The folder's name.
        most_bytes: What all folders of `parent` may hold; None for a quarter of what is free on the
            disk, at most `MOST_BYTES`.
        write: Writes one, whole or not at all.
        say: Logs a warning.
        spend: Told how many seconds of the interpreter each file took.
    """

    def __init__(
        self,
        parent: Path,
        folder: str,
        most_bytes: int | None,
        *,
        write: Callable[[Path, Checkpoint], object],
        say: Callable[[str], None],
        spend: Callable[[float], None],
    ) -> None:
        self._parent = parent
        self._folder = parent / folder
        self._most_bytes = most_bytes
        self._write = write
        self._say = say
        self._spend = spend
        self._changed = threading.Condition()
        self._offered: dict[Key, Checkpoint | None] = {}
        self._there: dict[Key, int] = {}  # bytes of each file
        self._left_out: set[Key] = set()  # no longer to be written
        self._writing: Checkpoint | None = None
        self._thread: threading.Thread | None = None
        self._due = 0.0
        self._hurries = 0
        self._is_failing = False
        self._pid = os.getpid()
        _all.add(self)

    @property
    def keys(self) -> list[Key]:
        """Of which states there is a file, rising."""
        with self._changed:
            return sorted(self._there)

    def offer(self, states: Mapping[Key, Checkpoint | None]) -> None:
        """Say which states the ring has now; None for one of which there is a file only."""
        if self._pid != os.getpid():
            return
        with self._changed:
            self._offered = dict(states)
            self._begin()

    def let_go(self) -> None:
        """Hold no state in memory any more; the files stay until the ring has others."""
        with self._changed:
            self._offered = dict.fromkeys(self._there)

    def release(self, checkpoint: Checkpoint) -> bool:
        """Return whether the memory of a state may be used again: it is not being written."""
        with self._changed:
            kept = {key: one for key, one in self._offered.items() if one is not checkpoint}
            self._offered = kept
            return self._writing is not checkpoint

    def flush(self, timeout: float) -> bool:
        """Write what there is now; returns whether it was done in `timeout` seconds."""
        if self._pid != os.getpid():
            return False
        with self._changed:
            self._hurries += 1
            self._begin()
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._thread is None, timeout)
            finally:
                self._hurries -= 1

    # ------------------------------------------------------------ reading

    def path(self, key: Key) -> Path:
        """Return where a state is, or would be."""
        return self._folder / f"step-{key.step:09d}{'-after' if key.is_after else ''}.pt"

    def read(self, key: Key) -> Checkpoint | None:
        """Read a state; None, and a warning that names it, where its file is gone or damaged."""
        try:
            return read_checkpoint(self.path(key))[0]
        except CheckpointError as error:
            self.note_damaged(key, error)
            return None

    def note_damaged(self, key: Key, error: CheckpointError) -> None:
        """Go by the other files from now on; raises the error where there was no memory for it."""
        if error.__cause__ is not None and is_out_of_memory(error.__cause__):
            raise error
        with self._changed:
            self._there.pop(key, None)
        self._say(f"{text_of(error)} The one before it is used, if there is one.")

    def find(self) -> list[Key]:
        """Take over the folder that was written last, and return its states, rising."""
        newest: dict[Path, int] = {}
        with contextlib.suppress(OSError):
            for path in self._parent.glob("*/step-*.pt"):
                at = path.stat().st_mtime_ns
                newest[path.parent] = max(at, newest.get(path.parent, 0))
        if not newest:
            return []
        found: dict[Key, int] = {}
        folder = max(newest, key=lambda one: newest[one])
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                if match := _NAME.fullmatch(path.name):
                    found[Key(int(match[1]), match[2] is not None)] = path.stat().st_size
        with self._changed:
            self._folder, self._there = folder, found
        return sorted(found)

    # ------------------------------------------------------------ writing

    def _begin(self) -> None:
        """Start the thread, if there is something to do; with the lock held."""
        if self._thread is None and (self._gone() or self._next() is not None):
            thread = threading.Thread(target=self._work, name="nbviz-ring", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:  # there can be no more threads; it is tried at the next state
                self._thread = None

    def _gone(self) -> list[Key]:
        return [key for key in self._there if key not in self._offered]

    def _next(self) -> tuple[Key, Checkpoint] | None:
        for key in reversed(self._offered):
            checkpoint = self._offered[key]
            if checkpoint is not None and key not in self._there and key not in self._left_out:
                return key, checkpoint
        return None

    def _work(self) -> None:
        try:
            while True:
                with self._changed:
                    gone, job = self._gone(), self._next()
                    if not gone and job is None:
                        self._thread = None
                        self._changed.notify_all()
                        return
                    left = self._due - time.monotonic()
                    if not gone and left > 0 and not self._hurries:
                        self._changed.wait(left)
                        continue
                    self._writing = None if job is None else job[1]
                for key in gone:
                    self._remove(key)
                if job is not None:
                    started, before = time.monotonic(), time.thread_time()
                    self._write_one(*job)
                    self._spend(time.thread_time() - before)
                    seconds = time.monotonic() - started
                    self._due = time.monotonic() + max(_LEAST_SECONDS, seconds / SHARE)
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # else another one has begun
                    self._writing = self._thread = None
                    self._changed.notify_all()

    def _write_one(self, key: Key, checkpoint: Checkpoint) -> None:
        path = self.path(key)
        try:
            nbytes = max(checkpoint.nbytes, max(self._there.values(), default=0))
            if self._most_bytes is None:
                self._most_bytes = _default_most(self._parent)
            if not self._make_room(nbytes):
                self._leave_out(
                    key,
                    f"a state takes {nbytes / 1e6:,.1f} MB, and ring_disk is "
                    f"{self._most_bytes / 1e6:,.1f} MB, so that none is kept in {self._folder}.",
                )
                return
            self._write(path, checkpoint)
            size = path.stat().st_size
        except (NbvizError, OSError, MemoryError, RuntimeError) as error:
            text = text_of(error) if isinstance(error, NbvizError) else describe(error)
            self._leave_out(key, f"{text} Training goes on.")
            return
        with self._changed:
            self._there[key], self._is_failing, self._writing = size, False, None
        self._make_room(0)  # a file may be larger than what is in it

    def _leave_out(self, key: Key, text: str) -> None:
        with self._changed:
            self._left_out = {one for one in self._left_out if one in self._offered} | {key}
            self._writing = None
            is_known, self._is_failing = self._is_failing, True
        if not is_known:
            self._say(text)

    def _make_room(self, nbytes: int) -> bool:
        """Remove files until there is room for one more; first those of earlier runs."""
        assert self._most_bytes is not None  # found out before
        if nbytes > self._most_bytes:
            return False
        others: list[tuple[int, int, Path]] = []
        for path in self._parent.glob("*/step-*.pt"):
            if path.parent != self._folder:
                status = path.stat()
                others.append((status.st_mtime_ns, status.st_size, path))
        others.sort()
        while True:
            with self._changed:
                keys, own = sorted(self._there), sum(self._there.values())
            if own + sum(size for _, size, _ in others) + nbytes <= self._most_bytes:
                return True
            if others:
                path = others.pop(0)[2]
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # another one is left in it
                    path.parent.rmdir()
                continue
            if not keys:
                return True
            steps, inner = [key.step for key in keys], range(1, len(keys) - 1)
            victim = keys[least_missed(steps, inner, steps[-1]) if inner else 0]
            with self._changed:
                self._left_out.add(victim)
            self._remove(victim)

    def _remove(self, key: Key) -> None:
        with contextlib.suppress(OSError):
            self.path(key).unlink(missing_ok=True)
        with self._changed:
            self._there.pop(key, None)


def _default_most(parent: Path) -> int:
    there = next((one for one in (parent, *parent.parents) if one.is_dir()), None)
    if there is None:
        return MOST_BYTES
    return min(MOST_BYTES, shutil.disk_usage(there).free // _FREE_SHARE)


_all: WeakRegistry[RingFiles] = WeakRegistry()


@atexit.register
def _flush_all() -> None:
    end_all()  # the state with which an active run ends is written, too
    deadline = time.monotonic() + EXIT_SECONDS
    for files in _all:
        files.flush(max(0.0, deadline - time.monotonic()))
