// Generated from nbviz/protocol.py by generate_protocol.py. Do not edit.

export const PROTOCOL_VERSION = 1;

export type RunStatus = "ready" | "running" | "paused" | "stopping" | "finished" | "stopped" | "failed";

export type LineLevel = "info" | "print" | "warning" | "error";

export type EventKind = "started" | "command" | "validation" | "warning" | "ended";

export type ValueScale = "linear" | "log";

export type AutogradKind = "function" | "leaf" | "saved" | "output" | "base";

export type AutogradTie = "saved" | "view";

export type OverlayName = "activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio";

export type MediaKind = "image" | "histogram" | "tensor" | "text";

/** A value of the run that can be changed while it runs, such as a learning rate. */
export interface Setting {
	name: string;
	value: number;
	minimum: number;
	maximum: number | null;
	scale: "linear" | "log";
}

/** Something that happened to a run; drawn as a mark on its curves. */
export interface Event {
	event: "started" | "command" | "validation" | "warning" | "ended";
	step: number;
	wall_time: number;
	text: string;
}

/** One line of a run's log. */
export interface Line {
	level: "info" | "print" | "warning" | "error";
	step: number;
	wall_time: number;
	text: string;
}

/** One parameter whose values can be shown as a heatmap. */
export interface LayerInfo {
	name: string;
	shape: number[];
}

/** A tag of images, histograms, tensors or texts, and how many steps of it are told. */
export interface MediaTag {
	tag: string;
	media_kind: "image" | "histogram" | "tensor" | "text";
	count: number;
}

/** What a histogram's buffer does not hold. */
export interface HistogramInfo {
	step: number;
	bins: number;
	count: number;
	nonfinite: number;
	minimum: number | null;
	maximum: number | null;
	mean: number | null;
	std: number | null;
}

/** One box of the model's graph: a module call, an operation, an input or an output. */
export interface GraphNode {
	node_id: string;
	kind: "module" | "operation" | "input" | "output";
	label: string;
	type: string;
	path: string;
	detail: string;
	output_shapes: number[][];
	dtype: string;
	parameter_count: number;
	trainable_count: number;
	flops: number;
	child_count: number;
	tied: string[];
	repeat: number;
	source: string;
	autograd: "function" | "leaf" | "saved" | "output" | "base" | null;
	attributes: [string, string][];
}

/** A tensor that flows from one box of a level to another. */
export interface GraphEdge {
	source: string;
	target: string;
	shape: number[];
	tie?: "saved" | "view";
}

/** One level of the graph: the inside of one module call, or the whole model. */
export interface GraphLevel {
	scope: string;
	title: string;
	nodes: GraphNode[];
	edges: GraphEdge[];
	inputs: [string, string][];
	outputs: [string, string][];
	input_ties?: ("saved" | "view" | null)[];
	output_ties?: ("saved" | "view" | null)[];
	note: string;
}

/** One column of a model's summary, with a cell for each row. */
export interface SummaryColumn {
	heading: string;
	cells: string[];
	values: (number | null)[];
	is_amount: boolean;
}

/** A model's summary: a row for each module call, in their order, each before those in it. It is the state of a widget of its own, and travels in no message. */
export interface SummaryTable {
	title: string;
	names: string[];
	details: string[];
	depths: number[];
	columns: SummaryColumn[];
	totals: string[];
	open_depth: number;
}

/** A run that the page does not know yet. */
export interface RunAdded {
	kind: "run_added";
	run_id: string;
	name: string;
	started_at: number;
	commands: string[];
	has_graph: boolean;
}

/** Where a run is now. */
export interface RunChanged {
	kind: "run_changed";
	run_id: string;
	status: "ready" | "running" | "paused" | "stopping" | "finished" | "stopped" | "failed";
	started_at: number;
	step: number;
	total_steps: number | null;
	epoch: number;
	total_epochs: number | null;
	steps_per_second: number | null;
	eta_seconds: number | null;
	elapsed_seconds: number;
	overhead: number | null;
	device: string;
	memory_bytes: number | null;
	memory_total: number | null;
	dropped_frames: number;
}

/** What can be set on the run, and its values now. */
export interface SettingsChanged {
	kind: "settings_changed";
	run_id: string;
	settings: Setting[];
}

/** A tag and its number in this run, `series`; without points, also where the page had some. */
export interface SeriesAdded {
	kind: "series_added";
	run_id: string;
	series: number;
	tag: string;
}

