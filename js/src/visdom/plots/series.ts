// Plotly's traces of the plane as what is drawn: points and lines, bars, boxes, heatmaps, contours.
import type { Range } from "../../charts/lines/axis";
import {
	field,
	type Grid,
	isGrid,
	type Layout,
	numberOr,
	numbersOf,
	type Trace,
	textOr,
	textsOf,
} from "../spec";
import { boxOf, type Quartiles } from "./boxes";

export interface PointSeries {
	readonly kind: "points";
	readonly name: string;
	readonly x: Float64Array;
	readonly y: Float64Array;
	readonly texts: readonly string[];
	readonly hasLine: boolean;
	readonly hasMarkers: boolean;
	readonly hasTexts: boolean;
	readonly colour: string | undefined;
	readonly dash: string;
	readonly width: number;
	readonly fill: string;
	readonly symbol: string;
	readonly size: number;
	/** One for all, or one for each point. */
	readonly colours: readonly string[];
	readonly border: number;
	readonly opacity: number;
	readonly isSecond: boolean;
}

export interface BarSeries {
	readonly kind: "bars";
	readonly name: string;
	readonly x: Float64Array;
	readonly y: Float64Array;
	/** Where each begins: what it is stacked on. */
	readonly base: Float64Array;
	readonly colour: string | undefined;
	/** Of the space between two places: where it begins and ends. */
	readonly from: number;
	readonly to: number;
	/** Between two places. */
	readonly step: number;
	readonly isSecond: false;
}

export interface BoxSeries {
	readonly kind: "box";
	readonly name: string;
	readonly at: number;
	readonly box: Quartiles;
	readonly colour: string | undefined;
	readonly isSecond: false;
}

export interface GridSeries {
	readonly kind: "grid";
	readonly isContour: boolean;
	readonly name: string;
	readonly grid: Grid;
	readonly low: number;
	readonly high: number;
	readonly scale: unknown;
	/** Of what is not a number; "" for none. */
	readonly missing: string;
	readonly isSecond: false;
}

export type Series = PointSeries | BarSeries | BoxSeries | GridSeries;

export interface PlaneModel {
	readonly series: readonly Series[];
	readonly xNames: readonly string[];
	readonly yNames: readonly string[];
	readonly x: Range;
	readonly y: Range;
	readonly second: Range | undefined;
	readonly isLogX: boolean;
	readonly isLogY: boolean;
	/** Cells reach to the edges. */
	readonly isTight: boolean;
	readonly hasZero: boolean;
}

export const PLANE_KINDS: readonly string[] = [
	...["scatter", "scattergl", "custom", "bar", "box", "histogram", "heatmap", "contour", "mesh"],
];

/** What a plot in the plane draws; `hidden` are places of traces that the reader has hidden. */
export function planeModel(
	traces: readonly Trace[],
	layout: Layout,
	hidden: ReadonlySet<number> = new Set(),
): PlaneModel {
	const xNames = namesOf(traces, "x");
	const yNames = namesOf(traces, "y");
	const boxes = traces.filter((trace) => trace.type === "box");
	const names = boxes.length > 0 ? boxes.map((trace) => textOr(trace.name, "")) : xNames;
	const shown = traces
		.map((trace, place) => ({ trace, place }))
		.filter((t) => !hidden.has(t.place));
	const bars = shown.filter(({ trace }) => trace.type === "bar" || trace.type === "histogram");
	const stack = new Map<number, number>();
	const isStacked = layout.barmode === "stack" || layout.barmode === "relative";
	const series = shown.map(({ trace, place }): Series => {
		switch (trace.type) {
			case "bar":
			case "histogram": {
				const which = bars.findIndex((bar) => bar.place === place);
				return barsOf(trace, xNames, { which, of: bars.length, stack, isStacked });
			}
			case "box":
				return {
					kind: "box",
					name: textOr(trace.name, ""),
					at: boxes.indexOf(trace),
					box: boxOf(numbersOf(trace.y)),
					colour: colourOf(trace),
					isSecond: false,
				};
			case "heatmap":
			case "contour":
				return gridOf(trace);
			case "mesh":
				return edgesOf(trace);
			default:
				return pointsOf(trace, xNames, yNames);
		}
	});
	const first = series.filter((one) => !one.isSecond);
	const seconds = series.filter((one) => one.isSecond);
	const isLogX = field(layout.xaxis, "type") === "log";
	const isLogY = field(layout.yaxis, "type") === "log";
	return {
		series,
		xNames: names,
		yNames,
		x: extent(series.map(xExtent), isLogX, series, "x"),
		y: extent(first.map(yExtent), isLogY, first, "y"),
		second: seconds.length > 0 ? extent(seconds.map(yExtent), false, seconds, "y") : undefined,
		isLogX,
		isLogY,
		isTight: series.some((one) => one.kind === "grid"),
		hasZero: series.some((one) => one.kind === "bars"),
	};
}

