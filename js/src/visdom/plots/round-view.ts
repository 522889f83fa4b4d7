// Pies and sunbursts: shares as angles.
import { element } from "../../ui/element";
import { formatNumber, formatPercent } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { field, numberOr, numbersOf, type Trace, textsOf } from "../spec";
import { cutText } from "./axis-labels";
import { seriesColour } from "./draw";
import { cleared, type Plot, type PlotDrawing } from "./drawing";
import { labelIn, type SectorRoom } from "./sector-labels";

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
	/** Which of the innermost it is, or is a part of; of one whole its parts are counted, which has -1. */
	readonly family: number;
}

const CIRCLE = 2 * Math.PI;
const TEXT = 11; // CSS pixels
const BESIDE = 8;
/** The radius of a pie with names beside it, as a share of the width. */
const PIE = 0.3;

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
	return rings(labels, textsOf(trace.parents), values, trace.branchvalues === "total");
}

function rings(
	labels: readonly string[],
	parents: readonly string[],
	values: Float64Array,
	/** Whether a value has its parts' in it; otherwise they are added to it. */
	isTotal: boolean,
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
		const total = isTotal ? Math.max(own, sum) : own + sum;
		amounts.set(i, total);
		return total;
	};
	const first = children.get("") ?? [];
	const whole = first.reduce((sum, i) => sum + amount(i, new Set()), 0) || 1;
	const found: Sector[] = [];
	const split = first.length === 1 ? 1 : 0; // the ring whose parts have colours of their own
	const lay = (parts: readonly number[], start: number, ring: number, family: number) => {
		let at = start;
		// The largest first, as plotly has them.
		const sorted = [...parts].sort((a, b) => (amounts.get(b) ?? 0) - (amounts.get(a) ?? 0));
		for (const [n, i] of sorted.entries()) {
			const value = amounts.get(i);
			if (value === undefined || ring > 12) continue;
			const to = at + (value / whole) * CIRCLE;
			const label = labels[i] ?? "";
			const of = ring === split ? n : family;
			found.push({ label, value, share: value / whole, from: at, to, ring, family: of });
			lay(children.get(label) ?? [], at, ring + 1, of);
			at = to;
		}
	};
	lay(first, 0, 0, -1);
	return found;
}

export class RoundView implements PlotDrawing {
	readonly root: HTMLElement;
	private readonly canvas = element("canvas", "nbviz-window-canvas", { role: "img" });
	private readonly legend = element("div", "nbviz-window-legend");
	private readonly tip = element("div", "nbviz-tip", { role: "status", hidden: "" });
	private trace: Trace = {};
	private sectors: readonly Sector[] = [];
	private radius = 10;

	constructor() {
		const picture = element("div", "nbviz-window-picture", {}, this.canvas, this.tip);
		this.root = element("div", "nbviz-window-plot", {}, this.legend, picture);
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
		this.drawLegend(theme);
		const context = cleared(this.canvas);
		if (!context) return;
		const { clientWidth: width, clientHeight: height } = this.canvas;
		const deepest = Math.max(0, ...this.sectors.map(({ ring }) => ring)) + 1;
		this.radius = this.fittingRadius();
		const { radius } = this;
		const isSunburst = this.trace.type === "sunburst";
		const gap = numberOr(field(field(this.trace.marker, "line"), "width"), 1.5);
		context.translate(width / 2, height / 2);
		context.font = `${TEXT}px ${theme.font}`;
		context.textBaseline = "middle";
		for (const one of this.sectors) {
			const inner = isSunburst ? (radius * (one.ring + 0.35)) / (deepest + 0.35) : 0;
			const outer = isSunburst ? (radius * (one.ring + 1.35)) / (deepest + 0.35) : radius;
			const [from, to] = [one.from - Math.PI / 2, one.to - Math.PI / 2];
			context.beginPath();
			context.arc(0, 0, outer, from, to);
			context.arc(0, 0, inner, to, from, true);
			context.closePath();
			context.globalAlpha = this.opacity(one);
			context.fillStyle = one.family < 0 ? theme.border : seriesColour(theme, one.family);
			context.fill();
			context.globalAlpha = 1;
			context.strokeStyle = theme.surface;
			context.lineWidth = gap;
			context.stroke();
			if (isSunburst) this.writeIn(context, one, { inner, outer, from, to }, theme);
			else this.write(context, one, outer, theme);
		}
		this.canvas.dataset.frames = String(Number(this.canvas.dataset.frames ?? 0) + 1);
	}

