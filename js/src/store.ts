// Page state. Only `apply` writes it; panels read it and redraw when told that something changed.
import { MediaIndex } from "./media-index";
import type {
	AssetSent,
	CommandDone,
	CommandFailed,
	Event,
	GraphSent,
	HistogramsSent,
	ImageSent,
	LayerInfo,
	Line,
	OverlayName,
	RangeSent,
	RunChanged,
	Setting,
	TensorSent,
	TextSent,
	Update,
	WeightsUpdated,
} from "./protocol/index.gen";
import { SeriesData } from "./series-data";

/** Everything the page knows of one run. */
export interface RunState {
	readonly run_id: string;
	name: string;
	commands: string[];
	has_graph: boolean;
	/** Position among the page's runs; decides its colours. */
	readonly index: number;
	progress: RunChanged | undefined;
	settings: Setting[];
	readonly series: SeriesData[];
	/** `epochs[i]` is the step completed before epoch `i + 1`. */
	readonly epochs: number[];
	readonly events: Event[];
	readonly lines: Line[];
	droppedLines: number;
	layers: LayerInfo[];
	readonly weights: Map<string, WeightsPicture>;
	/** The newest values of each overlay on the graph that was looked at. */
	readonly overlays: Map<OverlayName, OverlayPicture>;
	readonly media: MediaIndex;
}

/** What the boxes of the graph in sight were measured to be. */
export interface OverlayPicture {
	readonly overlay: OverlayName;
	readonly step: number;
	/** By the boxes' ids. */
	readonly values: ReadonlyMap<string, number>;
	readonly note: string;
	readonly first: readonly string[];
}

/** A parameter's newest picture: the message, and its cells. */
export interface WeightsPicture extends WeightsUpdated {
	readonly cells: Int16Array;
}

/** An item of a run's media. */
export type MediaAnswer = ImageSent | HistogramsSent | TensorSent | TextSent;
export type Answer = AssetSent | CommandDone | CommandFailed | RangeSent | GraphSent | MediaAnswer;

/** What changed; panels redraw only for what they show. */
export type Topic =
	| "runs"
	| "progress"
	| "settings"
	| "series"
	| "points"
	| "events"
	| "lines"
	| "layers"
	| "weights"
	| "overlays"
	| "media";

const LINES_KEPT = 2000;

export class Store {
	readonly runs = new Map<string, RunState>();
	/** Whether the kernel owes a word and has not said one for a while: busy, restarted or gone. */
	isSilent = false;
	private readonly listeners = new Set<(topics: ReadonlySet<Topic>) => void>();
	private readonly changed = new Set<Topic>();
	private frame = 0;

	/** Calls `listener` once per painted frame in which something changed. Returns the way out. */
	subscribe(listener: (topics: ReadonlySet<Topic>) => void): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	/** Forgets everything; a snapshot follows. */
	clear(): void {
		this.runs.clear();
		for (const topic of ALL_TOPICS) this.mark(topic);
	}

