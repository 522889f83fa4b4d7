"""When a frame leaves for the page, and what happens when the page is slow, gone or new.

Nothing in Jupyter's stack gives back-pressure, and each overflow drops the newest data. So a page
acknowledges the frames that it has painted, and only a few may be on their way at once; what is new
meanwhile waits in the recording and leaves together in the next frame. Without acknowledgements
(the main thread is busy on an old kernel, the tab is closed) frames go out open-loop and rarely. A
page that misses a sequence number asks for a snapshot. Where updates sent from a background thread
are not shown (Colab), pages pull: a frame leaves only inside the handling of a page's request, or
of the cell that runs. A page that a running cell keeps from asking is sent what it needs unasked;
so is one that is only opening, whose first words JupyterLab may send to where the cell runs.

Two locks, taken in this order. `_collecting` belongs to the cursors: it is held from the moment at
which something is collected until it was sent, so that frames leave in the order in which they were
collected, and a snapshot ends where the next frame begins. `_lock` belongs to the pages and the
sequence, and is held while one message is sent. Reading, which may wait for a device or a file, is
done by `tick` and `serve_unasked`, under neither: what `open` and `pull` send is what has been read
by then.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbviz import protocol
from nbviz.session.pace import Pace
from nbviz.session.unseen import Sighting

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.session.cursors import Cursor
    from nbviz.session.feed import Feed

Send = Callable[[dict[str, Any], list[bytes]], None]
_Parcel = tuple[list[protocol.Update], list[bytes]]

FRAME_BYTES = 1_000_000
PULL_FRAME_BYTES = 400_000
UNPAINTED_BYTES = 1_000_000  # on their way or not painted, beyond which pictures wait
WINDOW_SECONDS = 0.75  # covers a page that acknowledges twice a second, and its way back
SILENCE_SECONDS = 1.5  # without an acknowledgement for this long a page is not waited for
SEEN_SECONDS = 5.0  # of silence, after which it is taken to show nothing
OPEN_LOOP_SECONDS = 0.5
ABANDONED_SECONDS = 60.0  # a server may store what no page reads: send it hardly anything
ABANDONED_INTERVAL = 10.0
REPLACED_SECONDS = 10.0  # of silence, while another page answers
LEAST_PAUSE = 0.003  # between two frames, however long one takes to make
AGAIN_SECONDS = 1.0  # between two snapshots that a page asked for with the same need
ASKS_ANEW_SECONDS = 2.0  # a page that pulls takes no frame once it has waited somewhat longer
OFFERED_SECONDS = 3.0  # that a page has from its display until it is heard
FIRST_POINT_SECONDS = 0.03  # that is waited for the first point
SILENT_FRAMES = 6  # sent after 1, 2, 4 … seconds, until a page answers


@dataclass(slots=True)
class _Client:
    """One page, or one output frame of Colab."""

    acknowledged: int
    heard_at: float
    views: int = 1  # that it says it has; a deleted cell leaves a page's code behind
    waiting_since: float = 0.0  # when the oldest frame it has not acknowledged was sent
    cursor: Cursor | None = None  # of its own where it pulls
    sequence: int = 0
    attempt: int = 0  # the newest to be ready that was heard
    opened_at: float = float("-inf")  # when it was sent a snapshot
    served_at: float = float("-inf")  # when it was sent something that it had not asked for
    outbox: list[_Parcel] = field(default_factory=list["_Parcel"])


class Transport:
    """The kernel's end of one comm.

    Args:
        feed: What is new, and what a new page needs.
        send: Sends one message; called with a lock held, so in order.
        frames_per_second: The most frames sent to one page in a second; None lets it follow what
            they cost.
        pulls: Pages ask for each frame; none is sent by itself.
        gone: Called for a page that is not there any more; must be quick.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        feed: Feed,
        send: Send,
        *,
        frames_per_second: float | None = None,
        pulls: bool = False,
        gone: Callable[[str], None] = lambda _client_id: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pulls = pulls
        self._feed = feed
        self._send = send
        self.pace = Pace(frames_per_second)
        self._window = max(2, round(self.pace.most * WINDOW_SECONDS))
        self._gone = gone
        self._clock = clock
        self._collecting = threading.RLock()
        self._lock = threading.RLock()
        self._clients: dict[str, _Client] = {}
        self._cursor = feed.cursor()
        self._sequence = 0
        self._sent_at = float("-inf")
        self._sizes: deque[tuple[int, int]] = deque(maxlen=1000)  # of frames that are not painted
        self._again_in = math.inf
        self._silent_frames = 0
        self._opened_at = float("-inf")
        self._offered_at = self._held_until = float("-inf")
        self._owes_offer = False

    @property
    def sequence(self) -> int:
        """Number of the newest frame."""
        return self._sequence

    @property
    def clients(self) -> list[str]:
        """The pages that are there."""
        return list(self._clients)

    def sighting(self) -> Sighting:
        """Return what is known of the pages."""
        with self._lock:
            now = self._clock()
            viewing = [client for client in self._clients.values() if client.views > 0]
            return Sighting(
                opened_at=self._opened_at,
                heard_at=max((client.heard_at for client in viewing), default=float("-inf")),
                is_seen=any(self._silence(one, now) <= SEEN_SECONDS for one in viewing),
            )

    def silence(self) -> float:
        """Return the seconds since a page was last heard; infinite where none is known."""
        with self._lock:
            heard = max((client.heard_at for client in self._clients.values()), default=-math.inf)
            return self._clock() - heard

    def ask_for_acknowledgement(self) -> None:
        """Send a frame of nothing, if nothing else was sent for a while; a page that pulls asks."""
        with self._collecting, self._lock:
            now = self._clock()
            if not self.pulls and self._clients and now - self._sent_at >= SILENCE_SECONDS:
                self._send_frame([], [], now)

    def offer(self) -> None:
        """Have `tick` send all, and for a while what is new, to pages that open before they ask.

        Not where there are pages, which the next one opens beside, or where these pull.
        """
        with self._lock:
            if not self.pulls and not self._clients:
                self._owes_offer, self._offered_at = True, self._clock()
                self.hold()

    def hold(self) -> None:
        """Have `tick` wait a moment for the first point, so that it is in the first frame."""
        with self._lock:
            self._held_until = self._clock() + FIRST_POINT_SECONDS

    def open(self, client_id: str, attempt: int = 0, need: int = 0) -> None:
        """Answer a page that is ready with all that it needs to draw now.

        Args:
            client_id: The page.
            attempt: As in `protocol.core.Ready`; 0 where the page has not asked. One that was
                queued behind a running cell, and passed by a later one that was answered, is not.
            need: As there.
        """
        with self._collecting:
            now = self._clock()
            known = self._clients.get(client_id)
            if known is not None and attempt:
                if attempt <= known.attempt:
                    return
                is_again = need <= known.attempt and now - known.opened_at < AGAIN_SECONDS
                known.attempt = attempt
                if is_again:
                    return
            if known is None and attempt == 1 and self._is_on_offer(now):
                # It has what was offered, and is told that it is heard. If it came too late for
                # that it says so again; and if its words lay behind the cell, what it asked, too.
                with self._lock:
                    self._clients[client_id] = _Client(self._sequence, now, attempt=attempt)
                    self._opened_at, self._silent_frames = now, 0
                    self._reply(client_id, [], [])
                return
            attempt = attempt or (0 if known is None else known.attempt)
            self._opened_at = now
            cursor = self._feed.cursor()
            if self.pulls:
                batch = self._feed.snapshot(cursor, limit=PULL_FRAME_BYTES)
            elif not self._clients:
                batch = self._feed.snapshot(cursor)
                self._cursor = cursor
            else:
                # One cursor serves all pages: the snapshot ends where their next frame begins.
                self._broadcast(now)
                batch = self._feed.snapshot(cursor, upto=self._cursor)
            with self._lock:
                sequence = 0 if self.pulls else self._sequence
                own = cursor if self.pulls else None
                self._owes_offer = False
                self._clients[client_id] = _Client(
                    sequence, now, cursor=own, attempt=attempt, opened_at=now
                )
                self._silent_frames = 0
                self._send(_snapshot(client_id, sequence, batch.updates), batch.buffers)

    def acknowledge(self, client_id: str, sequence: int, views: int = 1) -> None:
        """Note that a page has painted every frame up to `sequence`, in so many views."""
        with self._lock:
            client = self._clients.get(client_id)
            if client is None and self._is_on_offer(self._clock()):
                client = self._clients[client_id] = _Client(0, self._clock())
                self._opened_at = client.heard_at
            if client is not None:
                client.acknowledged = max(client.acknowledged, min(sequence, self._sequence))
                client.heard_at, client.views = self._clock(), views
                if client.acknowledged == self._sequence:
                    self._silent_frames = 0
                return
        if not self.pulls:
            self.open(client_id)  # it was given up, and is there after all

    def pull(self, client_id: str, views: int = 1) -> None:
        """Send a page its next frame, now; it has so many views."""
        with self._collecting:
            client = self._clients.get(client_id)
            if client is None or client.cursor is None:
                self.open(client_id)
                return
            with self._lock:
                client.heard_at, client.views = self._clock(), views
                for updates, buffers in client.outbox:
                    self._reply(client_id, updates, buffers)
                client.outbox.clear()
            self._send_next(client_id, client, client.cursor)

    def _send_next(self, client_id: str, client: _Client, cursor: Cursor) -> None:
        if self._feed.is_stale(cursor):
            self.open(client_id)
            return
        batch = self._feed.collect(cursor, PULL_FRAME_BYTES, PULL_FRAME_BYTES)
        with self._lock:
            client.sequence += 1
            self._send(_frame(client_id, client.sequence, batch.updates), batch.buffers)

    def serve_unasked(self, *, may_wait: bool) -> None:
        """Send pages that cannot ask what they need.

        Where pages pull it is called on the thread that runs the cell, else while there are none. A
        page that was not answered yet takes the snapshot for its answer.

        Args:
            may_wait: As for `Feed.read`; not on the thread that runs the cell.
        """
        self._feed.read(may_wait=may_wait)
        with self._collecting:
            now = self._clock()
            if not self._clients:
                batch = self._feed.snapshot(self._feed.cursor(), limit=PULL_FRAME_BYTES)
                with self._lock:
                    self._send(_snapshot("", self._sequence, batch.updates), batch.buffers)
            for client_id, client in list(self._clients.items()):
                waits = now - max(client.heard_at, client.served_at) > ASKS_ANEW_SECONDS
                if client.cursor is None or waits:
                    self.open(client_id)
                else:
                    client.served_at = now
                    self._send_next(client_id, client, client.cursor)

    def answer(
        self,
        client_id: str,
        updates: list[protocol.Update],
        buffers: list[bytes] | None = None,
        *,
        inside_request: bool = True,
    ) -> None:
        """Answer one page's request; from another thread it waits for that page's next pull."""
        with self._lock:
            if self.pulls and not inside_request:
                client = self._clients.get(client_id)
                if client is not None:
                    client.outbox.append((updates, buffers or []))
                return
            self._reply(client_id, updates, buffers or [])

    def tick(self) -> float | None:
        """Read, and send what is due. Return the seconds until the next call, None to sleep.

        On one thread; reading may wait for a device or a file, and holds up no other.
        """
        with self._lock:
            now = self._clock()
            if self.pulls:
                self._forget_silent(now)
            else:
                self._forget_abandoned(now)
            if not self._clients and now >= self._offered_at + OFFERED_SECONDS:
                return None
            wait = 0.0 if self.pulls else self._due_in(now)
        if wait > 0:
            return wait
        self._feed.read()
        return None if self.pulls else self._send_read(self._clock())

    def send_first(self) -> None:
        """Send pages that are there the first that was logged, if it was not sent yet."""
        if self._clients and not self.pulls:
            self._feed.read(may_wait=False)
            if not self._feed.is_empty:
                self._broadcast(self._clock())

    def _send_read(self, now: float) -> float | None:
        """Send what has been read; return the seconds until the next call, None to sleep."""
        if now < self._held_until and self._feed.is_empty:
            return LEAST_PAUSE
        if self._broadcast(now):
            return max(LEAST_PAUSE, now + self._interval - self._clock())
        return self._ask_for_lost(now)

    def _ask_for_lost(self, now: float) -> float | None:
        """Have pages notice a newest frame that was lost: no later one would show the gap."""
        with self._lock:
            owed = any(c.acknowledged < self._sequence for c in self._clients.values())
            if owed and self._silent_frames < SILENT_FRAMES:
                if now - self._sent_at >= SILENCE_SECONDS * 2**self._silent_frames:
                    self._silent_frames += 1
                    self._send_frame([], [], now)
                if not self._feed.is_active:
                    return SILENCE_SECONDS
            return self._interval if self._feed.is_active else None

    def _is_on_offer(self, now: float) -> bool:
        """Whether a page that has just been displayed has been sent all without asking."""
        return not self._owes_offer and now < self._offered_at + OFFERED_SECONDS

    def _due_in(self, now: float) -> float:
        """Seconds until the next frame may leave."""
        if not self._clients:
            return 0.0 if self._owes_offer else self._sent_at + self.pace.interval - now
        silence = {id(c): self._silence(c, now) for c in self._clients.values()}
        attentive = [c for c in self._clients.values() if silence[id(c)] <= SILENCE_SECONDS]
        if not attentive:
            abandoned = min(silence.values()) > ABANDONED_SECONDS
            rare = ABANDONED_INTERVAL if abandoned else OPEN_LOOP_SECONDS
            return self._sent_at + rare - now
        wait = self._sent_at + self._interval - now
        behind = self._sequence - min(c.acknowledged for c in attentive)
        return max(self.pace.interval, wait) if behind >= self._window else wait

    @property
    def _interval(self) -> float:
        """Seconds between two frames; fewer than they cost where a panel has something due."""
        sooner = math.inf if self.pace.is_fixed else self._again_in
        return max(LEAST_PAUSE, min(self.pace.interval, sooner))

    def _room(self, now: float) -> float:
        """Bytes of pictures that the pages can be sent; none where no page answers."""
        with self._lock:
            painted = [
                one.acknowledged
                for one in self._clients.values()
                if self._silence(one, now) <= SILENCE_SECONDS
            ]
            while self._sizes and self._sizes[0][0] <= min(painted, default=-1):
                self._sizes.popleft()
            return UNPAINTED_BYTES - sum(size for _, size in self._sizes) if painted else 0

    def _forget_silent(self, now: float) -> None:
        """Give up pages that have long not pulled."""
        for client_id, client in list(self._clients.items()):
            if now - client.heard_at > ABANDONED_SECONDS:
                self._forget(client_id)

    def _forget_abandoned(self, now: float) -> None:
        """Give up pages that are silent while another one answers: a reload leaves such behind."""
        silence = {name: self._silence(client, now) for name, client in self._clients.items()}
        if silence and min(silence.values()) <= SILENCE_SECONDS:
            for client_id, seconds in silence.items():
                if seconds > REPLACED_SECONDS:
                    self._forget(client_id)

    def _forget(self, client_id: str) -> None:
        del self._clients[client_id]
        self._gone(client_id)

    def _silence(self, client: _Client, now: float) -> float:
        """Seconds for which a page has owed an acknowledgement."""
        if client.acknowledged >= self._sequence:
            return 0.0
        return now - max(client.heard_at, client.waiting_since)

    def _broadcast(self, now: float) -> bool:
        with self._collecting:
            if self._owes_offer or self._feed.is_stale(self._cursor):
                self._send_anew(now)
                return True
            batch: Batch = self._feed.collect(self._cursor, FRAME_BYTES, self._room(now))
            self._again_in = batch.again_in
            if not batch.updates:
                return False
            with self._lock:
                self._send_frame(batch.updates, batch.buffers, now)
        return True

    def _send_anew(self, now: float) -> None:
        """Send all pages all that they need, in place of what they have."""
        cursor = self._feed.cursor()
        batch = self._feed.snapshot(cursor)
        with self._lock:
            self._cursor, self._sent_at, self._owes_offer = cursor, now, False
            for client_id in self._clients or ("",):
                self._send(_snapshot(client_id, self._sequence, batch.updates), batch.buffers)

    def _send_frame(self, updates: list[protocol.Update], buffers: list[bytes], now: float) -> None:
        for client in self._clients.values():
            if client.acknowledged >= self._sequence:
                client.waiting_since = now
        self._sequence += 1
        self._sent_at = now
        self._sizes.append((self._sequence, sum(map(len, buffers))))
        self._send(_frame("", self._sequence, updates), buffers)

    def _reply(self, client_id: str, updates: list[protocol.Update], buffers: list[bytes]) -> None:
        self._send({"kind": "reply", "client_id": client_id, "updates": updates}, buffers)


def _snapshot(client_id: str, sequence: int, updates: list[protocol.Update]) -> dict[str, Any]:
    return {
        "kind": "snapshot",
        "client_id": client_id,
        "sequence": sequence,
        "updates": updates,
    }


def _frame(client_id: str, sequence: int, updates: list[protocol.Update]) -> dict[str, Any]:
    return {"kind": "frame", "client_id": client_id, "sequence": sequence, "updates": updates}
