"""A desk: what visdom's server keeps, without being one: environments, and windows in them."""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import os
import threading
import traceback
import uuid
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError, LoggingError, describe
from nbviz.integrations.visdom.arrays import Blob, copied, plain, read_window, wire
from nbviz.integrations.visdom.options import warn
from nbviz.integrations.visdom.updates import refusal, updated
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Handler = "Callable[[dict[str, Any]], object]"
Key = tuple[str, str]  # environment and window
_PLAIN = ("image", "text", "properties", "svg", "audio", "video")
_MOST_ERRORS = 20
_MOST_NAMED = 12


class Window:
    """One window, as it is now: a change makes another one.

    Attributes:
        data: As visdom's server keeps it; never changed.
        number: Grows with each change of any window.
    """

    def __init__(self, data: Mapping[str, Any], number: int) -> None:
        self.data = data
        self.number = number
        self._wire: tuple[str, tuple[Blob, ...]] | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether `wire` returns at once."""
        return self._wire is not None

    def wire(self) -> tuple[str, tuple[Blob, ...]]:
        """Return it as JSON for pages, and the blobs of which that speaks; may take long."""
        if self._wire is None:
            try:
                self._wire = _wired(self.data)
            except Exception as error:  # noqa: BLE001  the other windows are shown all the same
                said = f"This window could not be drawn: {html.escape(describe(error))}"
                self._wire = _wired({**self.data, "type": "text", "content": said})
        return self._wire


class Desk:
    """Keeps windows, and tells those who show them.

    Args:
        folder: Where `save` writes environments, and `load` reads them.

    Attributes:
        handlers: Called with what a reader does to a window, by the window's name.
        errors: What handlers raised, the newest last.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._envs: dict[str, dict[str, Window]] = {}
        self._number = 0
        self._viewers: WeakRegistry[Any] = WeakRegistry()
        self._handling = threading.local()
        self.handlers: dict[str, list[Callable[[dict[str, Any]], object]]] = {}
        self.errors: list[str] = []

    # ------------------------------------------------------------ who looks

    def add_viewer(self, viewer: Any) -> None:
        """Call `viewer.changed(env, win)` after each change, as long as it lives.

        `win` is None where an environment changed.
        """
        self._viewers.add(viewer)

    @property
    def is_handling(self) -> bool:
        """Whether this thread carries out what a reader did."""
        return getattr(self._handling, "now", False)

    @property
    def number(self) -> int:
        """Grows with each change."""
        return self._number

    def windows(self) -> dict[Key, Window]:
        """Return all windows, in their order."""
        with self._lock:
            return {
                (env, name): window
                for env, windows in self._envs.items()
                for name, window in windows.items()
            }

    def envs(self) -> list[str]:
        """Return the names of all environments."""
        with self._lock:
            return list(self._envs)

    def window(self, env: str, win: str) -> Window | None:
        """Return a window, None if there is none."""
        return self._envs.get(env, {}).get(win)

    # ------------------------------------------------------------ what is sent to it

    def open_env(self, env: str) -> None:
        """Make an environment if there is none of this name."""
        with self._lock:
            if env in self._envs:
                return
            self._envs[env] = {}
            self._number += 1
        self._tell(env, None)

    def create(self, env: str, message: Mapping[str, Any]) -> str:
        """Make a window, or replace one; return its name."""
        win = str(message.get("win") or f"window_{uuid.uuid4().hex[:14]}")
        self._put(env, win, _new_window(win, message))
        return win

    def update(self, env: str, message: Mapping[str, Any]) -> str:
        """Change a window; return its name, or why it was not changed.

        Raises:
            LoggingError: What is to be added does not fit.
        """
        win = str(message.get("win") or "")
        with self._lock:
            known = self.window(env, win)
            said = "" if known is None else refusal(known.data)
            if known is not None and not said:
                self._set(env, win, updated(known.data, message))
        if known is not None and not said:
            self._tell(env, win)
            return win
        if known is None and message.get("append"):
            return self.create(env, message)
        reason = f"win does not exist: {win!r} in {env!r}" if known is None else said
        warn(f"update of window {win!r} was not taken: {reason}.")
        return "win does not exist" if known is None else reason

    def close(self, env: str, win: str | None) -> None:
        """Remove a window, or all of an environment if `win` is None."""
        with self._lock:
            windows = self._envs.get(env, {})
            gone = list(windows) if win is None else [win]
            for name in gone:
                windows.pop(name, None)
            self._number += 1
        for name in gone:
            self._tell(env, name)

    def delete_env(self, env: str) -> None:
        """Remove an environment, its windows, and what `save` wrote of it."""
        with self._lock:
            self._envs.pop(env, None)
            self._number += 1
        with contextlib.suppress(OSError):
            self._file(env).unlink(missing_ok=True)
        self._tell(env, None)

    def fork(self, before: str, env: str) -> None:
        """Copy an environment.

        Raises:
            ConfigurationError: There is none of this name.
        """
        with self._lock:
            if before not in self._envs:
                known = ", ".join(list(self._envs)[:_MOST_NAMED]) or "none"
                raise ConfigurationError(
                    f"there is no environment {before!r} to be forked; there are: {known}."
                )
            self._number += 1
            self._envs[env] = {
                name: Window(window.data, self._number)
                for name, window in self._envs[before].items()
            }
        self._tell(env, None)

    def read(self, env: str, win: str | None) -> str:
        """Return a window, or all of an environment, as JSON.

        Raises:
            ConfigurationError: There is no such window or environment.
        """
        with self._lock:
            windows = dict(self._envs.get(env, {}))
            is_known = env in self._envs if win is None else win in windows
        if not is_known:
            what = f"environment {env!r}" if win is None else f"window {win!r} in {env!r}"
            raise ConfigurationError(f"there is no {what}.")
        if win is not None:
            return json.dumps(plain(windows[win].data))
        return json.dumps({name: plain(window.data) for name, window in windows.items()})

    def write(self, env: str, win: str | None, text: str) -> None:
        """Set a window, or all of an environment, from what `read` returned.

        Raises:
            LoggingError: It is something else.
        """
        try:
            given = json.loads(text)
            windows = given if win is None else {win: given}
            read = {name: read_window(_checked(name, data)) for name, data in windows.items()}
        except (TypeError, AttributeError, json.JSONDecodeError) as error:
            raise LoggingError(
                f"data must be JSON as get_window_data returns it: {error}; got {text!r:.80}."
            ) from None
        if win is None:
            self.close(env, None)
        for name, data in read.items():
            self._put(env, name, data, keeps_id="contentID" in data)

    def content_hash(self, env: str, win: str) -> str | None:
        """Return an MD5 of what a window shows, as 32 hexadecimal digits; None if there is none."""
        window = self.window(env, win)
        if window is None:
            return None
        text = json.dumps(plain(window.data["content"]), sort_keys=True)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    # ------------------------------------------------------------ files

    def save(self, envs: list[str]) -> list[str]:
        """Write environments as files, as visdom's server does; return those that there are.

        Raises:
            ConfigurationError: A file cannot be written.
        """
        saved = [env for env in envs if env in self._envs]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for env in saved:
                text = json.dumps({"jsons": json.loads(self.read(env, None)), "reload": {}})
                temporary = self._file(env).with_suffix(f".{os.getpid()}.tmp")
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(self._file(env))
        except OSError as error:
            raise ConfigurationError(
                f"environments cannot be saved in {str(self._folder)!r}: {error}. "
                "Name another folder: Visdom(env_path=…)."
            ) from error
        return saved

    def load(self) -> None:
        """Read the environments that its folder has files of; others stay as they are."""
        for file in sorted(self._folder.glob("*.json")):
            try:
                kept = json.loads(file.read_text(encoding="utf-8"))["jsons"]
                self.open_env(file.stem)
                self.write(file.stem, None, json.dumps(kept))
            except (OSError, ValueError, KeyError, TypeError) as error:
                warn(f"{file} was left out, which is no environment of visdom: {error}.")

    def _file(self, env: str) -> Path:
        return self._folder / f"{env}.json"

    # ------------------------------------------------------------ readers' acts

    def heard(self, event: Mapping[str, Any]) -> None:
        """Carry out what a reader did to a window, and call those who asked for it."""
        env, win = str(event.get("eid")), str(event.get("target"))
        window = self.window(env, win)
        if window is None:
            return
        handlers = list(self.handlers.get(win, ()))
        told = {**event, "pane_data": plain(window.data) if handlers else None}
        self._handling.now = True
        try:
            if event.get("event_type") == "Close":
                self.close(env, win)
            for handler in handlers:
                try:
                    handler(copied(told))
                except Exception as error:  # noqa: BLE001  it is the user's; the next is called
                    self.errors = [*self.errors, traceback.format_exc()][-_MOST_ERRORS:]
                    warn(
                        f"a handler of events of window {win!r} raised "
                        f"{type(error).__name__}: {error}\n{self.errors[-1]}"
                    )
        finally:
            self._handling.now = False

    # ------------------------------------------------------------ inside

    def _put(self, env: str, win: str, data: dict[str, Any], *, keeps_id: bool = False) -> None:
        self._set(env, win, data, keeps_id=keeps_id)
        self._tell(env, win)

    def _set(self, env: str, win: str, data: dict[str, Any], *, keeps_id: bool = False) -> None:
        with self._lock:
            windows = self._envs.setdefault(env, {})
            known = windows.get(win)
            data["i"] = known.data.get("i", 0) if known is not None else len(windows)
            if not keeps_id:  # tells that the content has changed
                data["contentID"] = uuid.uuid4().hex[:14]
            self._number += 1
            windows[win] = Window(data, self._number)

    def _tell(self, env: str, win: str | None) -> None:
        # Under no lock: those who are told read what there is, perhaps on other threads.
        for viewer in self._viewers:
            viewer.changed(env, win)


