// A confusion matrix in the page: its cells that are not 0, sums of all of them, and what follows.
import type { ConfusionSent } from "../../protocol/index.gen";

/** One matrix. Rows are targets, columns predictions. */
export interface Counts {
	readonly step: number;
	readonly size: number;
	readonly names: readonly string[];
	/** Row × size + column of each cell, rising. */
	readonly places: Float64Array;
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

type Sent = Pick<ConfusionSent, "step" | "size" | "names" | "cells" | "omitted" | "left_out">;

/** Reads the numbers of an answer, which lie as `ConfusionSent` says. */
export function readCounts(
	{ step, size, names, cells, omitted, left_out }: Sent,
	numbers: Float64Array,
): Counts {
	const places = numbers.slice(0, cells);
	for (let i = 1; i < cells; i += 1) places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
	const part = (number: number) =>
		numbers.subarray(2 * cells + number * size, 2 * cells + (number + 1) * size);
	const rows = part(0);
	return {
		step,
		size,
		names,
		places,
		values: numbers.subarray(cells, 2 * cells),
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
	let [low, high] = [0, places.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((places[middle] ?? 0) < wanted) low = middle + 1;
		else high = middle;
	}
	return places[low] === wanted ? (values[low] ?? 0) : 0;
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
	readonly places: Float64Array;
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
	const places: number[] = [];
	const values: number[] = [];
	let [i, j] = [0, 0];
	while (i < a.length || j < b.length) {
		const [p, q] = [
			counts.places[i] ?? Number.POSITIVE_INFINITY,
			other.places[j] ?? Number.POSITIVE_INFINITY,
		];
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
		places.push(place);
		values.push(value);
	}
	const difference = Float64Array.from(values);
	return {
		size,
		places: Float64Array.from(places),
		values: difference,
		limit: largest(difference),
		isDifference: true,
	};
}

function share(counts: Counts, scale: Scale): Float64Array {
	const { places, values, size } = counts;
	return values.map((value, i) => {
		const place = places[i] ?? 0;
		return scaled(counts, scale, Math.floor(place / size), place % size, value);
	});
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
