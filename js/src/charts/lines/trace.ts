// A series as a chart draws it, reduced to what fits its pixels: no extreme is lost on the way.

import type { Range } from "./axis";
import { type Columns, lowerBound } from "./series-data";

/** Buckets with the x value of each. */
export interface Placed {
	readonly columns: Columns;
	readonly x: Float64Array;
}

export interface Trace extends Placed {
	/** Identity over redraws: run and tag. */
	readonly key: string;
	readonly name: string;
	/** A CSS colour. */
	readonly color: string;
	readonly isDashed: boolean;
	/** Where runs are compared, the run's place in the lists of `run-style`. */
	readonly style?: number | undefined;
	/** Faded below 1. */
	readonly alpha?: number;
	/** The smoothed value of each entry; undefined draws the values themselves. */
	readonly smoothed: Float64Array | undefined;
	/** Where its best value lies, of a line that has one. */
	readonly best: Best | undefined;
	/** Finer buckets for a part of the x range, and where that part ends. */
	readonly detail: (Placed & { readonly range: Range }) | undefined;
}

/** The best point of a line. */
export interface Best {
	readonly x: number;
	readonly value: number;
	/** Of the point or, where the page keeps buckets, of the bucket's first one. */
	readonly step: number;
}

/** The smallest or largest finite value; undefined where there is none. */
export function bestOf({ columns, x }: Placed, better: "lower" | "higher"): Best | undefined {
	const [column, sign] = better === "lower" ? [columns.min, 1] : [columns.max, -1];
	let index = -1;
	let least = Number.POSITIVE_INFINITY;
	for (let i = 0; i < columns.length; i++) {
		const value = sign * (column[i] ?? Number.NaN);
		if (value < least && value > Number.NEGATIVE_INFINITY) [index, least] = [i, value];
	}
	if (index < 0) return undefined;
	return { x: x[index] ?? 0, value: sign * least, step: columns.steps[index] ?? 0 };
}

/** Entries `from` to `to` (not included) of some buckets. */
interface Part extends Placed {
	readonly from: number;
	readonly to: number;
}

/** With more entries than this, a pixel of the page shows their extremes and their mean. */
const ENTRIES_PER_PIXEL = 2;

/** What lies in a chart's x range: one entry for each bucket, or for each column of pixels. */
export class Reduced {
	length = 0;
	/** Canvas pixels from the plot's left edge. */
	px = new Float64Array(512);
	/** Extremes over the finite values. */
	low = new Float64Array(512);
	high = new Float64Array(512);
	mean = new Float64Array(512);
	/** True where an entry stands for several values. */
	hasBand = false;
	/** Width of an entry in canvas pixels where entries are columns of pixels; 0 where they are points. */
	column = 0;
	/** Pixels where NaN, Infinity or -Infinity were logged. */
	readonly nanAt: number[] = [];
	readonly upAt: number[] = [];
	readonly downAt: number[] = [];
	private readonly weight: number[] = [];

	/**
	 * Takes what `trace` has between `range.min` and `range.max`, for `width` canvas pixels, `ratio`
	 * of them to a pixel of the page.
	 */
	fill(trace: Trace, range: Range, width: number, ratio: number): this {
		const parts = visibleParts(trace, range);
		this.nanAt.length = this.upAt.length = this.downAt.length = 0;
		this.hasBand = false;
		const entries = parts.reduce((sum, part) => sum + part.to - part.from, 0);
		const scale = width / (range.max - range.min);
		if (entries > (ENTRIES_PER_PIXEL * width) / ratio) {
			this.column = ratio;
			this.fillPixels(parts, range.min, scale / ratio, Math.ceil(width / ratio));
		} else {
			this.column = 0;
			this.fillEntries(parts, range.min, scale, entries);
		}
		return this;
	}

	private fillEntries(parts: readonly Part[], start: number, scale: number, entries: number): void {
		this.reserve(entries);
		let n = 0;
		for (const { columns, x, from, to } of parts) {
			for (let i = from; i < to; i++) {
				const px = ((x[i] ?? 0) - start) * scale;
				const mean = columns.mean[i] ?? Number.NaN;
				const min = columns.min[i] ?? mean;
				const max = columns.max[i] ?? mean;
				if (max - min !== 0 || (columns.nan[i] ?? 0) > 0) {
					this.note(px, min, max, columns.nan[i] ?? 0);
					if (max > min) this.hasBand = true;
				}
				this.px[n] = px;
				this.mean[n] = mean;
				this.low[n] = Number.isFinite(min) ? min : mean;
				this.high[n] = Number.isFinite(max) ? max : mean;
				n += 1;
			}
		}
		this.length = n;
	}

	private fillPixels(parts: readonly Part[], start: number, scale: number, width: number): void {
		this.reserve(width);
		const { low, high, mean, weight } = this;
		for (let i = 0; i < width; i++) {
			low[i] = Number.POSITIVE_INFINITY;
			high[i] = Number.NEGATIVE_INFINITY;
			mean[i] = 0;
			weight[i] = 0;
		}
		for (const { columns, x, from, to } of parts) {
			for (let i = from; i < to; i++) {
				const place = Math.floor(((x[i] ?? 0) - start) * scale);
				if (place < 0 || place > width) continue;
				// The newest point lies on the right edge itself.
				const pixel = Math.min(place, width - 1);
				const value = columns.mean[i] ?? Number.NaN;
				const min = columns.min[i] ?? value;
				const max = columns.max[i] ?? value;
				const nan = columns.nan[i] ?? 0;
				// A difference of infinities or NaN is NaN: one test finds all that is not finite.
				if (nan > 0 || Number.isNaN((max - min) * 0))
					this.note((pixel + 0.5) * this.column, min, max, nan);
				if (!Number.isNaN(value)) {
					const count = columns.count[i] ?? 1;
					mean[pixel] = (mean[pixel] ?? 0) + value * count;
					weight[pixel] = (weight[pixel] ?? 0) + count;
					const bottom = Number.isFinite(min) ? min : value;
					const top = Number.isFinite(max) ? max : value;
					if (bottom < (low[pixel] ?? 0)) low[pixel] = bottom;
					if (top > (high[pixel] ?? 0)) high[pixel] = top;
				}
			}
		}
		this.length = this.dropEmptyPixels(width);
		this.hasBand = true;
	}

