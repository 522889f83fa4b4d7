"""Every message between the kernel and the page, written once.

`js/generate_protocol.py` turns this file into `js/src/protocol.gen.ts`; the wire names stay
snake_case on both sides. Each message has a fixture in `tests/fixtures/protocol/`.

Kernel to page there are two envelopes, `Snapshot` and `Frame`. Both carry a list of updates, which
the page applies in order; a snapshot first empties the page's store. An update whose arrays travel
beside it names their place in the message's binary buffers as `buffer`. Answers to a page's request
are updates too (`CommandDone`, `CommandFailed`, and those named `…Sent`).

Page to kernel there are requests. Those with a `request_id` are always answered.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

PROTOCOL_VERSION = 1

RunStatus = Literal["ready", "running", "paused", "stopping", "finished", "stopped", "failed"]
"""`ready`: not started. `stopping`: asked to stop, still inside a step."""

LineLevel = Literal["info", "print", "warning", "error"]

EventKind = Literal["started", "command", "validation", "warning", "ended"]

ValueScale = Literal["linear", "log"]

AutogradKind = Literal["function", "leaf", "saved", "output", "base"]
"""A node of a backward graph, see `inspection.graph.autograd`."""

AutogradTie = Literal["saved", "view"]
"""A line of a backward graph on which no gradient runs: between a function and a tensor that it
saved, or from a tensor to its view."""

OverlayName = Literal[
    "activation_mean",
    "activation_std",
    "dead_share",
    "nonfinite_share",
    "time",
    "gradient_norm",
    "weight_norm",
    "update_ratio",
]
"""What the boxes of a graph can be coloured by; see `inspection.graph.overlay_values`."""

MediaKind = Literal["image", "histogram", "tensor", "text"]

# ---------------------------------------------------------------- parts of messages


class Setting(TypedDict):
    """A value of the run that can be changed while it runs, such as a learning rate."""

    name: str  # as in `trainer.set(name=value)`: lr, momentum, weight_decay, dropout …
    value: float
    minimum: float
    maximum: float | None
    scale: ValueScale


class Event(TypedDict):
    """Something that happened to a run; drawn as a mark on its curves."""

    event: EventKind
    step: int
    wall_time: float  # seconds since the run started
    text: str


class Line(TypedDict):
    """One line of a run's log."""

    level: LineLevel
    step: int
    wall_time: float  # seconds since the run started
    text: str


class LayerInfo(TypedDict):
    """One parameter whose values can be shown as a heatmap."""

    name: str
    shape: list[int]


class MediaTag(TypedDict):
    """A tag of images, histograms, tensors or texts, and how many steps of it are told."""

    tag: str
    media_kind: MediaKind
    count: int


class HistogramInfo(TypedDict):
    """What a histogram's buffer does not hold."""

    step: int
    bins: int
    count: int  # finite values
    nonfinite: int
    minimum: float | None  # of the finite values, as below; None if there is none
    maximum: float | None
    mean: float | None
    std: float | None


class GraphNode(TypedDict):
    """One box of the model's graph: a module call, an operation, an input or an output."""

    node_id: str  # unique in the whole graph
    kind: Literal["module", "operation", "input", "output"]
    label: str  # what its author calls it: conv1, relu, +
    type: str  # Conv2d, operation name …
    path: str  # the module's dotted path, "" for none
    detail: str  # "3×3, stride 2"
    output_shapes: list[list[int]]
    dtype: str
    parameter_count: int  # in it and below it, each parameter once
    trainable_count: int
    flops: int
    child_count: int  # nodes one level below; 0 means it cannot be expanded
    tied: list[str]  # names of parameters in it or below it that several modules share
    repeat: int  # how many equal blocks in series this box stands for; 1 for itself alone
    source: str  # "file.py:12", "" if unknown
    autograd: AutogradKind | None  # what it is in a backward graph, which decides its colour
    attributes: list[tuple[str, str]]  # what a backward function kept that is no tensor, by name


class GraphEdge(TypedDict):
    """A tensor that flows from one box of a level to another."""

    source: str
    target: str
    shape: list[int]
    tie: NotRequired[AutogradTie]  # absent where a tensor or its gradient flows


class GraphLevel(TypedDict):
    """One level of the graph: the inside of one module call, or the whole model."""

    scope: str  # the node_id of the module call, "" for the whole model
    title: str  # of the whole model: "ResNet, 11,689,512 parameters, 3.63 GFLOP"
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    # Where tensors enter and leave this level: (node_id inside, node_id outside). The outside one
    # is as seen from the first level around that holds both ends.
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]
    input_ties: NotRequired[list[AutogradTie | None]]  # of each of `inputs`; absent if all are None
    output_ties: NotRequired[list[AutogradTie | None]]
    note: str  # how it was traced, where that matters to the reader