def _wired(data: Mapping[str, Any]) -> tuple[str, tuple[Blob, ...]]:
    blobs: list[Blob] = []
    text = json.dumps(wire(data, blobs), allow_nan=False, separators=(",", ":"))
    for blob in blobs:
        blob.data()
    return text, tuple(blobs)


def _new_window(win: str, message: Mapping[str, Any]) -> dict[str, Any]:
    options: Mapping[str, Any] = message.get("opts") or {}
    traces: Any = message.get("data")
    if not isinstance(traces, list) or not traces or not isinstance(traces[0], dict):
        raise LoggingError(f"a window needs data, a list of at least one dict; got {traces!r:.80}.")
    first = cast("dict[str, Any]", traces[0])
    kind = first.get("type", "scatter")
    window: dict[str, Any] = {
        "command": "window",
        "version": 1,
        "id": win,
        "title": options.get("title", ""),
        "inflate": options.get("inflate", True),
        "width": options.get("width"),
        "height": options.get("height"),
    }
    if kind == "image_history":
        show = options.get("show_slider", True)
        return window | {
            "type": kind,
            "content": [first["content"]],
            "selected": 0,
            "show_slider": show,
        }
    if kind in _PLAIN:
        return window | {"type": kind, "content": first["content"]}
    if kind == "network":
        shown = {
            name: options.get(name, False)
            for name in ("directed", "showEdgeLabels", "showVertexLabels")
        }
        return window | {"type": kind, "content": first["content"], **shown}
    if kind == "embeddings":
        return window | {"type": kind, "content": {**first["content"], "has_previous": False}}
    content: dict[str, Any] = {"data": traces, "layout": message.get("layout") or {}}
    return window | {"type": "plot", "content": content}


def _checked(name: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not {"type", "content"} <= data.keys():
        raise LoggingError(f"window {name!r} needs a type and a content; got {data!r:.80}.")
    return cast("dict[str, Any]", data)
