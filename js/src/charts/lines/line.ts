// A line chart on two canvases, axes below and lines above, with a crosshair and gestures over them.
import type { Theme } from "../../ui/theme";
import { Axes, inside, MARGIN, type XAxis } from "./axes";
import type { Range, XKind } from "./axis";
import { dragged, followDrag, followPan, type Place, wheelRange } from "./gestures";
import type { Area } from "./marks";
import { CanvasPen } from "./pen";
import { type Plot, Plotter } from "./plot";
import { position, valueAt } from "./scale";

const SMALLEST = 60;
/** Half a dot's width more at both sides, so that the newest point is not cut in two. */
const BLEED = 3;
/** A pointer as near as this to a line that can be dragged is on it, in CSS pixels. */
const MARK_REACH = 7;
/** How much is left of all lines where some stand out. */
const FADED = "0.25";

/** What a reader does with a chart. */
export interface LineChartListener {
	/** The pointer is over `x`, `top` CSS pixels below the inside's top edge, or has left. */
	hover(x: number | undefined, top: number): void;
	/** Show another range; `y` undefined leaves it as it is. */
	zoom(x: Range, y: Range | undefined): void;
	reset(): void;
	/** The line that stays where it is put is dragged to `x`; without this it cannot be. */
	moveMark?(x: number, isOver: boolean): void;
}

/** A point of a trace under the crosshair. */
export interface Dot {
	readonly x: number;
	readonly y: number;
	readonly color: string;
}

interface Drawn {
	readonly plot: Plot;
	readonly y: Range;
	readonly xKind: XKind;
	readonly xAxis: XAxis;
	readonly theme: Theme;
	/** Of the whole chart, in CSS pixels. */
	readonly width: number;
	readonly height: number;
	/** Canvas pixels to a CSS pixel. */
	readonly ratio: number;
}

export class LineChart {
	private readonly axes = new Axes();
	private readonly lines = document.createElement("canvas");
	/** Lines that stand out, over all lines: those need not be drawn again. */
	private readonly bold = document.createElement("canvas");
	/** Over the inside: what is pointed at, and where gestures begin. */
	private readonly over = overlay("nbviz-plot-over");
	private readonly selection = overlay("nbviz-plot-select");
	/** A line that stays where it is put. */
	private readonly marked = overlay("nbviz-chart-marked");
	private readonly crosshair = overlay("nbviz-chart-crosshair");
	/** What is shown with the crosshair. */
	private readonly layer = overlay("nbviz-chart-layer");
	private readonly dots: HTMLElement[] = [];
	private readonly plotter = new Plotter();
	private drawn: Drawn | undefined;
	/** Keys of the lines that stand out. */
	private keys: ReadonlySet<string> | undefined;
	/** Where the pointer is over the inside, in CSS pixels from its left and top edge. */
	private pointed: Place | undefined;
	private endGesture: (() => void) | undefined;
	/** Where the line is that can be dragged, in CSS pixels; undefined where there is none. */
	private markedAt: number | undefined;
	private density: MediaQueryList | undefined;

	constructor(
		private readonly host: HTMLElement,
		private readonly listener: LineChartListener,
	) {
		this.selection.hidden = true;
		this.layer.hidden = true;
		this.marked.hidden = true;
		this.layer.append(this.crosshair);
		this.over.append(this.selection, this.marked, this.layer);
		this.listen();
	}

	/** Draws `plot` as large as `width` × `height` CSS pixels; too small a box stays empty. */
	draw(
		plot: Plot,
		xKind: XKind,
		theme: Theme,
		width: number,
		height: number,
		xAxis: XAxis = "labels",
	): void {
		if (width < SMALLEST || height < SMALLEST) return;
		const before = this.drawn;
		if (!before) this.host.append(this.axes.canvas, this.lines, this.bold, this.over);
		const ratio = window.devicePixelRatio || 1;
		if (ratio !== before?.ratio) this.followDensity(ratio);
		const isAsBefore =
			width === before?.width &&
			height === before.height &&
			ratio === before.ratio &&
			xAxis === before.xAxis;
		if (!isAsBefore) this.resize(width, height, ratio, xAxis);
		const [wide] = inside(width, height, xAxis);
		const y = this.plotter.measure(plot, wide * ratio, ratio);
		this.drawn = { plot, y, xKind, xAxis, theme, width, height, ratio };
		const isEmpty = plot.traces.every(({ columns }) => columns.length === 0);
		const { x, isLog } = plot;
		this.axes.draw({ x, y, xKind, xAxis, isLog, isEmpty, theme, width, height, ratio });
		this.paint(this.drawn);
		const isMoved = plot.x.min !== before?.plot.x.min || plot.x.max !== before.plot.x.max;
		// Under a pointer that rests, other values pass.
		if (this.pointed !== undefined && isMoved) this.hover(this.pointed);
	}

