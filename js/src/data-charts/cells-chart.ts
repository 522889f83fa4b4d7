// A matrix on a canvas: a colour for each cell, names along its sides, numbers where they have room,
// contours over it; a click or a drag selects cells, the cursor keys walk from one to the next.
import { tickLabels, yTicks } from "../charts/lines/axis";
import { Surface } from "../charts/parallel/surface";
import { formatNumber } from "../ui/format";
import type { Theme } from "../ui/theme";
import { bytesOf, type CellsData, type Choice, cellValues } from "./data";
import { type ChartFrame, fitted } from "./frame";
import { type Shades, shadesOf } from "./shades";

type Cell = [row: number, column: number];

const NAME_ROOM = 96;
const TICK_ROOM = 52;
const AXIS = 18;
const LEGEND = 74;
const LARGEST_CELL = 46;
const NUMBER_FROM = 26;
const LINE = 14;
/** Marks of smaller cells are shaded: their outlines would hide them. */
const OUTLINED_FROM = 12;
const HIGHEST = 520;
const HINT = "Click or drag to select; Ctrl adds, Esc clears.";

export class CellsChart {
	private readonly surface = new Surface();
	private readonly pixels = document.createElement("canvas");
	private values: Float64Array = new Float64Array();
	private data: CellsData | undefined;
	private lines: { level: number; points: Float32Array }[] = [];
	private shades: Shades | undefined;
	private theme: Theme | undefined;
	private marked = new Set<string>();
	private widest = 1;
	private isUpright = false;
	private box = { left: 0, top: 0, width: 1, height: 1 };
	private cursor: Cell | undefined;
	private dragged: { from: Cell; to: Cell } | undefined;

	constructor(
		private readonly frame: ChartFrame,
		private readonly tell: (choice: Choice) => void,
	) {
		const { canvas } = this.surface;
		canvas.tabIndex = 0;
		canvas.setAttribute("role", "img");
		// JupyterLab moves between cells by the arrow keys.
		canvas.dataset.lmSuppressShortcuts = "true";
		frame.drawing.append(canvas);
		canvas.addEventListener("pointerdown", (event) => this.begin(event));
		canvas.addEventListener("pointermove", (event) => {
			if (event.buttons === 0) this.point(this.cellAt(event));
		});
		canvas.addEventListener("pointerleave", () => this.point(undefined));
		canvas.addEventListener("blur", () => this.point(undefined));
		canvas.addEventListener("keydown", (event) => this.key(event));
	}

	show(data: CellsData, theme: Theme): void {
		this.data = data;
		this.theme = theme;
		this.values = cellValues(data);
		this.lines = data.lines.map(({ level, points }) => ({
			level,
			points: new Float32Array(bytesOf(points)),
		}));
		this.cursor = undefined;
		this.shades = shadesOf(data, theme);
		this.frame.name(data, HINT);
		this.surface.canvas.setAttribute("aria-label", data.said);
		this.colour(data, this.shades);
		this.draw();
	}

	mark(cells: readonly unknown[]): void {
		this.marked = new Set(cells.map(String));
		this.draw();
	}

	/** One pixel for each cell. */
	private colour({ rows, columns, y }: CellsData, shades: Shades): void {
		this.pixels.width = columns;
		this.pixels.height = rows;
		const context = this.pixels.getContext("2d");
		if (!context) return;
		const image = context.createImageData(columns, rows);
		const out = new Uint32Array(image.data.buffer);
		const table = new Uint32Array(shades.table.buffer);
		for (let row = 0; row < rows; row += 1) {
			const to = (y ? rows - 1 - row : row) * columns;
			for (let column = 0; column < columns; column += 1) {
				const value = this.values[row * columns + column] ?? Number.NaN;
				out[to + column] = table[shades.index(value)] ?? 0;
			}
		}
		context.putImageData(image, 0, 0);
	}

