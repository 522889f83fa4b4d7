// Pies and sunbursts: shares as angles.
import { element } from "../../ui/element";
import { formatNumber, formatPercent } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { field, numberOr, numbersOf, type Trace, textsOf } from "../spec";
import { seriesColour } from "./draw";
import { cleared, type Plot, type PlotDrawing } from "./drawing";

export interface Sector {
	readonly label: string;
	readonly value: number;
	/** Of the whole. */
	readonly share: number;
	/** Radians from the top, clockwise. */
	readonly from: number;
	readonly to: number;
	/** 0 for the innermost ring. */
	readonly ring: number;
	/** Which of the innermost it is, or is a part of. */
	readonly family: number;
}

const CIRCLE = 2 * Math.PI;

/** The parts of a pie, or the rings of a sunburst. */
export function sectorsOf(trace: Trace): Sector[] {
	const labels = textsOf(trace.labels);
	const values = numbersOf(trace.values);
	if (trace.type !== "sunburst") {
		const total = values.reduce((sum, value) => sum + Math.max(0, value || 0), 0) || 1;
		let at = 0;
		return [...values].map((value, i) => {
			const from = at;
			at += (Math.max(0, value || 0) / total) * CIRCLE;
			const label = labels[i] ?? String(i);
			return { label, value, share: value / total, from, to: at, ring: 0, family: i };
		});
	}
	return rings(labels, textsOf(trace.parents), values);
}

function rings(
	labels: readonly string[],
	parents: readonly string[],
	values: Float64Array,
): Sector[] {
	const children = new Map<string, number[]>();
	for (const [i, parent] of parents.entries()) {
		const known = labels.includes(parent) && parent !== labels[i] ? parent : "";
		children.set(known, [...(children.get(known) ?? []), i]);
	}
	const hasValues = values.length > 0;
	const amounts = new Map<number, number>();
	const amount = (i: number, above: ReadonlySet<number>): number => {
		const parts = (children.get(labels[i] ?? "") ?? []).filter((part) => !above.has(part));
		const within = new Set([...above, i]);
		const sum = parts.reduce((total, part) => total + amount(part, within), 0);
		const own = hasValues ? Math.max(0, values[i] || 0) : parts.length > 0 ? 0 : 1;
		const total = hasValues ? Math.max(own, sum) : own + sum;
		amounts.set(i, total);
		return total;
	};
	const first = children.get("") ?? [];
	const whole = first.reduce((sum, i) => sum + amount(i, new Set()), 0) || 1;
	const found: Sector[] = [];
	const lay = (parts: readonly number[], start: number, ring: number, family: number) => {
		let at = start;
		for (const [n, i] of parts.entries()) {
			const value = amounts.get(i);
			if (value === undefined || ring > 12) continue;
			const to = at + (value / whole) * CIRCLE;
			const label = labels[i] ?? "";
			const of = ring === 0 ? n : family;
			found.push({ label, value, share: value / whole, from: at, to, ring, family: of });
			lay(children.get(label) ?? [], at, ring + 1, of);
			at = to;
		}
	};
	lay(first, 0, 0, 0);
	return found;
}

export class RoundView implements PlotDrawing {
	readonly root: HTMLElement;
	private readonly canvas = element("canvas", "nbviz-window-canvas", { role: "img" });
	private readonly tip = element("div", "nbviz-tip", { role: "status", hidden: "" });
	private trace: Trace = {};
	private sectors: readonly Sector[] = [];

	constructor() {
		const picture = element("div", "nbviz-window-picture", {}, this.canvas, this.tip);
		this.root = element("div", "nbviz-window-plot", {}, picture);
		this.canvas.addEventListener("pointermove", (event) => {
			const { left, top, width, height } = this.canvas.getBoundingClientRect();
			this.point(event.clientX - left - width / 2, event.clientY - top - height / 2);
		});
		this.canvas.addEventListener("pointerleave", () => {
			this.tip.hidden = true;
		});
	}

	take({ traces, title }: Plot): void {
		this.trace = traces[0] ?? {};
		this.sectors = sectorsOf(this.trace);
		const parts = this.sectors.map((one) => `${one.label} ${formatPercent(one.share)}`);
		this.canvas.setAttribute("aria-label", `${title ? `${title}. ` : ""}${parts.join(", ")}.`);
	}

