"""The run table: what runs were made with, and the newest and the best value of each tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from nbviz.protocol.core import CommandDone

if TYPE_CHECKING:
    from nbviz.protocol.core import Answers


class RunDescribed(TypedDict):
    """What a run was made with, by name; where both name the same, `config` counts."""

    kind: Literal["run_described"]
    run_id: str
    known: dict[str, float | str | bool | None]  # what nbviz knows by itself
    config: dict[str, float | str | bool | None]  # the user's own
    origin: str  # which run it goes on from, as "lr-0.1 at step 400"; empty for most


class ValuesRead(TypedDict):
    """Newest and extreme values of a run's tags, in place of those before.

    Buffer: float64. For each tag six numbers: the newest value and its step, the lowest finite one
    and its step, the highest finite one and its step; NaN for what is not known yet.
    """

    kind: Literal["values_read"]
    run_id: str
    tags: list[str] | None  # None where they are those of the message before
    buffer: int


class RenameRun(TypedDict):
    """Give a run another name."""

    kind: Literal["rename_run"]
    client_id: str
    request_id: int
    run_id: str
    name: str


ANSWERS: Answers = {RenameRun: (CommandDone,)}

Updates = RunDescribed | ValuesRead
"""What the kernel sends."""

Requests = RenameRun
"""What pages ask."""
