// The x axis by step, epoch or time, and round numbers for both axes.
import type { Columns } from "./series-data";

export type XKind = "step" | "epoch" | "time";

export interface Range {
	readonly min: number;
	readonly max: number;
}

/** What is needed to turn steps into epochs. */
export interface Epochs {
	/** `starts[i]` is the step completed before epoch `i + 1`. */
	readonly starts: readonly number[];
	/** Steps of an epoch whose end is not known yet. */
	readonly usualSteps: number;
}

/** How many steps and epochs there will be, where that is known. */
export interface Totals {
	readonly total_steps: number | null;
	readonly total_epochs: number | null;
}

/** The epochs of a run; a last epoch is taken to be as long as the one before. */
export function epochsOf(starts: readonly number[], totals: Totals | undefined): Epochs {
	const [before, last] = [starts.at(-2), starts.at(-1)];
	if (before !== undefined && last !== undefined) return { starts, usualSteps: last - before };
	const { total_steps, total_epochs } = totals ?? {};
	return { starts, usualSteps: total_steps && total_epochs ? total_steps / total_epochs : 0 };
}

/** Epochs done after `step`, with the fraction of the current one: 1.5 is half of the second. */
export function epochAt(step: number, { starts, usualSteps }: Epochs): number {
	let low = 0;
	let high = starts.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((starts[middle] ?? 0) < step) low = middle + 1;
		else high = middle;
	}
	const index = Math.max(0, low - 1);
	const start = starts[index] ?? 0;
	const steps = (starts[index + 1] ?? start + usualSteps) - start;
	return index + (steps > 0 ? Math.min(1, Math.max(0, step - start) / steps) : 0);
}

/** The x value of each entry of `columns`; for epochs a new array, else the column itself. */
export function xColumn(kind: XKind, columns: Columns, epochs: Epochs): Float64Array {
	if (kind === "time") return columns.wallTimes;
	if (kind === "step" || epochs.starts.length === 0) return columns.steps;
	const { length, steps } = columns;
	const result = new Float64Array(length);
	for (let i = 0; i < length; i++) result[i] = epochAt(steps[i] ?? 0, epochs);
	return result;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_SPACINGS = [15, 30, ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE)].concat(
	[1, 2, 3, 6, 12].map((n) => n * HOUR),
	[1, 2, 5, 10, 20, 50].map((n) => n * DAY),
);

/** Round x positions from `min` to `max`, about `wanted` of them. */
export function xTicks(kind: XKind, { min, max }: Range, wanted: number): number[] {
	const rough = (max - min) / Math.max(1, wanted);
	const least = kind === "step" ? 1 : 0;
	if (kind === "time" && rough > 10) {
		const spacing = TIME_SPACINGS.find((candidate) => candidate >= rough);
		if (spacing) return multiples(spacing, min, max);
	}
	return multiples(Math.max(least, roundUp(rough)), min, max);
}

/** Round values from `min` to `max`; on a log scale powers of ten, with 2 and 5 where there is room. */
export function yTicks({ min, max }: Range, wanted: number, isLog: boolean): number[] {
	if (isLog) {
		const decades = Math.log10(max / min);
		if (decades >= 1) {
			const every = Math.max(1, Math.ceil(decades / Math.max(1, wanted)));
			const factors = decades * 3 <= wanted + 1 ? [1, 2, 5] : [1];
			const ticks = multiples(every, Math.floor(Math.log10(min)), Math.log10(max)).flatMap(
				(power) => factors.map((factor) => factor * 10 ** power),
			);
			return ticks.filter((tick) => tick >= min * 0.999 && tick <= max * 1.001);
		}
	}
	return multiples(roundUp((max - min) / Math.max(1, wanted)), min, max);
}

/**
 * Labels for ticks: on a log axis each as it is, else all with the decimals of their spacing;
 * `isShort` has small ones as 1.2e−3.
 */
export function tickLabels(ticks: readonly number[], isLog = false, isShort = false): string[] {
	if (isLog && (ticks.at(-1) ?? 0) >= 5 * (ticks[0] ?? 0)) {
		return ticks.map((tick) => label(tick, tick, tick, isShort));
	}
	const largest = Math.max(0, ...ticks.map(Math.abs));
	let spacing = largest;
	for (let i = 1; i < ticks.length; i++) {
		spacing = Math.min(spacing, Math.abs((ticks[i] ?? 0) - (ticks[i - 1] ?? 0)));
	}
	if (largest === 0 || spacing === 0) return ticks.map(String);
	return ticks.map((tick) => label(tick, spacing, largest, isShort));
}

/** Seconds as 0:30, 12:00, 1:30:00, or 2.5 s where minutes are too coarse. */
export function timeLabels(ticks: readonly number[]): string[] {
	const last = ticks.at(-1) ?? 0;
	if (last < MINUTE) return tickLabels(ticks).map((text) => (text === "0" ? "0" : `${text} s`));
	return ticks.map((tick) => {
		const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
		const seconds = two(tick % MINUTE);
		if (last < HOUR) return `${Math.floor(tick / MINUTE)}:${seconds}`;
		const minutes = two((tick % HOUR) / MINUTE);
		if (last < DAY) return `${Math.floor(tick / HOUR)}:${minutes}:${seconds}`;
		return `${Math.floor(tick / DAY)} d ${Math.floor((tick % DAY) / HOUR)} h`;
	});
}

function label(value: number, spacing: number, largest: number, isShort: boolean): string {
	if (value === 0) return "0";
	const sign = value < 0 ? "−" : "";
	const size = Math.abs(value);
	if (largest < (isShort ? 0.1 : 1e-3) || largest >= 1e12) {
		const power = Math.floor(Math.log10(size) + 1e-9);
		const digits = Math.max(0, power - Math.floor(Math.log10(spacing) + 1e-9));
		return `${sign}${(size / 10 ** power).toFixed(Math.min(3, digits))}e${power}`.replace(
			"e-",
			"e−",
		);
	}
	const [unit, suffix] = unitOf(largest);
	const decimals = Math.max(0, -Math.floor(Math.log10(spacing / unit) + 1e-9));
	return `${sign}${(size / unit).toFixed(Math.min(8, decimals))}${suffix}`;
}

function unitOf(largest: number): [number, string] {
	if (largest >= 1e9) return [1e9, "G"];
	if (largest >= 1e6) return [1e6, "M"];
	return largest >= 1e4 ? [1e3, "k"] : [1, ""];
}

/** The next of 1, 2, 5 times a power of ten (Heckbert, Graphics Gems, 1990). */
function roundUp(rough: number): number {
	if (!(rough > 0) || !Number.isFinite(rough)) return 1;
	const power = 10 ** Math.floor(Math.log10(rough));
	const factor = [1, 2, 5].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
	return factor * power;
}

function multiples(spacing: number, min: number, max: number): number[] {
	const first = Math.ceil(min / spacing - 1e-9);
	const last = Math.floor(max / spacing + 1e-9);
	if (!(last - first < 1000)) return [];
	return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
		// 3 * 0.1 is to be 0.3, not 0.30000000000000004.
		Number(((first + i) * spacing).toPrecision(12)),
	);
}
