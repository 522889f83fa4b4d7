"""Visdom: the calls that visdom's client has, for windows in the cell."""

from __future__ import annotations

import contextlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError, LoggingError
from nbviz.integrations.visdom.arrays import plain, read_trace, read_window
from nbviz.integrations.visdom.charts import ChartCalls
from nbviz.integrations.visdom.contents import ContentCalls
from nbviz.integrations.visdom.desk import Desk
from nbviz.integrations.visdom.networks import NetworkCalls
from nbviz.integrations.visdom.plots import PlotCalls
from nbviz.integrations.visdom.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SERVER = {  # and what they are by default
    "server": "http://localhost",
    "endpoint": "events",
    "port": 8097,
    "base_url": "/",
    "ipv6": True,
    "http_proxy_host": None,
    "http_proxy_port": None,
    "username": None,
    "password": None,
    "proxies": None,
    "use_polling": False,
}
_LOGGED = ("events", "update")
_desks: dict[tuple[str, str], Desk] = {}
_named: set[str] = set()


class Visdom(ContentCalls, PlotCalls, ChartCalls, NetworkCalls):
    """Draws in windows, as visdom's client of the same name does, live in the notebook cell.

    There is no server and no port: what names one is taken, and said once to be unused. Each cell
    that draws shows the windows it draws in; the client itself, as a cell's last line, shows all of
    them. Clients of one server and port share their windows.

    Args:
        server: Not used, as are `endpoint`, `port`, `base_url`, `ipv6`, `http_proxy_host`,
            `http_proxy_port`, `username`, `password`, `proxies` and `use_polling`; server and port
            only tell clients apart that share no windows.
        env: The environment of calls that name none: a tab.
        send: Whether calls draw; otherwise they return what they would have sent.
        raise_exceptions: Taken, and not needed: nothing can fail to be reached.
        use_incoming_socket: Whether event handlers can be registered.
        log_to_filename: A file to which each call that draws is added, for `replay_log`.
        offline: Only write that file.
        env_path: Where `save` writes environments; those that are there are read. ~/.visdom if
            None, from which none is read.
        show: Whether cells that draw show what they draw.

    Attributes:
        env: The environment of calls that name none.

    Raises:
        ConfigurationError: `offline` without `log_to_filename`.
    """

    def __init__(
        self,
        server: str = "http://localhost",
        endpoint: str = "events",
        port: int = 8097,
        base_url: str = "/",
        ipv6: bool = True,
        http_proxy_host: str | None = None,
        http_proxy_port: int | None = None,
        env: str = "main",
        send: bool = True,
        raise_exceptions: bool | None = None,
        use_incoming_socket: bool = True,
        log_to_filename: str | Path | None = None,
        username: str | None = None,
        password: str | None = None,
        proxies: Mapping[str, str] | None = None,
        offline: bool = False,
        use_polling: bool = False,
        *,
        env_path: str | Path | None = None,
        show: bool = True,
    ) -> None:
        if offline and log_to_filename is None:
            raise ConfigurationError("offline=True needs log_to_filename=…, a file to write to.")
        address = server if "://" in server else f"http://{server}"
        _name_unused(
            {
                "server": address,
                "endpoint": endpoint,
                "port": port,
                "base_url": base_url,
                "ipv6": ipv6,
                "http_proxy_host": http_proxy_host,
                "http_proxy_port": http_proxy_port,
                "username": username or None,
                "password": password or None,
                "proxies": proxies,
                "use_polling": use_polling,
            }
        )
        self.server, self.port, self.base_url = address, port, base_url
        self.env = env
        self.send = send
        self.raise_exceptions = raise_exceptions
        self.log_to_filename = log_to_filename
        self.offline = offline
        self.use_socket = (use_incoming_socket or use_polling) and not offline
        self.socket_alive = self.use_socket
        self.env_list = {env}
        self._shows = show
        place = (f"{address} {port} {base_url}", "" if env_path is None else str(env_path))
        folder = Path.home() / ".visdom" if env_path is None else Path(env_path)
        self._desk = _desks.get(place) or _desks.setdefault(place, Desk(folder))
        self._showing = Showing.of(self._desk)
        if env_path is not None:
            self._desk.load()
        if send and not offline:
            self._desk.open_env(_env_name(env))

    # ------------------------------------------------------------ what is shown

    def show(self) -> None:
        """Show all windows here, where a cell's last line would."""
        self._showing.show_all()

    def save_html(self, path: str | Path, *, title: str = "visdom") -> Path:
        """Write all windows as one page that opens without a kernel and without a network.

        Args:
            path: The file to write; one that exists is replaced.
            title: Its heading.

        Raises:
            ConfigurationError: It cannot be written.
        """
        from nbviz.integrations.visdom.pages import save_page

        return save_page(self._desk, Path(path), title)

    def _ipython_display_(self, **_: Any) -> None:
        self.show()

    def __repr__(self) -> str:
        return f"Visdom(env={self.env!r})"

    # ------------------------------------------------------------ sending

    def _send(
        self,
        msg: dict[str, Any],
        endpoint: str = "events",
        quiet: bool = False,
        from_log: bool = False,
        create: bool = True,
    ) -> Any:
        """Carry out a message as visdom's server would; what it answers is returned.

        `msg` holds `win`, `eid`, `data` and `layout` as plotly has them, and `opts`.
        """
        del quiet
        msg = {**msg, "eid": msg.get("eid") or self.env}
        self.env_list.add(msg["eid"])
        if not self.send:
            return plain(msg), endpoint
        if "win" in msg and msg["win"] is None and create:
            from uuid import uuid4

            msg["win"] = f"window_{uuid4().hex[:14]}"
        if self.log_to_filename is not None and endpoint in _LOGGED and not from_log:
            with Path(self.log_to_filename).open("a", encoding="utf-8") as log:
                log.write(json.dumps([endpoint, plain(msg)]) + "\n")
        if self.offline:
            return msg.get("win", True)
        return self._carry_out(endpoint, _env_name(msg["eid"]), msg)

    def _carry_out(  # noqa: C901, PLR0911  a case an endpoint
        self, endpoint: str, env: str, msg: dict[str, Any]
    ) -> Any:
        desk = self._desk
        if endpoint in _LOGGED:
            read = _with_numbers(msg)
            with self._showing.following(shows=self._shows):
                return desk.create(env, read) if endpoint == "events" else desk.update(env, read)
        win: Any = msg.get("win")
        match endpoint:
            case "close":
                desk.close(env, win)
            case "delete_env":
                desk.delete_env(env)
            case "fork_env":
                desk.fork(_env_name(msg["prev_eid"]), env)
                return env
            case "save":
                return json.dumps(desk.save([_env_name(one) for one in msg["data"]]))
            case "win_exists":
                return "false" if desk.window(env, str(win)) is None else "true"
            case "win_hash":
                return desk.content_hash(env, str(win)) or ""
            case "env_state":
                return json.dumps(desk.envs())
            case "win_data" if "data" in msg:
                with self._showing.following(shows=self._shows):
                    desk.write(env, win, msg["data"])
            case "win_data":
                return desk.read(env, win)
            case _ if endpoint.startswith("env/"):
                desk.open_env(env)
            case _:
                raise ConfigurationError(
                    f"visdom's server has an endpoint {endpoint!r}, nbviz has none: "
                    "use a method of Visdom."
                )
        return ""

    # ------------------------------------------------------------ windows

    def close(self, win: str | None = None, env: str | None = None) -> Any:
        """Close a window; all of an environment if `win` is None."""
        return self._send({"win": win, "eid": env}, "close", create=False)

    def win_exists(self, win: str, env: str | None = None) -> bool | None:
        """Return whether there is a window; None offline, where that is not known."""
        found = self._send({"win": win, "eid": env}, "win_exists", create=False)
        return {"true": True, "false": False}.get(found) if isinstance(found, str) else None

    def win_hash(self, win: str, env: str | None = None) -> str | None:
        """Return an MD5 of what a window shows; None if there is none."""
        return self._send({"win": win, "eid": env}, "win_hash", create=False) or None

    def get_window_data(self, win: str | None = None, env: str | None = None) -> Any:
        """Return a window as JSON; all of an environment if `win` is None.

        Raises:
            ConfigurationError: There is no such window or environment.
        """
        return self._send({"win": win, "eid": env}, "win_data", create=False)

    def set_window_data(self, data: str, win: str | None = None, env: str | None = None) -> Any:
        """Set a window from what `get_window_data` returned; all of them if `win` is None.

        Raises:
            LoggingError: It is something else.
        """
        return self._send({"win": win, "eid": env, "data": data}, "win_data", create=False)

    # ------------------------------------------------------------ environments

    def get_env_list(self) -> list[str]:
        """Return the names of all environments."""
        if self.offline or not self.send:
            return list(self.env_list)
        return json.loads(self._send({}, "env_state"))

    def fork_env(self, prev_eid: str, eid: str) -> Any:
        """Copy an environment.

        Args:
            prev_eid: The one that there is.
            eid: The copy's name.

        Raises:
            ConfigurationError: There is none of this name.
        """
        _check_text("prev_eid", prev_eid)
        _check_text("eid", eid)
        return self._send({"prev_eid": prev_eid, "eid": eid}, "fork_env")

    def delete_env(self, env: str) -> Any:
        """Remove an environment with all its windows, and its file if it was saved."""
        return self._send({"eid": env}, "delete_env")

    def save(self, envs: Sequence[str]) -> Any:
        """Write environments as files in `env_path`; returns those that there are, as JSON.

        Raises:
            ConfigurationError: They cannot be written, or `envs` is no list of names.
        """
        names: Any = envs
        if not isinstance(names, list) or not all(
            isinstance(one, str) for one in cast("Any", names)
        ):
            raise ConfigurationError(f"envs must be a list of names, got {envs!r}.")
        return self._send({"data": envs}, "save")

    # ------------------------------------------------------------ connection

    def check_connection(self, timeout_seconds: float = 0) -> bool:
        """Return whether calls are drawn: at once, since there is no server to wait for."""
        del timeout_seconds
        return self.send and not self.offline

    def disconnect(self) -> None:
        """Call no event handlers any more; the windows stay."""
        self.use_socket = self.socket_alive = False
        self._desk.handlers.clear()

    def replay_log(self, log_filename: str | Path) -> None:
        """Draw again what `log_to_filename` has kept.

        Raises:
            ConfigurationError: It cannot be read, or is no such file.
        """
        try:
            lines = Path(log_filename).read_text(encoding="utf-8").splitlines()
            entries = [json.loads(line) for line in lines if line.strip()]
            for endpoint, message in entries:
                self._send(message, endpoint, from_log=True)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigurationError(
                f"{str(log_filename)!r} is no log that Visdom(log_to_filename=…) wrote: {error}."
            ) from error

    # ------------------------------------------------------------ events

    @property
    def event_handlers(self) -> dict[str, list[Callable[[dict[str, Any]], object]]]:
        """What is called with readers' acts, by window."""
        return self._desk.handlers

    def register_event_handler(
        self, handler: Callable[[dict[str, Any]], object], target: str
    ) -> None:
        """Have a function called with what a reader does to a window.

        It gets a dict with `event_type` ("Close", "KeyPress", "Click", "PropertyUpdate",
        "EntitySelected" or "RegionSelected"), `target`, `eid`, `pane_data` and what belongs to the
        type. What it raises is reported, and ends nothing.

        Raises:
            ConfigurationError: It cannot be called, or `use_incoming_socket` is False.
        """
        if not callable(handler):
            raise ConfigurationError(f"an event handler must be a function, got {handler!r}.")
        if not self.use_socket:
            raise ConfigurationError("events need Visdom(use_incoming_socket=True), not offline.")
        self._desk.handlers.setdefault(target, []).append(handler)

    def clear_event_handlers(self, target: str) -> None:
        """Call none of a window's handlers any more."""
        with contextlib.suppress(KeyError):
            del self._desk.handlers[target]


def _with_numbers(msg: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose traces hold their numbers as windows do."""
    data = msg.get("data")
    if not isinstance(data, list):
        return msg
    read: list[Any] = []
    for one in data:  # pyright: ignore[reportUnknownVariableType]
        is_pane = isinstance(one, dict) and "content" in one
        read.append(read_window(one) if is_pane else read_trace(one))  # pyright: ignore[reportUnknownArgumentType]
    return {**msg, "data": read}


def _env_name(env: object) -> str:
    return str(env).replace("/", "_")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise LoggingError(f"{name} must be a text, got {value!r}.")


def _name_unused(given: Mapping[str, Any]) -> None:
    unused = {name for name, value in given.items() if value != _SERVER[name]} - _named
    if unused:
        _named.update(unused)
        names = ", ".join(sorted(unused))
        warnings.warn(
            f"nbviz.Visdom shows its windows in the notebook, without a server: {names} not used.",
            stacklevel=3,
        )
