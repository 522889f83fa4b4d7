// Rows as lines across an axis for each column.
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { field, numbersOf, textOr } from "../spec";
import { colourAt, colourTable, css } from "./colours";
import { cleared, type Plot, type PlotDrawing } from "./drawing";

interface Dimension {
	readonly label: string;
	readonly values: Float64Array;
	readonly min: number;
	readonly max: number;
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
		const [left, top, right, bottom] = [34, 30, width - 34, height - 24];
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
			context.strokeStyle = css(colourAt(table, share), count > 200 ? 0.35 : 0.75);
			context.beginPath();
			for (const [i, one] of this.dimensions.entries())
				context.lineTo(x(i), y(one.values[row] ?? 0, one));
			context.stroke();
		}
		context.font = `11px ${theme.font}`;
		context.textAlign = "center";
		for (const [i, one] of this.dimensions.entries()) {
			context.strokeStyle = theme.border;
			context.beginPath();
			context.moveTo(x(i), top);
			context.lineTo(x(i), bottom);
			context.stroke();
			context.fillStyle = theme.text;
			context.fillText(one.label, x(i), 12);
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