class SummaryColumn(TypedDict):
    """One column of a model's summary, with a cell for each row."""

    heading: str
    cells: list[str]
    values: list[float | None]  # what the rows are sorted by; those without one come last
    is_amount: bool  # a number of which each row has a share of the whole model's


class SummaryTable(TypedDict):
    """A model's summary: a row for each module call, in their order, each before those in it.

    It is the state of a widget of its own, and travels in no message.
    """

    title: str
    names: list[str]  # as seen from the call around it
    details: list[str]  # beside the name: class and settings
    depths: list[int]  # how many calls are around it; 0 for the model's own
    columns: list[SummaryColumn]
    totals: list[str]
    open_depth: int  # rows less deep than this are open at first


# ---------------------------------------------------------------- updates


class RunAdded(TypedDict):
    """A run that the page does not know yet."""

    kind: Literal["run_added"]
    run_id: str
    name: str
    started_at: float  # Unix seconds; 0 while it has not started
    commands: list[str]  # which control commands the run answers: start, pause, step, stop, set …
    has_graph: bool


class RunChanged(TypedDict):
    """Where a run is now."""

    kind: Literal["run_changed"]
    run_id: str
    status: RunStatus
    started_at: float  # Unix seconds; 0 while it has not started
    step: int
    total_steps: int | None
    epoch: int
    total_epochs: int | None
    steps_per_second: float | None
    eta_seconds: float | None
    elapsed_seconds: float
    overhead: float | None  # nbviz's own share of the step time, 0 to 1
    device: str
    memory_bytes: int | None
    memory_total: int | None
    dropped_frames: int  # pictures skipped because the page was busy; scalars are never skipped


class SettingsChanged(TypedDict):
    """What can be set on the run, and its values now."""

    kind: Literal["settings_changed"]
    run_id: str
    settings: list[Setting]


class SeriesAdded(TypedDict):
    """A tag and its number in this run, `series`; without points, also where the page had some."""

    kind: Literal["series_added"]
    run_id: str
    series: int
    tag: str


class PointsAppended(TypedDict):
    """New points of several series.

    Buffer: float64. For each series in turn its `count` steps, then wall times in seconds since the
    run started, then values.
    """

    kind: Literal["points_appended"]
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


class BucketsAppended(TypedDict):
    """New points of several series, reduced to buckets of neighbours.

    Buffer: float64. For each series in turn seven columns of `count` entries: first step, wall time
    of the first point, minimum, maximum (both over all values but NaN), mean of the finite values,
    number of points, number of NaN.
    """

    kind: Literal["buckets_appended"]
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


class EpochsStarted(TypedDict):
    """Epochs that began: `steps[i]` is the step completed before epoch `first_epoch + i`."""

    kind: Literal["epochs_started"]
    run_id: str
    first_epoch: int
    steps: list[int]


class EventsRecorded(TypedDict):
    """Events to mark on the curves."""

    kind: Literal["events_recorded"]
    run_id: str
    events: list[Event]


class LinesAppended(TypedDict):
    """New lines of the run's log. `dropped` lines before them are gone from memory."""

    kind: Literal["lines_appended"]
    run_id: str
    lines: list[Line]
    dropped: int


class LayersListed(TypedDict):
    """The parameters whose weights can be shown."""

    kind: Literal["layers_listed"]
    run_id: str
    layers: list[LayerInfo]


class PictureFields(TypedDict):
    """What the picture of a tensor says beside its cells."""

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


class WeightsUpdated(PictureFields):
    """One parameter's values as a picture of `rows` × `columns` cells.

    Buffer: int16, row by row; a cell's value is `cell * scale`, and -32768 stands for NaN or an
    infinity.
    Convolution kernels are tiled: `tile_rows` × `tile_columns` cells each, or 0 × 0 for one matrix.
    """

    kind: Literal["weights_updated"]
    run_id: str
    name: str
    step: int
    buffer: int


class OverlayUpdated(TypedDict):
    """What the boxes of the graph in sight were measured to be, for one overlay.

    Buffer: float64, a value for each of `nodes`. Boxes without a value are left out.
    """

    kind: Literal["overlay_updated"]
    run_id: str
    overlay: OverlayName
    step: int
    nodes: list[str]
    note: str  # what the reader should know, "" for nothing
    first: list[str]  # where the first NaN or infinity was made: boxes from the outermost on
    buffer: int


class MediaAdded(TypedDict):
    """Images, histograms, tensors and texts that were logged; pages ask for those they show.

    Buffer: float64; for each tag in turn its `count` steps, rising. A long history leaves some out;
    the first and the newest step of a tag are always told.
    """

    kind: Literal["media_added"]
    run_id: str
    media: list[MediaTag]
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


class RangeSent(TypedDict):
    """Series over a range of steps in buckets, laid out as in `BucketsAppended`."""

    kind: Literal["range_sent"]
    client_id: str
    request_id: int
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


