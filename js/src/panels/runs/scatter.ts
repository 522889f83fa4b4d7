// A scatter of two columns, a mark for each run; a drag keeps the runs in a rectangle.
import { Scale } from "../../charts/parallel/scale";
import { Surface } from "../../charts/parallel/surface";
import { markOf } from "../../charts/run-style";
import type { RunState } from "../../session/run";
import { element } from "../../ui/element";
import { colourOf, type PlotContent, type PlotListener } from "./plot-surface";

const HEIGHT = 240;
const MARGIN = { left: 62, right: 18, top: 14, bottom: 36 };
const NEAR = 12;
const CLICK = 4;

interface Placed {
	readonly id: string;
	readonly x: number;
	readonly y: number;
}

export class ScatterPlot {
	readonly root = element("div", "nbviz-runs-plot", {
		role: "img",
		"aria-label": "Runs as marks over two columns",
		"aria-description":
			"Drag to keep the runs in a rectangle; the filter does the same by keyboard.",
	});
	private readonly surface = new Surface();
	/** Left, top, right, bottom in shares of the inside, from the lower left. */
	private box: readonly [number, number, number, number] | undefined;
	private content: PlotContent | undefined;
	private placed: Placed[] = [];

	constructor(private readonly listener: PlotListener) {
		this.root.append(this.surface.canvas);
		const { canvas } = this.surface;
		canvas.addEventListener("pointerdown", (event) => this.drag(event));
		canvas.addEventListener("pointermove", (event) => {
			if (event.buttons === 0) listener.point(this.near(event));
		});
		canvas.addEventListener("pointerleave", () => listener.point(undefined));
	}

	/** Draws the first column over the second. */
	draw(content: PlotContent): void {
		this.content = content;
		const width = this.root.clientWidth;
		const [across, up] = content.columns;
		if (width < 60 || !across || !up) return;
		const context = this.surface.begin(width, HEIGHT);
		if (!context) return;
		const { theme, pointed } = content;
		const runs = content.runs.map(({ run }) => run);
		const [xs, ys] = [new Scale(across, runs), new Scale(up, runs)];
		this.drawAxes(context, xs, ys);
		this.placed = [];
		const order = [...content.runs].sort((a, b) => Number(a.isShown) - Number(b.isShown));
		for (const { run, isShown } of order) {
			const [x, y] = [xs.share(run), ys.share(run)];
			if (x === undefined || y === undefined) continue;
			const at = { id: run.run_id, x: this.left(x), y: this.top(y) };
			this.placed.push(at);
			const isPointed = run.run_id === pointed;
			const isIn = this.isWithin(x, y);
			context.globalAlpha = isPointed ? 1 : !isIn ? 0.12 : isShown ? 0.95 : 0.4;
			context.fillStyle = isShown || isPointed ? colourOf(run, theme) : theme.textSoft;
			const size = isPointed ? 8 : isShown ? 5.5 : 3.6;
			context.beginPath();
			const mark = markOf(run.style);
			for (let i = 0; i < mark.length; i += 2) {
				context.lineTo(at.x + size * (mark[i] ?? 0), at.y + size * (mark[i + 1] ?? 0));
			}
			context.fill();
			if (!isPointed) continue;
			context.fillStyle = theme.text;
			context.textAlign = at.x > this.surface.width / 2 ? "right" : "left";
			context.fillText(run.name, at.x + (at.x > this.surface.width / 2 ? -12 : 12), at.y - 8);
		}
		if (this.box) this.drawBox(context);
	}

	clear(): void {
		this.box = undefined;
	}

	private drawBox(context: CanvasRenderingContext2D): void {
		const { box, content } = this;
		if (!box || !content) return;
		const [left, low, right, high] = box;
		context.globalAlpha = 0.14;
		context.fillStyle = content.theme.accent;
		const [x, y] = [this.left(left), this.top(high)];
		context.fillRect(x, y, this.left(right) - x, this.top(low) - y);
		context.globalAlpha = 1;
	}

	private drawAxes(
		context: CanvasRenderingContext2D,
		xs: Scale<RunState>,
		ys: Scale<RunState>,
	): void {
		const { theme } = this.content ?? {};
		if (!theme) return;
		const [right, bottom] = [this.surface.width - MARGIN.right, HEIGHT - MARGIN.bottom];
		context.globalAlpha = 1;
		context.font = `11px ${theme.font}`;
		context.strokeStyle = theme.border;
		context.lineWidth = 1;
		context.strokeRect(
			MARGIN.left - 8,
			MARGIN.top - 8,
			right - MARGIN.left + 16,
			bottom - MARGIN.top + 16,
		);
		context.fillStyle = theme.textSoft;
		context.textAlign = "right";
		for (const { share, text } of ys.ticks(8)) {
			context.fillText(text, MARGIN.left - 12, this.top(share) + 4);
		}
		for (const { share, text } of xs.ticks(6)) {
			context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
			context.fillText(text, this.left(share), bottom + 20);
		}
		context.fillStyle = theme.text;
		context.textAlign = "center";
		context.fillText(xs.column.title, (MARGIN.left + right) / 2, HEIGHT - 3);
		context.save();
		context.translate(10, (MARGIN.top + bottom) / 2);
		context.rotate(-Math.PI / 2);
		context.fillText(ys.column.title, 0, 0);
		context.restore();
	}

	private left(share: number): number {
		return MARGIN.left + share * (this.surface.width - MARGIN.left - MARGIN.right);
	}

	private top(share: number): number {
		return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
	}

	private isWithin(x: number, y: number): boolean {
		if (!this.box) return true;
		const [left, low, right, high] = this.box;
		return x >= left && x <= right && y >= low && y <= high;
	}

	private drag(down: PointerEvent): void {
		if (down.button !== 0) return;
		const inside = this.surface.width - MARGIN.left - MARGIN.right;
		const across = (x: number) => (x - MARGIN.left) / inside;
		const up = (y: number) => (HEIGHT - MARGIN.bottom - y) / (HEIGHT - MARGIN.top - MARGIN.bottom);
		const move = ({ offsetX, offsetY }: PointerEvent) => {
			const isClick =
				Math.abs(offsetX - down.offsetX) < CLICK && Math.abs(offsetY - down.offsetY) < CLICK;
			const [x, y, to, over] = [
				across(down.offsetX),
				up(down.offsetY),
				across(offsetX),
				up(offsetY),
			];
			this.box = isClick
				? undefined
				: [Math.min(x, to), Math.min(y, over), Math.max(x, to), Math.max(y, over)];
			this.tell();
		};
		this.surface.follow(down, move);
	}

	private tell(): void {
		const { content } = this;
		if (!content) return;
		this.draw(content);
		const kept = this.placed.filter(({ x, y }) => {
			const inside = this.surface.width - MARGIN.left - MARGIN.right;
			const high = HEIGHT - MARGIN.top - MARGIN.bottom;
			return this.isWithin((x - MARGIN.left) / inside, (HEIGHT - MARGIN.bottom - y) / high);
		});
		this.listener.brush(this.box ? new Set(kept.map(({ id }) => id)) : undefined);
	}

	private near({ offsetX, offsetY }: PointerEvent): string | undefined {
		let best: string | undefined;
		let distance = NEAR;
		for (const { id, x, y } of this.placed) {
			const away = Math.hypot(x - offsetX, y - offsetY);
			if (away < distance) [best, distance] = [id, away];
		}
		return best;
	}
}
