// The course of a tag's histograms on a canvas, with the shown step marked and drawn in full.
import { formatCount, formatNumber } from "../ui/format";
import type { Theme } from "../ui/theme";
import { type Colormap, colorIndex } from "./heatmap/colormaps";
import { binAt, density, type HistogramColumn, shadesOf, valueRange } from "./histogram-course";

const AXIS = 16; // below, for the steps
const PROFILE = 0.24; // share of the width in which the shown step is drawn in full
const GAP = 8;

export class HistogramChart {
	readonly canvas = document.createElement("canvas");
	private columns: readonly HistogramColumn[] = [];
	private shown = -1;
	private theme: Theme | undefined;
	private map: Colormap | undefined;
	/** Counts are shown by their logarithms. */
	private isLog = false;
	private width = 0;
	private height = 0;
	private pointed: { column: number; value: number } | undefined;

	/** `describe` gets the text for the bin that is pointed at and where it is; `choose` a step. */
	constructor(
		private readonly describe: (text: string, x: number, y: number) => void,
		private readonly choose: (step: number) => void,
	) {
		this.canvas.className = "nbviz-histogram";
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute("role", "img");
		// JupyterLab moves between cells by the arrow keys.
		this.canvas.dataset.lmSuppressShortcuts = "true";
		this.canvas.title = "Arrows walk from bin to bin, a click or Enter shows that step";
		this.listen();
	}

	show(
		columns: readonly HistogramColumn[],
		shown: number,
		theme: Theme,
		map: Colormap,
		isLog = false,
	): void {
		this.isLog = isLog;
		this.columns = columns;
		this.shown = shown;
		this.theme = theme;
		this.map = map;
		this.draw();
	}

	resize(width: number, height: number): void {
		if (width <= 0 || (width === this.width && height === this.height)) return;
		this.width = width;
		this.height = height;
		this.draw();
	}

	private get plot(): { width: number; height: number } {
		const profile = Math.round(this.width * PROFILE);
		return { width: this.width - profile - GAP, height: this.height - AXIS };
	}

	private draw(): void {
		const { theme, map, columns } = this;
		const context = this.canvas.getContext("2d");
		if (!context || !theme || !map || columns.length === 0 || this.width <= 0) return;
		const scale = window.devicePixelRatio || 1;
		this.canvas.width = Math.round(this.width * scale);
		this.canvas.height = Math.round(this.height * scale);
		this.canvas.style.height = `${this.height}px`;
		const { width, height } = this.plot;
		this.colour(context, Math.round(width * scale), Math.round(height * scale), map);
		context.setTransform(scale, 0, 0, scale, 0, 0);
		this.drawShown(context, theme);
		this.drawLabels(context, theme);
		const { pointed } = this;
		if (!pointed) return;
		context.fillStyle = theme.text;
		const y = this.yOf(pointed.value);
		context.fillRect(this.leftOf(pointed.column), y - 0.5, this.columnWidth, 1);
	}

	private colour(
		context: CanvasRenderingContext2D,
		width: number,
		height: number,
		map: Colormap,
	): void {
		const { columns } = this;
		const range = valueRange(columns);
		const span = range.max - range.min;
		const shades = shadesOf(columns, span, this.isLog);
		const image = context.createImageData(width, height);
		const pixels = new Uint32Array(image.data.buffer);
		const table = new Uint32Array(map.colors.buffer);
		const background = table[colorIndex(0, 1, "magnitude")] ?? 0;
		for (let x = 0; x < width; x += 1) {
			const number = Math.min(columns.length - 1, Math.floor((x / width) * columns.length));
			const column = columns[number];
			const shade = shades[number];
			if (!column || !shade) continue;
			for (let y = 0; y < height; y += 1) {
				const bin = binAt(column, range.max - ((y + 0.5) / height) * span);
				pixels[y * width + x] =
					bin < 0 ? background : (table[colorIndex(shade[bin] ?? 0, 1, "magnitude")] ?? 0);
			}
		}
		context.putImageData(image, 0, 0);
	}

	/** The shown step: a frame around its column, and its counts beside the course. */
	private drawShown(context: CanvasRenderingContext2D, theme: Theme): void {
		const { width, height } = this.plot;
		context.lineWidth = 1;
		context.strokeStyle = theme.border;
		context.strokeRect(0.5, 0.5, width - 1, height - 1);
		const column = this.columns[this.shown];
		if (!column) return;
		context.strokeStyle = theme.accent;
		context.lineWidth = 1.5;
		const left = Math.min(this.leftOf(this.shown), width - 3);
		context.strokeRect(left + 0.75, 0.75, Math.max(2, this.columnWidth - 1.5), height - 1.5);
		const range = valueRange(this.columns);
		const share = Array.from(column.counts, (count, bin) =>
			this.isLog ? Math.log1p(count) : density(column, bin, range.max - range.min),
		);
		const peak = Math.max(...share);
		if (!(peak > 0)) return;
		const start = width + GAP;
		const room = this.width - start - 1;
		context.beginPath();
		context.moveTo(start, this.yOf(column.edges[0] ?? 0));
		for (const [bin, value] of share.entries()) {
			const x = start + (room * value) / peak;
			context.lineTo(x, this.yOf(column.edges[bin] ?? 0));
			context.lineTo(x, this.yOf(column.edges[bin + 1] ?? 0));
		}
		context.lineTo(start, this.yOf(column.edges[column.counts.length] ?? 0));
		context.closePath();
		context.globalAlpha = 0.22;
		context.fillStyle = theme.accent;
		context.fill();
		context.globalAlpha = 1;
		context.stroke();
	}