	/** Applies one update. Returns it if it answers a request, for whoever asked. */
	apply(update: Update, buffers: readonly DataView[]): Answer | undefined {
		switch (update.kind) {
			case "run_added": {
				const known = this.runs.get(update.run_id);
				if (known) {
					known.name = update.name;
					known.commands = update.commands;
				} else this.runs.set(update.run_id, emptyRun(update.run_id, update, this.runs.size));
				this.mark("runs");
				return undefined;
			}
			case "run_changed":
				this.run(update.run_id).progress = update;
				this.mark("progress");
				return undefined;
			case "settings_changed":
				this.run(update.run_id).settings = update.settings;
				this.mark("settings");
				return undefined;
			case "series_added": {
				const run = this.run(update.run_id);
				run.series[update.series] = new SeriesData(run.run_id, update.series, update.tag);
				this.mark("series");
				return undefined;
			}
			case "points_appended":
			case "buckets_appended": {
				const run = this.run(update.run_id);
				const columns = update.kind === "points_appended" ? 3 : 7;
				const data = doubles(buffers[update.buffer]);
				let offset = 0;
				update.series.forEach((number, i) => {
					const count = update.counts[i] ?? 0;
					const block = data.subarray(offset, offset + columns * count);
					if (columns === 3) run.series[number]?.appendPoints(block, count);
					else run.series[number]?.appendBuckets(block, count);
					offset += columns * count;
				});
				this.mark("points");
				return undefined;
			}
			case "epochs_started": {
				const { epochs } = this.run(update.run_id);
				update.steps.forEach((step, i) => {
					epochs[update.first_epoch - 1 + i] = step;
				});
				this.mark("points");
				return undefined;
			}
			case "events_recorded":
				this.run(update.run_id).events.push(...update.events);
				this.mark("events");
				return undefined;
			case "lines_appended": {
				const run = this.run(update.run_id);
				run.lines.push(...update.lines);
				const surplus = Math.max(0, run.lines.length - LINES_KEPT);
				run.lines.splice(0, surplus);
				run.droppedLines += update.dropped + surplus;
				this.mark("lines");
				return undefined;
			}
			case "layers_listed":
				this.run(update.run_id).layers = update.layers;
				this.mark("layers");
				return undefined;
			case "weights_updated": {
				const cells = int16s(buffers[update.buffer]);
				this.run(update.run_id).weights.set(update.name, { ...update, cells });
				this.mark("weights");
				return undefined;
			}
			case "graph_added":
				this.run(update.run_id).has_graph = true;
				this.mark("runs");
				return undefined;
			case "overlay_updated": {
				const { overlay, step, nodes, note, first } = update;
				const data = doubles(buffers[update.buffer]);
				const values = new Map(nodes.map((node, i) => [node, data[i] ?? Number.NaN]));
				const picture = { overlay, step, values, note, first };
				this.run(update.run_id).overlays.set(overlay, picture);
				this.mark("overlays");
				return undefined;
			}
			case "media_added":
				this.run(update.run_id).media.add(update.media, doubles(buffers[update.buffer]));
				this.mark("media");
				return undefined;
			case "command_done":
			case "command_failed":
			case "range_sent":
			case "graph_sent":
			case "image_sent":
			case "histograms_sent":
			case "tensor_sent":
			case "text_sent":
			case "asset_sent":
				return update;
			default:
				return unreachable(update);
		}
	}

	setSilent(isSilent: boolean): void {
		if (isSilent === this.isSilent) return;
		this.isSilent = isSilent;
		this.mark("runs");
	}

	/** Tells the listeners of `topic` in the next painted frame. */
	mark(topic: Topic): void {
		this.changed.add(topic);
		if (this.frame === 0) this.frame = requestAnimationFrame(() => this.flush());
	}

	private flush(): void {
		this.frame = 0;
		const topics = new Set(this.changed);
		this.changed.clear();
		for (const listener of [...this.listeners]) listener(topics);
	}

	private run(run_id: string): RunState {
		const run = this.runs.get(run_id);
		if (!run) throw new Error(`update for the unknown run ${run_id}`);
		return run;
	}
}

const ALL_TOPICS: readonly Topic[] = [
	"runs",
	"progress",
	"settings",
	"series",
	"points",
	"events",
	"lines",
	"layers",
	"weights",
	"overlays",
	"media",
];

function emptyRun(
	run_id: string,
	info: { name: string; commands: string[] },
	index: number,
): RunState {
	return {
		run_id,
		name: info.name,
		commands: info.commands,
		has_graph: false,
		index,
		progress: undefined,
		settings: [],
		series: [],
		epochs: [],
		events: [],
		lines: [],
		droppedLines: 0,
		layers: [],
		weights: new Map(),
		overlays: new Map(),
		media: new MediaIndex(),
	};
}

/** The buffer's float64 numbers; copied, because a view need not be aligned. */
export function doubles(buffer: DataView | undefined): Float64Array {
	return buffer ? new Float64Array(bytes(buffer)) : new Float64Array(0);
}

/** The buffer's int16 numbers, copied too. */
export function int16s(buffer: DataView | undefined): Int16Array {
	return buffer ? new Int16Array(bytes(buffer)) : new Int16Array(0);
}

function bytes(buffer: DataView): ArrayBuffer {
	const copy = new ArrayBuffer(buffer.byteLength);
	new Uint8Array(copy).set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
	return copy;
}

function unreachable(update: never): never {
	throw new Error(`unknown update ${JSON.stringify(update)}`);
}
