// Numbers of histograms over the steps: how many values lie below one, and how high a bin is drawn.
import { density, type HistogramColumn } from "../../charts/histogram-course";

/** One run's histograms of a tag. */
export interface Course {
	/** Empty where there is no other. */
	readonly name: string;
	readonly color: string;
	/** By rising steps; at least one. */
	readonly columns: readonly HistogramColumn[];
}

/** Of a normal distribution: the ends, the mean, and what is half, one and one and a half deviations from it. */
export const SHARES = [0, 0.0668, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.9332, 1] as const;

const USUAL = 0.75; // share of the ridges that are no higher

/** The value below which a share of all values lies; even within a bin. NaN where there are none. */
export function quantile({ counts, edges }: HistogramColumn, share: number): number {
	const total = counts.reduce((sum, count) => sum + count, 0);
	if (!(total > 0)) return Number.NaN;
	const wanted = share * total;
	let below = 0;
	let last = Number.NaN;
	for (const [bin, count] of counts.entries()) {
		if (!(count > 0)) continue;
		const [low = 0, high = 0] = edges.subarray(bin, bin + 2);
		if (below + count >= wanted) return low + ((high - low) * Math.max(0, wanted - below)) / count;
		below += count;
		last = high;
	}
	return last;
}

/** How high each bin of a column is drawn: its density, or the logarithm of its count. */
export function heights(column: HistogramColumn, range: number, isLog: boolean): number[] {
	return Array.from(column.counts, (count, bin) =>
		isLog ? Math.log1p(count) : density(column, bin, range),
	);
}

/** The height that has all the room; of a few ridges that are much higher than the others the tops are cut. */
export function highestDrawn(peaks: readonly number[]): number {
	const rising = [...peaks].sort((a, b) => a - b);
	const usual = rising[Math.floor((rising.length - 1) * USUAL)] ?? 0;
	return Math.min(rising.at(-1) ?? 0, 2 * usual) || 1;
}

/** At most `most` of the columns, evenly by step; the first, the last and the shown one among them. */
export function chosen(
	columns: readonly HistogramColumn[],
	most: number,
	shown: number,
): HistogramColumn[] {
	if (columns.length <= most) return [...columns];
	const places = new Set<number>([Math.max(0, shown)]);
	for (let i = 0; i < most; i += 1) places.add(Math.round((i * (columns.length - 1)) / (most - 1)));
	return [...places].sort((a, b) => a - b).flatMap((place) => columns[place] ?? []);
}