/** New points of several series. Buffer: float64. For each series in turn its `count` steps, then wall times in seconds since the run started, then values. */
export interface PointsAppended {
	kind: "points_appended";
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** New points of several series, reduced to buckets of neighbours. Buffer: float64. For each series in turn seven columns of `count` entries: first step, wall time of the first point, minimum, maximum (both over all values but NaN), mean of the finite values, number of points, number of NaN. */
export interface BucketsAppended {
	kind: "buckets_appended";
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** Epochs that began: `steps[i]` is the step completed before epoch `first_epoch + i`. */
export interface EpochsStarted {
	kind: "epochs_started";
	run_id: string;
	first_epoch: number;
	steps: number[];
}

/** Events to mark on the curves. */
export interface EventsRecorded {
	kind: "events_recorded";
	run_id: string;
	events: Event[];
}

/** New lines of the run's log. `dropped` lines before them are gone from memory. */
export interface LinesAppended {
	kind: "lines_appended";
	run_id: string;
	lines: Line[];
	dropped: number;
}

/** The parameters whose weights can be shown. */
export interface LayersListed {
	kind: "layers_listed";
	run_id: string;
	layers: LayerInfo[];
}

/** What the picture of a tensor says beside its cells. */
export interface PictureFields {
	shape: number[];
	rows: number;
	columns: number;
	tile_rows: number;
	tile_columns: number;
	reduced: number;
	scale: number;
	minimum: number;
	maximum: number;
	mean: number;
	std: number;
	nonfinite: number;
}

/** One parameter's values as a picture of `rows` × `columns` cells. Buffer: int16, row by row; a cell's value is `cell * scale`, and -32768 stands for NaN or an infinity. Convolution kernels are tiled: `tile_rows` × `tile_columns` cells each, or 0 × 0 for one matrix. */
export interface WeightsUpdated {
	shape: number[];
	rows: number;
	columns: number;
	tile_rows: number;
	tile_columns: number;
	reduced: number;
	scale: number;
	minimum: number;
	maximum: number;
	mean: number;
	std: number;
	nonfinite: number;
	kind: "weights_updated";
	run_id: string;
	name: string;
	step: number;
	buffer: number;
}

/** What the boxes of the graph in sight were measured to be, for one overlay. Buffer: float64, a value for each of `nodes`. Boxes without a value are left out. */
export interface OverlayUpdated {
	kind: "overlay_updated";
	run_id: string;
	overlay: "activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio";
	step: number;
	nodes: string[];
	note: string;
	first: string[];
	buffer: number;
}

/** Images, histograms, tensors and texts that were logged; pages ask for those they show. Buffer: float64; for each tag in turn its `count` steps, rising. A long history leaves some out; the first and the newest step of a tag are always told. */
export interface MediaAdded {
	kind: "media_added";
	run_id: string;
	media: MediaTag[];
	buffer: number;
}

/** The request was carried out or, for a control command, accepted for the next safe point. */
export interface CommandDone {
	kind: "command_done";
	client_id: string;
	request_id: number;
}

/** The request was refused; `error` says what was wrong, the value, and the next act. */
export interface CommandFailed {
	kind: "command_failed";
	client_id: string;
	request_id: number;
	error: string;
}

/** Series over a range of steps in buckets, laid out as in `BucketsAppended`. */
export interface RangeSent {
	kind: "range_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** Levels of the model's graph. */
export interface GraphSent {
	kind: "graph_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	levels: GraphLevel[];
	overlays: ("activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio")[];
}

/** One image. Buffer: a file of type `media_type`, perhaps smaller than what was logged. */
export interface ImageSent {
	kind: "image_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	media_type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
	height: number;
	width: number;
	reduced: number;
	buffer: number;
}

/** A tag's histograms by step, rising; the newest one and others before it, evenly chosen. Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`). */
export interface HistogramsSent {
	kind: "histograms_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	histograms: HistogramInfo[];
	buffer: number;
}

/** One tensor as a picture of cells, in the form of `WeightsUpdated`. */
export interface TensorSent {
	shape: number[];
	rows: number;
	columns: number;
	tile_rows: number;
	tile_columns: number;
	reduced: number;
	scale: number;
	minimum: number;
	maximum: number;
	mean: number;
	std: number;
	nonfinite: number;
	kind: "tensor_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	buffer: number;
}

/** One text; its last `omitted` characters are left out. */
export interface TextSent {
	kind: "text_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	text: string;
	omitted: number;
}

/** A part of the front end that is loaded when it is first needed. Buffer: its source, UTF-8. */
export interface AssetSent {
	kind: "asset_sent";
	client_id: string;
	request_id: number;
	name: string;
	buffer: number;
}

export type Update = RunAdded | RunChanged | SettingsChanged | SeriesAdded | PointsAppended | BucketsAppended | EpochsStarted | EventsRecorded | LinesAppended | LayersListed | WeightsUpdated | OverlayUpdated | MediaAdded | CommandDone | CommandFailed | RangeSent | GraphSent | ImageSent | HistogramsSent | TensorSent | TextSent | AssetSent;

/** All that one page needs to draw now; the frames after it continue from `sequence`. */
export interface Snapshot {
	kind: "snapshot";
	client_id: string;
	sequence: number;
	protocol_version: number;
	updates: (RunAdded | RunChanged | SettingsChanged | SeriesAdded | PointsAppended | BucketsAppended | EpochsStarted | EventsRecorded | LinesAppended | LayersListed | WeightsUpdated | OverlayUpdated | MediaAdded | CommandDone | CommandFailed | RangeSent | GraphSent | ImageSent | HistogramsSent | TensorSent | TextSent | AssetSent)[];
}

/** What is new since frame `sequence - 1`. `client_id` is empty when it is for every page. */
export interface Frame {
	kind: "frame";
	client_id: string;
	sequence: number;
	updates: (RunAdded | RunChanged | SettingsChanged | SeriesAdded | PointsAppended | BucketsAppended | EpochsStarted | EventsRecorded | LinesAppended | LayersListed | WeightsUpdated | OverlayUpdated | MediaAdded | CommandDone | CommandFailed | RangeSent | GraphSent | ImageSent | HistogramsSent | TensorSent | TextSent | AssetSent)[];
}

/** Answers to one page's request, outside the sequence of frames. */
export interface Reply {
	kind: "reply";
	client_id: string;
	updates: (RunAdded | RunChanged | SettingsChanged | SeriesAdded | PointsAppended | BucketsAppended | EpochsStarted | EventsRecorded | LinesAppended | LayersListed | WeightsUpdated | OverlayUpdated | MediaAdded | CommandDone | CommandFailed | RangeSent | GraphSent | ImageSent | HistogramsSent | TensorSent | TextSent | AssetSent)[];
}

export type Message = Snapshot | Frame | Reply;

/** A page is listening; answered by a snapshot. Sent again when a sequence number is missing. */
export interface Ready {
	kind: "ready";
	client_id: string;
}

/** The page has drawn every frame up to `sequence`. */
export interface Acknowledge {
	kind: "acknowledge";
	client_id: string;
	sequence: number;
}

/** The page asks for its next frame, which leaves inside the handling of this request. */
export interface Pull {
	kind: "pull";
	client_id: string;
	sequence: number;
}

/** Steer a run: start, pause, resume, step, stop or set, with that method's arguments. */
export interface Control {
	kind: "control";
	client_id: string;
	request_id: number;
	run_id: string;
	name: string;
	arguments: Record<string, unknown>;
}

/** Ask for series between two steps (both included), at most `points` buckets each. */
export interface SendRange {
	kind: "send_range";
	client_id: string;
	request_id: number;
	run_id: string;
	series: number[];
	first_step: number;
	last_step: number;
	points: number;
}

/** Say which series one view of this page draws now; the points of the others wait. Each view decides on the first `known` series. Those that a page left out are sent once it shows them: from their first point on, after a `SeriesAdded` that empties them. */
export interface WatchSeries {
	kind: "watch_series";
	client_id: string;
	request_id: number;
	run_id: string;
	view: number;
	series: number[];
	known: number;
}

/** Say which parameters one view of this page shows now: only those are captured and sent. */
export interface WatchLayers {
	kind: "watch_layers";
	client_id: string;
	request_id: number;
	run_id: string;
	view: number;
	names: string[];
}

/** Say which overlay one view of this page shows on the graph now, and on which boxes. */
export interface WatchOverlay {
	kind: "watch_overlay";
	client_id: string;
	request_id: number;
	run_id: string;
	view: number;
	overlay: string;
	nodes: string[];
}

/** Ask for levels of the model's graph by their scopes; "" is the whole model. */
export interface SendGraph {
	kind: "send_graph";
	client_id: string;
	request_id: number;
	run_id: string;
	scopes: string[];
}

/** Ask for the item of a tag at or before a step; of histograms also those before it. */
export interface SendMedia {
	kind: "send_media";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	after: number;
	pixels: number;
}

/** Ask for a part of the front end that this page needs now. */
export interface SendAsset {
	kind: "send_asset";
	client_id: string;
	request_id: number;
	name: string;
}

export type Request = Ready | Acknowledge | Pull | Control | SendRange | WatchSeries | WatchLayers | WatchOverlay | SendGraph | SendMedia | SendAsset;
