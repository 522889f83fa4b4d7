// Marks on a chart: single points, values that are not finite, and the run's events.
import type { Theme } from "../../ui/theme";
import { markOf } from "../run-style";
import type { Range } from "./axis";
import { Path, type Pen } from "./pen";
import type { Reduced } from "./trace";

export type MarkKind = "started" | "command" | "validation" | "warning" | "fault" | "ended";

/** An event at its place on the x axis. */
export interface EventMark {
	readonly x: number;
	readonly kind: MarkKind;
	readonly text: string;
}

/** Where the inside lies on the drawing, and how many drawing units a CSS pixel has. */
export interface Area {
	readonly left: number;
	readonly top: number;
	readonly width: number;
	readonly height: number;
	readonly ratio: number;
}

/** More validations than this in sight say nothing any more. */
const VALIDATIONS_SHOWN = 60;
/** Commands nearer to each other than this, in CSS pixels, are one mark: else they hide the lines. */
const COMMANDS_APART = 7;
/** CSS pixels between two signs that values are clipped. */
const CLIPPED_APART = 9;
const CORNERS = 12;
/** CSS pixels that a letter of a mark's name takes, about. */
const NAME_WIDTH = 5.9;

const outline = new Path();

export function drawDot(
	pen: Pen,
	px: number,
	py: number,
	color: string,
	alpha: number,
	ratio: number,
): void {
	outline.clear();
	for (let corner = 0; corner <= CORNERS; corner++) {
		const angle = (corner / CORNERS) * 2 * Math.PI;
		outline.add(px + 2.4 * ratio * Math.cos(angle), py + 2.4 * ratio * Math.sin(angle));
	}
	pen.fill(outline, color, alpha);
}

/** Canvas pixels between two marks of a line; those of other runs stand beside them. */
const MARK_EVERY = 130;
const MARK_BESIDE = 37;

/** Marks along a line, for those who do not tell its colour from another's. */
export function drawMarks(
	pen: Pen,
	{ xy, length }: Path,
	style: number,
	color: string,
	alpha: number,
	ratio: number,
): void {
	const mark = markOf(style);
	let next = 20 + ((style * MARK_BESIDE) % MARK_EVERY);
	for (let i = 0; i < length; i += 2) {
		const [px = 0, py = 0] = [xy[i], xy[i + 1]];
		const isLast = i + 2 >= length;
		if (!(px >= next * ratio || isLast)) continue;
		while (px >= next * ratio) next += MARK_EVERY;
		outline.clear();
		for (let corner = 0; corner < mark.length; corner += 2) {
			const [x = 0, y = 0] = [mark[corner], mark[corner + 1]];
			outline.add(px + 3.6 * ratio * x, py + 3.6 * ratio * y);
		}
		pen.fill(outline, color, alpha);
	}
}

/** A ring around a point. */
export function drawRing(pen: Pen, px: number, py: number, color: string, ratio: number): void {
	outline.clear();
	for (let corner = 0; corner <= CORNERS; corner++) {
		const angle = (corner / CORNERS) * 2 * Math.PI;
		outline.add(px + 3.6 * ratio * Math.cos(angle), py + 3.6 * ratio * Math.sin(angle));
	}
	pen.line(outline, { color, width: 1.4 * ratio, alpha: 1 });
}

/** Triangles at the top and the bottom edge for infinities, crosses at the bottom for NaN. */
export function drawNonFinite(pen: Pen, color: string, reduced: Reduced, area: Area): void {
	const size = 4 * area.ratio;
	const bottom = area.top + area.height - area.ratio;
	const triangle = (px: number, tip: number, base: number) => {
		outline.clear();
		outline.add(px - size, base);
		outline.add(px, tip);
		outline.add(px + size, base);
		pen.fill(outline, color, 1);
	};
	for (const px of reduced.upAt) {
		triangle(area.left + px, area.top + area.ratio, area.top + area.ratio + 1.6 * size);
	}
	for (const px of reduced.downAt) triangle(area.left + px, bottom, bottom - 1.6 * size);
	const half = 0.75 * size;
	for (const px of reduced.nanAt) {
		const [x, y] = [area.left + px, bottom - size];
		outline.clear();
		outline.add(x - half, y - half);
		outline.add(x + half, y + half);
		outline.lift();
		outline.add(x - half, y + half);
		outline.add(x + half, y - half);
		pen.line(outline, { color, width: 1.6 * area.ratio, alpha: 1 });
	}
}

