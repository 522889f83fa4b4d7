// A parameter's picture on a canvas: a colour for each cell, a readout under the pointer, zoom.
import type { Theme } from "../../ui/theme";
import {
	type CellGrid,
	cellAt,
	cellGrid,
	describeCell,
	type HeatmapCells,
	NOT_FINITE,
} from "./cells";
import { type Colormap, colorIndex, type Palette } from "./colormaps";

const MOST_ZOOM = 40;
const HIGHEST = 214;
const LARGEST_CELL = 22;
const LONGEST_STRETCH = 4;

export interface HeatmapLook {
	readonly map: Colormap;
	readonly palette: Palette;
	/** The magnitude at the ends of the colours. */
	readonly limit: number;
	readonly theme: Theme;
}

interface Placed {
	/** Canvas pixels (CSS) of one cell, and of the picture's corner. */
	readonly cellWidth: number;
	readonly cellHeight: number;
	readonly left: number;
	readonly top: number;
}

export class Heatmap {
	readonly canvas = document.createElement("canvas");
	private readonly cells = document.createElement("canvas");
	private picture: HeatmapCells | undefined;
	private grid: CellGrid | undefined;
	private look: HeatmapLook | undefined;
	private width = 0;
	private height = 0;
	private highest = HIGHEST;
	private zoom = 1;
	private panX = 0;
	private panY = 0;
	private pointed: { x: number; y: number } | undefined;

	/** `describe` gets the text for the cell that is pointed at and where it is on the canvas. */
	constructor(private readonly describe: (text: string, x: number, y: number) => void) {
		this.canvas.className = "nbviz-heatmap";
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute("role", "img");
		// JupyterLab moves between cells by the arrow keys.
		this.canvas.dataset.lmSuppressShortcuts = "true";
		this.canvas.title =
			"Ctrl + wheel or + and − zoom, drag moves, double click or 0 resets, arrows walk from cell to cell";
		this.listen();
	}

	/** Takes a new picture or new colours, and draws them. */
	show(picture: HeatmapCells, look: HeatmapLook): void {
		this.picture = picture;
		this.look = look;
		this.grid = cellGrid(picture);
		this.canvas.dataset.layer = picture.name;
		this.canvas.dataset.step = String(picture.step);
		this.colour(picture, this.grid, look);
		this.draw();
	}

	/** Fits the canvas into a width and a height in CSS pixels. */
	resize(width: number, highest = HIGHEST): void {
		if (width <= 0 || (width === this.width && highest === this.highest)) return;
		this.width = width;
		this.highest = highest;
		this.draw();
	}

	/** One canvas pixel for each cell, transparent in gaps and blanks. */
	private colour(picture: HeatmapCells, grid: CellGrid, look: HeatmapLook): void {
		this.cells.width = grid.width;
		this.cells.height = grid.height;
		const context = this.cells.getContext("2d");
		if (!context) return;
		const image = context.createImageData(grid.width, grid.height);
		const pixels = new Uint32Array(image.data.buffer);
		const table = new Uint32Array(look.map.colors.buffer);
		const { tileWidth, tileHeight, across, down } = grid;
		const columns = across * tileWidth;
		const shades = shadesOf(picture, look, table);
		for (let tile = 0; tile < grid.kernels; tile += 1) {
			const tileX = tile % across;
			const tileY = Math.floor(tile / across);
			if (tileY >= down) break;
			for (let y = 0; y < tileHeight; y += 1) {
				const from = (tileY * tileHeight + y) * columns + tileX * tileWidth;
				const to = (tileY * (tileHeight + 1) + y) * grid.width + tileX * (tileWidth + 1);
				for (let x = 0; x < tileWidth && from + x < grid.cells; x += 1) {
					pixels[to + x] = shades(picture.cells[from + x] ?? 0);
				}
			}
		}
		context.putImageData(image, 0, 0);
	}

	/** Where the picture lies: kernels keep square cells, matrices may stretch to be readable. */
	private place(grid: CellGrid): Placed {
		const density = window.devicePixelRatio || 1;
		const across = this.width / grid.width;
		const down = this.highest / grid.height;
		const square = Math.min(across, down, LARGEST_CELL);
		const isTiled = grid.across * grid.down > 1;
		const most = isTiled ? square : square * LONGEST_STRETCH;
		const crisp = (size: number) =>
			size * density >= 2 ? Math.floor(size * density) / density : size;
		const cellWidth = crisp(Math.min(across, most));
		const cellHeight = crisp(Math.min(down, most));
		this.height = Math.min(this.highest, Math.max(24, Math.ceil(cellHeight * grid.height) + 2));
		return {
			cellWidth: cellWidth * this.zoom,
			cellHeight: cellHeight * this.zoom,
			left: (this.width - cellWidth * grid.width) / 2 + this.panX,
			top: (this.height - cellHeight * grid.height) / 2 + this.panY,
		};
	}

	private draw(): void {
		const { grid, look } = this;
		if (!grid || !look || this.width <= 0) return;
		const placed = this.place(grid);
		const density = window.devicePixelRatio || 1;
		const pixelWidth = Math.round(this.width * density);
		const pixelHeight = Math.round(this.height * density);
		if (this.canvas.width !== pixelWidth || this.canvas.height !== pixelHeight) {
			this.canvas.width = pixelWidth;
			this.canvas.height = pixelHeight;
			this.canvas.style.height = `${this.height}px`;
		}
		const context = this.canvas.getContext("2d");
		if (!context) return;
		context.setTransform(density, 0, 0, density, 0, 0);
		context.clearRect(0, 0, this.width, this.height);
		context.imageSmoothingEnabled = false;
		const width = grid.width * placed.cellWidth;
		const height = grid.height * placed.cellHeight;
		context.drawImage(this.cells, placed.left, placed.top, width, height);
		context.strokeStyle = look.theme.border;
		if (grid.across * grid.down === 1) {
			context.strokeRect(placed.left + 0.5, placed.top + 0.5, width - 1, height - 1);
		}
		this.outline(context, placed, look.theme);
	}