	remove(): void {
		this.root.remove();
	}

	private opacity({ ring, family }: Sector): number {
		const depth = family < 0 || ring === 0 ? 0 : ring - (this.hasWhole ? 1 : 0);
		if (depth === 0) return 1;
		return numberOr(field(this.trace.leaf, "opacity"), Math.max(0.4, 1 - 0.25 * depth));
	}

	private get hasWhole(): boolean {
		return this.sectors.some(({ family }) => family < 0);
	}

	/** The name in its sector of a sunburst; what has no room is under the pointer only. */
	private writeIn(
		context: CanvasRenderingContext2D,
		sector: Sector,
		room: SectorRoom,
		theme: Theme,
	): void {
		const font = this.trace.outsidetextfont;
		const widthAt = (size: number) => {
			context.font = `${size}px ${theme.font}`;
			return context.measureText(sector.label).width;
		};
		const found = labelIn(room, widthAt, numberOr(field(font, "size"), TEXT));
		if (!found) return;
		const isPale = sector.family < 0 || this.opacity(sector) < 0.7;
		const own = field(font, "color");
		context.fillStyle = typeof own === "string" ? own : isPale ? theme.text : inkOf(theme);
		context.font = `${found.size}px ${theme.font}`;
		context.textAlign = "center";
		context.save();
		context.translate(found.x, found.y);
		context.rotate(found.turn);
		context.fillText(sector.label, 0, 0);
		context.restore();
	}

	/** The share in its sector of a pie, where it has room, and the name beside it. */
	private write(
		context: CanvasRenderingContext2D,
		{ label, share, from, to }: Sector,
		radius: number,
		theme: Theme,
	): void {
		const angle = (from + to) / 2 - Math.PI / 2;
		const text = share >= 0.05 ? formatPercent(share) : "";
		const middle = radius * 0.64;
		context.textAlign = "center";
		context.fillStyle = inkOf(theme);
		if (context.measureText(text).width <= Math.min(radius, (to - from) * middle) * 1.15)
			context.fillText(text, Math.cos(angle) * middle, Math.sin(angle) * middle);
		if (!this.legend.hidden) return;
		context.fillStyle = theme.text;
		const x = Math.cos(angle) * (radius + BESIDE);
		context.textAlign = x > 4 ? "left" : x < -4 ? "right" : "center";
		const most = this.canvas.clientWidth / 2 - Math.abs(x) - 4;
		context.fillText(cutText(context, label, most), x, Math.sin(angle) * (radius + BESIDE + 4));
	}

	private fittingRadius(): number {
		const { clientWidth, clientHeight } = this.canvas;
		const isBeside = this.trace.type !== "sunburst" && this.legend.hidden;
		const room = clientHeight / 2 - (isBeside ? 26 : 8);
		return Math.max(10, Math.min(clientWidth * (isBeside ? PIE : 0.48), room));
	}

	/** The names of a pie above it, where one of them is too long to stand beside it. */
	private drawLegend(theme: Theme): void {
		const context = this.canvas.getContext("2d");
		const { clientWidth } = this.canvas;
		const room = clientWidth * (0.5 - PIE) - BESIDE - 4;
		if (context) context.font = `${TEXT}px ${theme.font}`;
		const isLong = ({ label }: Sector) => (context?.measureText(label).width ?? 0) > room;
		this.legend.hidden = this.trace.type === "sunburst" || !this.sectors.some(isLong);
		this.legend.replaceChildren();
		if (this.legend.hidden) return;
		for (const { label, family } of this.sectors) {
			const swatch = element("span", "nbviz-window-swatch");
			swatch.style.background = seriesColour(theme, family);
			this.legend.append(element("span", "nbviz-window-name", {}, swatch, label));
		}
	}

	private point(x: number, y: number): void {
		const angle = (Math.atan2(y, x) + Math.PI / 2 + CIRCLE) % CIRCLE;
		const deepest = Math.max(0, ...this.sectors.map(({ ring }) => ring)) + 1;
		const ring =
			this.trace.type === "sunburst"
				? Math.floor((Math.hypot(x, y) / this.radius) * (deepest + 0.35) - 0.35)
				: Math.hypot(x, y) <= this.radius
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

function inkOf(theme: Theme): string {
	return theme.isDark ? "#10131a" : "#ffffff";
}
