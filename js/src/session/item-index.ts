// What was logged of some kinds, by tag and step: which items of a run can be asked for. They themselves
// are loaded when they are seen.
import type { ItemsAdded } from "../protocol/index.gen";
import { withBytes } from "./asker";

const MOST_STEPS = 4000; // a slider has no more places
const MOST_PARTS = 8; // that came while nothing was drawn

/** One tag. */
export interface ItemEntry {
	readonly tag: string;
	/** What its items are, such as "image". */
	readonly kind: string;
	/** Rising. */
	steps: number[];
	/** Rises when the newest step is logged again: the newer item counts. */
	revision: number;
	leftOut: LeftOut;
	/** What came unasked and was not replaced by newer: the newest item, or the last parts of a course. */
	sent: readonly Unasked[];
}

/** Of a panel that knows its type. */
export interface Unasked {
	readonly step: number;
	/** Of a course, which goes on with each part: the step from which on it does. */
	readonly after?: number;
}

/** How many items were logged and are not kept, to keep within the budget of time or of memory. */
export interface LeftOut {
	readonly time: number;
	readonly memory: number;
}

export class ItemIndex {
	readonly entries = new Map<string, ItemEntry>();
	/** The steps of all tags, rising. */
	steps: number[] = [];
	/** Of the time that nbviz may take, above 0 to 1. */
	overheadShare = 1;

	/** Takes new steps in: those of each tag in turn, as `ItemsAdded` lays them out, and items. */
	add(
		{ items, overhead_share }: Omit<ItemsAdded, "run_id" | "buffer">,
		steps: Float64Array,
		buffers: readonly DataView[] = [],
	): void {
		this.overheadShare = overhead_share;
		let offset = 0;
		for (const { tag, item_kind, count, left_out_for_time, left_out_for_memory, sent } of items) {
			const leftOut = { time: left_out_for_time, memory: left_out_for_memory };
			let entry = this.entries.get(tag);
			if (!entry) {
				entry = { tag, kind: item_kind, steps: [], revision: 0, leftOut, sent: [] };
				this.entries.set(tag, entry);
			}
			entry.leftOut = leftOut;
			let parts = entry.sent.filter(({ after }) => after !== undefined);
			for (const step of steps.subarray(offset, offset + count)) {
				if (entry.steps.at(-1) === step) {
					entry.revision += 1;
					parts = [];
				} else insert(entry.steps, step);
				insert(this.steps, step);
			}
			if (sent) {
				const one = withBytes(sent as never, buffers) as unknown as Unasked;
				parts = one.after === undefined ? [one] : [...parts, one].slice(-MOST_PARTS);
			}
			entry.sent = parts;
			entry.steps = thinned(entry.steps);
			offset += count;
		}
		this.steps = thinned(this.steps);
	}
}

/** The place of the last of rising `steps` at or before `step`; -1 if all are later. */
export function placeAt(steps: readonly number[], step: number): number {
	let low = 0;
	let high = steps.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((steps[middle] ?? 0) <= step) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}

function insert(steps: number[], step: number): void {
	const place = placeAt(steps, step);
	if (steps[place] !== step) steps.splice(place + 1, 0, step);
}

/** Every second step where there are too many; the first and the newest stay. */
function thinned(steps: number[]): number[] {
	if (steps.length <= MOST_STEPS) return steps;
	return steps.filter((_, i) => i % 2 === 0 || i === steps.length - 1);
}
