// The picture of a matrix on a canvas: a colour for each cell, names along its sides, numbers where they
// have room, a readout of the cell under the pointer or the cursor keys, zoom into a part of the classes.
import { type Colormap, colorIndex, colormap } from "../../charts/heatmap/colormaps";
import type { Theme } from "../../ui/theme";
import { type Cells, visitCells } from "./counts";
import { around, moved, type Span, whole, zoomed } from "./window";

const NUMBER_FROM = 25; // CSS pixels of a cell that has its number in it
const NAME_FROM = 11; // of a class that has its name beside it
const NAME_ROOM = 16; // for a name where not all classes have theirs there
const MOST_CELL = 46;
const NAME_WIDTH = 84;
const AXIS = 16;
/** The height of names that are not turned. */
const UPRIGHT = 18;
const ZOOM = 1.5;

export interface MatrixHost {
	theme(): Theme;
	name(index: number): string;
	/** The number in a cell. */
	number(value: number): string;
	/** Says a cell; undefined hides what was said. */
	point(cell: { row: number; column: number } | undefined, x: number, y: number): void;
	/** A cell was clicked, or Enter pressed on it. */
	choose(cell: { row: number; column: number }): void;
}

export class Matrix {
	readonly canvas = document.createElement("canvas");
	private readonly pixels = document.createElement("canvas");
	/** What the pixels show; the pointer changes nothing of it. */
	private painted = "";
	private cells: Cells | undefined;
	private map: Colormap | undefined;
	private span: Span = whole(1);
	private width = 0;
	private margin = { left: 0, top: 0 };
	/** Whether the names along the upper side have room as they are read. */
	private isUpright = false;
	private cell = 1;
	private cursor: { row: number; column: number } | undefined;

	constructor(private readonly host: MatrixHost) {
		const { canvas } = this;
		canvas.className = "nbviz-confusion-matrix";
		canvas.tabIndex = 0;
		canvas.setAttribute("role", "img");
		canvas.dataset.lmSuppressShortcuts = "true"; // JupyterLab moves between cells by arrows
		canvas.title =
			"Ctrl + wheel or + and − zoom, drag moves, double click or 0 shows all, arrows walk from cell to cell, a click or Enter shows a cell's samples";
		this.listen();
	}

	show(cells: Cells): void {
		if (cells.size !== this.cells?.size) this.span = whole(cells.size);
		this.cells = cells;
		this.recolour();
	}

	recolour(): void {
		if (!this.cells) return;
		this.map = colormap(this.cells.isDifference ? "sign" : "magnitude", this.host.theme());
		this.painted = "";
		this.draw();
	}

	/** Room in CSS pixels. */
	resize(width: number): void {
		if (width <= 0 || width === this.width) return;
		this.width = width;
		this.draw();
	}

	/** The colour of a share of the largest value, -1 to 1. */
	colour(share: number): string {
		const place = 4 * this.indexOf(share, 1);
		const [r = 0, g = 0, b = 0] = this.map?.colors.subarray(place, place + 3) ?? [];
		return `rgb(${r} ${g} ${b})`;
	}

	private indexOf(value: number, limit: number): number {
		// The few mistakes of a good model would be as pale as nothing.
		const share = limit > 0 ? Math.sign(value) * Math.sqrt(Math.abs(value) / limit) : 0;
		return colorIndex(share, 1, this.cells?.isDifference ? "sign" : "magnitude");
	}