	draw(): void {
		const { data, theme, shades } = this;
		const width = this.frame.drawing.clientWidth;
		if (!data || !theme || !shades || width < 120) return;
		const probe = this.surface.canvas.getContext("2d");
		if (probe) probe.font = `11px ${theme.font}`;
		this.place(data, width, probe);
		const { left, top, height } = this.box;
		const below = data.x ? 24 : 4;
		const context = this.surface.begin(width, top + height + below);
		if (!context) return;
		context.font = `11px ${theme.font}`;
		context.imageSmoothingEnabled = false;
		context.drawImage(this.pixels, left, top, this.box.width, height);
		this.drawLines(context, data, theme);
		context.strokeStyle = theme.border;
		context.lineWidth = 1;
		context.strokeRect(left - 0.5, top - 0.5, this.box.width + 1, height + 1);
		if (data.lines.length === 0) this.drawNumbers(context, data, shades);
		if (data.x && data.y) this.drawTicks(context, data.x, data.y, theme);
		else this.drawNames(context, data, theme);
		this.drawMarks(context, data, theme);
		this.drawScale(context, data, shades, theme);
		this.surface.canvas.dataset.frame = JSON.stringify(this.box);
	}

	private place(data: CellsData, width: number, probe: CanvasRenderingContext2D | null): void {
		const { rows, columns } = data;
		const measure = (text: string) => probe?.measureText(text).width ?? 0;
		if (data.x) {
			const [left, room] = [TICK_ROOM, width - TICK_ROOM - LEGEND];
			this.box = { left, top: 8, width: room, height: Math.min(380, Math.max(160, room * 0.62)) };
			return;
		}
		const longest = data.row_names.reduce((most, name) => Math.max(most, measure(name)), 22);
		const label = data.row_label ? AXIS : 0;
		const left = Math.min(NAME_ROOM, longest + 8) + label;
		const room = width - left - LEGEND;
		const cell = Math.min(LARGEST_CELL, room / columns, HIGHEST / rows);
		const wide = Math.min(room, Math.max(cell * columns, 160));
		this.widest = columnNames(data).reduce((most, name) => Math.max(most, measure(name)), 1);
		// Names that are wider than columns stand upright.
		this.isUpright = data.column_names.length > 0 && this.widest > wide / columns - 4;
		const above = this.isUpright ? Math.min(NAME_ROOM, this.widest) + 2 : LINE;
		this.box = {
			left,
			top: (data.column_label ? AXIS : 0) + above + 4,
			width: wide,
			height: Math.min(HIGHEST, Math.max(cell * rows, 60)),
		};
	}

	private drawLines(context: CanvasRenderingContext2D, data: CellsData, theme: Theme): void {
		const [rows, columns] = data.shape;
		const { left, top, width, height } = this.box;
		context.strokeStyle = theme.text;
		context.globalAlpha = 0.75;
		context.lineWidth = 1.1;
		context.beginPath();
		for (const { points } of this.lines) {
			for (let i = 0; i < points.length; i += 2) {
				const x = left + (((points[i] ?? 0) + 0.5) / columns) * width;
				const y = top + height - (((points[i + 1] ?? 0) + 0.5) / rows) * height;
				if (i === 0) context.moveTo(x, y);
				else context.lineTo(x, y);
			}
		}
		context.stroke();
		context.globalAlpha = 1;
	}

