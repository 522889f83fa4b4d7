// What a chart says in words and numbers: the values under the crosshair, and a summary.
import { formatCount, formatNumber } from "../ui/format";
import type { Range } from "./lines/axis";
import { nearest, type Placed, type Trace } from "./lines/trace";

/** The entry of a trace under the crosshair. */
export interface Reading {
	readonly key: string;
	readonly name: string;
	readonly color: string;
	readonly isDashed: boolean;
	readonly x: number;
	readonly step: number;
	/** Seconds since the run started. */
	readonly wallTime: number;
	/** The value, or the mean of a bucket; NaN and infinities as they were logged. */
	readonly value: number;
	readonly smoothed: number | undefined;
	/** Of all points that share a pixel of the page with the entry, as what follows. */
	readonly min: number;
	readonly max: number;
	readonly count: number;
	readonly nan: number;
	/** Which of the extremes lies further from the value, and its step. */
	readonly extreme: Extreme | undefined;
}

export interface Extreme {
	readonly value: number;
	readonly step: number;
	/** False where the page knows only in which bucket it lies, whose first step it is. */
	readonly isExact: boolean;
	/** The last step that the bucket may have. */
	readonly last: number;
}

/** Shares of the x range by which a trace is read past its ends. */
const REACH = 0.02;

/**
 * Reads every trace at `x`; traces that do not reach that far are left out. A pixel of the page is
 * `pixel` wide on the x axis.
 */
export function readAt(
	traces: readonly Trace[],
	x: number,
	range: Range,
	pixel: number,
): Reading[] {
	const reach = REACH * (range.max - range.min);
	const readings: Reading[] = [];
	for (const trace of traces) {
		const { length } = trace.columns;
		const [first, last] = [trace.x[0] ?? Number.NaN, trace.x[length - 1] ?? Number.NaN];
		if (trace.columns.isOrdered && !(x >= first - reach && x <= last + reach)) continue;
		const found = nearest(trace, x);
		if (!found) continue;
		const { columns, index } = found;
		const at = (column: Float64Array) => column[index] ?? Number.NaN;
		const mean = at(columns.mean);
		const value = Number.isNaN(mean) ? at(columns.max) : mean;
		const overview = trace.smoothed && nearest({ ...trace, detail: undefined }, x);
		readings.push({
			key: trace.key,
			name: trace.name,
			color: trace.color,
			isDashed: trace.isDashed,
			x: at(found.x),
			step: at(columns.steps),
			wallTime: at(columns.wallTimes),
			value,
			smoothed: overview && trace.smoothed?.[overview.index],
			...pooled(found, pixel, value),
		});
	}
	return readings;
}

/** What shares the pixel of an entry: extremes, and where the more remarkable one lies. */
function pooled(
	{ columns, x, index }: Placed & { index: number },
	pixel: number,
	value: number,
): Pick<Reading, "min" | "max" | "count" | "nan" | "extreme"> {
	const at = (column: Float64Array, i: number) => column[i] ?? Number.NaN;
	const middle = at(x, index);
	const isNear = (i: number) => Math.abs(at(x, i) - middle) < pixel / 2;
	let [from, to] = [index, index + 1];
	if (columns.isOrdered) {
		while (from > 0 && isNear(from - 1)) from -= 1;
		while (to < columns.length && isNear(to)) to += 1;
	}
	let [lowest, highest] = [index, index];
	let [count, nan] = [0, 0];
	for (let i = from; i < to; i++) {
		count += at(columns.count, i);
		nan += at(columns.nan, i);
		if (!(at(columns.min, i) >= at(columns.min, lowest))) lowest = i;
		if (!(at(columns.max, i) <= at(columns.max, highest))) highest = i;
	}
	const [min, max] = [at(columns.min, lowest), at(columns.max, highest)];
	const isMax = !(value - min > max - value);
	const place = isMax ? highest : lowest;
	const extreme =
		count > 1 && max > min
			? {
					value: isMax ? max : min,
					step: at(columns.steps, place),
					isExact: at(columns.count, place) === 1,
					last:
						place + 1 < columns.length
							? Math.max(at(columns.steps, place), at(columns.steps, place + 1) - 1)
							: Number.MAX_SAFE_INTEGER,
				}
			: undefined;
	return { min, max, count, nan, extreme };
}

/**
 * What a pixel holds beyond its mean: "0.21 – 40 over 12 points, 40 at step 17,321, 2 NaN"; empty
 * for one point.
 */
export function spread({ min, max, count, nan, extreme }: Reading): string {
	if (count <= 1) return "";
	const values = `${formatNumber(min, 3)} – ${formatNumber(max, 3)}`;
	const where = extreme
		? `, ${formatNumber(extreme.value, 3)} ${extreme.isExact ? "at" : "near"} step ${formatCount(extreme.step)}`
		: "";
	const lost = nan > 0 ? `, ${formatCount(nan)} NaN` : "";
	return `${values} over ${formatCount(count)} points${where}${lost}`;
}

/** A chart in a sentence, for those who do not see it. */
export function summarize(title: string, traces: readonly Trace[]): string {
	const parts = traces.map(({ name, columns }) => {
		const end = columns.length - 1;
		if (end < 0) return `${name}: no points yet`;
		let lowest = Number.POSITIVE_INFINITY;
		for (let i = 0; i <= end; i++) lowest = Math.min(lowest, columns.min[i] || lowest);
		const mean = columns.mean[end] ?? Number.NaN;
		const last = Number.isNaN(mean) ? (columns.max[end] ?? Number.NaN) : mean;
		const step = formatCount(columns.steps[end] ?? 0);
		return `${name}: last ${formatNumber(last)} at step ${step}, lowest ${formatNumber(lowest)}`;
	});
	return `Chart ${title}. ${parts.join(". ")}.`;
}