	private draw(): void {
		const { cells, map, canvas, span, width } = this;
		if (!cells || !map || width <= 0) return;
		const theme = this.host.theme();
		const context = canvas.getContext("2d");
		if (!context) return;
		const density = window.devicePixelRatio || 1;
		context.font = `11px ${theme.font}`;
		const names = this.namesInSight();
		const longest = Math.max(0, ...names.map(({ text }) => context.measureText(text).width));
		const label = Math.min(NAME_WIDTH, Math.ceil(longest) + 6);
		const room = width - AXIS - label - 1;
		const exact = Math.min(MOST_CELL, room / span.count);
		this.cell = exact >= 3 ? Math.floor(exact * density) / density : exact;
		this.isUpright = names.every(({ across }) => context.measureText(across).width < this.cell);
		this.margin = { left: AXIS + label, top: AXIS + (this.isUpright ? UPRIGHT : label) };
		const side = this.cell * span.count;
		const height = Math.ceil(this.margin.top + side + 1);
		canvas.width = Math.round(width * density);
		canvas.height = Math.round(height * density);
		canvas.style.width = `${width}px`;
		canvas.style.height = `${height}px`;
		canvas.dataset.zoomed = String(span.count < cells.size);
		canvas.dataset.span = `${span.row} ${span.column} ${span.count}`;
		canvas.dataset.frame = JSON.stringify({ ...this.margin, cell: this.cell });
		context.setTransform(density, 0, 0, density, 0, 0);
		const { left, top } = this.margin;
		this.paint(cells, map, Math.max(1, Math.round(side * density)));
		context.imageSmoothingEnabled = false;
		context.fillStyle = theme.surface;
		context.fillRect(left, top, side, side);
		context.drawImage(this.pixels, left, top, side, side);
		this.drawLines(context, theme, side);
		if (this.cell >= NUMBER_FROM) this.drawNumbers(context, cells, theme);
		this.drawNames(context, theme, names, label);
		this.drawCursor(context, theme);
	}

	/** One pixel for each class in sight; where there are more classes than pixels, the strongest counts. */
	private paint(cells: Cells, map: Colormap, room: number): void {
		const { row, column, count } = this.span;
		const side = Math.min(count, room);
		const wanted = `${row} ${column} ${count} ${side}`;
		if (wanted === this.painted) return;
		this.painted = wanted;
		this.pixels.width = side;
		this.pixels.height = side;
		const context = this.pixels.getContext("2d");
		if (!context) return;
		const image = context.createImageData(side, side);
		const out = new Uint32Array(image.data.buffer);
		const table = new Uint32Array(map.colors.buffer);
		const strongest = new Float64Array(side * side);
		const zero = table[this.indexOf(0, 1)] ?? 0;
		out.fill(zero);
		const pixelOf = Uint32Array.from({ length: count }, (_, at) => Math.floor((at * side) / count));
		visitCells(cells, this.span, (y, x, value) => {
			const at = (pixelOf[y] ?? 0) * side + (pixelOf[x] ?? 0);
			if (Math.abs(value) <= Math.abs(strongest[at] ?? 0)) return;
			strongest[at] = value;
		});
		for (let at = 0; at < out.length; at += 1) {
			const value = strongest[at] ?? 0;
			if (value !== 0) out[at] = table[this.indexOf(value, cells.limit)] ?? 0;
		}
		context.putImageData(image, 0, 0);
	}

	private drawLines(context: CanvasRenderingContext2D, theme: Theme, side: number): void {
		const { left, top } = this.margin;
		const { row, column, count } = this.span;
		context.strokeStyle = theme.border;
		context.lineWidth = 1;
		context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
		if (this.cell < NAME_FROM) return;
		context.strokeStyle = theme.grid;
		context.beginPath();
		for (let i = 1; i < count; i += 1) {
			const at = i * this.cell;
			context.moveTo(left + at, top);
			context.lineTo(left + at, top + side);
			context.moveTo(left, top + at);
			context.lineTo(left + side, top + at);
		}
		context.stroke();
		// What is right has a frame: colours alone do not say it.
		context.strokeStyle = theme.textSoft;
		for (let i = 0; i < count; i += 1) {
			const x = row + i - column;
			if (x < 0 || x >= count) continue;
			const [px, py] = [left + x * this.cell, top + i * this.cell];
			context.strokeRect(px + 0.5, py + 0.5, this.cell - 1, this.cell - 1);
		}
	}

