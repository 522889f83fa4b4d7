"""The contract of a panel: all that a session knows of one.

A panel is one object, made once, that serves every session: what it has sent is in the entry that
it is handed, and what pages look at is handed to it, too. It never imports the session.

A new panel is a folder here with `PANEL` in its `__init__`, a module in `protocol` with its
messages, its lines in `protocol/__init__` and one in `PANELS`; in the front end a folder of its
name.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypedDict, TypeVar

from nbviz.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz import protocol
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.panels.subject import Subject
    from nbviz.recording.recorded_run import RecordedRun

PartT = TypeVar("PartT")
EntryT = TypeVar("EntryT")
WantedT = TypeVar("WantedT")
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class View:
    """What one view of one page looks at, as `protocol.core.SetWanted` says it."""

    keys: tuple[str, ...]
    known: int = 0


class Address(TypedDict):
    """Whose request an answer answers."""

    client_id: str
    request_id: int


NO_ADDRESS: Address = {"client_id": "", "request_id": 0}
"""Of answers in a page without a kernel."""


class Reply(Generic[AnswerT]):
    """The answer to one request, which is sent once, from any thread.

    Attributes:
        address: The fields that every answer has.
        limit: Bytes that an answer may take.
    """

    def __init__(
        self,
        address: Address,
        limit: int,
        send: Callable[[protocol.Update | Exception, list[bytes]], None],
    ) -> None:
        self.address: Address = address
        self.limit = limit
        self._send = send

    def send(self, answer: AnswerT, batch: Batch | None = None) -> None:
        """Send the answer.

        Args:
            answer: The update.
            batch: Holds the buffers that the answer counts.
        """
        update: Any = answer
        self._send(update, batch.buffers if batch is not None else [])

    def fail(self, error: Exception) -> None:
        """Refuse the request."""
        self._send(error, [])


@dataclass(frozen=True, slots=True)
class Extent(Generic[EntryT, WantedT]):
    """How much `Panel.updates` adds.

    Attributes:
        wanted: What `Panel.join` returned last; None while no page has said.
        limit: Bytes of the whole batch, about; what does not fit comes later or coarser.
        full: It is a snapshot: all that a page needs to draw.
        end: Where the pages that are there already stand: the snapshot must end there, for their
            next frame is the new page's, too. What none of them looks at may be set back in it.
            None to go on to now.
        shows_undecided: What no page has said that it looks at is added, too. Not of the many runs
            that are over: their pages say what they show.
        room: Bytes of pictures that pages have not painted, which may be on their way together.
    """

    wanted: WantedT | None = None
    limit: float = math.inf
    full: bool = False
    end: EntryT | None = None
    shows_undecided: bool = True
    room: float = math.inf


class Panel(ABC, Generic[PartT, EntryT, WantedT]):
    """One kind of panel: what it sends, what it is asked, what a saved page needs of it.

    Its type arguments: what it shows of a subject (a run, for most), how much of that pages have
    been sent, and what all pages together look at.

    Attributes:
        name: As in `Dashboard(panels=[…])` and in the page.
        assets: Parts of the front end that its code in the page loads when it is first seen.
        live_assets: More of those, which a page without a kernel has no use for.
        requests: The requests of `protocol` that it answers.
        slow: Kinds of requests that may take long, or wait for a device or a file. They are carried
            out on a thread of the session's own, and never hold up the user's. "set_wanted" may be
            among them.
        least_runs: It says nothing of fewer; a page without a kernel then goes without it.
        saves_steps: Most of what a page without a kernel is given of it is by step, as room allows.
    """

    name: ClassVar[str]
    assets: ClassVar[tuple[str, ...]] = ()
    live_assets: ClassVar[tuple[str, ...]] = ()
    requests: ClassVar[tuple[type[Any], ...]] = ()
    slow: ClassVar[frozenset[str]] = frozenset()
    least_runs: ClassVar[int] = 1
    saves_steps: ClassVar[bool] = False

    @abstractmethod
    def part(self, subject: Subject) -> PartT | None:
        """Return what it shows of a subject; None if there is nothing for it to show, ever."""

    def missing(self, subject: Subject) -> str:
        """Return the sentence that refuses a request where there is no part."""
        return f"there is no run behind {subject.name!r}, so it has no {self.name}."

    @abstractmethod
    def has_content(self, part: PartT) -> bool:
        """Whether there is something to show now."""

    # ------------------------------------------------------------ what is new

    @abstractmethod
    def entry(self) -> EntryT:
        """Return the cursor entry of a page that has been sent nothing."""

    def read(self, part: PartT) -> bool:
        """Take in what is not there yet. May wait for a device or a file; no lock is held.

        Returns:
            Whether some of it is left for the next call, to be made soon.
        """
        del part
        return False

    @abstractmethod
    def updates(
        self, part: PartT, entry: EntryT, batch: Batch, extent: Extent[EntryT, WantedT]
    ) -> None:
        """Add what is new since the entry, and move the entry. Waits for nothing.

        Args:
            part: What `part` returned.
            entry: How much has been sent.
            batch: Added to.
            extent: How much to add.
        """

    # ------------------------------------------------------------ what pages look at

    def view(self, part: PartT, keys: Sequence[str], known: int) -> View:
        """Return what one view looks at, checked.

        Args:
            part: What `part` returned.
            keys: As the page sent them.
            known: How many keys the view chose from.

        Raises:
            CommandError: It cannot look at these.
        """
        del part, keys, known
        raise CommandError(f"nothing can be wanted of a panel {self.name!r}.")

    def join(self, views: Sequence[View], before: WantedT | None) -> WantedT | None:
        """Return what all views of all pages together look at.

        Args:
            views: All there are; none after the last page has gone.
            before: What was returned before.
        """
        del views, before
        return None

    def wanted_changed(
        self, part: PartT, owner: str, before: WantedT | None, now: WantedT | None
    ) -> None:
        """Have what is looked at made, and nothing else.

        Args:
            part: What `part` returned.
            owner: Which of the sessions that show the run.
            before: What was looked at until now.
            now: What is looked at.
        """

    # ------------------------------------------------------------ what it is asked

    def answer(self, part: PartT, request: Any, reply: Reply[Any]) -> None:
        """Answer one of its `requests`, whose fields have been checked against the protocol.

        Args:
            part: What `part` returned.
            request: The request.
            reply: Takes the answer, now or later.

        Raises:
            Exception: The request is refused with its text.
        """
        del part, request, reply
        raise CommandError(f"the panel {self.name!r} answers no requests.")

    # ------------------------------------------------------------ pages without a kernel

    @abstractmethod
    def saved(self, part: PartT, batch: SavedBatch, limit: float) -> bool:
        """Add what a page without a kernel needs: updates, and answers to what it would ask.

        Args:
            part: What `part` returned; all that was recorded has been taken in.
            batch: Added to.
            limit: Bytes, about, that it may take.

        Returns:
            Whether the page has something to show.
        """


class RunPanel(Panel["RecordedRun", EntryT, WantedT]):
    """A panel that shows a run."""

    def part(self, subject: Subject) -> RecordedRun | None:
        """Return the run."""
        return subject.run
