"""What pages need of a desk's windows: all of them at first, then what is new."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from nbviz.panels.batch import Batch

if TYPE_CHECKING:
    from nbviz.integrations.visdom.arrays import Blob
    from nbviz.integrations.visdom.desk import Desk, Key, Window
    from nbviz.protocol.windows import WindowsChange

SNAPSHOT_BYTES = 8_000_000


@dataclass(slots=True)
class WindowsCursor:
    """How much pages have been sent.

    Attributes:
        windows: The number of each window as it was sent.
        blobs: That were sent whole.
        begun: Bytes that were sent of a blob that did not fit into a frame.
        envs: As they were said.
    """

    windows: dict[Key, int] = field(default_factory=dict["Key", int])
    blobs: set[int] = field(default_factory=set[int])
    begun: dict[int, int] = field(default_factory=dict[int, int])
    envs: tuple[str, ...] = ()


class WindowsFeed:
    """Reads a desk for the pages of one view; has what `Transport` needs of a feed.

    Args:
        desk: Where windows are.

    Attributes:
        shown: The windows that the view shows; None for all of them.
        env: The environment that was used last.
        is_active: Whether something new may come without notice: it never does.
    """

    is_active = False

    def __init__(self, desk: Desk, shown: set[Key] | None) -> None:
        self._desk = desk
        self.shown = shown
        self.env = ""

    def windows(self) -> dict[Key, Window]:
        """Return what is shown now, in order."""
        shown, windows = self.shown, self._desk.windows()
        if shown is None:
            return windows
        chosen = set(shown)  # another thread may add to it
        return {key: window for key, window in windows.items() if key in chosen}

    def cursor(self) -> WindowsCursor:
        """Return a cursor to which everything is new."""
        return WindowsCursor()

    def is_stale(self, cursor: WindowsCursor) -> bool:
        """Whether what pages have been sent holds no more; it always does."""
        del cursor
        return False

    def read(self) -> None:
        """Make what pages will be sent; may take long, and holds no lock."""
        for window in self.windows().values():
            window.wire()

    def snapshot(
        self,
        cursor: WindowsCursor,
        *,
        upto: WindowsCursor | None = None,
        limit: float = SNAPSHOT_BYTES,
    ) -> Batch:
        """Return all that a page needs, as far as it has been made and fits.

        Args:
            cursor: Moved to where it ends.
            upto: The cursor that the page's next frames begin with: what did not fit is set back
                in it, and comes with these.
            limit: Bytes, about.
        """
        batch = self.collect(cursor, limit)
        if not batch.updates:
            batch.updates.append(cast("Any", self._change([], [])))
        if upto is not None:
            for key in [key for key in upto.windows if key not in cursor.windows]:
                del upto.windows[key]
            upto.blobs &= cursor.blobs
            upto.begun.clear()
        return batch

    def collect(
        self, cursor: WindowsCursor, limit: float = math.inf, room: float = math.inf
    ) -> Batch:
        """Return what is new since a cursor, in about `limit` bytes, and move it.

        It waits for nothing. A window that has not been made ready yet comes later. A window is
        sent once for each change: `room` for pictures that others may follow is not looked at.
        """
        del room
        batch, windows = Batch(), self.windows()
        closed = [key for key in cursor.windows if key not in windows]
        change = self._change([], closed)
        for key in closed:
            del cursor.windows[key]
        for key, window in windows.items():
            if cursor.windows.get(key) == window.number or not window.is_prepared:
                continue
            spec, blobs = window.wire()
            if not all(self._add(blob, change, cursor, batch, limit) for blob in blobs):
                break
            env, win = key
            change["changed"].append(
                {"env": env, "win": win, "number": window.number, "spec": spec}
            )
            batch.size += len(spec)
            cursor.windows[key] = window.number
            if batch.size >= limit:
                break
        envs = tuple(change["envs"])
        if change["changed"] or closed:
            change["forgotten"] = self._forget_blobs(cursor, windows)
        if change["changed"] or closed or change["parts"] or envs != cursor.envs:
            batch.updates.append(cast("Any", change))
        cursor.envs = envs
        return batch

    def _change(self, changed: list[Any], closed: list[Key]) -> WindowsChange:
        shown = self.shown
        envs = self._desk.envs()
        if shown is not None:
            chosen = {env for env, _ in set(shown)}
            envs = [env for env in envs if env in chosen]
        return {
            "envs": envs,
            "env": self.env if self.env in envs else (envs[-1] if envs else ""),
            "changed": changed,
            "closed": [{"env": env, "win": win} for env, win in closed],
            "parts": [],
            "forgotten": [],
        }

    @staticmethod
    def _add(
        blob: Blob, change: WindowsChange, cursor: WindowsCursor, batch: Batch, limit: float
    ) -> bool:
        """Add what a page has not been sent of a blob; return whether that is all of it."""
        if blob.number in cursor.blobs:
            return True
        data = blob.data()
        start = cursor.begun.get(blob.number, 0)
        end = int(min(len(data), start + max(0, limit - batch.size)))
        if end > start or not data:
            part = data[start:end]
            change["parts"].append(
                {
                    "blob": blob.number,
                    "start": start,
                    "size": len(data),
                    "buffer": batch.buffer(part),
                }
            )
        if end < len(data):
            cursor.begun[blob.number] = end
            return False
        cursor.begun.pop(blob.number, None)
        cursor.blobs.add(blob.number)
        return True

    @staticmethod
    def _forget_blobs(cursor: WindowsCursor, windows: dict[Key, Window]) -> list[int]:
        """Forget blobs that no window names any more; return them, for pages to do the same."""
        if not all(window.is_prepared for window in windows.values()):
            return []
        named = {blob.number for window in windows.values() for blob in window.wire()[1]}
        gone = {*cursor.blobs, *cursor.begun} - named
        cursor.blobs &= named
        for number in gone & cursor.begun.keys():
            del cursor.begun[number]
        return sorted(gone)
