// Between steps and seconds, by the samples of a run: neither ever falls.
import type { SeriesData } from "../../charts/lines/series-data";

/** Place of the last entry at or before a value of a rising column; 0 before the first. */
export function placeOf(column: Float64Array, length: number, value: number): number {
	let low = 0;
	let high = length;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((column[middle] ?? 0) <= value) low = middle;
		else high = middle;
	}
	return low;
}

/** The newest step when it was `seconds` after the run's start. */
export function stepAt(series: SeriesData, seconds: number): number | undefined {
	return series.steps[placeOf(series.wallTimes, series.length, seconds)];
}

/** When a step was done, in seconds since the run's start; undefined beyond the samples. */
export function timeOf(series: SeriesData, step: number): number | undefined {
	if (series.length === 0) return undefined;
	const at = placeOf(series.steps, series.length, step);
	const [low, high] = [series.steps[at] ?? 0, series.steps[at + 1]];
	const start = series.wallTimes[at] ?? 0;
	if (high === undefined || at + 1 >= series.length || high <= low) return start;
	const end = series.wallTimes[at + 1] ?? start;
	return start + ((step - low) / (high - low)) * (end - start);
}