	/** Closes up pixels without a value, so that the line runs over them; returns how many are left. */
	private dropEmptyPixels(width: number): number {
		let n = 0;
		for (let i = 0; i < width; i++) {
			const weight = this.weight[i] ?? 0;
			if (weight === 0) continue;
			this.px[n] = (i + 0.5) * this.column;
			this.low[n] = this.low[i] ?? 0;
			this.high[n] = this.high[i] ?? 0;
			this.mean[n] = (this.mean[i] ?? 0) / weight;
			n += 1;
		}
		return n;
	}

	private note(px: number, min: number, max: number, nan: number): void {
		if (nan > 0) noteAt(this.nanAt, px);
		if (max === Number.POSITIVE_INFINITY) noteAt(this.upAt, px);
		if (min === Number.NEGATIVE_INFINITY) noteAt(this.downAt, px);
	}

	private reserve(size: number): void {
		if (this.px.length >= size) return;
		const room = 2 ** Math.ceil(Math.log2(size));
		this.px = new Float64Array(room);
		this.low = new Float64Array(room);
		this.high = new Float64Array(room);
		this.mean = new Float64Array(room);
	}
}

/** The entry nearest to `x`, from the detail where there is some; undefined if there is no entry. */
export function nearest(trace: Trace, x: number): (Placed & { index: number }) | undefined {
	const { detail } = trace;
	const within = detail && x >= detail.range.min && x <= detail.range.max;
	const placed: Placed = within && detail.columns.length > 0 ? detail : trace;
	const { length, isOrdered } = placed.columns;
	return length === 0 ? undefined : { ...placed, index: closest(placed.x, x, length, isOrdered) };
}

/** The x value of the entry nearest to `step` in any of the traces. */
export function xOfStep(traces: readonly Trace[], step: number): number | undefined {
	let best: number | undefined;
	let distance = Number.POSITIVE_INFINITY;
	for (const trace of traces) {
		for (const { columns, x } of trace.detail ? [trace, trace.detail] : [trace]) {
			const { length, isOrdered, steps } = columns;
			if (length === 0) continue;
			const index = closest(steps, step, length, isOrdered);
			const away = Math.abs((steps[index] ?? 0) - step);
			if (away < distance) [best, distance] = [x[index], away];
		}
	}
	return best;
}

/** The step of the next entry that is at least `by` away from `x`; a negative `by` looks back. */
export function stepBeside(traces: readonly Trace[], x: number, by: number): number | undefined {
	let best: { x: number; step: number | undefined } | undefined;
	for (const trace of traces) {
		for (const { columns, x: places } of trace.detail ? [trace, trace.detail] : [trace]) {
			const after = lowerBound(places, x + by, 0, columns.length);
			const index = by > 0 ? Math.min(after, columns.length - 1) : Math.max(0, after - 1);
			const place = places[index];
			if (place === undefined || columns.length === 0) continue;
			if (by > 0 ? place <= x : place >= x) continue;
			if (!best || (by > 0 ? place < best.x : place > best.x)) {
				best = { x: place, step: columns.steps[index] };
			}
		}
	}
	return best?.step;
}

function closest(column: Float64Array, value: number, length: number, isOrdered: boolean): number {
	const away = (i: number) => Math.abs((column[i] ?? 0) - value);
	if (isOrdered) {
		const index = Math.min(length - 1, lowerBound(column, value, 0, length));
		return index > 0 && away(index - 1) <= away(index) ? index - 1 : index;
	}
	let index = 0;
	for (let i = 1; i < length; i++) if (away(i) < away(index)) index = i;
	return index;
}

/** The trace's entries in `range` and one on either side, detail before overview. */
function visibleParts(trace: Trace, range: Range): Part[] {
	const { detail } = trace;
	const covers =
		detail &&
		detail.columns.length > 0 &&
		detail.range.max > range.min &&
		detail.range.min < range.max;
	if (!covers) return [part(trace, range.min, range.max)];
	return [
		part(trace, range.min, detail.range.min, 1, 0),
		part(detail, range.min, range.max),
		part(trace, detail.range.max, range.max, 0, 1),
	];
}

function part(placed: Placed, min: number, max: number, before = 1, after = 1): Part {
	const { length, isOrdered } = placed.columns;
	if (!isOrdered) return { ...placed, from: 0, to: length };
	const from = lowerBound(placed.x, min, 0, length);
	const to = lowerBound(placed.x, max, from, length);
	return {
		...placed,
		from: Math.max(0, from - before),
		to: max > min ? Math.min(length, to + after) : from,
	};
}

const MARK_GAP = 6;

function noteAt(marks: number[], px: number): void {
	const last = marks.at(-1);
	if (last === undefined || Math.abs(px - last) >= MARK_GAP) marks.push(px);
}
