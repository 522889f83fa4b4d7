"""What pages ask, checked and carried out; every request with an id is answered."""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, get_args

from nbviz.errors import CommandError, NbvizError
from nbviz.front_end import front_end
from nbviz.protocol.graph import OverlayName
from nbviz.widgets.media_items import media_item
from nbviz.widgets.transport import FRAME_BYTES, PULL_FRAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.recording.run import Run
    from nbviz.widgets.dashboard import Dashboard

ASSETS = ("graph", "media")
MAX_POINTS = 4000
MAX_LAYERS = 64
MAX_NODES = 1000
OVERLAYS: tuple[str, ...] = get_args(OverlayName)
MAX_WAITING = 256  # requests for media


class RequestHandler:
    """Handles the messages of one dashboard's pages, on whichever thread they arrive."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = weakref.proxy(dashboard)
        self._media: deque[tuple[str, Run, dict[str, Any]]] = deque()

    def send_media(self) -> None:
        """Answer the pages that wait for media; called on the dashboard's own thread."""
        while self._media:
            client_id, run, request = self._media.popleft()
            try:
                self._send_media(client_id, run, request)
            except Exception as error:  # noqa: BLE001  whatever a page sends is answered
                self._fail(client_id, request, error, inside_request=False)

    def handle(self, content: object) -> None:
        """Carry out one request. Nothing that a page sends can raise here."""
        if not isinstance(content, dict):
            return
        request: dict[str, Any] = content  # pyright: ignore[reportUnknownVariableType]
        client_id, kind = request.get("client_id"), request.get("kind")
        if not isinstance(client_id, str) or not isinstance(kind, str):
            return
        transport = self._dashboard.transport
        try:
            if kind == "ready":
                transport.open(client_id)
            elif kind == "acknowledge":
                transport.acknowledge(client_id, _integer(request, "sequence"))
            elif kind == "pull":
                transport.pull(client_id)
            elif kind == "send_asset":
                self._send_asset(client_id, request)
            else:
                self._answer(client_id, kind, request)
        except Exception as error:  # noqa: BLE001  whatever a page sends is answered
            self._fail(client_id, request, error)

    def _answer(self, client_id: str, kind: str, request: dict[str, Any]) -> None:
        run = self._run(request)
        if kind == "control":
            self._control(run, request)
            self._done(client_id, request)
        elif kind == "send_range":
            self._send_range(client_id, run, request)
        elif kind == "set_wanted":
            self._set_wanted(client_id, run, request)
            self._done(client_id, request)
        elif kind == "send_graph":
            self._send_graph(client_id, run, request)
        elif kind == "send_media":
            if len(self._media) >= MAX_WAITING:
                raise CommandError(f"{MAX_WAITING} requests for media wait already.")
            # Images may have to be reduced: not on the thread that runs the user's cells.
            self._media.append((client_id, run, request))
        else:
            raise CommandError(f"there is no request {kind!r}.")

    def _control(self, run: Run, request: dict[str, Any]) -> None:
        name, arguments = request.get("name"), request.get("arguments")
        if name not in run.commands:
            known = ", ".join(run.commands) or "none"
            raise CommandError(f"this run has no command {name!r}; it has: {known}.")
        if not isinstance(arguments, dict):
            raise CommandError(f"arguments must be a mapping, got {arguments!r}.")
        self._dashboard.command(run, name, arguments)

    def _send_range(self, client_id: str, run: Run, request: dict[str, Any]) -> None:
        numbers = [int(number) for number in request["series"]]
        self._check_series(run, numbers)
        counts, columns = self._dashboard.feed.range(
            run,
            numbers,
            _integer(request, "first_step"),
            _integer(request, "last_step"),
            max(1, min(MAX_POINTS, _integer(request, "points"))),
        )
        update: Any = {
            "kind": "range_sent",
            "client_id": client_id,
            "request_id": _integer(request, "request_id"),
            "run_id": run.run_id,
            "series": numbers,
            "counts": counts,
            "buffer": 0,
        }
        self._dashboard.transport.answer(client_id, [update], [columns.tobytes()])

    def _set_wanted(self, client_id: str, run: Run, request: dict[str, Any]) -> None:
        given: Any = request.get("keys")
        if not isinstance(given, list):
            raise CommandError(f"keys must be a list, got {given!r}.")
        keys = [str(key) for key in given]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        view, panel = _integer(request, "view"), request.get("panel")
        owner = f"{client_id} {view}"
        if panel == "curves":
            known = min(_integer(request, "known"), len(run.tags))
            numbers = {int(key) for key in keys}
            self._check_series(run, numbers)
            self._dashboard.feed.interests.want(client_id, view, run.run_id, numbers, known)
        elif panel == "weights":
            if len(keys) > MAX_LAYERS:
                raise CommandError(f"keys must be at most {MAX_LAYERS} layers, got {len(keys)}.")
            run.weights.want(owner, set(keys))
        elif panel == "graph":
            self._want_overlay(owner, run, keys)
        else:
            raise CommandError(f"nothing can be wanted of a panel {panel!r}.")

    def _check_series(self, run: Run, numbers: Iterable[int]) -> None:
        bad = [number for number in numbers if not 0 <= number < len(run.tags)]
        if bad:
            raise CommandError(f"there is no series {bad[0]}; the run has {len(run.tags)}.")

    def _send_asset(self, client_id: str, request: dict[str, Any]) -> None:
        name = request.get("name")
        if name not in ASSETS:
            raise CommandError(f"there is no asset {name!r}; there are: {', '.join(ASSETS)}.")
        update: Any = {
            "kind": "asset_sent",
            "client_id": client_id,
            "request_id": _integer(request, "request_id"),
            "name": name,
            "buffer": 0,
        }
        self._dashboard.transport.answer(client_id, [update], [front_end(name).encode()])

    def _want_overlay(self, owner: str, run: Run, keys: list[str]) -> None:
        overlay, nodes = (keys[0], keys[1:]) if keys else ("", [])
        if run.overlays is None:
            raise CommandError(f"the run {run.name!r} has no model that could be measured.")
        if overlay and overlay not in OVERLAYS:
            raise CommandError(
                f"there is no overlay {overlay!r}; there are: {', '.join(OVERLAYS)}."
            )
        if len(nodes) > MAX_NODES:
            raise CommandError(f"keys must be at most {MAX_NODES} boxes, got {len(nodes)}.")
        run.overlays.want(owner, overlay, set(nodes))

    def _send_graph(self, client_id: str, run: Run, request: dict[str, Any]) -> None:
        scopes = [str(scope) for scope in request["scopes"]]
        transport = self._dashboard.transport
        inside = True

        def answer(result: Any) -> None:
            if isinstance(result, Exception):
                self._fail(client_id, request, result, inside_request=inside)
                return
            update: Any = {
                "kind": "graph_sent",
                "client_id": client_id,
                "request_id": _integer(request, "request_id"),
                "run_id": run.run_id,
                "levels": result,
                "overlays": [] if run.overlays is None else list(OVERLAYS),
            }
            transport.answer(client_id, [update], inside_request=inside)

        self._dashboard.graph_level(run, scopes, answer)
        inside = False

    def _send_media(self, client_id: str, run: Run, request: dict[str, Any]) -> None:
        transport = self._dashboard.transport
        item, buffer = media_item(
            run,
            str(request.get("tag")),
            _integer(request, "step"),
            after=_integer(request, "after"),
            pixels=_integer(request, "pixels"),
            limit=PULL_FRAME_BYTES if transport.pulls else FRAME_BYTES,
        )
        update: Any = {
            **item,
            "client_id": client_id,
            "request_id": _integer(request, "request_id"),
            "run_id": run.run_id,
            **({} if buffer is None else {"buffer": 0}),
        }
        buffers = [] if buffer is None else [buffer]
        transport.answer(client_id, [update], buffers, inside_request=False)

    def _run(self, request: dict[str, Any]) -> Run:
        run_id = request.get("run_id")
        for run in self._dashboard.runs:
            if run.run_id == run_id:
                return run
        raise CommandError(f"this dashboard shows no run {run_id!r}.")

    def _done(self, client_id: str, request: dict[str, Any]) -> None:
        update: Any = {
            "kind": "command_done",
            "client_id": client_id,
            "request_id": _integer(request, "request_id"),
        }
        self._dashboard.transport.answer(client_id, [update])

    def _fail(
        self,
        client_id: str,
        request: dict[str, Any],
        error: Exception,
        *,
        inside_request: bool = True,
    ) -> None:
        request_id = request.get("request_id")
        if not isinstance(request_id, int):
            return
        text = str(error) if isinstance(error, NbvizError) else f"{type(error).__name__}: {error}"
        update: Any = {
            "kind": "command_failed",
            "client_id": client_id,
            "request_id": request_id,
            "error": text,
        }
        self._dashboard.transport.answer(client_id, [update], inside_request=inside_request)


def _integer(request: dict[str, Any], name: str) -> int:
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError(f"{name} must be a whole number, got {value!r}.")
    return int(value)