	private drawNumbers(context: CanvasRenderingContext2D, cells: Cells, theme: Theme): void {
		const { left, top } = this.margin;
		context.textAlign = "center";
		context.textBaseline = "middle";
		visitCells(cells, this.span, (y, x, value) => {
			const text = this.host.number(value);
			const fits = Math.min(11, (11 * (this.cell - 4)) / context.measureText(text).width);
			if (fits < 7.5) return;
			context.font = `${fits}px ${theme.font}`;
			context.fillStyle = this.inkOn(this.indexOf(value, cells.limit));
			context.fillText(text, left + (x + 0.5) * this.cell, top + (y + 0.5) * this.cell);
			context.font = `11px ${theme.font}`;
		});
	}

	/** Black or white, whichever stands out. */
	private inkOn(index: number): string {
		const [r = 0, g = 0, b = 0] = this.map?.colors.subarray(4 * index, 4 * index + 3) ?? [];
		return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#14171c" : "#ffffff";
	}

	/** The classes along the sides that have their name there, by their number from the first in sight. */
	private namesInSight(): { at: number; text: string; across: string }[] {
		const { span, width } = this;
		const cell = Math.min(MOST_CELL, (width - AXIS - NAME_WIDTH) / span.count);
		const every = cell >= NAME_FROM ? 1 : Math.ceil(NAME_ROOM / Math.max(0.01, cell));
		const names: { at: number; text: string; across: string }[] = [];
		for (let at = 0; at < span.count; at += every) {
			names.push({
				at,
				text: this.host.name(span.row + at),
				across: this.host.name(span.column + at),
			});
		}
		return names;
	}

	private drawNames(
		context: CanvasRenderingContext2D,
		theme: Theme,
		names: readonly { at: number; text: string; across: string }[],
		label: number,
	): void {
		const { left, top } = this.margin;
		context.font = `11px ${theme.font}`;
		context.textBaseline = "middle";
		context.fillStyle = theme.text;
		for (const { at, text, across } of names) {
			const middle = (at + 0.5) * this.cell;
			context.textAlign = "right";
			context.fillText(shortened(context, text, label - 4), left - 4, top + middle);
			if (this.isUpright) {
				context.textAlign = "center";
				context.fillText(across, left + middle, top - UPRIGHT / 2);
				continue;
			}
			context.save();
			context.translate(left + middle, top - 4);
			context.rotate(-Math.PI / 2);
			context.textAlign = "left";
			context.fillText(shortened(context, across, label - 4), 0, 0);
			context.restore();
		}
		context.fillStyle = theme.textSoft;
		context.textAlign = "left";
		context.fillText("predicted →", left, AXIS / 2);
		context.save();
		context.translate(AXIS / 2, top);
		context.rotate(-Math.PI / 2);
		context.textAlign = "right";
		context.fillText("← target", 0, 0);
		context.restore();
	}

	private drawCursor(context: CanvasRenderingContext2D, theme: Theme): void {
		const { cursor, span } = this;
		if (!cursor) return;
		const [x, y] = [cursor.column - span.column, cursor.row - span.row];
		if (x < 0 || y < 0 || x >= span.count || y >= span.count) return;
		const { left, top } = this.margin;
		const size = Math.max(this.cell, 4);
		context.strokeStyle = theme.text;
		context.lineWidth = 2;
		context.strokeRect(left + x * this.cell, top + y * this.cell, size, size);
	}

	// ---------------------------------------------------------------- pointing

	private point(cell: { row: number; column: number } | undefined): void {
		const known = this.cursor;
		if (cell?.row === known?.row && cell?.column === known?.column) return;
		this.cursor = cell;
		this.draw();
		if (!cell) {
			this.host.point(undefined, 0, 0);
			return;
		}
		const x = this.margin.left + (cell.column - this.span.column + 0.5) * this.cell;
		const y = this.margin.top + (cell.row - this.span.row + 1) * this.cell;
		this.host.point(cell, x, y);
	}