	/** Has lines stand out, by their keys, and all others step back; undefined ends that. */
	emphasise(keys: ReadonlySet<string> | undefined): void {
		if (!keys && !this.keys) return;
		this.keys = keys;
		this.paintBold();
	}

	/** Puts the crosshair at `x` and `dots` on the lines; undefined takes them away. */
	showCursor(x: number | undefined, dots: readonly Dot[]): void {
		const { drawn } = this;
		if (!drawn) return;
		this.layer.hidden = x === undefined;
		if (x === undefined) return;
		const { plot, y } = drawn;
		const [width, height] = this.size;
		const at = position(x, plot.x, width);
		this.crosshair.hidden = at < 0 || at > width;
		this.crosshair.style.transform = `translateX(${at}px)`;
		for (const [i, dot] of dots.entries()) {
			const { style } = this.dotAt(i);
			const left = position(dot.x, plot.x, width);
			const top = height - position(dot.y, y, height, plot.isLog);
			const isInside = left >= 0 && left <= width && top >= 0 && top <= height;
			style.display = isInside ? "" : "none";
			style.transform = `translate(${left}px, ${top}px)`;
			style.background = dot.color;
		}
		for (const dot of this.dots.slice(dots.length)) dot.style.display = "none";
	}

	/**
	 * Puts a line at `x`, under the crosshair; undefined, or outside of what is shown, takes it away.
	 * One that can be dragged has a handle; at the newest step (`isNewest`) that is all of it.
	 */
	mark(x: number | undefined, canMove = false, isNewest = false): void {
		const { drawn, marked } = this;
		const [width] = this.size;
		const at = drawn && x !== undefined ? position(x, drawn.plot.x, width) : -1;
		marked.hidden = !(at >= 0 && at <= width);
		marked.style.transform = `translateX(${at}px)`;
		marked.classList.toggle("nbviz-chart-movable", canMove);
		marked.classList.toggle("nbviz-chart-newest", isNewest);
		this.markedAt = canMove && !marked.hidden ? at : undefined;
	}

	/** CSS pixels from the left edge of the host to `x`. */
	leftOf(x: number): number {
		return this.drawn ? MARGIN.left + position(x, this.drawn.plot.x, this.size[0]) : 0;
	}

	/** CSS pixels from the inside's top edge to a value. */
	topOf(value: number): number {
		if (!this.drawn) return 0;
		const { y, plot } = this.drawn;
		const [, height] = this.size;
		return height - position(value, y, height, plot.isLog);
	}

	/** The inside's size in CSS pixels. */
	get inside(): { width: number; height: number } {
		const [width, height] = this.drawn ? this.size : [0, 0];
		return { width, height };
	}

	/** True if the log scale has no place for some of the values in sight. */
	get leavesOut(): boolean {
		return this.plotter.leavesOut;
	}

	/** True if values lie outside of what clips outliers. */
	get clips(): boolean {
		return this.plotter.clips;
	}

	destroy(): void {
		this.endGesture?.();
		this.density?.removeEventListener("change", this.redraw);
		for (const part of [this.axes.canvas, this.lines, this.bold, this.over]) part.remove();
	}

	private get size(): readonly [width: number, height: number] {
		const { width = 0, height = 0, xAxis = "labels" } = this.drawn ?? {};
		return inside(width, height, xAxis);
	}

	private resize(width: number, height: number, ratio: number, xAxis: XAxis): void {
		const [wide, high] = inside(width, height, xAxis);
		for (const canvas of [this.lines, this.bold]) {
			canvas.width = Math.round((wide + 2 * BLEED) * ratio);
			canvas.height = Math.round(high * ratio);
			place(canvas, MARGIN.left - BLEED, MARGIN.top, wide + 2 * BLEED, high);
		}
		place(this.over, MARGIN.left, MARGIN.top, wide, high);
	}

	/** Draws anew when the page's zoom or its screen changes. */
	private followDensity(ratio: number): void {
		this.density?.removeEventListener("change", this.redraw);
		this.density = window.matchMedia(`(resolution: ${ratio}dppx)`);
		this.density.addEventListener("change", this.redraw);
	}

	private readonly redraw = (): void => {
		if (!this.drawn) return;
		const { plot, xKind, theme, width, height, xAxis } = this.drawn;
		this.draw(plot, xKind, theme, width, height, xAxis);
	};

	private paint(drawn: Drawn): void {
		const pen = cleared(this.lines);
		if (pen) this.plotter.draw(pen, drawn.plot, drawn.y, areaOf(drawn), drawn.theme);
		this.paintBold();
	}

	private paintBold(): void {
		const { bold, drawn, keys, lines } = this;
		bold.hidden = !keys;
		lines.style.opacity = keys ? FADED : "";
		const pen = drawn && keys && cleared(bold);
		if (pen) this.plotter.drawBold(pen, drawn.plot, drawn.y, areaOf(drawn), keys);
	}

