// Arrows over a plane, the longest as long as arrows are apart; a drag selects those in a box.
import { tickLabels, yTicks } from "../charts/lines/axis";
import { Surface } from "../charts/parallel/surface";
import { formatNumber } from "../ui/format";
import type { Theme } from "../ui/theme";
import { type ArrowsData, bytesOf, type Choice } from "./data";
import type { ChartFrame } from "./frame";

const MARGIN = { left: 54, right: 12, top: 20, bottom: 40 };
const HEAD = 0.32;
const CLICK = 4;

interface Point {
	readonly x: number;
	readonly y: number;
}

export class ArrowsChart {
	private readonly surface = new Surface();
	private data: ArrowsData | undefined;
	private theme: Theme | undefined;
	private arrows = new Float64Array();
	private ofRow = new Uint8Array();
	private rows = new Uint32Array();
	private marked = new Set<number>();
	private box: { from: Point; to: Point } | undefined;

	constructor(
		private readonly frame: ChartFrame,
		private readonly tell: (choice: Choice) => void,
	) {
		const { canvas } = this.surface;
		canvas.tabIndex = 0;
		canvas.setAttribute("role", "img");
		canvas.dataset.lmSuppressShortcuts = "true";
		frame.drawing.append(canvas);
		canvas.addEventListener("pointerdown", (event) => this.begin(event));
		canvas.addEventListener("pointermove", (event) => this.hover(event));
		canvas.addEventListener("pointerleave", () => frame.say(""));
		canvas.addEventListener("keydown", ({ key }) => {
			if (key === "Escape") this.clear();
		});
	}

	show(data: ArrowsData, theme: Theme): void {
		this.data = data;
		this.theme = theme;
		this.arrows = new Float64Array(bytesOf(data.arrows));
		this.ofRow = new Uint8Array(bytesOf(data.of_row));
		this.rows = new Uint32Array(bytesOf(data.rows));
		this.box = undefined;
		this.frame.name(data, "Drag to select; Esc clears.");
		this.frame.explain(data.colors, data.color_names);
		this.surface.canvas.setAttribute("aria-label", data.said);
		this.draw();
	}

	mark(places: readonly unknown[]): void {
		this.marked = new Set(places.map(Number));
		this.draw();
	}

	draw(): void {
		const { data, theme } = this;
		const width = this.frame.drawing.clientWidth;
		if (!data || !theme || width < 120) return;
		const height = Math.min(420, Math.max(220, width * 0.6));
		const context = this.surface.begin(width, height);
		if (!context) return;
		this.drawAxes(context, data, theme);
		const count = this.rows.length;
		const inside = this.inside();
		const room = Math.sqrt((inside.width * inside.height) / Math.max(1, count));
		const length = 0.9 * Math.max(8, Math.min(80, room));
		for (let i = 0; i < count; i += 1) {
			const { x, y } = this.tail(i);
			const [u, v] = [this.value(2, i) * length, -this.value(3, i) * length];
			if (!Number.isFinite(x + y + u + v)) continue;
			const isFaint = this.marked.size > 0 && !this.marked.has(i);
			context.globalAlpha = isFaint ? 0.2 : 1;
			const color = data.colors[this.ofRow[i] ?? 0] ?? theme.accent;
			context.strokeStyle = color;
			context.fillStyle = color;
			context.lineWidth = 1.3;
			const neck = 1 - HEAD;
			context.beginPath();
			context.moveTo(x, y);
			context.lineTo(x + u * neck, y + v * neck);
			context.stroke();
			const [across, up] = [(-v * HEAD) / 2, (u * HEAD) / 2];
			context.beginPath();
			context.moveTo(x + u, y + v);
			context.lineTo(x + u * neck + across, y + v * neck + up);
			context.lineTo(x + u * neck - across, y + v * neck - up);
			context.fill();
		}
		context.globalAlpha = 1;
		if (!this.box) return;
		const { from, to } = this.box;
		context.fillStyle = theme.accent;
		context.globalAlpha = 0.16;
		context.fillRect(from.x, from.y, to.x - from.x, to.y - from.y);
		context.globalAlpha = 1;
	}

