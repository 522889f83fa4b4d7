// Nodes and edges, placed by springs between them; a reader moves nodes.
import { element } from "../ui/element";
import type { Theme } from "../ui/theme";
import type { Content } from "./contents";
import { seriesColour } from "./plots/draw";
import { cleared } from "./plots/drawing";
import { field, numberOr, textOr, type WindowSpec } from "./spec";

export interface Edge {
	readonly source: number;
	readonly target: number;
	readonly label: string;
}

interface Spot {
	x: number;
	y: number;
}

const STEPS = 240;

/** Places of nodes within ±1, by Fruchterman and Reingold (1991); the same for the same edges. */
export function springs(count: number, edges: readonly Edge[]): Spot[] {
	const spots = Array.from({ length: count }, (_, i) => {
		const angle = (2 * Math.PI * i) / Math.max(1, count);
		return { x: Math.cos(angle) * (0.6 + 0.01 * (i % 7)), y: Math.sin(angle) * 0.6 };
	});
	const ideal = Math.sqrt(4 / Math.max(1, count)) * 0.7;
	for (let step = 0; step < STEPS; step += 1) {
		const moves = spots.map(() => ({ x: 0, y: 0 }));
		const push = (a: number, b: number, force: (distance: number) => number) => {
			const [from, to, moveA, moveB] = [spots[a], spots[b], moves[a], moves[b]];
			if (!from || !to || !moveA || !moveB) return;
			const [dx, dy] = [from.x - to.x, from.y - to.y];
			const distance = Math.max(0.01, Math.hypot(dx, dy));
			const by = force(distance) / distance;
			moveA.x += dx * by;
			moveA.y += dy * by;
			moveB.x -= dx * by;
			moveB.y -= dy * by;
		};
		for (let a = 0; a < count; a += 1)
			for (let b = 0; b < a; b += 1) push(a, b, (distance) => ideal ** 2 / distance);
		for (const { source, target } of edges) push(source, target, (d) => -(d ** 2) / ideal);
		const heat = 0.12 * (1 - step / STEPS);
		for (const [i, move] of moves.entries()) {
			const spot = spots[i];
			const length = Math.max(1e-9, Math.hypot(move.x, move.y));
			if (!spot) continue;
			spot.x += (move.x / length) * Math.min(length, heat);
			spot.y += (move.y / length) * Math.min(length, heat);
		}
	}
	return fitted(spots);
}

function fitted(spots: readonly Spot[]): Spot[] {
	const side = (values: readonly number[]) => {
		const [low, high] = [Math.min(...values), Math.max(...values)];
		return { middle: (low + high) / 2, half: (high - low) / 2 || 1 };
	};
	const [x, y] = [side(spots.map((one) => one.x)), side(spots.map((one) => one.y))];
	return spots.map((o) => ({ x: (o.x - x.middle) / x.half, y: (o.y - y.middle) / y.half }));
}

const RADIUS = 8; // CSS pixels
const MARGIN = 34;

export class NetworkContent implements Content {
	readonly root: HTMLElement;
	private readonly canvas: HTMLCanvasElement;
	private spec: WindowSpec | undefined;
	private nodes: readonly unknown[] = [];
	private edges: readonly Edge[] = [];
	private spots: Spot[] = [];
	private laidOut = "";
	private held = -1;
	private theme: Theme | undefined;

	constructor() {
		this.canvas = element("canvas", "nbviz-window-canvas", { role: "img" });
		this.root = element("div", "nbviz-window-picture", {}, this.canvas);
		const { canvas } = this;
		canvas.addEventListener("pointerdown", (event) => {
			const at = this.at(event);
			const near = (spot: Spot) => Math.hypot(this.px(spot.x) - at.x, this.py(spot.y) - at.y);
			const places = this.spots.map(near);
			const nearest = places.indexOf(Math.min(...places));
			this.held = (places[nearest] ?? Infinity) < 2 * RADIUS ? nearest : -1;
			if (this.held >= 0) canvas.setPointerCapture(event.pointerId);
		});
		canvas.addEventListener("pointermove", (event) => {
			const spot = this.spots[this.held];
			if (!spot || !this.theme) return;
			const { x, y } = this.at(event);
			spot.x = ((x - MARGIN) / Math.max(1, canvas.clientWidth - 2 * MARGIN)) * 2 - 1;
			spot.y = ((y - MARGIN) / Math.max(1, canvas.clientHeight - 2 * MARGIN)) * 2 - 1;
			this.draw(this.theme);
		});
		canvas.addEventListener("pointerup", () => {
			this.held = -1;
		});
	}

