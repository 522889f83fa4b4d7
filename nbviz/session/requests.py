"""What pages ask, checked and handed to those who answer; each request with an id is answered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import CommandError, NbvizError
from nbviz.panels.panel import Address, Reply
from nbviz.protocol import core, run
from nbviz.session.checks import REQUESTS, checked
from nbviz.session.transport import FRAME_BYTES, PULL_FRAME_BYTES
from nbviz.text import clean_text, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz import protocol
    from nbviz.panels.panel import Panel
    from nbviz.panels.subject import Subject
    from nbviz.session.feed import Feed
    from nbviz.session.transport import Transport
    from nbviz.session.unseen import UnseenRuns
    from nbviz.session.wanted import Wanted

_MOST_SAID = 4000  # characters of an error
MAX_WAITING = 256  # requests that are carried out apart
_MOST_REMEMBERED = 256  # of each kind, so as to know them when they come again


class RequestHandler:
    """Handles the messages of one session's pages, on whichever thread they arrive.

    Args:
        panels: Who answers, each the requests that it names.
        feed: Knows the subjects.
        transport: Sends answers.
        wanted: Keeps what pages look at.
        asset: Returns the source of a part of the front end.
        apart: Has something carried out soon by the session's thread for slow answers.
        unseen: Knows the runs that train without a view.
    """

    def __init__(
        self,
        panels: Sequence[Panel[Any, Any, Any]],
        feed: Feed,
        transport: Transport,
        wanted: Wanted,
        *,
        asset: Callable[[str], str],
        apart: Callable[[], None],
        unseen: UnseenRuns,
    ) -> None:
        self._panels = {panel.name: panel for panel in panels}
        self._owners = {request: panel for panel in panels for request in panel.requests}
        assets = (name for panel in panels for name in (*panel.assets, *panel.live_assets))
        self._assets = tuple(dict.fromkeys(assets))
        self._feed = feed
        self._transport = transport
        self._wanted = wanted
        self._asset = asset
        self._apart = apart
        self._unseen = unseen
        self._waiting: deque[Callable[[], None]] = deque()
        # Apart, so that many questions do not have a command forgotten that may come again.
        self._commands: dict[tuple[str, int], _Reply] = {}
        self._questions: dict[tuple[str, int], _Reply] = {}

    def handle(self, content: object) -> None:
        """Carry out one request. Nothing that a page sends can raise here."""
        if not isinstance(content, dict):
            return
        request = cast("dict[str, Any]", content)
        client_id, kind = request.get("client_id"), request.get("kind")
        if not isinstance(client_id, str) or not isinstance(kind, str):
            return
        reply = self._reply(request)
        if reply.is_owed and self._has_come(reply):
            return
        try:
            self._carry_out(client_id, kind, request, reply)
        except Exception as error:  # noqa: BLE001  whatever a page sends is answered
            reply.fail(error)
        finally:
            reply.inside_request = False

    def _has_come(self, reply: _Reply) -> bool:
        """Whether a request has come before, and is not to be carried out once more.

        A page asks again where no answer comes: ipykernel 7.0 to 7.3 may lose a request, and one
        may wait behind a cell. The answer, if there was one, is sent again.
        """
        key = reply.address["client_id"], reply.address["request_id"]
        known = self._commands if reply.changes else self._questions
        first = known.setdefault(key, reply)
        if first is reply:
            for oldest in list(known)[:-_MOST_REMEMBERED]:
                known.pop(oldest, None)
            return False
        if not first.is_owed and first.answer is None:  # it changes nothing, and is made anew
            known[key] = reply
            return False
        first.repeat()
        return True

    def work(self) -> None:
        """Carry out what waits; called by the session's thread for slow answers."""
        while self._waiting:
            self._waiting.popleft()()

    def forget(self, page: str) -> None:
        """Forget a page that is gone, and have nothing made for it any more, soon."""
        for run_id, panel in self._wanted.forget(page):
            self._waiting.append(lambda of=run_id, name=panel: self._apply(of, name))
        self._apart()

    def close(self, pages: Sequence[str]) -> None:
        """Forget these pages, all that there are, and answer no more."""
        self._waiting.clear()
        for page in pages:
            self.forget(page)
        self.work()

    # ------------------------------------------------------------ who answers

    def _carry_out(self, page: str, kind: str, content: dict[str, Any], reply: _Reply) -> None:
        message = REQUESTS.get(kind)
        if message is None:
            raise CommandError(f"there is no request {kind!r}.")
        request: Any = checked(content, message)
        if message is core.Ready:
            self._transport.open(page, request.get("attempt", 0), request.get("need", 0))
        elif message is core.Acknowledge:
            self._transport.acknowledge(page, request["sequence"], request.get("views", 1))
        elif message is core.Pull:
            self._transport.pull(page, request.get("views", 1))
        elif message is core.SendAsset:
            self._send_asset(request, reply)
        elif message is core.SetWanted:
            self._set_wanted(request, reply)
        elif message is run.ActOnUnseen:
            self._unseen.act(request["run_id"], request["act"])
            reply.send({"kind": "command_done", **reply.address})
        elif message is core.KeepRun:
            self._keep_run(request, reply)
        else:
            panel = self._owners[message]
            part = self._part(panel, request["run_id"])
            self._do(panel, kind, lambda: panel.answer(part, request, reply), reply)

    def _do(
        self, panel: Panel[Any, Any, Any], kind: str, act: Callable[[], None], reply: _Reply
    ) -> None:
        """Carry out a panel's work, apart if it is slow."""
        if kind not in panel.slow:
            act()
            return

        def guarded() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001  whatever a page sends is answered
                reply.fail(error)

        if len(self._waiting) >= MAX_WAITING:
            raise CommandError(f"{MAX_WAITING} requests wait already; ask again later.")
        self._waiting.append(guarded)
        self._apart()

    def _send_asset(self, request: core.SendAsset, reply: _Reply) -> None:
        name = request["name"]
        if name not in self._assets:
            known = ", ".join(self._assets)
            raise CommandError(f"there is no asset {name!r}; there are: {known}.")
        answer: core.AssetSent = {
            "kind": "asset_sent",
            **reply.address,
            "name": name,
            "buffer": 0,
        }
        reply.deliver(answer, [self._asset(name).encode()])

    def _keep_run(self, request: core.KeepRun, reply: _Reply) -> None:
        subject = self._subject(request["run_id"])
        subject.keep()
        if subject.run is not None:
            others = {one.run.name for one in self._feed.subjects if one.run and one is not subject}
            subject.run.rename(_free_name(subject.run.name, others))
        reply.send({"kind": "command_done", **reply.address})

    def _set_wanted(self, request: core.SetWanted, reply: _Reply) -> None:
        run_id, name, keys = request["run_id"], request["panel"], request["keys"]
        panel = self._panels.get(name)
        if panel is None:
            raise CommandError(f"nothing can be wanted of a panel {name!r}.")
        view = panel.view(self._part(panel, run_id), keys, request.get("known", 0))
        page, number = request["client_id"], request["request_id"]
        self._wanted.want(run_id, name, page, request["view"], view, number=number)

        def apply() -> None:
            self._apply(run_id, name)
            reply.send({"kind": "command_done", **reply.address})

        self._do(panel, "set_wanted", apply, reply)

    def _apply(self, run_id: str, panel: str) -> None:
        for subject in self._feed.subjects:
            if subject.run_id == run_id:
                self._wanted.apply(subject, panel)

    def _part(self, panel: Panel[Any, Any, Any], run_id: str) -> Any:
        subject = self._subject(run_id)
        part = panel.part(subject)
        if part is None:
            raise CommandError(panel.missing(subject))
        return part

    def _subject(self, run_id: str) -> Subject:
        for subject in self._feed.subjects:
            if subject.run_id == run_id:
                return subject
        raise CommandError(f"this dashboard shows no run {run_id!r}.")

    def _reply(self, request: dict[str, Any]) -> _Reply:
        request_id: Any = request.get("request_id")
        is_numbered = isinstance(request_id, int) and not isinstance(request_id, bool)
        address: Address = {
            "client_id": request["client_id"],
            "request_id": request_id if is_numbered else -1,
        }
        kind = request["kind"]
        changes = not kind.startswith("send_") and kind != "set_wanted"
        return _Reply(address, self._transport, is_numbered=is_numbered, changes=changes)