	private drawLabels(context: CanvasRenderingContext2D, theme: Theme): void {
		const { width, height } = this.plot;
		const range = valueRange(this.columns);
		const first = this.columns[0]?.step ?? 0;
		const last = this.columns.at(-1)?.step ?? 0;
		context.font = `10.5px ${theme.font}`;
		context.fillStyle = theme.textSoft;
		context.textBaseline = "bottom";
		context.textAlign = "left";
		context.fillText(formatCount(first), 0, this.height);
		context.textAlign = "right";
		if (last !== first) context.fillText(formatCount(last), width, this.height);
		// The values' range stands beside the profile, on the surface's own colour.
		context.textBaseline = "top";
		const label = (text: string, y: number) => {
			context.lineWidth = 3;
			context.strokeStyle = theme.sunken;
			context.strokeText(text, this.width, y);
			context.fillText(text, this.width, y);
		};
		label(formatNumber(range.max, 3), 1);
		context.textBaseline = "bottom";
		label(formatNumber(range.min, 3), height);
	}

	private leftOf(column: number): number {
		return (column / this.columns.length) * this.plot.width;
	}

	private get columnWidth(): number {
		return this.plot.width / this.columns.length;
	}

	private yOf(value: number): number {
		const { min, max } = valueRange(this.columns);
		const share = Math.min(1, Math.max(0, (max - value) / (max - min)));
		return share * this.plot.height;
	}

	private listen(): void {
		const { canvas } = this;
		canvas.addEventListener("pointermove", (event) => {
			const { width, height } = this.plot;
			const { min, max } = valueRange(this.columns);
			const y = event.offsetY / height;
			const isBeside = event.offsetX > width;
			const place = Math.floor((event.offsetX / width) * this.columns.length);
			const column = isBeside ? this.shown : Math.max(0, place);
			const isInside = y >= 0 && y <= 1 && event.offsetX <= this.width;
			this.point(isInside ? { column, value: max - y * (max - min) } : undefined);
		});
		canvas.addEventListener("pointerleave", () => this.point(undefined));
		canvas.addEventListener("blur", () => this.point(undefined));
		canvas.addEventListener("click", () => this.choosePointed());
		canvas.addEventListener("keydown", (event) => {
			if (event.key === "Enter") this.choosePointed();
			else if (event.key === "Escape") this.point(undefined);
			else if (event.key.startsWith("Arrow")) this.walk(event.key);
			else return;
			event.preventDefault();
			event.stopPropagation();
		});
	}

	private choosePointed(): void {
		const step = this.pointed && this.columns[this.pointed.column]?.step;
		if (step !== undefined) this.choose(step);
	}

	private walk(key: string): void {
		const range = valueRange(this.columns);
		const from = this.pointed ?? { column: this.shown, value: (range.min + range.max) / 2 };
		const last = this.columns.length - 1;
		const move = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
		const column = Math.min(last, Math.max(0, from.column + move));
		const one = this.columns[column];
		if (!one) return;
		const up = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0;
		const here = Math.max(0, binAt(one, from.value));
		const bin = Math.min(one.bins - 1, Math.max(0, here + up));
		this.point({ column, value: ((one.edges[bin] ?? 0) + (one.edges[bin + 1] ?? 0)) / 2 });
	}

	private point(pointed: { column: number; value: number } | undefined): void {
		this.pointed = pointed;
		this.draw();
		const column = pointed && this.columns[pointed.column];
		if (!column) {
			this.describe("", 0, 0);
			return;
		}
		this.describe(
			describeBin(column, binAt(column, pointed.value)),
			this.leftOf(pointed.column) + this.columnWidth / 2,
			this.yOf(pointed.value) + 4,
		);
	}
}

/** A bin in words: its range, its count, its step. */
export function describeBin(column: HistogramColumn, bin: number): string {
	const step = `step ${formatCount(column.step)}`;
	if (bin < 0) return `no values here\n${step}`;
	const from = formatNumber(column.edges[bin] ?? 0, 4);
	const to = formatNumber(column.edges[bin + 1] ?? 0, 4);
	const count = Math.round(column.counts[bin] ?? 0);
	return `${from} to ${to}\n${formatCount(count)} ${count === 1 ? "value" : "values"}, ${step}`;
}