	take(spec: WindowSpec): void {
		this.spec = spec;
		const nodes = field(spec.content, "nodes");
		const edges = field(spec.content, "edges");
		this.nodes = Array.isArray(nodes) ? nodes : [];
		this.edges = (Array.isArray(edges) ? edges : []).map((edge) => ({
			source: numberOr(field(edge, "source"), 0),
			target: numberOr(field(edge, "target"), 0),
			label: textOr(field(edge, "label"), ""),
		}));
		const layout = JSON.stringify([this.nodes.length, this.edges]);
		if (layout !== this.laidOut) this.spots = springs(this.nodes.length, this.edges);
		this.laidOut = layout;
		const names = this.nodes.map((node) => textOr(field(node, "label"), "")).join(", ");
		this.canvas.setAttribute(
			"aria-label",
			`Graph of ${this.nodes.length} nodes (${names}) and ${this.edges.length} edges.`,
		);
	}

	draw(theme: Theme): void {
		this.theme = theme;
		const context = cleared(this.canvas);
		if (!context || !this.spec) return;
		const { directed, showEdgeLabels, showVertexLabels } = this.spec;
		context.font = `11px ${theme.font}`;
		context.textAlign = "center";
		context.textBaseline = "middle";
		context.lineWidth = 1.4;
		for (const { source, target, label } of this.edges) {
			const [a, b] = [this.spots[source], this.spots[target]];
			if (!a || !b) continue;
			const [ax, ay, bx, by] = [this.px(a.x), this.py(a.y), this.px(b.x), this.py(b.y)];
			context.strokeStyle = theme.textSoft;
			context.globalAlpha = 0.6;
			context.beginPath();
			context.moveTo(ax, ay);
			context.lineTo(bx, by);
			context.stroke();
			context.globalAlpha = 1;
			if (directed === true) this.head(context, ax, ay, bx, by, theme);
			if (!showEdgeLabels) continue;
			const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
			const width = context.measureText(label).width + 6;
			context.fillStyle = theme.surface;
			context.fillRect(x - width / 2, y - 8, width, 16);
			context.fillStyle = theme.textSoft;
			context.fillText(label, x, y);
		}
		for (const [i, spot] of this.spots.entries()) {
			const node = this.nodes[i];
			const [x, y] = [this.px(spot.x), this.py(spot.y)];
			context.fillStyle = seriesColour(theme, numberOr(field(node, "club"), 0));
			context.strokeStyle = theme.surface;
			context.beginPath();
			context.arc(x, y, RADIUS, 0, 2 * Math.PI);
			context.fill();
			context.stroke();
			if (!showVertexLabels) continue;
			context.fillStyle = theme.text;
			context.fillText(textOr(field(node, "label"), ""), x, y - RADIUS - 8);
		}
		this.canvas.dataset.frames = String(Number(this.canvas.dataset.frames ?? 0) + 1);
	}

	remove(): void {
		this.root.remove();
	}

	private head(
		context: CanvasRenderingContext2D,
		...[ax, ay, bx, by, theme]: [number, number, number, number, Theme]
	): void {
		const angle = Math.atan2(by - ay, bx - ax);
		const [x, y] = [bx - Math.cos(angle) * RADIUS, by - Math.sin(angle) * RADIUS];
		context.fillStyle = theme.textSoft;
		context.beginPath();
		context.moveTo(x, y);
		for (const turn of [-0.4, 0.4])
			context.lineTo(x - 9 * Math.cos(angle + turn), y - 9 * Math.sin(angle + turn));
		context.fill();
	}

	private px(x: number): number {
		return MARGIN + ((x + 1) / 2) * (this.canvas.clientWidth - 2 * MARGIN);
	}

	private py(y: number): number {
		return MARGIN + ((y + 1) / 2) * (this.canvas.clientHeight - 2 * MARGIN);
	}

	private at({ clientX, clientY }: PointerEvent): { x: number; y: number } {
		const { left, top } = this.canvas.getBoundingClientRect();
		return { x: clientX - left, y: clientY - top };
	}
}
