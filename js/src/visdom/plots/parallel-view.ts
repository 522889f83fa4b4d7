// Rows as lines across an axis for each column.
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { field, numbersOf, textOr } from "../spec";
import { cutText } from "./axis-labels";
import { colourAt, colourTable, css, lifted } from "./colours";
import { cleared, type Plot, type PlotDrawing } from "./drawing";

interface Dimension {
	readonly label: string;
	readonly values: Float64Array;
	readonly min: number;
	readonly max: number;
}

/** CSS pixels from the edge to the first axis. */
const SIDE = 34;
const LINE = 14;

interface PlacedName {
	readonly text: string;
	readonly x: number;
	readonly y: number;
}

/**
 * Where the names of axes stand, centred over them, within a width; on two lines in turn where they would meet,
 * and cut where they still do.
 */
export function axisNames(
	context: Pick<CanvasRenderingContext2D, "measureText">,
	names: readonly string[],
	width: number,
): { readonly placed: readonly PlacedName[]; readonly deeper: number } {
	const gap = (width - 2 * SIDE) / Math.max(1, names.length - 1);
	// The outermost, which stay within the picture, have less to the next on their line.
	const room = (lines: number) => Math.min(lines * gap - 6, (2 * (lines * gap + SIDE - 4)) / 3);
	const lines = names.some((name) => context.measureText(name).width > room(1)) ? 2 : 1;
	const placed = names.map((name, i) => {
		const text = cutText(context, name, room(lines));
		const half = context.measureText(text).width / 2;
		const x = Math.max(half + 2, Math.min(width - half - 2, SIDE + gap * i));
		return { text, x, y: 12 + (lines > 1 && i % 2 === 0 ? 0 : (lines - 1) * LINE) };
	});
	return { placed, deeper: (lines - 1) * LINE };
}

export class ParallelView implements PlotDrawing {
	readonly root: HTMLElement;
	private readonly canvas = element("canvas", "nbviz-window-canvas", { role: "img" });
	private dimensions: readonly Dimension[] = [];
	private colours: Float64Array = new Float64Array(0);
	private colourScale: unknown;

	constructor() {
		const picture = element("div", "nbviz-window-picture", {}, this.canvas);
		this.root = element("div", "nbviz-window-plot", {}, picture);
	}

	take({ traces, title }: Plot): void {
		const [trace = {}] = traces;
		const given = Array.isArray(trace.dimensions) ? trace.dimensions : [];
		this.dimensions = given.map((one, i) => {
			const values = numbersOf(field(one, "values"));
			let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
			for (const value of values) {
				if (Number.isFinite(value)) [min, max] = [Math.min(min, value), Math.max(max, value)];
			}
			return { label: textOr(field(one, "label"), String(i + 1)), values, min, max };
		});
		this.colours = numbersOf(field(trace.line, "color"));
		this.colourScale = field(trace.line, "colorscale");
		const axes = this.dimensions.map(
			({ label, min, max }) => `${label} ${formatNumber(min)} to ${formatNumber(max)}`,
		);
		const count = this.dimensions[0]?.values.length ?? 0;
		this.canvas.setAttribute(
			"aria-label",
			`${title ? `${title}. ` : ""}${count} rows across ${axes.join(", ")}.`,
		);
	}

	draw(theme: Theme): void {
		const context = cleared(this.canvas);
		if (!context || this.dimensions.length === 0) return;
		const { clientWidth: width, clientHeight: height } = this.canvas;
		context.font = `11px ${theme.font}`;
		const names = axisNames(
			context,
			this.dimensions.map(({ label }) => label),
			width,
		);
		const [left, top, right, bottom] = [SIDE, 30 + names.deeper, width - SIDE, height - 24];
		const x = (i: number) => left + ((right - left) * i) / Math.max(1, this.dimensions.length - 1);
		const y = (value: number, { min, max }: Dimension) =>
			max > min ? bottom - ((value - min) / (max - min)) * (bottom - top) : (top + bottom) / 2;
		const table = colourTable(this.colourScale);
		let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
		for (const value of this.colours) [low, high] = [Math.min(low, value), Math.max(high, value)];
		const count = this.dimensions[0]?.values.length ?? 0;
		context.lineWidth = 1.2;
		for (let row = 0; row < count; row += 1) {
			const share = ((this.colours[row] ?? low) - low) / (high - low || 1);
			const colour = colourAt(table, share);
			context.strokeStyle = css(theme.isDark ? lifted(colour) : colour, count > 200 ? 0.35 : 0.75);
			context.beginPath();
			for (const [i, one] of this.dimensions.entries())
				context.lineTo(x(i), y(one.values[row] ?? 0, one));
			context.stroke();
		}
		context.textAlign = "center";
		for (const [i, one] of this.dimensions.entries()) {
			context.strokeStyle = theme.border;
			context.beginPath();
			context.moveTo(x(i), top);
			context.lineTo(x(i), bottom);
			context.stroke();
			context.fillStyle = theme.text;
			const name = names.placed[i];
			if (name) context.fillText(name.text, name.x, name.y);
			context.fillStyle = theme.textSoft;
			context.fillText(formatNumber(one.max), x(i), top - 5);
			context.fillText(formatNumber(one.min), x(i), bottom + 14);
		}
		this.canvas.dataset.frames = String(Number(this.canvas.dataset.frames ?? 0) + 1);
	}

	remove(): void {
		this.root.remove();
	}
}
