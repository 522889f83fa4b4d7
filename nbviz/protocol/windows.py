"""Windows of a widget of its own: plots, images and texts in environments, as visdom has them.

They travel in the envelopes that all widgets share (`Snapshot` and `Frame`), each with one
`WindowsChange` in the place of updates of runs.
"""

from __future__ import annotations

from typing import Any, TypedDict


class WindowChanged(TypedDict):
    """One window, as it is now."""

    env: str
    win: str
    number: int  # grows with each change of any window
    spec: str  # JSON; {"$": "column" | "grid" | "file", "blobs": [...]} stands for what blobs hold


class WindowClosed(TypedDict):
    """A window that is not there any more."""

    env: str
    win: str


class BlobPart(TypedDict):
    """Bytes of a blob from `start` on, of `size` in all, in the buffer of that place."""

    blob: int
    start: int
    size: int
    buffer: int


class WindowsChange(TypedDict):
    """What is new: blobs come before, or with, the first window that names them."""

    envs: list[str]  # all of them
    env: str  # the one that was used last
    changed: list[WindowChanged]
    closed: list[WindowClosed]
    parts: list[BlobPart]
    forgotten: list[int]  # blobs that nothing names any more


class WindowEvent(TypedDict):
    """What a reader did to a window; sent as `window_event` beside the page's `client_id`."""

    event_type: str  # such as "Click" and "KeyPress"
    eid: str
    target: str
    more: dict[str, Any]  # what belongs to the type
