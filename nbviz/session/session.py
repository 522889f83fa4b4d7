"""A session: what one widget shows, and the pages that look at it."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from nbviz.session.emitter import Emitter
from nbviz.session.feed import Feed
from nbviz.session.requests import RequestHandler
from nbviz.session.transport import FIRST_POINT_SECONDS, Transport
from nbviz.session.unseen import LOOK_SECONDS, UnseenRuns
from nbviz.session.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.panels.panel import Panel
    from nbviz.panels.subject import Subject
    from nbviz.protocol.core import AssetSent
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.session.transport import Send
    from nbviz.session.unseen import Sighting

QUIET_SECONDS = 0.5  # between looks at an active run that no page shows
UNASKED_SECONDS = 0.5  # between two times that pages are sent what they did not ask for
UNASKED_SHARE = 0.05  # of the time, for making that
_QUIET_TIMES = 9  # that it is done after all runs are over, each after twice the pause: 4 minutes
_brought: set[str] = set()  # assets that pages of this process were sent unasked
_OFFERED = ("lines", "files", "curves", "timeline", "log")  # what draws the first that is seen


class Session:
    """Connects subjects with the pages at the other end of one comm.

    Two threads of its own, which live while there is work: one reads and sends frames, the other
    carries out what panels call slow. So what waits for a device or a file holds up neither the
    thread on which requests arrive nor, but for frames, other pages.

    Args:
        panels: All there are, in order.
        send: Sends one message to all pages.
        asset: Returns the source of a part of the front end.
        frames_per_second: As for `Transport`.
        pulls: As for `Transport`.
        ticked: Called on the thread that sends, after it has looked; must be quick, or rare.
        training: Returns the runs that train in this notebook, of which those that no page shows
            are offered to this session's pages.
        show: Shows one of them in this session.
        is_unheard: Whether a page was displayed that has to wait for the running cell's end.
    """

    def __init__(
        self,
        panels: Sequence[Panel[Any, Any, Any]],
        send: Send,
        *,
        asset: Callable[[str], str],
        frames_per_second: float | None = None,
        pulls: bool = False,
        ticked: Callable[[], None] = lambda: None,
        training: Callable[[], Sequence[RecordedRun]] = lambda: (),
        show: Callable[[RecordedRun], None] = lambda _: None,
        is_unheard: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ticked = ticked
        self._is_unheard = is_unheard
        self._sending = threading.Lock()
        self._asset = asset
        self._unasked = self._unasked_quiet = 0
        self._unasked_due = float("-inf")
        self._failure = ""
        self._unsubscribes: list[Callable[[], None]] = []
        self._wanted = Wanted(panels)
        self._feed = Feed(panels, self._wanted, self._report)
        self.transport = Transport(
            self._feed,
            send,
            frames_per_second=frames_per_second,
            pulls=pulls,
            gone=self._forget,
        )
        self._emitter = Emitter(self._tick, self._report)
        self._answering = Emitter(self._work, self._report, "nbviz-answers")
        self._unseen = UnseenRuns(training, show)
        self._requests = RequestHandler(
            panels,
            self._feed,
            self.transport,
            self._wanted,
            asset=asset,
            apart=self._answering.wake,
            unseen=self._unseen,
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What is shown."""
        return tuple(self._feed.subjects)

    @property
    def is_active(self) -> bool:
        """Whether something new may come at any time."""
        return self._feed.is_active

    @property
    def is_closed(self) -> bool:
        """Whether it was closed: nothing comes of it any more."""
        return self._emitter.is_closed

    def add(self, subject: Subject) -> None:
        """Show one more subject."""
        self._feed.subjects.append(subject)
        if subject.run is not None and not self.is_closed:
            self._unsubscribes.append(subject.run.subscribe(_weak_wake(self)))
        self.wake()

    def handle(self, content: object) -> None:
        """Carry out what a page asks; nothing that it sends can raise here."""
        self._requests.handle(content)
        if isinstance(content, dict) and content.get("kind") == "acknowledge":  # pyright: ignore[reportUnknownMemberType]
            self._emitter.wake()
        else:
            self.wake()

    def offer(self, assets: Sequence[str] = ()) -> None:
        """Send pages that open now what they need, before they ask for it.

        Args:
            assets: What they will ask for. It is sent once in a process: later pages have it.
        """
        self.transport.offer()
        self.bring(assets)
        self.wake()

    def bring(self, assets: Sequence[str]) -> None:
        """Send pages what they will ask for, unless it was sent in this process."""
        self._offer_assets([name for name in assets if name not in _brought])

    def send_first(self) -> None:
        """Send pages that are there what was logged, on this thread, before they are to draw it.

        It waits for no device and no file, and hardly for the session's own thread.
        """
        if self._sending.acquire(timeout=FIRST_POINT_SECONDS):
            try:
                self.transport.send_first()
            except Exception as error:  # noqa: BLE001  drawing must not end anything
                self._report(error)
            finally:
                self._sending.release()

    def wake(self) -> None:
        """Send what is new soon."""
        self._feed.touch()
        self._emitter.wake()

    def serve_from_cell(self) -> None:
        """Send what is new on this thread, which runs a cell; it waits for nothing.

        For pages that pull: Colab shows nothing that another thread sends, and hears no page before
        the cell's end.
        """
        if time.monotonic() >= self._unasked_due and self._sending.acquire(blocking=False):
            try:
                self._serve_unasked(may_wait=False)
            except Exception as error:  # noqa: BLE001  drawing must not end anything
                self._report(error)
            finally:
                self._sending.release()

    def close(self) -> None:
        """End the threads, and have nothing made for pages any more; the runs go on."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self._unsubscribes.clear()
        self._requests.close(self.transport.clients)
        self._emitter.close()
        self._answering.close()

    def _forget(self, page: str) -> None:
        self._requests.forget(page)

    def _work(self) -> None:
        self._requests.work()
        self.wake()  # what was made is to be sent

    def _tick(self) -> float | None:
        began, sequence = time.thread_time(), self.transport.sequence
        pages = self.transport.sighting()
        self._look_for_unseen(pages)
        with self._sending:
            wait = self.transport.tick()
            if self._feed.is_active or self.transport.clients:
                self._unasked_quiet = 0
            # A page may open after the runs' end, and still have to wait for the cell's.
            is_due = self._feed.is_active or self._unasked_quiet < _QUIET_TIMES
            if not self.transport.clients and is_due and self._is_unheard():
                wait = self._serve_unasked(may_wait=True)
        cost = time.thread_time() - began
        if self.transport.sequence != sequence:
            self.transport.pace.spent(cost)
        subjects = self.subjects
        for subject in subjects:
            if subject.run is not None and subject.is_active:
                subject.run.meter.draw(cost / len(subjects))
        self._ticked()
        if wait is None and self._feed.is_active:
            return QUIET_SECONDS
        if wait is None and self._unseen.is_looking(pages):
            return LOOK_SECONDS
        return wait

    def _serve_unasked(self, *, may_wait: bool) -> float:
        """Send pages what they cannot ask for, unless it is too soon; return the wait."""
        began = time.monotonic()
        if began < self._unasked_due:
            return self._unasked_due - began
        spent = time.thread_time()  # not the time in which others had the interpreter
        self._unasked += 1
        self._unasked_quiet += not self._feed.is_active
        if self._unasked_quiet or self._unasked & (self._unasked - 1) == 0:
            # Again after twice as many, since a page that is only opening has heard nothing yet.
            self._offer_assets(_OFFERED)
        self.transport.serve_unasked(may_wait=may_wait)
        least = UNASKED_SECONDS * 2**self._unasked_quiet
        pause = max(least, (time.thread_time() - spent) / UNASKED_SHARE)
        self._unasked_due = time.monotonic() + pause
        return pause

    def _offer_assets(self, names: Sequence[str]) -> None:
        _brought.update(names)
        for name in names:
            sent: AssetSent = {
                "kind": "asset_sent", "client_id": "", "request_id": 0, "name": name, "buffer": 0
            }  # fmt: skip
            self.transport.answer("", [sent], [self._asset(name).encode()])

    def _look_for_unseen(self, pages: Sighting) -> None:
        runs = [subject.run for subject in self.subjects if subject.run is not None]
        if pages.is_seen:
            self._unseen.note_seen(run for run in runs if run.is_active)
        if self._unseen.look(runs, pages):
            self.transport.ask_for_acknowledgement()
        self._feed.unseen = self._unseen.found

    def _report(self, error: Exception) -> None:
        """Say once that drawing failed; the runs go on."""
        text = f"nbviz could not send an update: {type(error).__name__}: {error}"
        if text != self._failure:
            self._failure = text
            for subject in self.subjects:
                if subject.run is not None:
                    subject.run.note(text, level="warning")


def _weak_wake(session: Session) -> Callable[[], None]:
    """A run outlives its sessions: it must not keep them alive."""
    reference = weakref.ref(session)

    def wake() -> None:
        target = reference()
        if target is not None:
            target.wake()

    return wake
