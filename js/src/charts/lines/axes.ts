// The axes of a line chart: grid and labels on a canvas of their own, drawn anew only when they change.
import type { Theme } from "../../ui/theme";
import { type Range, tickLabels, timeLabels, type XKind, xTicks, yTicks } from "./axis";
import { position } from "./scale";

/** Around the inside of a chart, in CSS pixels: the same for all, so that they line up in a grid. */
export const MARGIN = { left: 46, top: 8, right: 10, bottom: 24 };
/** Below the inside of a chart whose x axis another one below it shows. */
const BOTTOM_WITHOUT_AXIS = 6;
/** What a chart needs less in height without its x axis; as in chart.css. */
export const AXIS_HEIGHT = MARGIN.bottom - BOTTOM_WITHOUT_AXIS;

/** What a chart shows of its x axis: nothing, as another one does; its labels; its title, too. */
export type XAxis = "none" | "labels" | "titled";

const LABEL_SIZE = 11;
const GAP = 6;
const X_TICK_SPACE = 62;
const Y_TICK_SPACE = 30;

/** All that decides how axes look. Sizes are in CSS pixels; `ratio` canvas pixels are one of them. */
export interface AxesLook {
	readonly x: Range;
	readonly y: Range;
	readonly xKind: XKind;
	readonly xAxis: XAxis;
	readonly isLog: boolean;
	/** There are no values yet, and so no labels of them. */
	readonly isEmpty: boolean;
	readonly theme: Theme;
	readonly width: number;
	readonly height: number;
	readonly ratio: number;
}

export class Axes {
	readonly canvas = document.createElement("canvas");
	private drawn: AxesLook | undefined;

	/** Draws axes for a chart of `width` × `height`, unless they are as they were. */
	draw(look: AxesLook): void {
		if (this.drawn && isSame(this.drawn, look)) return;
		const { width, height, ratio } = look;
		const isOtherSize =
			width !== this.drawn?.width || height !== this.drawn.height || ratio !== this.drawn.ratio;
		this.drawn = look;
		if (isOtherSize) {
			this.canvas.width = Math.round(width * ratio);
			this.canvas.height = Math.round(height * ratio);
			this.canvas.style.width = `${width}px`;
			this.canvas.style.height = `${height}px`;
		}
		const context = this.canvas.getContext("2d");
		if (!context) return;
		context.setTransform(1, 0, 0, 1, 0, 0);
		context.clearRect(0, 0, this.canvas.width, this.canvas.height);
		context.font = `${LABEL_SIZE * ratio}px ${look.theme.font}`;
		drawX(context, look);
		drawY(context, look);
	}
}

/** Labels of the x axis. */
export function xLabels(kind: XKind, ticks: readonly number[]): string[] {
	return kind === "time" ? timeLabels(ticks) : tickLabels(ticks);
}

function drawX(context: CanvasRenderingContext2D, look: AxesLook): void {
	const { x, xKind, xAxis, theme, width, height, ratio } = look;
	const [length, high] = inside(width, height, xAxis);
	const ticks = xTicks(xKind, x, length / X_TICK_SPACE);
	const labels = xLabels(xKind, ticks);
	const thick = Math.max(1, Math.round(ratio));
	const below = (MARGIN.top + high + GAP) * ratio;
	context.textBaseline = "top";
	let end = width * ratio;
	if (xAxis === "titled") {
		context.textAlign = "right";
		context.fillStyle = theme.textSoft;
		context.fillText(xKind, end, below);
		end -= context.measureText(xKind).width + GAP * ratio;
	}
	context.textAlign = "center";
	for (const [i, tick] of ticks.entries()) {
		const at = Math.round((MARGIN.left + position(tick, x, length)) * ratio);
		context.fillStyle = theme.grid;
		context.fillRect(at, MARGIN.top * ratio, thick, high * ratio);
		if (xAxis === "none") continue;
		context.fillStyle = theme.textSoft;
		const label = labels[i] ?? "";
		// The last label ends with the canvas or before the title: it is never cut.
		const half = context.measureText(label).width / 2;
		const middle = Math.min(at, width * ratio - half);
		if (middle + half <= end) context.fillText(label, middle, below);
	}
}

function drawY(context: CanvasRenderingContext2D, look: AxesLook): void {
	const { y, isLog, theme, width, height, ratio, xAxis, isEmpty } = look;
	const [wide, length] = inside(width, height, xAxis);
	const ticks = yTicks(y, length / Y_TICK_SPACE, isLog);
	const room = (MARGIN.left - GAP) * ratio;
	const whole = tickLabels(ticks, isLog);
	const fits = whole.every((label) => context.measureText(label).width <= room);
	const labels = fits ? whole : tickLabels(ticks, isLog, true);
	const widest = Math.max(0, ...labels.map((label) => context.measureText(label).width));
	// What does not fit in a short form either is written smaller: it is never cut.
	const size = LABEL_SIZE * Math.min(1, room / Math.max(1, widest));
	context.font = `${size * ratio}px ${theme.font}`;
	const thick = Math.max(1, Math.round(ratio));
	context.textAlign = "right";
	context.textBaseline = "middle";
	for (const [i, tick] of ticks.entries()) {
		const at = Math.round((MARGIN.top + length - position(tick, y, length, isLog)) * ratio);
		context.fillStyle = theme.grid;
		context.fillRect(MARGIN.left * ratio, at, wide * ratio, thick);
		context.fillStyle = theme.textSoft;
		if (!isEmpty) context.fillText(labels[i] ?? "", (MARGIN.left - GAP) * ratio, at);
	}
}

/** The size of the inside of a chart. */
export function inside(
	width: number,
	height: number,
	xAxis: XAxis,
): readonly [width: number, height: number] {
	const bottom = xAxis === "none" ? BOTTOM_WITHOUT_AXIS : MARGIN.bottom;
	return [width - MARGIN.left - MARGIN.right, height - MARGIN.top - bottom];
}

function isSame(a: AxesLook, b: AxesLook): boolean {
	return (
		a.x.min === b.x.min &&
		a.x.max === b.x.max &&
		a.y.min === b.y.min &&
		a.y.max === b.y.max &&
		a.xKind === b.xKind &&
		a.xAxis === b.xAxis &&
		a.isEmpty === b.isEmpty &&
		a.isLog === b.isLog &&
		a.theme === b.theme &&
		a.width === b.width &&
		a.height === b.height &&
		a.ratio === b.ratio
	);
}
