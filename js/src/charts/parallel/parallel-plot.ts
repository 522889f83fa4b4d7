// Parallel coordinates: an axis for each column, a line for each row; a drag along an axis keeps a range.
import { element } from "../../ui/element";
import type { Theme } from "../../ui/theme";
import { type PlotColumn, Scale } from "./scale";
import { Surface } from "./surface";

const HEIGHT = 220;
const MARGIN = { left: 46, right: 46, top: 30, bottom: 12 };
const MOST_AXES = 9;
const NAME_HEIGHT = 13;
const MOST_NAME_ROWS = 3;
const NEAR = 8;
/** A drag shorter than this, in pixels, takes the range away. */
const CLICK = 4;
/** Runs whose line is not drawn with their own colour lie below the others. */
const SHADED = 0.22;

/** One line over the axes. */
export interface PlotLine<T> {
	readonly item: T;
	readonly id: string;
	/** Whether it has its own colour and stands before the others. */
	readonly isShown: boolean;
	readonly color: string;
	readonly dash: readonly number[];
}

export interface ParallelContent<T> {
	readonly lines: readonly PlotLine<T>[];
	readonly columns: readonly PlotColumn<T>[];
	readonly theme: Theme;
	readonly pointed: string | undefined;
	/** Of the lines that are not faint; 0.9 if it is not given. */
	readonly opacity?: number;
	/** The lines that are not faint, by id; undefined for those within all ranges. */
	readonly marked?: ReadonlySet<string> | undefined;
}

/** A range of values on an axis, by the column's id. */
export type Ranges = readonly (readonly [id: string, low: number, high: number])[];

export interface ParallelListener {
	/** Lines within all ranges, by id; undefined while there is no range. */
	brush(ids: ReadonlySet<string> | undefined, ranges: Ranges): void;
	point(id: string | undefined): void;
}

export class ParallelPlot<T> {
	readonly root: HTMLElement;
	private readonly surface = new Surface();
	private readonly ranges = new Map<string, readonly [low: number, high: number]>();
	private content: ParallelContent<T> | undefined;
	private scales: Scale<T>[] = [];
	/** Names that do not fit beside each other take turns in so many rows. */
	private nameRows = 1;

	/** `named` has the label and the description of what is drawn. */
	constructor(
		private readonly listener: ParallelListener,
		named: Record<string, string>,
		private readonly mostAxes = MOST_AXES,
		private readonly height = HEIGHT,
	) {
		this.root = element("div", "nbviz-parallel", { role: "img", ...named });
		this.root.append(this.surface.canvas);
		const { canvas } = this.surface;
		canvas.addEventListener("pointerdown", (event) => this.drag(event));
		canvas.addEventListener("pointermove", (event) => this.hover(event));
		canvas.addEventListener("pointerleave", () => listener.point(undefined));
	}

	draw(content: ParallelContent<T>): void {
		this.content = content;
		const width = this.root.clientWidth;
		if (width < 60) return;
		this.scales = content.columns.slice(0, this.mostAxes).map(
			(column) =>
				new Scale(
					column,
					content.lines.map(({ item }) => item),
				),
		);
		const context = this.surface.begin(width, this.height);
		if (!context) return;
		context.font = `11px ${content.theme.font}`;
		this.nameRows = 1;
		while (this.nameRows < MOST_NAME_ROWS && !this.namesFit(context)) this.nameRows += 1;
		const { theme, pointed, opacity = 0.9 } = content;
		const order = [...content.lines].sort((a, b) => rank(a, pointed) - rank(b, pointed));
		for (const one of order) {
			const isPointed = one.id === pointed;
			const isIn = this.isWithin(one);
			context.globalAlpha = isPointed
				? 1
				: !isIn
					? 0.06
					: one.isShown
						? pointed
							? Math.min(0.5, opacity)
							: opacity
						: SHADED;
			context.strokeStyle = one.isShown || isPointed ? one.color : theme.textSoft;
			context.lineWidth = isPointed ? 2.6 : one.isShown ? 1.5 : 1;
			context.setLineDash(one.isShown ? [...one.dash] : []);
			context.beginPath();
			let isDown = false;
			for (const [i, scale] of this.scales.entries()) {
				const share = scale.share(one.item);
				if (share === undefined) {
					isDown = false;
					continue;
				}
				if (isDown) context.lineTo(this.x(i), this.y(share));
				else context.moveTo(this.x(i), this.y(share));
				isDown = true;
			}
			context.stroke();
		}
		context.setLineDash([]);
		this.drawAxes(context);
	}

	/** Takes all ranges away. */
	clear(): void {
		this.ranges.clear();
	}