	private dotAt(index: number): HTMLElement {
		const known = this.dots[index];
		if (known) return known;
		const made = overlay("nbviz-chart-dot");
		this.dots[index] = made;
		this.layer.append(made);
		return made;
	}

	private listen(): void {
		const { over } = this;
		// What lies over it takes no pointer, so that offsets are always its own.
		const hover = (event: MouseEvent) => {
			const { offsetX, offsetY } = event;
			over.style.cursor = this.isOnMark(event) ? "ew-resize" : "";
			this.hover({ x: offsetX, y: offsetY });
		};
		over.addEventListener("mousemove", hover);
		over.addEventListener("mouseenter", hover);
		over.addEventListener("mouseleave", () => {
			this.pointed = undefined;
			this.listener.hover(undefined, 0);
		});
		over.addEventListener("mousedown", (event) => {
			if (event.button !== 0) return;
			if (event.shiftKey) this.startPan(event);
			else if (this.isOnMark(event)) this.startMove(event);
			else this.startSelection(event);
		});
		over.addEventListener("dblclick", () => this.listener.reset());
		over.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
	}

	private hover(at: Place): void {
		if (!this.drawn) return;
		this.pointed = at;
		this.listener.hover(valueAt(at.x, this.drawn.plot.x, this.size[0]), at.y);
	}

	/** Whether the pointer is on the line that can be dragged: on its handle, where that is all of it. */
	private isOnMark({ offsetX, offsetY }: MouseEvent): boolean {
		const { markedAt, marked } = this;
		if (markedAt === undefined || Math.abs(offsetX - markedAt) > MARK_REACH) return false;
		const isAll = !marked.classList.contains("nbviz-chart-newest");
		return isAll || offsetY > this.size[1] - 2 * MARK_REACH;
	}

	private startMove(down: MouseEvent): void {
		this.endGesture?.();
		this.endGesture = followDrag(down, (by, isOver) => {
			if (!this.drawn) return;
			const { plot } = this.drawn;
			const [width] = this.size;
			const at = Math.min(width, Math.max(0, down.offsetX + by.x));
			this.listener.moveMark?.(valueAt(at, plot.x, width), isOver);
		});
	}

	private startPan(down: MouseEvent): void {
		if (!this.drawn) return;
		this.endGesture?.();
		this.endGesture = followPan(down, this.drawn.plot.x, this.size[0], (range) =>
			this.listener.zoom(range, undefined),
		);
	}

	private startSelection(down: MouseEvent): void {
		this.endGesture?.();
		const [width, height] = this.size;
		const start: Place = { x: down.offsetX, y: down.offsetY };
		this.endGesture = followDrag(down, (by, isOver) => {
			const end = { x: start.x + by.x, y: start.y + by.y };
			const selected = dragged(start, end, width, height);
			this.selection.hidden = !selected || isOver;
			if (!selected) return;
			const { left, top, right, bottom } = selected;
			if (isOver) this.select(selected);
			else place(this.selection, left, top, right - left, bottom - top);
		});
	}

	private select(area: { left: number; top: number; right: number; bottom: number }): void {
		if (!this.drawn) return;
		const { plot, y } = this.drawn;
		const [width, height] = this.size;
		const value = (up: number) => valueAt(height - up, y, height, plot.isLog);
		const isWide = area.right - area.left >= width - 1;
		const isHigh = area.bottom - area.top >= height - 1;
		this.listener.zoom(
			isWide
				? plot.x
				: { min: valueAt(area.left, plot.x, width), max: valueAt(area.right, plot.x, width) },
			isHigh ? undefined : { min: value(area.bottom), max: value(area.top) },
		);
	}

	/** Alone the wheel scrolls the notebook. */
	private wheel(event: WheelEvent): void {
		if (!this.drawn) return;
		const { x } = this.drawn.plot;
		const [width] = this.size;
		const range = wheelRange(event, x, valueAt(event.offsetX, x, width), width);
		if (!range) return;
		event.preventDefault();
		this.listener.zoom(range, undefined);
	}
}

function cleared(canvas: HTMLCanvasElement): CanvasPen | undefined {
	const context = canvas.getContext("2d");
	context?.clearRect(0, 0, canvas.width, canvas.height);
	return context ? new CanvasPen(context) : undefined;
}

/** The inside on its canvas. */
function areaOf({ width, height, ratio, xAxis }: Drawn): Area {
	const [wide, high] = inside(width, height, xAxis);
	return { left: BLEED * ratio, top: 0, width: wide * ratio, height: high * ratio, ratio };
}

function place(part: HTMLElement, left: number, top: number, width: number, height: number): void {
	const { style } = part;
	style.left = `${left}px`;
	style.top = `${top}px`;
	style.width = `${width}px`;
	style.height = `${height}px`;
}

function overlay(className: string): HTMLElement {
	const made = document.createElement("div");
	made.className = className;
	return made;
}
