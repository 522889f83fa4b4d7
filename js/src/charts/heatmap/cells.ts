// Where a parameter's cells lie in the picture, and which weights a cell stands for.
// The arrangement is made by nbviz/inspection/arrangement.py.
import { formatCount, formatNumber } from "../../ui/format";

/** The cell that stands for NaN or an infinity. */
export const NOT_FINITE = -32768;

/** A tensor as a picture of `rows` × `columns` cells. */
export interface HeatmapCells {
	readonly name: string;
	readonly step: number;
	readonly shape: readonly number[];
	readonly rows: number;
	readonly columns: number;
	/** The cells of one kernel; 0 × 0 for one matrix. */
	readonly tile_rows: number;
	readonly tile_columns: number;
	/** Up to so many values stand behind a cell. */
	readonly reduced: number;
	/** A cell's value is `cell * scale`. */
	readonly scale: number;
	/** Row by row. */
	readonly cells: Int16Array;
}

/** The picture in pixels of one cell each: cells with a gap of one between kernels. */
export interface CellGrid {
	readonly width: number;
	readonly height: number;
	/** Kernels along x and y; 1 × 1 for a matrix. */
	readonly across: number;
	readonly down: number;
	readonly tileWidth: number;
	readonly tileHeight: number;
	/** Kernels that hold values; the rest of the last row is blank. */
	readonly kernels: number;
	/** Cells that hold values; the rest of a wrapped vector's last row is blank. */
	readonly cells: number;
}

export function cellGrid(picture: HeatmapCells): CellGrid {
	const { rows, columns, shape, reduced } = picture;
	const tileHeight = picture.tile_rows || rows;
	const tileWidth = picture.tile_columns || columns;
	const across = columns / tileWidth;
	const down = rows / tileHeight;
	const isTiled = picture.tile_rows > 0;
	return {
		width: columns + across - 1,
		height: rows + down - 1,
		across,
		down,
		tileWidth,
		tileHeight,
		kernels: isTiled ? Math.min(size(shape) / (tileWidth * tileHeight), across * down) : 1,
		cells: isVector(shape) ? Math.ceil(size(shape) / reduced) : rows * columns,
	};
}

/** The cell's place in `cells` at a pixel; undefined in a gap and past the last value. */
export function cellAt(grid: CellGrid, x: number, y: number): number | undefined {
	if (x < 0 || y < 0 || x >= grid.width || y >= grid.height) return undefined;
	const tileX = Math.floor(x / (grid.tileWidth + 1));
	const tileY = Math.floor(y / (grid.tileHeight + 1));
	const inX = x - tileX * (grid.tileWidth + 1);
	const inY = y - tileY * (grid.tileHeight + 1);
	if (inX === grid.tileWidth || inY === grid.tileHeight) return undefined;
	if (tileY * grid.across + tileX >= grid.kernels) return undefined;
	const columns = grid.across * grid.tileWidth;
	const place = (tileY * grid.tileHeight + inY) * columns + tileX * grid.tileWidth + inX;
	return place < grid.cells ? place : undefined;
}

/** A cell's value; NaN stands for every value that is not finite. */
export function cellValue(picture: HeatmapCells, place: number): number {
	const cell = picture.cells[place] ?? 0;
	return cell === NOT_FINITE ? Number.NaN : cell * picture.scale;
}

/** The largest magnitude among the picture's cells, or what `share` of them stays within. */
export function magnitudeWithin(picture: HeatmapCells, share: number): number {
	const counts = new Uint32Array(32768);
	let finite = 0;
	for (const cell of picture.cells) {
		if (cell === NOT_FINITE) continue;
		const size = Math.abs(cell);
		counts[size] = (counts[size] ?? 0) + 1;
		finite += 1;
	}
	let left = finite * (1 - share);
	for (let size = 32767; size > 0; size -= 1) {
		left -= counts[size] ?? 0;
		if (left < 0) return size * picture.scale;
	}
	return 0;
}

/** Which weights a cell stands for, and their value: two lines. */
export function describeCell(picture: HeatmapCells, place: number): string {
	const value = cellValue(picture, place);
	const text = Number.isNaN(value) ? "not finite (NaN or ∞)" : formatNumber(value, 4);
	const note = picture.reduced > 1 ? `, strongest of ${formatCount(picture.reduced)}` : "";
	return `${placeName(picture, place)}\n${text}${note}`;
}

function placeName(picture: HeatmapCells, place: number): string {
	const { columns, rows, tile_rows, tile_columns, shape, reduced } = picture;
	const row = Math.floor(place / columns);
	const column = place % columns;
	if (tile_rows > 0 && tile_columns > 0) {
		const tile =
			Math.floor(row / tile_rows) * (columns / tile_columns) + Math.floor(column / tile_columns);
		const filters = shape[0] ?? 1;
		const channels = size(shape) / (filters * tile_rows * tile_columns);
		const inside = `[${row % tile_rows}, ${column % tile_columns}]`;
		const channel = channels > 1 ? `, channel ${tile % channels}` : "";
		return `filter ${Math.floor(tile / channels)}${channel} ${inside}`;
	}
	if (isVector(shape)) return span(place, reduced, size(shape));
	if (shape.length === 2) {
		const names = [span(row, Math.ceil((shape[0] ?? 1) / rows), shape[0] ?? 1)];
		names.push(span(column, Math.ceil((shape[1] ?? 1) / columns), shape[1] ?? 1));
		return `row ${names[0]}, column ${names[1]}`;
	}
	const filters = shape[0] ?? 1;
	if (shape.length > 3) {
		const channels = shape.slice(1, -2).reduce((product, length) => product * length, 1);
		const filter = span(row, Math.ceil(filters / rows), filters);
		return `filter ${filter}, channel ${span(column, Math.ceil(channels / columns), channels)}`;
	}
	return `cell ${row}, ${column}`;
}

function span(block: number, length: number, total: number): string {
	const first = block * length;
	const last = Math.min(total, first + length) - 1;
	return last > first ? `${first}–${last}` : String(first);
}

/** True for what the kernel lays out as a vector: at most one dimension. */
function isVector(shape: readonly number[]): boolean {
	return shape.length < 2;
}

function size(shape: readonly number[]): number {
	return shape.reduce((product, length) => product * length, 1);
}