	draw(theme: Theme): void {
		const context = cleared(this.canvas);
		if (!context) return;
		const { clientWidth: width, clientHeight: height } = this.canvas;
		const deepest = Math.max(0, ...this.sectors.map(({ ring }) => ring)) + 1;
		const radius = this.radius();
		const isSunburst = this.trace.type === "sunburst";
		const gap = numberOr(field(field(this.trace.marker, "line"), "width"), 1.5);
		const size = numberOr(field(this.trace.outsidetextfont, "size"), 11);
		context.translate(width / 2, height / 2);
		context.font = `${size}px ${theme.font}`;
		context.textBaseline = "middle";
		for (const one of this.sectors) {
			const inner = isSunburst ? (radius * (one.ring + 0.35)) / (deepest + 0.35) : 0;
			const outer = isSunburst ? (radius * (one.ring + 1.35)) / (deepest + 0.35) : radius;
			const [from, to] = [one.from - Math.PI / 2, one.to - Math.PI / 2];
			context.beginPath();
			context.arc(0, 0, outer, from, to);
			context.arc(0, 0, inner, to, from, true);
			context.closePath();
			context.globalAlpha = one.ring === 0 ? 1 : this.leafOpacity(one.ring);
			context.fillStyle = seriesColour(theme, one.family);
			context.fill();
			context.globalAlpha = 1;
			context.strokeStyle = theme.surface;
			context.lineWidth = gap;
			context.stroke();
			this.write(context, one, inner, outer, theme);
		}
		this.canvas.dataset.frames = String(Number(this.canvas.dataset.frames ?? 0) + 1);
	}

	remove(): void {
		this.root.remove();
	}

	private leafOpacity(ring: number): number {
		return numberOr(field(this.trace.leaf, "opacity"), Math.max(0.35, 0.85 - 0.18 * ring));
	}

	/** The label in its sector, or beside a pie; what has no room is under the pointer only. */
	private write(
		context: CanvasRenderingContext2D,
		{ label, share, from, to }: Sector,
		inner: number,
		outer: number,
		theme: Theme,
	): void {
		const angle = (from + to) / 2 - Math.PI / 2;
		const isPie = this.trace.type !== "sunburst";
		const text = isPie && share >= 0.05 ? formatPercent(share) : isPie ? "" : label;
		const middle = isPie ? outer * 0.64 : (inner + outer) / 2;
		const room = Math.min(outer - inner, (to - from) * middle);
		context.textAlign = "center";
		context.fillStyle = theme.isDark ? "#10131a" : "#ffffff";
		const own = field(this.trace.outsidetextfont, "color");
		if (typeof own === "string") context.fillStyle = own;
		if (context.measureText(text).width <= room * 1.15)
			context.fillText(text, Math.cos(angle) * middle, Math.sin(angle) * middle);
		if (!isPie) return;
		context.fillStyle = theme.text;
		const x = Math.cos(angle) * (outer + 8);
		context.textAlign = x > 4 ? "left" : x < -4 ? "right" : "center";
		const most = this.canvas.clientWidth / 2 - Math.abs(x) - 4;
		context.fillText(fitted(context, label, most), x, Math.sin(angle) * (outer + 12));
	}

	private radius(): number {
		const { clientWidth, clientHeight } = this.canvas;
		const isPie = this.trace.type !== "sunburst";
		return Math.max(
			10,
			Math.min(clientWidth * (isPie ? 0.3 : 0.48), clientHeight / 2 - (isPie ? 26 : 8)),
		);
	}

	private point(x: number, y: number): void {
		const angle = (Math.atan2(y, x) + Math.PI / 2 + CIRCLE) % CIRCLE;
		const deepest = Math.max(0, ...this.sectors.map(({ ring }) => ring)) + 1;
		const ring =
			this.trace.type === "sunburst"
				? Math.floor((Math.hypot(x, y) / this.radius()) * (deepest + 0.35) - 0.35)
				: Math.hypot(x, y) <= this.radius()
					? 0
					: -1;
		const found = this.sectors.find((o) => o.ring === ring && o.from <= angle && angle < o.to);
		this.tip.hidden = !found;
		if (!found) return;
		this.tip.textContent = `${found.label}\n${formatNumber(found.value)}, ${formatPercent(found.share)}`;
		this.tip.style.left = `${x + this.canvas.clientWidth / 2 + 12}px`;
		this.tip.style.top = `${y + this.canvas.clientHeight / 2 - 14}px`;
	}
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
	let shown = text;
	while (
		shown.length > 1 &&
		context.measureText(`${shown}…`).width > width &&
		context.measureText(shown).width > width
	)
		shown = shown.slice(0, -1);
	return shown === text ? text : `${shown}…`;
}