	private drawNumbers(context: CanvasRenderingContext2D, data: CellsData, shades: Shades): void {
		const [across, down] = [this.box.width / data.columns, this.box.height / data.rows];
		if (Math.min(across, down) < NUMBER_FROM) return;
		const largest = Math.max(Math.abs(data.low), Math.abs(data.high));
		const texts = Array.from(this.values, (value) => numberIn(value, largest));
		const widest = texts.reduce((most, text) => Math.max(most, context.measureText(text).width), 1);
		const size = Math.min(11, (11 * (across - 4)) / widest);
		if (size < 7) return;
		const font = context.font;
		context.font = font.replace(/[\d.]+px/, `${size}px`);
		context.textAlign = "center";
		context.textBaseline = "middle";
		for (let row = 0; row < data.rows; row += 1) {
			for (let column = 0; column < data.columns; column += 1) {
				const value = this.values[row * data.columns + column] ?? Number.NaN;
				if (Number.isNaN(value)) continue;
				const place = 4 * shades.index(value);
				const [r = 0, g = 0, b = 0] = shades.table.subarray(place, place + 3);
				context.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#14171c" : "#ffffff";
				const text = texts[row * data.columns + column] ?? "";
				const { x, y } = this.corner([row, column], data);
				context.fillText(text, x + across / 2, y + down / 2);
			}
		}
		context.font = font;
		context.textBaseline = "alphabetic";
	}

	private drawNames(context: CanvasRenderingContext2D, data: CellsData, theme: Theme): void {
		const { left, top, width, height } = this.box;
		context.fillStyle = theme.text;
		const down = height / data.rows;
		const everyRow = Math.max(1, Math.ceil(LINE / down));
		const room = left - 8 - (data.row_label ? AXIS : 0);
		context.textAlign = "right";
		for (let row = 0; row < data.rows; row += everyRow) {
			const name = fitted(context, data.row_names[row] ?? String(row * data.block[0]), room);
			context.fillText(name, left - 5, top + (row + 0.5) * down + 4);
		}
		const across = width / data.columns;
		const names = columnNames(data);
		const every = Math.max(1, Math.ceil((this.isUpright ? LINE : this.widest + 6) / across));
		context.textAlign = this.isUpright ? "left" : "center";
		for (let column = 0; column < data.columns; column += every) {
			context.save();
			context.translate(left + (column + 0.5) * across + (this.isUpright ? 4 : 0), top - 5);
			if (this.isUpright) context.rotate(-Math.PI / 2);
			const name = names[column] ?? "";
			context.fillText(this.isUpright ? fitted(context, name, NAME_ROOM) : name, 0, 0);
			context.restore();
		}
		context.fillStyle = theme.textSoft;
		context.textAlign = "left";
		if (data.column_label) context.fillText(`${data.column_label} →`, left, 11);
		if (!data.row_label) return;
		context.save();
		context.translate(11, top);
		context.rotate(-Math.PI / 2);
		context.textAlign = "right";
		context.fillText(`← ${data.row_label}`, 0, 0);
		context.restore();
	}

	private drawTicks(
		context: CanvasRenderingContext2D,
		x: readonly [number, number],
		y: readonly [number, number],
		theme: Theme,
	): void {
		const { data } = this;
		if (!data) return;
		const { left, top, width, height } = this.box;
		context.fillStyle = theme.textSoft;
		context.textAlign = "center";
		const across = yTicks({ min: x[0], max: x[1] }, Math.max(2, width / 80), false);
		const labels = tickLabels(across);
		for (const [i, at] of across.entries()) {
			const share = inMiddles(at, x, data.shape[1]);
			context.fillText(labels[i] ?? "", left + share * width, top + height + 16);
		}
		context.textAlign = "right";
		const up = yTicks({ min: y[0], max: y[1] }, Math.max(2, height / 40), false);
		const heights = tickLabels(up);
		for (const [i, at] of up.entries()) {
			const share = inMiddles(at, y, data.shape[0]);
			context.fillText(heights[i] ?? "", left - 6, top + height - share * height + 4);
		}
	}