	private drawAxes(context: CanvasRenderingContext2D, data: ArrowsData, theme: Theme): void {
		const { left, top, width, height } = this.inside();
		const [low, high, below, above] = data.ends;
		context.font = `11px ${theme.font}`;
		context.lineWidth = 1;
		context.fillStyle = theme.textSoft;
		const up = yTicks({ min: below, max: above }, Math.max(2, height / 40), false);
		const heights = tickLabels(up);
		context.textAlign = "right";
		context.strokeStyle = theme.grid;
		for (const [i, at] of up.entries()) {
			const y = top + height - ((at - below) / (above - below)) * height;
			context.beginPath();
			context.moveTo(left, y);
			context.lineTo(left + width, y);
			context.stroke();
			context.fillText(heights[i] ?? "", left - 6, y + 4);
		}
		const across = yTicks({ min: low, max: high }, Math.max(2, width / 80), false);
		const labels = tickLabels(across);
		context.textAlign = "center";
		for (const [i, at] of across.entries()) {
			const x = left + ((at - low) / (high - low)) * width;
			context.fillText(labels[i] ?? "", x, top + height + 16);
		}
		context.strokeStyle = theme.border;
		context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
		context.textAlign = "left";
		context.fillText(data.names[1], left, top - 7);
		context.textAlign = "right";
		context.fillText(data.names[0], left + width, top + height + 32);
	}

	private inside(): { left: number; top: number; width: number; height: number } {
		const { width, height } = this.surface;
		return {
			left: MARGIN.left,
			top: MARGIN.top,
			width: width - MARGIN.left - MARGIN.right,
			height: height - MARGIN.top - MARGIN.bottom,
		};
	}

	private value(part: number, i: number): number {
		return this.arrows[part * this.rows.length + i] ?? Number.NaN;
	}

	/** Where an arrow begins, in CSS pixels. */
	private tail(i: number): Point {
		const [low, high, below, above] = this.data?.ends ?? [0, 1, 0, 1];
		const { left, top, width, height } = this.inside();
		return {
			x: left + ((this.value(0, i) - low) / (high - low)) * width,
			y: top + height - ((this.value(1, i) - below) / (above - below)) * height,
		};
	}

	private hover({ offsetX, offsetY, buttons }: PointerEvent): void {
		if (buttons !== 0) return;
		let [best, distance] = [-1, 14];
		for (let i = 0; i < this.rows.length; i += 1) {
			const { x, y } = this.tail(i);
			const away = Math.hypot(x - offsetX, y - offsetY);
			if (away < distance) [best, distance] = [i, away];
		}
		const { data } = this;
		if (best < 0 || !data) {
			this.frame.say("");
			return;
		}
		const number = (part: number, scale = 1) => formatNumber(this.value(part, best) * scale, 4);
		const [u, v] = [number(2, data.longest), number(3, data.longest)];
		this.frame.say(`row ${this.rows[best]}: (${number(0)}, ${number(1)}) → (${u}, ${v})`);
	}

	private begin(down: PointerEvent): void {
		if (down.button !== 0) return;
		const from = { x: down.offsetX, y: down.offsetY };
		this.surface.follow(down, ({ type, offsetX, offsetY }) => {
			const to = { x: offsetX, y: offsetY };
			const isClick = Math.abs(to.x - from.x) < CLICK && Math.abs(to.y - from.y) < CLICK;
			this.box = isClick ? undefined : { from, to };
			this.draw();
			if (type === "pointerup") this.choose();
		});
	}

	private clear(): void {
		this.box = undefined;
		this.draw();
		this.tell({ kind: "clear" });
	}

	private choose(): void {
		const { box, data } = this;
		if (!box || !data) {
			this.clear();
			return;
		}
		const [low, high, below, above] = data.ends;
		const { left, top, width, height } = this.inside();
		const across = (x: number) => low + ((x - left) / width) * (high - low);
		const up = (y: number) => below + ((top + height - y) / height) * (above - below);
		const xs = [across(box.from.x), across(box.to.x)].sort((a, b) => a - b);
		const ys = [up(box.from.y), up(box.to.y)].sort((a, b) => a - b);
		this.tell({ kind: "box", box: [xs[0] ?? 0, xs[1] ?? 0, ys[0] ?? 0, ys[1] ?? 0] });
	}
}
