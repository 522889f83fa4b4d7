// What a chart says in words and numbers: the values under the crosshair, and a summary.
import { formatCount, formatNumber } from "../ui/format";
import type { Range } from "./lines/axis";
import { nearest, type Trace } from "./lines/trace";

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
	readonly min: number;
	readonly max: number;
	readonly count: number;
	readonly nan: number;
}

/** Shares of the x range by which a trace is read past its ends. */
const REACH = 0.02;

/** Reads every trace at `x`; traces that do not reach that far are left out. */
export function readAt(traces: readonly Trace[], x: number, range: Range): Reading[] {
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
		const count = at(columns.count);
		const mean = at(columns.mean);
		const overview = trace.smoothed && nearest({ ...trace, detail: undefined }, x);
		readings.push({
			key: trace.key,
			name: trace.name,
			color: trace.color,
			isDashed: trace.isDashed,
			x: at(found.x),
			step: at(columns.steps),
			wallTime: at(columns.wallTimes),
			value: Number.isNaN(mean) ? at(columns.max) : mean,
			smoothed: overview && trace.smoothed?.[overview.index],
			min: at(columns.min),
			max: at(columns.max),
			count,
			nan: at(columns.nan),
		});
	}
	return readings;
}

/** What a bucket holds beyond its mean: "0.21 – 0.34 over 12 points, 2 NaN"; empty for one point. */
export function spread({ min, max, count, nan }: Reading): string {
	if (count <= 1) return "";
	const values = `${formatNumber(min, 3)} – ${formatNumber(max, 3)}`;
	const lost = nan > 0 ? `, ${formatCount(nan)} NaN` : "";
	return `${values} over ${formatCount(count)} points${lost}`;
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
