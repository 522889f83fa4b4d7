// The labels of an axis. Names are all written: turned where they would overlap, cut where they are long.
import { field, textsOf } from "../spec";
import type { Scale, Tick } from "./scale";

/** What is written below the horizontal axis. */
export interface XLabels {
	readonly ticks: readonly Tick[];
	/** They rise to the right, by 45°, and end at their places. */
	readonly isTurned: boolean;
	/** CSS pixels that they need below one line. */
	readonly deeper: number;
}

type Measure = Pick<CanvasRenderingContext2D, "measureText">;

const APART = 64; // CSS pixels between two numbers
const ROW = 42; // from one number to the one above it
const NAME_ROW = 13; // between two names that are turned, or above each other
const BETWEEN = 6;
const LONGEST = 84;
const LINE = 13;

export function xLabels(context: Measure, scale: Scale, axis: unknown, width: number): XLabels {
	const widthOf = (text: string) => context.measureText(text).width;
	if (!isNamed(scale, axis)) {
		return { ticks: scale.ticks(axis, width / APART), isTurned: false, deeper: 0 };
	}
	const ticks = scale.ticks(axis, Number.POSITIVE_INFINITY);
	const overlaps = ticks.some(({ value, text }, i) => {
		const next = ticks[i + 1];
		if (!next) return false;
		const room = Math.abs(scale.pixel(next.value) - scale.pixel(value));
		return (widthOf(text) + widthOf(next.text)) / 2 + BETWEEN > room;
	});
	if (!overlaps) return { ticks, isTurned: false, deeper: 0 };
	const turned = sparse(ticks, scale).map(({ value, text }) => ({
		value,
		text: cutText(context, text, LONGEST),
	}));
	const longest = Math.max(...turned.map(({ text }) => widthOf(text)));
	return { ticks: turned, isTurned: true, deeper: longest * Math.SQRT1_2 - LINE / 2 };
}

export function yLabels(context: Measure, scale: Scale, axis: unknown, height: number): Tick[] {
	if (!isNamed(scale, axis)) return [...scale.ticks(axis, height / ROW)];
	const ticks = scale.ticks(axis, height / NAME_ROW);
	return ticks.map(({ value, text }) => ({ value, text: cutText(context, text, 1.5 * LONGEST) }));
}

/** The text as far as there is room for it. */
export function cutText(context: Measure, text: string, room: number): string {
	if (context.measureText(text).width <= room) return text;
	let kept = text;
	while (kept && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
	return `${kept}…`;
}

function isNamed(scale: Scale, axis: unknown): boolean {
	return scale.categories.length > 0 || textsOf(field(axis, "ticktext")).length > 0;
}

/** Those that can be read where they are turned. */
function sparse(ticks: readonly Tick[], scale: Scale): Tick[] {
	let last = Number.NEGATIVE_INFINITY;
	return ticks.filter(({ value }) => {
		const at = scale.pixel(value);
		if (at - last < NAME_ROW) return false;
		last = at;
		return true;
	});
}