	private cellAt(x: number, y: number): { row: number; column: number } | undefined {
		const column = Math.floor((x - this.margin.left) / this.cell);
		const row = Math.floor((y - this.margin.top) / this.cell);
		const { span } = this;
		if (row < 0 || column < 0 || row >= span.count || column >= span.count) return undefined;
		return { row: span.row + row, column: span.column + column };
	}

	private move(span: Span): void {
		this.span = span;
		this.draw();
	}

	private listen(): void {
		const { canvas } = this;
		let grabbed: { x: number; y: number } | undefined;
		let hasMoved = false;
		canvas.addEventListener("pointermove", (event) => {
			const { cells } = this;
			if (!cells) return;
			if (grabbed && this.span.count < cells.size) {
				const columns = Math.round((grabbed.x - event.offsetX) / this.cell);
				const rows = Math.round((grabbed.y - event.offsetY) / this.cell);
				if (columns === 0 && rows === 0) return;
				grabbed = { x: event.offsetX, y: event.offsetY };
				hasMoved = true;
				this.move(moved(this.span, cells.size, rows, columns));
				return;
			}
			this.point(this.cellAt(event.offsetX, event.offsetY));
		});
		canvas.addEventListener("pointerdown", (event) => {
			grabbed = { x: event.offsetX, y: event.offsetY };
			hasMoved = false;
			canvas.setPointerCapture(event.pointerId);
		});
		const release = () => {
			grabbed = undefined;
		};
		canvas.addEventListener("pointerup", release);
		canvas.addEventListener("pointercancel", release);
		canvas.addEventListener("pointerleave", () => this.point(undefined));
		canvas.addEventListener("blur", () => this.point(undefined));
		canvas.addEventListener("click", (event) => {
			const cell = hasMoved ? undefined : this.cellAt(event.offsetX, event.offsetY);
			if (cell) this.host.choose(cell);
		});
		canvas.addEventListener("dblclick", () => this.reset());
		canvas.addEventListener(
			"wheel",
			(event) => {
				// A plain wheel scrolls the notebook.
				if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
				event.preventDefault();
				const turned = event.deltaY || event.deltaX;
				this.zoomAt(Math.exp(-turned * 0.004), event.offsetX, event.offsetY);
			},
			{ passive: false },
		);
		canvas.addEventListener("keydown", (event) => this.key(event));
	}

	private zoomAt(factor: number, x: number, y: number): void {
		const { cells, span } = this;
		if (!cells) return;
		const side = this.cell * span.count;
		const within = (at: number) => Math.min(1, Math.max(0, at / side));
		this.move(
			zoomed(span, cells.size, factor, within(x - this.margin.left), within(y - this.margin.top)),
		);
	}

	private reset(): void {
		if (this.cells) this.move(whole(this.cells.size));
	}

	private key(event: KeyboardEvent): void {
		const { cells } = this;
		if (event.ctrlKey || event.metaKey || event.altKey || !cells) return;
		const walks: Record<string, readonly [number, number]> = {
			ArrowLeft: [0, -1],
			ArrowRight: [0, 1],
			ArrowUp: [-1, 0],
			ArrowDown: [1, 0],
		};
		const walk = walks[event.key];
		const middle = (this.cell * this.span.count) / 2;
		const [x, y] = [this.margin.left + middle, this.margin.top + middle];
		if (walk) {
			const from = this.cursor;
			const within = (at: number) => Math.min(cells.size - 1, Math.max(0, at));
			const next = from
				? { row: within(from.row + walk[0]), column: within(from.column + walk[1]) }
				: { row: this.span.row, column: this.span.column };
			this.span = around(this.span, cells.size, next.row, next.column);
			this.point(next);
		} else if (event.key === "Enter" && this.cursor) this.host.choose(this.cursor);
		else if (event.key === "+" || event.key === "=") this.zoomAt(ZOOM, x, y);
		else if (event.key === "-") this.zoomAt(1 / ZOOM, x, y);
		else if (event.key === "0") this.reset();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}

function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
	if (context.measureText(text).width <= width) return text;
	let end = text.length;
	while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
	return `${text.slice(0, end)}…`;
}
