// From values to positions along an axis, and back.
import type { Range } from "./axis";

/** How far from the axis' start a value lies, on an axis `length` long that shows `range`. */
export function position(value: number, range: Range, length: number, isLog = false): number {
	const at = isLog ? Math.log10 : (one: number) => one;
	return ((at(value) - at(range.min)) / (at(range.max) - at(range.min))) * length;
}

/** The value at a position. */
export function valueAt(place: number, range: Range, length: number, isLog = false): number {
	const share = place / length;
	if (!isLog) return range.min + share * (range.max - range.min);
	const [low, high] = [Math.log10(range.min), Math.log10(range.max)];
	return 10 ** (low + share * (high - low));
}