class GraphSent(TypedDict):
    """Levels of the model's graph."""

    kind: Literal["graph_sent"]
    client_id: str
    request_id: int
    run_id: str
    levels: list[GraphLevel]
    overlays: list[OverlayName]  # what `watch_overlay` may ask for


class ImageSent(TypedDict):
    """One image. Buffer: a file of type `media_type`, perhaps smaller than what was logged."""

    kind: Literal["image_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    height: int  # pixels that were logged
    width: int
    reduced: int  # how many logged pixels one that is sent stands for along each side, 1 for all
    buffer: int


class HistogramsSent(TypedDict):
    """A tag's histograms by step, rising; the newest one and others before it, evenly chosen.

    Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`).
    """

    kind: Literal["histograms_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    histograms: list[HistogramInfo]
    buffer: int


class TensorSent(PictureFields):
    """One tensor as a picture of cells, in the form of `WeightsUpdated`."""

    kind: Literal["tensor_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    buffer: int


class TextSent(TypedDict):
    """One text; its last `omitted` characters are left out."""

    kind: Literal["text_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    text: str
    omitted: int


class AssetSent(TypedDict):
    """A part of the front end that is loaded when it is first needed. Buffer: its source, UTF-8."""

    kind: Literal["asset_sent"]
    client_id: str
    request_id: int
    name: str
    buffer: int


Update = (
    RunAdded
    | RunChanged
    | SettingsChanged
    | SeriesAdded
    | PointsAppended
    | BucketsAppended
    | EpochsStarted
    | EventsRecorded
    | LinesAppended
    | LayersListed
    | WeightsUpdated
    | OverlayUpdated
    | MediaAdded
    | CommandDone
    | CommandFailed
    | RangeSent
    | GraphSent
    | ImageSent
    | HistogramsSent
    | TensorSent
    | TextSent
    | AssetSent
)

# ---------------------------------------------------------------- kernel to page


class Snapshot(TypedDict):
    """All that one page needs to draw now; the frames after it continue from `sequence`."""

    kind: Literal["snapshot"]
    client_id: str
    sequence: int
    protocol_version: int
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

# ---------------------------------------------------------------- page to kernel


class Ready(TypedDict):
    """A page is listening; answered by a snapshot. Sent again when a sequence number is missing."""

    kind: Literal["ready"]
    client_id: str


class Acknowledge(TypedDict):
    """The page has drawn every frame up to `sequence`."""

    kind: Literal["acknowledge"]
    client_id: str
    sequence: int


class Pull(TypedDict):
    """The page asks for its next frame, which leaves inside the handling of this request."""

    kind: Literal["pull"]
    client_id: str
    sequence: int  # the newest frame it has


class Control(TypedDict):
    """Steer a run: start, pause, resume, step, stop or set, with that method's arguments."""

    kind: Literal["control"]
    client_id: str
    request_id: int
    run_id: str
    name: str
    arguments: dict[str, Any]


class SendRange(TypedDict):
    """Ask for series between two steps (both included), at most `points` buckets each."""

    kind: Literal["send_range"]
    client_id: str
    request_id: int
    run_id: str
    series: list[int]
    first_step: int
    last_step: int
    points: int


class WatchSeries(TypedDict):
    """Say which series one view of this page draws now; the points of the others wait.

    Each view decides on the first `known` series. Those that a page left out are sent once it shows
    them: from their first point on, after a `SeriesAdded` that empties them.
    """

    kind: Literal["watch_series"]
    client_id: str
    request_id: int
    run_id: str
    view: int  # tells the views of one page apart
    series: list[int]
    known: int


class WatchLayers(TypedDict):
    """Say which parameters one view of this page shows now: only those are captured and sent."""

    kind: Literal["watch_layers"]
    client_id: str
    request_id: int
    run_id: str
    view: int  # tells the views of one page apart
    names: list[str]


class WatchOverlay(TypedDict):
    """Say which overlay one view of this page shows on the graph now, and on which boxes."""

    kind: Literal["watch_overlay"]
    client_id: str
    request_id: int
    run_id: str
    view: int  # tells the views of one page apart
    overlay: str  # "" for none
    nodes: list[str]


class SendGraph(TypedDict):
    """Ask for levels of the model's graph by their scopes; "" is the whole model."""

    kind: Literal["send_graph"]
    client_id: str
    request_id: int
    run_id: str
    scopes: list[str]


class SendMedia(TypedDict):
    """Ask for the item of a tag at or before a step; of histograms also those before it."""

    kind: Literal["send_media"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    after: int  # the newest step of the histograms that the page has, -1 for none
    pixels: int  # that the longest side of an image is shown with


class SendAsset(TypedDict):
    """Ask for a part of the front end that this page needs now."""

    kind: Literal["send_asset"]
    client_id: str
    request_id: int
    name: str


Request = (
    Ready
    | Acknowledge
    | Pull
    | Control
    | SendRange
    | WatchSeries
    | WatchLayers
    | WatchOverlay
    | SendGraph
    | SendMedia
    | SendAsset
)