	private outline(context: CanvasRenderingContext2D, placed: Placed, theme: Theme): void {
		if (!this.pointed) return;
		const { cellWidth, cellHeight, left, top } = placed;
		const x = left + this.pointed.x * cellWidth;
		const y = top + this.pointed.y * cellHeight;
		context.lineWidth = 1.5;
		context.strokeStyle = theme.surface;
		context.strokeRect(x - 1.5, y - 1.5, cellWidth + 3, cellHeight + 3);
		context.strokeStyle = theme.text;
		context.strokeRect(x - 0.5, y - 0.5, cellWidth + 1, cellHeight + 1);
		context.lineWidth = 1;
	}

	private point(x: number, y: number): void {
		const { grid, picture } = this;
		if (!grid || !picture) return;
		const place = cellAt(grid, x, y);
		this.pointed = place === undefined ? undefined : { x, y };
		this.draw();
		if (place === undefined) {
			this.describe("", 0, 0);
			return;
		}
		const placed = this.place(grid);
		this.describe(
			describeCell(picture, place),
			placed.left + (x + 0.5) * placed.cellWidth,
			placed.top + (y + 1) * placed.cellHeight,
		);
	}

	private listen(): void {
		let grabbed: { x: number; y: number } | undefined;
		const { canvas } = this;
		canvas.addEventListener("pointermove", (event) => {
			if (grabbed && this.zoom > 1) {
				this.move(event.offsetX - grabbed.x, event.offsetY - grabbed.y);
				grabbed = { x: event.offsetX, y: event.offsetY };
				return;
			}
			if (!this.grid) return;
			const placed = this.place(this.grid);
			const x = Math.floor((event.offsetX - placed.left) / placed.cellWidth);
			const y = Math.floor((event.offsetY - placed.top) / placed.cellHeight);
			if (x !== this.pointed?.x || y !== this.pointed?.y) this.point(x, y);
		});
		canvas.addEventListener("pointerdown", (event) => {
			grabbed = { x: event.offsetX, y: event.offsetY };
			canvas.setPointerCapture(event.pointerId);
		});
		const release = () => {
			grabbed = undefined;
		};
		canvas.addEventListener("pointerup", release);
		canvas.addEventListener("pointercancel", release);
		canvas.addEventListener("pointerleave", () => this.point(-1, -1));
		canvas.addEventListener("blur", () => this.point(-1, -1));
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

	private key(event: KeyboardEvent): void {
		if (event.ctrlKey || event.metaKey || event.altKey || !this.grid) return;
		const { x, y } = this.pointed ?? { x: 0, y: 0 };
		const walks: Record<string, readonly [number, number]> = {
			ArrowLeft: [-1, 0],
			ArrowRight: [1, 0],
			ArrowUp: [0, -1],
			ArrowDown: [0, 1],
		};
		const walk = walks[event.key];
		if (walk) this.walk(x, y, walk);
		else if (event.key === "+" || event.key === "=")
			this.zoomAt(1.5, this.width / 2, this.height / 2);
		else if (event.key === "-") this.zoomAt(1 / 1.5, this.width / 2, this.height / 2);
		else if (event.key === "0") this.reset();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	/** To the next cell in a direction, over the gap between kernels. */
	private walk(x: number, y: number, [dx, dy]: readonly [number, number]): void {
		const { grid } = this;
		if (!grid) return;
		if (!this.pointed) {
			this.point(0, 0);
			return;
		}
		for (const steps of [1, 2]) {
			const [nextX, nextY] = [x + dx * steps, y + dy * steps];
			if (cellAt(grid, nextX, nextY) !== undefined) {
				this.point(nextX, nextY);
				return;
			}
		}
	}

	private zoomAt(factor: number, x: number, y: number): void {
		if (!this.grid) return;
		const before = this.place(this.grid);
		const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
		const actual = zoom / this.zoom;
		this.zoom = zoom;
		this.panX += (x - before.left) * (1 - actual);
		this.panY += (y - before.top) * (1 - actual);
		if (zoom === 1) this.reset();
		else this.move(0, 0);
	}

	/** Moves the picture, but never out of sight. */
	private move(dx: number, dy: number): void {
		if (!this.grid) return;
		this.panX += dx;
		this.panY += dy;
		const placed = this.place(this.grid);
		const width = this.grid.width * placed.cellWidth;
		const height = this.grid.height * placed.cellHeight;
		const inside = (start: number, size: number, room: number) =>
			Math.min(Math.max(start, Math.min(0, room - size)), Math.max(0, room - size));
		this.panX += inside(placed.left, width, this.width) - placed.left;
		this.panY += inside(placed.top, height, this.height) - placed.top;
		this.canvas.dataset.zoomed = "true";
		this.draw();
	}

	private reset(): void {
		this.zoom = 1;
		this.panX = 0;
		this.panY = 0;
		this.canvas.dataset.zoomed = "false";
		this.draw();
	}
}

/** From a cell to its colour. */
function shadesOf(
	picture: HeatmapCells,
	{ palette, limit }: HeatmapLook,
	table: Uint32Array,
): (cell: number) => number {
	const share = limit > 0 ? picture.scale / limit : 0;
	return (cell) => table[cell === NOT_FINITE ? 0 : colorIndex(cell * share, 1, palette)] ?? 0;
}