/** The names of categories of all traces on an axis, in the order in which they come. */
function namesOf(traces: readonly Trace[], axis: "x" | "y"): string[] {
	const named = traces.filter((trace) => Array.isArray(trace[axis]));
	return [...new Set(named.flatMap((trace) => textsOf(trace[axis])))];
}

function placesOf(values: unknown, names: readonly string[], count: number): Float64Array {
	if (Array.isArray(values)) return Float64Array.from(values, (one) => names.indexOf(String(one)));
	if (values instanceof Float64Array) return values;
	return Float64Array.from({ length: count }, (_, i) => i);
}

function pointsOf(trace: Trace, xNames: readonly string[], yNames: readonly string[]): PointSeries {
	const count = Math.max(lengthOf(trace.x), lengthOf(trace.y));
	const mode = textOr(trace.mode, count > 20 ? "lines" : "lines+markers");
	const colours = field(trace.marker, "color");
	const list = Array.isArray(colours) ? colours.map(String) : [];
	return {
		kind: "points",
		name: textOr(trace.name, ""),
		x: placesOf(trace.x, xNames, count),
		y: placesOf(trace.y, yNames, count),
		texts: textsOf(trace.text),
		hasLine: mode.includes("lines"),
		hasMarkers: mode.includes("markers"),
		hasTexts: mode.includes("text"),
		colour: colourOf(trace),
		dash: textOr(field(trace.line, "dash"), "solid"),
		width: numberOr(field(trace.line, "width"), 1.8),
		fill: textOr(trace.fill, ""),
		symbol: String(field(trace.marker, "symbol") ?? "circle"),
		size: numberOr(Number(field(trace.marker, "size")), 6),
		colours: list.length > 0 ? list : typeof colours === "string" ? [colours] : [],
		border: numberOr(field(field(trace.marker, "line"), "width"), 0),
		opacity: numberOr(trace.opacity, 1),
		isSecond: trace.yaxis === "y2",
	};
}

/** A mesh in the plane: the edges between its vertices. */
function edgesOf(trace: Trace): PointSeries {
	const [x, y] = [numbersOf(trace.x), numbersOf(trace.y)];
	const [from, to] = [numbersOf(trace.i), numbersOf(trace.j)];
	const along = (values: Float64Array) =>
		Float64Array.from([...from].flatMap((a, n) => [values[a], values[to[n] ?? 0], Number.NaN]));
	const hasEdges = from.length > 0;
	return {
		...pointsOf({ ...trace, mode: hasEdges ? "lines" : "markers" }, [], []),
		x: hasEdges ? along(x) : x,
		y: hasEdges ? along(y) : y,
		colour: textOr(trace.color, "") || undefined,
	};
}

interface Beside {
	readonly which: number;
	readonly of: number;
	readonly stack: Map<number, number>;
	readonly isStacked: boolean;
}

const BARS = 0.8; // of the space between two places

function barsOf(trace: Trace, names: readonly string[], beside: Beside): BarSeries {
	const [x, y] =
		trace.type === "histogram"
			? counted(numbersOf(trace.x))
			: [placesOf(trace.x, names, lengthOf(trace.y)), numbersOf(trace.y)];
	const base = new Float64Array(y.length);
	if (beside.isStacked) {
		for (let i = 0; i < y.length; i += 1) {
			const at = x[i] ?? 0;
			base[i] = beside.stack.get(at) ?? 0;
			beside.stack.set(at, (base[i] ?? 0) + (y[i] ?? 0));
		}
	}
	const share = beside.isStacked ? 1 : 1 / Math.max(1, beside.of);
	const left = (1 - BARS) / 2 + (beside.isStacked ? 0 : BARS * share * beside.which);
	return {
		kind: "bars",
		name: textOr(trace.name, ""),
		x,
		y,
		base,
		colour: colourOf(trace),
		from: left - 0.5,
		to: left + BARS * share - 0.5,
		step: leastStep(x),
		isSecond: false,
	};
}