	private drawMarks(context: CanvasRenderingContext2D, data: CellsData, theme: Theme): void {
		const [across, down] = [this.box.width / data.columns, this.box.height / data.rows];
		const outline = ([row, column]: Cell, color: string, width: number) => {
			const { x, y } = this.corner([row, column], data);
			context.strokeStyle = color;
			context.lineWidth = width;
			context.strokeRect(x, y, Math.max(across, 3), Math.max(down, 3));
		};
		const marked = [...this.marked].map((key) => {
			const [row = 0, column = 0] = key.split(",").map(Number);
			return [row, column] as Cell;
		});
		if (Math.min(across, down) < OUTLINED_FROM) {
			context.fillStyle = theme.warn;
			context.globalAlpha = 0.5;
			for (const cell of marked) {
				const { x, y } = this.corner(cell, data);
				context.fillRect(x, y, Math.max(across, 2), Math.max(down, 2));
			}
			context.globalAlpha = 1;
		} else {
			for (const cell of marked) outline(cell, theme.surface, 4);
			for (const cell of marked) outline(cell, theme.warn, 2);
		}
		if (this.cursor) outline(this.cursor, theme.text, 1.5);
		if (!this.dragged) return;
		const { from, to } = this.dragged;
		const [a, b] = [this.corner(from, data), this.corner(to, data)];
		context.strokeStyle = theme.accent;
		context.lineWidth = 2;
		context.strokeRect(
			Math.min(a.x, b.x),
			Math.min(a.y, b.y),
			Math.abs(a.x - b.x) + across,
			Math.abs(a.y - b.y) + down,
		);
	}

	private drawScale(
		context: CanvasRenderingContext2D,
		data: CellsData,
		shades: Shades,
		theme: Theme,
	): void {
		const left = this.box.left + this.box.width + 14;
		const { top } = this.box;
		const height = Math.min(this.box.height, 160);
		const low = data.palette === "sign" ? -data.high : data.low;
		for (let i = 0; i < height; i += 1) {
			const value = data.high + (low - data.high) * (i / Math.max(1, height - 1));
			const place = 4 * shades.index(value);
			const [r, g, b] = shades.table.subarray(place, place + 3);
			context.fillStyle = `rgb(${r} ${g} ${b})`;
			context.fillRect(left, top + i, 10, 1.5);
		}
		context.fillStyle = theme.textSoft;
		context.textAlign = "left";
		context.fillText(formatNumber(data.high, 3), left + 14, top + 9);
		context.fillText(formatNumber((data.high + low) / 2, 3), left + 14, top + height / 2 + 4);
		context.fillText(formatNumber(low, 3), left + 14, top + height);
	}

	/** Where a cell's upper left corner is. */
	private corner([row, column]: Cell, data: CellsData): { x: number; y: number } {
		const { left, top, width, height } = this.box;
		const down = data.y ? data.rows - 1 - row : row;
		return {
			x: left + (column * width) / data.columns,
			y: top + (down * height) / data.rows,
		};
	}

	private cellAt({ offsetX, offsetY }: MouseEvent, isClamped = false): Cell | undefined {
		const { data } = this;
		if (!data) return undefined;
		const { left, top, width, height } = this.box;
		let column = Math.floor(((offsetX - left) / width) * data.columns);
		let down = Math.floor(((offsetY - top) / height) * data.rows);
		if (isClamped) {
			column = Math.max(0, Math.min(data.columns - 1, column));
			down = Math.max(0, Math.min(data.rows - 1, down));
		}
		if (column < 0 || down < 0 || column >= data.columns || down >= data.rows) return undefined;
		return [data.y ? data.rows - 1 - down : down, column];
	}

	private point(cell: Cell | undefined): void {
		if (String(cell) === String(this.cursor)) return;
		this.cursor = cell;
		this.draw();
		const { data } = this;
		this.frame.say(cell && data ? describe(cell, data, this.values) : "");
	}