	private drawAxes(context: CanvasRenderingContext2D): void {
		const { theme } = this.content ?? {};
		if (!theme) return;
		context.globalAlpha = 1;
		context.font = `11px ${theme.font}`;
		for (const [i, scale] of this.scales.entries()) {
			const x = this.x(i);
			context.strokeStyle = theme.textSoft;
			context.lineWidth = 1;
			context.beginPath();
			context.moveTo(x, this.top);
			context.lineTo(x, this.height - MARGIN.bottom);
			context.stroke();
			const isLast = i === this.scales.length - 1;
			const align = i === 0 ? "left" : isLast ? "right" : "center";
			context.textAlign = align;
			context.fillStyle = theme.text;
			const shift = i === 0 ? 4 - MARGIN.left : isLast ? MARGIN.right - 4 : 0;
			const name = fitted(context, scale.column.title, this.nameRoom(i));
			context.fillText(name, x + shift, 12 + NAME_HEIGHT * (i % this.nameRows));
			context.textAlign = isLast ? "left" : i === 0 ? "right" : "left";
			context.fillStyle = theme.textSoft;
			for (const { share, text } of scale.ticks(6)) {
				const side = i === 0 ? -5 : 5;
				context.lineWidth = 3;
				context.strokeStyle = theme.surface;
				const shown = i === 0 || isLast ? cut(context, text, MARGIN.right - 6) : text;
				context.strokeText(shown, x + side, this.y(share) + 4);
				context.fillText(shown, x + side, this.y(share) + 4);
			}
			const range = this.ranges.get(scale.column.id);
			if (!range) continue;
			context.fillStyle = theme.accent;
			context.globalAlpha = 0.3;
			context.fillRect(x - 6, this.y(range[1]), 12, this.y(range[0]) - this.y(range[1]));
			context.globalAlpha = 1;
		}
	}

	private namesFit(context: CanvasRenderingContext2D): boolean {
		return this.scales.every(
			({ column }, i) => context.measureText(column.title).width <= this.nameRoom(i),
		);
	}

	/** How wide the name of an axis may be. */
	private nameRoom(index: number): number {
		const { length } = this.scales;
		const inside = this.surface.width - MARGIN.left - MARGIN.right;
		const room = (inside * this.nameRows) / Math.max(1, length - 1);
		const isEnd = index === 0 || index === length - 1;
		return isEnd ? room / 2 + MARGIN.left - 8 : room - 8;
	}

	/** Where the axes begin, below their names. */
	private get top(): number {
		return MARGIN.top + NAME_HEIGHT * (this.nameRows - 1);
	}

	private x(index: number): number {
		const inside = this.surface.width - MARGIN.left - MARGIN.right;
		return MARGIN.left + (inside * index) / Math.max(1, this.scales.length - 1);
	}

	private y(share: number): number {
		return this.height - MARGIN.bottom - share * (this.height - this.top - MARGIN.bottom);
	}

	private shareAt(top: number): number {
		const share = (this.height - MARGIN.bottom - top) / (this.height - this.top - MARGIN.bottom);
		return Math.min(1, Math.max(0, share));
	}

	private isWithin({ item, id }: PlotLine<T>): boolean {
		const { marked } = this.content ?? {};
		if (marked && this.ranges.size === 0) return marked.has(id);
		return this.scales.every((scale) => {
			const range = this.ranges.get(scale.column.id);
			if (!range) return true;
			const share = scale.share(item);
			return share !== undefined && share >= range[0] - 1e-9 && share <= range[1] + 1e-9;
		});
	}

	private drag(down: PointerEvent): void {
		const distances = this.scales.map((_, i) => Math.abs(this.x(i) - down.offsetX));
		const nearest = distances.indexOf(Math.min(...distances));
		const scale = this.scales[nearest];
		if (!scale || down.button !== 0 || (distances[nearest] ?? 0) > 24) return;
		const from = down.offsetY;
		const move = ({ offsetY }: PointerEvent) => {
			if (Math.abs(offsetY - from) < CLICK) this.ranges.delete(scale.column.id);
			else {
				const [low, high] = [
					this.shareAt(Math.max(from, offsetY)),
					this.shareAt(Math.min(from, offsetY)),
				];
				this.ranges.set(scale.column.id, [low, high]);
			}
			this.tell();
		};
		this.surface.follow(down, move);
	}

	private tell(): void {
		const { content } = this;
		if (!content) return;
		const kept = content.lines.filter((one) => this.isWithin(one)).map(({ id }) => id);
		const ranges: [string, number, number][] = [];
		for (const scale of this.scales) {
			const range = this.ranges.get(scale.column.id);
			if (range) ranges.push([scale.column.id, scale.value(range[0]), scale.value(range[1])]);
		}
		this.listener.brush(this.ranges.size > 0 ? new Set(kept) : undefined, ranges);
		this.draw(content);
	}

	private hover({ offsetX, offsetY, buttons }: PointerEvent): void {
		if (buttons !== 0 || !this.content) return;
		let best: string | undefined;
		let distance = NEAR;
		for (const { item, id } of this.content.lines) {
			for (let i = 1; i < this.scales.length; i++) {
				const [left, right] = [this.x(i - 1), this.x(i)];
				if (offsetX < left || offsetX > right) continue;
				const [a, b] = [this.scales[i - 1]?.share(item), this.scales[i]?.share(item)];
				if (a === undefined || b === undefined) continue;
				const at = a + ((b - a) * (offsetX - left)) / Math.max(1, right - left);
				const away = Math.abs(this.y(at) - offsetY);
				if (away < distance) [best, distance] = [id, away];
			}
		}
		this.listener.point(best);
	}
}

function rank<T>({ id, isShown }: PlotLine<T>, pointed: string | undefined): number {
	return id === pointed ? 2 : Number(isShown);
}

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
	if (context.measureText(text).width <= room) return text;
	let shown = text;
	while (shown.length > 1 && context.measureText(`…${shown}`).width > room) shown = shown.slice(1);
	return `…${shown}`;
}

function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
	let shown = text;
	while (shown.length > 1 && context.measureText(shown).width > room) {
		shown = `${shown.slice(0, shown.endsWith("…") ? -2 : -1)}…`;
	}
	return shown;
}