const HISTOGRAM_BINS = 30;

function counted(values: Float64Array): [Float64Array, Float64Array] {
	const known = values.filter(Number.isFinite);
	let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const value of known) [min, max] = [Math.min(min, value), Math.max(max, value)];
	if (known.length === 0) return [new Float64Array(0), new Float64Array(0)];
	const bins = Math.max(1, Math.min(HISTOGRAM_BINS, known.length));
	const width = (max - min || 1) / bins;
	const counts = new Float64Array(bins);
	for (const value of known) {
		const at = Math.min(bins - 1, Math.floor((value - min) / width));
		counts[at] = (counts[at] ?? 0) + 1;
	}
	return [Float64Array.from(counts, (_, i) => min + (i + 0.5) * width), counts];
}

function leastStep(x: Float64Array): number {
	const sorted = [...x].sort((a, b) => a - b);
	let least = Number.POSITIVE_INFINITY;
	for (let i = 1; i < sorted.length; i += 1) {
		const step = (sorted[i] ?? 0) - (sorted[i - 1] ?? 0);
		if (step > 0) least = Math.min(least, step);
	}
	return Number.isFinite(least) ? least : 1;
}

function gridOf(trace: Trace): GridSeries {
	const grid = isGrid(trace.z) ? trace.z : { rows: 0, columns: 0, values: new Float32Array(0) };
	let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const value of grid.values) {
		if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
	}
	return {
		kind: "grid",
		isContour: trace.type === "contour",
		name: textOr(trace.name, ""),
		grid,
		low: numberOr(trace.zmin ?? trace.cmin, low),
		high: numberOr(trace.zmax ?? trace.cmax, high),
		scale: trace.colorscale,
		missing: textOr(trace.nancolor, ""),
		isSecond: false,
	};
}

function colourOf(trace: Trace): string | undefined {
	const own = field(trace.line, "color") ?? field(trace.marker, "color");
	return typeof own === "string" ? own : undefined;
}

function lengthOf(values: unknown): number {
	return values instanceof Float64Array || Array.isArray(values) ? values.length : 0;
}

function xExtent(one: Series): Range {
	switch (one.kind) {
		case "points":
			return ends(one.x);
		case "bars": {
			const { min, max } = ends(one.x);
			return { min: min - one.step * 0.5, max: max + one.step * 0.5 };
		}
		case "box":
			return { min: one.at - 0.5, max: one.at + 0.5 };
		case "grid": {
			const out = one.isContour ? 0 : 0.5;
			return { min: -out, max: one.grid.columns - 1 + out };
		}
	}
}

function yExtent(one: Series): Range {
	switch (one.kind) {
		case "points":
			return ends(one.y);
		case "bars": {
			const tops = one.y.map((value, i) => value + (one.base[i] ?? 0));
			const [a, b] = [ends(tops), ends(one.base)];
			return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
		}
		case "box":
			return { min: one.box.lowest, max: one.box.highest };
		case "grid": {
			const out = one.isContour ? 0 : 0.5;
			return { min: -out, max: one.grid.rows - 1 + out };
		}
	}
}

function ends(values: Float64Array): Range {
	let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const value of values) {
		if (value < min && Number.isFinite(value)) min = value;
		if (value > max && Number.isFinite(value)) max = value;
	}
	return { min, max };
}

/** Of a log axis only what is above 0 has a place. */
function extent(
	ranges: readonly Range[],
	isLog: boolean,
	series: readonly Series[],
	axis: "x" | "y",
): Range {
	const max = Math.max(...ranges.map((range) => range.max), Number.NEGATIVE_INFINITY);
	if (!isLog) return { min: Math.min(...ranges.map((range) => range.min), Infinity), max };
	let min = Number.POSITIVE_INFINITY;
	for (const one of series) {
		if (one.kind !== "points" && one.kind !== "bars") continue;
		for (const value of one[axis]) if (value > 0 && value < min) min = value;
	}
	return { min, max };
}
