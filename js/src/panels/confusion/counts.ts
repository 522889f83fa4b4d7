// A confusion matrix in the page: its cells that are not 0, sums of all of them, and what follows. It may
// have a million cells: loops over them make nothing for each.
import type { ConfusionSent } from "../../protocol/index.gen";
import { inflateParts } from "../../session/buffers";
import { type Span, whole } from "./window";

/** One matrix. Rows are targets, columns predictions. */
export interface Counts {
	readonly step: number;
	readonly size: number;
	readonly names: readonly string[];
	/** Row × size + column of each cell, rising. */
	readonly places: Uint32Array;
	readonly values: Float64Array;
	/** Of all cells, also of those that were not sent. */
	readonly rows: Float64Array;
	readonly columns: Float64Array;
	readonly diagonal: Float64Array;
	readonly total: number;
	readonly omitted: number;
	readonly leftOut: number;
}

/** What a cell is a share of; a count as it is. */
export type Scale = "count" | "row" | "column" | "all";

/** How one class does; NaN where there is nothing to divide by. */
export interface ClassScore {
	readonly index: number;
	readonly name: string;
	readonly samples: number;
	/** Of its samples, the share that was found: its accuracy. */
	readonly recall: number;
	/** Of what was predicted to be it, the share that is. */
	readonly precision: number;
	readonly f1: number;
}

/** Reads the numbers of an answer, which lie as `ConfusionSent` says. */
export async function readCounts(
	{ step, size, names, cells, omitted, left_out, types }: Omit<ConfusionSent, "buffer">,
	bytes: DataView,
): Promise<Counts> {
	const [gapType = "uint8", valueType = "uint8", sumType = "uint8"] = types;
	const [gaps, values, sums] = await inflateParts(bytes, [
		[gapType, cells],
		[valueType, cells],
		[sumType, 3 * size],
	]);
	const places = new Uint32Array(gaps ?? []);
	for (let i = 1; i < cells; i += 1) places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
	const part = (number: number) =>
		new Float64Array(sums?.subarray(number * size, (number + 1) * size) ?? []);
	const rows = part(0);
	return {
		step,
		size,
		names,
		places,
		values: new Float64Array(values ?? []),
		rows,
		columns: part(1),
		diagonal: part(2),
		total: rows.reduce((sum, value) => sum + value, 0),
		omitted,
		leftOut: left_out,
	};
}

export function nameOf({ names }: Counts, index: number): string {
	return names[index] ?? String(index);
}

/** The value of a cell; 0 where there is none. */
export function valueAt({ places, values, size }: Counts, row: number, column: number): number {
	const wanted = row * size + column;
	const at = firstFrom(places, wanted);
	return places[at] === wanted ? (values[at] ?? 0) : 0;
}

/** A value as the share that it is; 0 of nothing. */
export function scaled(
	{ rows, columns, total }: Counts,
	scale: Scale,
	row: number,
	column: number,
	value: number,
): number {
	if (scale === "count") return value;
	const whole =
		scale === "row" ? (rows[row] ?? 0) : scale === "column" ? (columns[column] ?? 0) : total;
	return whole > 0 ? value / whole : 0;
}

/** What is drawn: cells with the value that decides their colour. */
export interface Cells {
	readonly size: number;
	readonly places: Uint32Array;
	readonly values: Float64Array;
	/** The largest magnitude. */
	readonly limit: number;
	/** There are values below 0. */
	readonly isDifference: boolean;
}

/** The cells of a matrix, or how they differ from those of another one of as many classes. */
export function cellsOf(counts: Counts, scale: Scale, other?: Counts): Cells {
	const { size } = counts;
	if (!other) {
		const values = share(counts, scale);
		return { size, places: counts.places, values, limit: largest(values), isDifference: false };
	}
	const [a, b] = [share(counts, scale), share(other, scale)];
	const places = new Uint32Array(a.length + b.length);
	const values = new Float64Array(a.length + b.length);
	let length = 0;
	let i = 0;
	let j = 0;
	while (i < a.length || j < b.length) {
		const p = counts.places[i] ?? Number.POSITIVE_INFINITY;
		const q = other.places[j] ?? Number.POSITIVE_INFINITY;
		const place = Math.min(p, q);
		let value = 0;
		if (p === place) {
			value += a[i] ?? 0;
			i += 1;
		}
		if (q === place) {
			value -= b[j] ?? 0;
			j += 1;
		}
		if (value === 0) continue;
		places[length] = place;
		values[length] = value;
		length += 1;
	}
	const difference = values.subarray(0, length);
	return {
		size,
		places: places.subarray(0, length),
		values: difference,
		limit: largest(difference),
		isDifference: true,
	};
}

/** Calls `visit` with each cell in a square of classes, and where in the square it is. */
export function visitCells(
	{ size, places, values }: Pick<Cells, "size" | "places" | "values">,
	{ row, column, count }: Span,
	visit: (y: number, x: number, value: number, at: number) => void,
): void {
	let at = 0;
	for (let y = 0; y < count; y += 1) {
		const first = (row + y) * size + column;
		if ((places[at] ?? first) < first) at = firstFrom(places, first, at);
		for (; at < places.length; at += 1) {
			const x = (places[at] ?? 0) - first;
			if (x >= count) break;
			visit(y, x, values[at] ?? 0, at);
		}
	}
}

/** The first of rising places, from one on, that is not before another. */
function firstFrom(places: Uint32Array, wanted: number, from = 0): number {
	let [low, high] = [from, places.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((places[middle] ?? 0) < wanted) low = middle + 1;
		else high = middle;
	}
	return low;
}

function share(counts: Counts, scale: Scale): Float64Array {
	if (scale === "count") return counts.values;
	const shares = new Float64Array(counts.values.length);
	visitCells(counts, whole(counts.size), (row, column, value, at) => {
		shares[at] = scaled(counts, scale, row, column, value);
	});
	return shares;
}

function largest(values: Float64Array): number {
	let most = 0;
	for (const value of values) most = Math.max(most, Math.abs(value));
	return most;
}

/** The share of all samples that lies on the diagonal. */
export function accuracy({ diagonal, total }: Counts): number {
	return total > 0 ? diagonal.reduce((sum, value) => sum + value, 0) / total : Number.NaN;
}

export function classScores(counts: Counts): ClassScore[] {
	const { size, rows, columns, diagonal } = counts;
	return Array.from({ length: size }, (_, index) => {
		const [samples = 0, predicted = 0, hits = 0] = [rows[index], columns[index], diagonal[index]];
		return {
			index,
			name: nameOf(counts, index),
			samples,
			recall: samples > 0 ? hits / samples : Number.NaN,
			precision: predicted > 0 ? hits / predicted : Number.NaN,
			f1: samples + predicted > 0 ? (2 * hits) / (samples + predicted) : Number.NaN,
		};
	});
}