/** Ticks at the edge beyond which values lie that are clipped, one in a few pixels. */
export function drawClipped(
	pen: Pen,
	color: string,
	{ px, low, high, length }: Reduced,
	y: Range,
	area: Area,
): void {
	const { ratio } = area;
	const bottom = area.top + area.height;
	const ends: readonly [(n: number) => boolean, number, number][] = [
		[(n) => (high[n] ?? 0) > y.max, area.top, area.top + 5 * ratio],
		[(n) => (low[n] ?? 0) < y.min, bottom, bottom - 5 * ratio],
	];
	for (const [isClipped, edge, base] of ends) {
		let before = Number.NEGATIVE_INFINITY;
		for (let n = 0; n < length; n++) {
			const at = area.left + (px[n] ?? 0);
			if (!isClipped(n) || at - before < CLIPPED_APART * ratio) continue;
			before = at;
			outline.clear();
			outline.add(at - 3 * ratio, base);
			outline.add(at, edge);
			outline.add(at + 3 * ratio, base);
			pen.line(outline, { color, width: 1.4 * ratio, alpha: 1 });
		}
	}
}

/** Thin lines for what happened to the run; validations are ticks at the bottom. */
export function drawEvents(
	pen: Pen,
	events: readonly EventMark[],
	range: Range,
	area: Area,
	theme: Theme,
): void {
	const inSight = events.filter(({ x }) => x >= range.min && x <= range.max);
	const validations = inSight.filter(({ kind }) => kind === "validation").length;
	const bottom = area.top + area.height;
	let before = Number.NEGATIVE_INFINITY;
	for (const { x, kind } of inSight) {
		const isTick = kind === "validation";
		if (isTick && validations > VALIDATIONS_SHOWN) continue;
		const px = columnOf(x, range, area);
		if (kind === "command") {
			if (Math.abs(px - before) < COMMANDS_APART * area.ratio) continue;
			before = px;
		}
		outline.clear();
		outline.add(px, isTick ? bottom - 5 * area.ratio : area.top);
		outline.add(px, bottom);
		const isFault = kind === "fault";
		const color = isFault ? theme.bad : kind === "warning" ? theme.warn : theme.textSoft;
		const dash = kind === "command" || isTick ? [] : [2 * area.ratio, 3 * area.ratio];
		const width = (isFault ? 1.5 : 1) * area.ratio;
		pen.line(outline, { color, width, alpha: isFault ? 1 : isTick ? 0.5 : 0.65, dash });
		if (kind === "command" || kind === "warning") drawFlag(pen, px, color, area);
	}
}

/** What was done on purpose is named beside its line, over the curves. */
export function nameFaults(
	pen: Pen,
	events: readonly EventMark[],
	range: Range,
	area: Area,
	theme: Theme,
): void {
	for (const { x, kind, text } of events) {
		if (kind !== "fault" || x < range.min || x > range.max) continue;
		nameFault(pen, text, columnOf(x, range, area), area, theme);
	}
}

/** Where a line one pixel wide stands sharp. */
function columnOf(x: number, { min, max }: Range, { left, width }: Area): number {
	return Math.round(left + ((x - min) * width) / (max - min)) + 0.5;
}

function nameFault(pen: Pen, text: string, px: number, area: Area, theme: Theme): void {
	const { left, top, width, ratio } = area;
	const ends = px - left > width / 2;
	const [name = ""] = text.split(":");
	const look = { color: theme.bad, font: theme.font, size: 10.5 * ratio, ends };
	const at = px + (ends ? -4 : 4) * ratio;
	// There is nothing to measure text with in a file; what is behind it need only be faint.
	const room = NAME_WIDTH * name.length * ratio;
	outline.clear();
	outline.add(ends ? at - room : at, top + ratio);
	outline.add(room, 14 * ratio);
	pen.boxes(outline, theme.surface, 0.75);
	pen.name(name, at, top + 11 * ratio, look);
}

function drawFlag(pen: Pen, px: number, color: string, { top, ratio }: Area): void {
	outline.clear();
	outline.add(px, top);
	outline.add(px + 6 * ratio, top + 3 * ratio);
	outline.add(px, top + 6 * ratio);
	pen.fill(outline, color, 0.9);
}
