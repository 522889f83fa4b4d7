// Smoothing: the debiased exponential moving average that TensorBoard draws.
import type { Columns } from "./lines/series-data";

/** Points of a series that TensorBoard keeps, and so the density at which its weights are felt. */
const TENSORBOARD_POINTS = 1000;

/**
 * Smooths the means of `columns`, one result an entry, with `weight` from 0 (none) to below 1.
 *
 * For a chart's densest series, of up to 1,000 points, this is TensorBoard's formula: `last = last *
 * weight + value * (1 - weight)`, divided by `1 - weight ** n`. All series of a chart are smoothed
 * over the same share of its width: a longer one by less a point, a bucket as the points it holds,
 * and twelve validations beside thousands of steps hardly at all, where TensorBoard would draw them
 * far from their values. Entries without a finite value are NaN and leave the average as it is.
 *
 * @param points How many points the chart's densest series has.
 * @param into Taken for the result where it is large enough.
 */
export function smooth(
	columns: Columns,
	weight: number,
	points: number,
	into?: Float64Array,
): Float64Array {
	const { length, mean, count } = columns;
	const result = into && into.length >= length ? into : new Float64Array(room(length));
	let own = 0;
	for (let i = 0; i < length; i++) own += count[i] ?? 0;
	const share = Math.min(TENSORBOARD_POINTS, points) / Math.max(1, own);
	let pointsOfKeep = 0;
	let keep = 0;
	let last = 0;
	let bias = 1;
	for (let i = 0; i < length; i++) {
		const value = mean[i] ?? Number.NaN;
		if (Number.isNaN(value)) {
			result[i] = Number.NaN;
			continue;
		}
		const inBucket = count[i] ?? 1;
		if (inBucket !== pointsOfKeep) {
			pointsOfKeep = inBucket;
			keep = weight ** (inBucket * share);
		}
		last = last * keep + value * (1 - keep);
		bias *= keep;
		result[i] = last / (1 - bias);
	}
	return result;
}

/** Room to grow, so that a live series does not ask for a new array at each point. */
function room(length: number): number {
	return 2 ** Math.ceil(Math.log2(Math.max(256, length)));
}
