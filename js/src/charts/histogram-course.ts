// Histograms over the steps, as columns of colour: values upwards, steps to the right. Each column
// keeps its own bins; a colour is the share of values in a unit of the range, so that bins of other
// widths compare.

/** What is known of a histogram beside its counts. */
export interface HistogramInfo {
	readonly step: number;
	readonly bins: number;
	readonly count: number;
	readonly nonfinite: number;
	/** How many values were counted where that is a sample, else 0. */
	readonly sampled: number;
	readonly minimum: number | null;
	readonly maximum: number | null;
	readonly mean: number | null;
	readonly std: number | null;
}

export interface HistogramColumn extends HistogramInfo {
	readonly counts: Float64Array;
	/** One more than counts, rising. */
	readonly edges: Float64Array;
}

const MOST_COLUMNS = 200;
const OWN_PEAK = 0.12; // power of a column's peak by which columns differ in strength

/** Takes columns from a buffer: for each histogram its counts (`bins`), then its edges (`bins + 1`). */
export function readColumns(
	infos: readonly HistogramInfo[],
	numbers: Float64Array,
): HistogramColumn[] {
	let offset = 0;
	return infos.map((info) => {
		const counts = numbers.subarray(offset, offset + info.bins);
		const edges = numbers.subarray(offset + info.bins, offset + 2 * info.bins + 1);
		offset += 2 * info.bins + 1;
		return { ...info, counts, edges };
	});
}

/** The columns held with newer ones behind them; where they are many, those that lie nearest go. */
export function mergeColumns(
	held: readonly HistogramColumn[],
	newer: readonly HistogramColumn[],
): HistogramColumn[] {
	const first = newer[0]?.step ?? Number.POSITIVE_INFINITY;
	const merged = [...held.filter(({ step }) => step < first), ...newer];
	while (merged.length > MOST_COLUMNS) {
		let nearest = 1;
		let gap = Number.POSITIVE_INFINITY;
		for (let i = 1; i < merged.length - 1; i += 1) {
			const around = (merged[i + 1]?.step ?? 0) - (merged[i - 1]?.step ?? 0);
			if (around < gap) [nearest, gap] = [i, around];
		}
		merged.splice(nearest, 1);
	}
	return merged;
}

/** The values that columns span together; a range of 1 where there are none. */
export function valueRange(columns: readonly HistogramColumn[]): { min: number; max: number } {
	let min = Number.POSITIVE_INFINITY;
	let max = Number.NEGATIVE_INFINITY;
	for (const { counts, edges } of columns) {
		const first = counts.findIndex((count) => count > 0);
		if (first < 0) continue;
		let last = counts.length - 1;
		while (counts[last] === 0) last -= 1;
		min = Math.min(min, edges[first] ?? 0);
		max = Math.max(max, edges[last + 1] ?? 0);
	}
	return min < max ? { min, max } : { min: 0, max: 1 };
}

/** The bin that holds a value; -1 outside. */
export function binAt({ counts, edges }: HistogramColumn, value: number): number {
	if (!(value >= (edges[0] ?? 0)) || value > (edges[counts.length] ?? 0)) return -1;
	let low = 0;
	let high = counts.length;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((edges[middle] ?? 0) <= value) low = middle;
		else high = middle;
	}
	return low;
}

/**
 * How strongly each bin of each column is coloured, 0 to 1. Square roots lift what is beside a peak,
 * and mostly a column's own peak counts: one narrow column must not pale all that are wider.
 */
export function shadesOf(
	columns: readonly HistogramColumn[],
	range: number,
	isLog = false,
): number[][] {
	const densities = columns.map((column) =>
		Array.from(column.counts, (count, bin) =>
			isLog ? Math.log1p(count) ** 2 : density(column, bin, range),
		),
	);
	const peaks = densities.map((of) => Math.max(0, ...of));
	const highest = Math.max(0, ...peaks);
	return densities.map((of, i) => {
		const peak = peaks[i] ?? 0;
		if (peak === 0) return of;
		const strength = (peak / highest) ** OWN_PEAK;
		return of.map((value) => strength * Math.sqrt(value / peak));
	});
}

/** The share of a column's values in a bin, for each unit of `range`. */
export function density(column: HistogramColumn, bin: number, range: number): number {
	const width = (column.edges[bin + 1] ?? 0) - (column.edges[bin] ?? 0);
	const total = column.count;
	return total > 0 && width > 0 ? ((column.counts[bin] ?? 0) / total) * (range / width) : 0;
}
