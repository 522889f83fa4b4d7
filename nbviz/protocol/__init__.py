"""Every message between the kernel and the page, written once; a module for each panel.

`js/generate_protocol.py` turns each module into one of `js/src/protocol/`; the wire names stay
snake_case on both sides. Each message has a fixture in `tests/fixtures/protocol/`.

Kernel to page there are two envelopes, `Snapshot` and `Frame`. Both carry a list of updates, which
the page applies in order; a snapshot first empties the page's store. An update whose arrays travel
beside it names their place in the message's binary buffers as `buffer`. Answers to a page's request
are updates too (`CommandDone`, `CommandFailed`, and those named `…Sent`).

Each module has `Updates` and, where pages ask something, `Requests` and `ANSWERS`.

Page to kernel there are requests. Those with a `request_id` are always answered, by one of the
updates that `ANSWERS` names for them, or by `CommandFailed`.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol import (
    audio,
    confusion,
    core,
    curves,
    figures,
    graph,
    histograms,
    log,
    media,
    mesh,
    predictions,
    projector,
    roc,
    run,
    runs,
    summary,
    system,
    tables,
    text,
    weights,
    windows,
)

MODULES = (
    core,
    run,
    curves,
    runs,
    weights,
    media,
    confusion,
    predictions,
    roc,
    tables,
    histograms,
    text,
    audio,
    figures,
    mesh,
    projector,
    graph,
    log,
    system,
    summary,
    windows,
)

Update = (
    core.Updates
    | run.Updates
    | curves.Updates
    | runs.Updates
    | weights.Updates
    | media.Updates
    | confusion.Updates
    | predictions.Updates
    | roc.Updates
    | tables.Updates
    | histograms.Updates
    | text.Updates
    | audio.Updates
    | figures.Updates
    | mesh.Updates
    | projector.Updates
    | graph.Updates
    | log.Updates
    | system.Updates
)

Request = (
    core.Requests
    | run.Requests
    | curves.Requests
    | runs.Requests
    | weights.Requests
    | media.Requests
    | confusion.Requests
    | predictions.Requests
    | roc.Requests
    | tables.Requests
    | histograms.Requests
    | text.Requests
    | audio.Requests
    | figures.Requests
    | mesh.Requests
    | projector.Requests
    | graph.Requests
)

ANSWERS: core.Answers = {
    request: updates
    for module in MODULES
    for request, updates in getattr(module, "ANSWERS", {}).items()
}
"""Which updates answer a request."""


class Snapshot(TypedDict):
    """All that one page needs to draw now; the frames after it continue from `sequence`."""

    kind: Literal["snapshot"]
    client_id: str
    sequence: int
    updates: list[Update]


class Frame(TypedDict):
    """What is new since frame `sequence - 1`. `client_id` is empty when it is for every page."""

    kind: Literal["frame"]
    client_id: str
    sequence: int
    updates: list[Update]


class Reply(TypedDict):
    """Answers to one page's request, outside the sequence of frames."""

    kind: Literal["reply"]
    client_id: str
    updates: list[Update]


Message = Snapshot | Frame | Reply