	private begin(down: PointerEvent): void {
		const from = this.cellAt(down);
		if (down.button !== 0) return;
		if (!from) {
			this.tell({ kind: "clear" });
			return;
		}
		const { canvas } = this.surface;
		canvas.setPointerCapture(down.pointerId);
		const move = (event: PointerEvent) => {
			this.dragged = { from, to: this.cellAt(event, true) ?? from };
			this.draw();
		};
		const end = (event: PointerEvent) => {
			canvas.removeEventListener("pointermove", move);
			canvas.removeEventListener("pointerup", end);
			canvas.removeEventListener("pointercancel", end);
			const to = this.dragged?.to ?? from;
			this.dragged = undefined;
			this.draw();
			if (event.type === "pointerup") this.choose(from, to, down.ctrlKey || down.metaKey);
		};
		canvas.addEventListener("pointermove", move);
		canvas.addEventListener("pointerup", end);
		canvas.addEventListener("pointercancel", end);
	}

	private choose(from: Cell, to: Cell, add: boolean): void {
		this.tell({ kind: "cells", from, to, add });
	}

	private key(event: KeyboardEvent): void {
		const { data } = this;
		if (!data || event.altKey) return;
		const up = data.y ? 1 : -1;
		const walks: Record<string, Cell> = {
			ArrowLeft: [0, -1],
			ArrowRight: [0, 1],
			ArrowUp: [up, 0],
			ArrowDown: [-up, 0],
		};
		const walk = walks[event.key];
		if (walk) {
			const within = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));
			const from = this.cursor;
			this.point(
				from
					? [within(from[0] + walk[0], data.rows), within(from[1] + walk[1], data.columns)]
					: [0, 0],
			);
		} else if ((event.key === "Enter" || event.key === " ") && this.cursor) {
			this.choose(this.cursor, this.cursor, event.ctrlKey || event.metaKey);
		} else if (event.key === "Escape") this.tell({ kind: "clear" });
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}

/** The share of a side at which a value lies: the ends are the middles of cells. */
function inMiddles(at: number, [first, last]: readonly [number, number], count: number): number {
	const share = last === first ? 0.5 : (at - first) / (last - first);
	return (share * (count - 1) + 0.5) / count;
}

function columnNames({ columns, column_names, block }: CellsData): string[] {
	return Array.from({ length: columns }, (_, at) => column_names[at] ?? String(at * block[1]));
}

/** A cell's number as it is written into it, where the largest one is as large. */
function numberIn(value: number, largest: number): string {
	const size = Math.abs(value);
	if (size < 0.005 && largest >= 0.1) return "0"; // by as many digits as the others have
	if (Number.isInteger(value) && size < 1e6) return value.toLocaleString("en").replace("-", "−");
	const isEven = size < 100 && (size >= 0.01 || largest >= 0.1);
	return isEven ? value.toFixed(2).replace("-", "−") : formatNumber(value, 2);
}

/** A cell in words: its names, or where it is, and its value. */
export function describe([row, column]: Cell, data: CellsData, values: Float64Array): string {
	const value = values[row * data.columns + column] ?? Number.NaN;
	const side = (at: number, names: readonly string[], block: number, length: number) => {
		const first = at * block;
		const last = Math.min(length, first + block) - 1;
		if (block === 1) return names[at] ?? String(first);
		return last > first ? `${first}–${last}` : String(first);
	};
	const onAxis = (at: number, ends: readonly [number, number], count: number) =>
		formatNumber(ends[0] + ((ends[1] - ends[0]) * at) / Math.max(1, count - 1), 4);
	const rowName =
		data.y && data.block[0] === 1
			? onAxis(row, data.y, data.shape[0])
			: side(row, data.row_names, data.block[0], data.shape[0]);
	const columnName =
		data.x && data.block[1] === 1
			? onAxis(column, data.x, data.shape[1])
			: side(column, data.column_names, data.block[1], data.shape[1]);
	const [rows, columns] = [data.row_label || "row", data.column_label || "column"];
	const text = Number.isNaN(value) ? "not finite" : formatNumber(value, 4);
	return `${rows} ${rowName}, ${columns} ${columnName}: ${text}`;
}
