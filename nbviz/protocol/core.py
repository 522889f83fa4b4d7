"""What every message is made of: envelopes, a page's presence, answers, parts of the front end."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Answers = dict[type[Any], tuple[type[Any], ...]]
"""Which updates answer a request; `CommandFailed` may always."""


NumberType = Literal["uint8", "uint16", "uint32", "float32", "float64"]
"""Of a part of a buffer that `nbviz.panels.wire.deflated` wrote."""


class HeatmapFields(TypedDict):
    """What the heatmap of a tensor says beside its cells."""

    shape: list[int]
    rows: int
    columns: int
    tile_rows: int
    tile_columns: int
    reduced: int  # how many weights one cell stands for, at the most
    scale: float
    minimum: float
    maximum: float
    mean: float
    std: float
    nonfinite: int


class ItemTag(TypedDict):
    """A tag of what is logged by step and is no scalar, and how many of its steps are listed."""

    tag: str
    item_kind: str  # such as "image"
    count: int
    left_out_for_time: int  # so far; logged and never made, to keep within `overhead_share`
    left_out_for_memory: int  # so far; thinned, to keep within the media budget
    sent: NotRequired[Any]  # the newest item, as its panel answers a request: where pages follow it


class ItemsAdded(TypedDict):
    """Items of one panel that were logged; pages ask for those they show, or follow their tags.

    What they follow is a key of `SetWanted`: the pixels of the longest side of an image there, a
    space, and the tag.

    Buffer: float64; for each tag in turn its `count` steps, rising. A long history leaves some out;
    the first and the newest step of a tag are always listed.
    """

    run_id: str
    items: list[ItemTag]
    overhead_share: float  # of the time that nbviz may take, above 0 to 1
    buffer: int


class CommandDone(TypedDict):
    """The request was carried out or, for a control command, accepted for the next safe point."""

    kind: Literal["command_done"]
    client_id: str
    request_id: int


class CommandFailed(TypedDict):
    """The request was refused; `error` says what was wrong, the value, and the next act."""

    kind: Literal["command_failed"]
    client_id: str
    request_id: int
    error: str


class AssetSent(TypedDict):
    """A part of the front end that is loaded when it is first needed. Buffer: its source, UTF-8."""

    kind: Literal["asset_sent"]
    client_id: str
    request_id: int
    name: str
    buffer: int


class Ready(TypedDict):
    """A page is listening; answered by a snapshot. Sent again when a sequence number is missing.

    And while none has come: the first may be queued behind a running cell, which later ones pass.
    """

    kind: Literal["ready"]
    client_id: str
    attempt: NotRequired[int]  # how many of these the page has sent, from 1
    need: NotRequired[int]  # the first attempt of those that ask for the same snapshot


class Acknowledge(TypedDict):
    """The page has drawn every frame up to `sequence`."""

    kind: Literal["acknowledge"]
    client_id: str
    sequence: int
    views: NotRequired[int]  # how many it has; a deleted cell leaves a page's code behind


class Pull(TypedDict):
    """The page asks for its next frame, which leaves inside the handling of this request."""

    kind: Literal["pull"]
    client_id: str
    sequence: int  # the newest frame it has
    views: NotRequired[int]  # as of `Acknowledge`


class SendAsset(TypedDict):
    """Ask for a part of the front end that this page needs now."""

    kind: Literal["send_asset"]
    client_id: str
    request_id: int
    name: str


class SetWanted(TypedDict):
    """Say what one view of this page shows of a run in one panel; what no view shows is not sent.

    Replaces what the view said before. What a key is decides the panel: a series' number, a
    parameter's name, a box of the graph.
    """

    kind: Literal["set_wanted"]
    client_id: str
    request_id: int
    run_id: str
    panel: str
    view: int  # its number within the page
    keys: list[str]
    known: NotRequired[int]  # how many keys the view chose from; what came later is undecided


class KeepRun(TypedDict):
    """Make a run that the cell made before, drawn grey, one of those that are compared."""

    kind: Literal["keep_run"]
    client_id: str
    request_id: int
    run_id: str


ANSWERS: Answers = {
    SendAsset: (AssetSent,),
    SetWanted: (CommandDone,),
    KeepRun: (CommandDone,),
}

Updates = CommandDone | CommandFailed | AssetSent
"""What the kernel sends."""

Requests = Ready | Acknowledge | Pull | SendAsset | SetWanted | KeepRun
"""What pages ask."""