class _Reply(Reply[Any]):
    """Answers through the transport, once; a request without an id is not answered.

    Attributes:
        is_owed: No answer was sent yet.
        answer: What was, where the request changes something and is to be carried out once.
        changes: Whether it does.
    """

    def __init__(
        self, address: Address, transport: Transport, *, is_numbered: bool, changes: bool
    ) -> None:
        limit = PULL_FRAME_BYTES if transport.pulls else FRAME_BYTES
        super().__init__(address, limit, self.deliver)
        self.inside_request = True
        self._transport = transport
        self.is_owed = is_numbered
        self.answer: tuple[protocol.Update, list[bytes]] | None = None
        self.changes = changes

    def deliver(self, answer: protocol.Update | Exception, buffers: list[bytes]) -> None:
        if not self.is_owed:
            return
        if isinstance(answer, Exception):
            answer = {"kind": "command_failed", **self.address, "error": _said(answer)}
        if self.changes:
            self.answer = answer, buffers
        self.is_owed = False
        self._pass_on(answer, buffers, inside_request=self.inside_request)

    def repeat(self) -> None:
        """Send the answer again, if there is one yet; called while its request comes again."""
        if self.answer is not None:
            self._pass_on(*self.answer, inside_request=True)

    def _pass_on(
        self, answer: protocol.Update, buffers: list[bytes], *, inside_request: bool
    ) -> None:
        page = self.address["client_id"]
        self._transport.answer(page, [answer], buffers, inside_request=inside_request)


def _said(error: Exception) -> str:
    """Return what an error says, which may be of a user's own class."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  the request is answered all the same
        return name
    said = clean_text(text if isinstance(error, NbvizError) else f"{name}: {text}")
    return shortened(said, _MOST_SAID)  # it may repeat what was asked for


def _free_name(name: str, others: set[str]) -> str:
    """Return a name for an earlier run that the one which the cell made anew does not have."""
    number, found = 1, name
    while found in others:
        found = f"{name} (earlier)" if number == 1 else f"{name} (earlier {number})"
        number += 1
    return found
