// Quartiles of values, and what lies far outside of them, as Tukey draws them.

export interface Quartiles {
	readonly lowest: number;
	readonly highest: number;
	/** Of the whiskers: the last values within 1.5 times the box. */
	readonly from: number;
	readonly to: number;
	readonly lower: number;
	readonly median: number;
	readonly upper: number;
	readonly outside: readonly number[];
}

const REACH = 1.5;

export function boxOf(values: Float64Array): Quartiles {
	const sorted = values.filter(Number.isFinite).sort();
	if (sorted.length === 0) {
		const none = Number.NaN;
		return {
			...{ lowest: Infinity, highest: -Infinity, from: none, to: none },
			...{ lower: none, median: none, upper: none, outside: [] },
		};
	}
	const [lower, median, upper] = [
		quantile(sorted, 0.25),
		quantile(sorted, 0.5),
		quantile(sorted, 0.75),
	];
	const reach = REACH * (upper - lower);
	const within = sorted.filter((value) => value >= lower - reach && value <= upper + reach);
	return {
		lowest: sorted[0] ?? 0,
		highest: sorted.at(-1) ?? 0,
		from: within[0] ?? lower,
		to: within.at(-1) ?? upper,
		lower,
		median,
		upper,
		outside: [...sorted].filter((value) => value < lower - reach || value > upper + reach),
	};
}

/** Between the two values that a share lies between, as plotly's "linear" method has it. */
function quantile(sorted: Float64Array, share: number): number {
	const place = Math.max(0, Math.min(sorted.length - 1, share * sorted.length - 0.5));
	const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
	return low + (high - low) * (place - Math.floor(place));
}
