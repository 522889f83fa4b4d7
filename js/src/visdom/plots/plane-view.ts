// A plot of the plane in its window: canvas, legend, values under the pointer, zoom by dragging.
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { textOr } from "../spec";
import { shortTex } from "../tex";
import { drawPlane, type Placed, place, seriesColour, type Zoom } from "./draw";
import { cleared, type Plot, type PlotDrawing } from "./drawing";
import { type PlaneModel, planeModel, type Series } from "./series";

const REACH = 28; // CSS pixels from the pointer
const LEAST_DRAG = 6;

/** A value that the pointer is on. */
export interface Pointed {
	readonly x: number;
	readonly y: number;
	readonly text: string;
}

export class PlaneView implements PlotDrawing {
	readonly root: HTMLElement;
	private readonly canvas: HTMLCanvasElement;
	private readonly legend: HTMLElement;
	private readonly tip: HTMLElement;
	private readonly band: HTMLElement;
	private readonly hidden = new Set<number>();
	private plot: Plot | undefined;
	private model: PlaneModel | undefined;
	private placed: Placed | undefined;
	private theme: Theme | undefined;
	private zoom: Zoom | undefined;
	private from: { x: number; y: number } | undefined;

	constructor() {
		this.canvas = element("canvas", "nbviz-window-canvas", { role: "img", tabindex: "0" });
		this.legend = element("div", "nbviz-window-legend");
		this.tip = element("div", "nbviz-tip", { role: "status", hidden: "" });
		this.band = element("div", "nbviz-window-band", { hidden: "" });
		const picture = element("div", "nbviz-window-picture", {}, this.canvas, this.band, this.tip);
		this.root = element("div", "nbviz-window-plot", {}, this.legend, picture);
		const { canvas } = this;
		canvas.addEventListener("pointerdown", (event) => this.down(event));
		canvas.addEventListener("pointermove", (event) => this.moved(event));
		canvas.addEventListener("pointerup", (event) => this.up(event));
		canvas.addEventListener("pointerleave", () => this.point(undefined));
		canvas.addEventListener("dblclick", () => this.zoomTo(undefined));
		canvas.addEventListener("keydown", (event) => {
			if (event.key === "Escape") this.zoomTo(undefined);
		});
	}

	take(plot: Plot): void {
		this.plot = plot;
		this.model = planeModel(plot.traces, plot.layout, this.hidden);
		this.canvas.setAttribute("aria-label", described(plot, this.model));
	}

	draw(theme: Theme): void {
		this.theme = theme;
		const { plot, model } = this;
		if (!plot || !model) return;
		this.drawLegend(plot, theme);
		const context = cleared(this.canvas);
		if (!context) return;
		const { clientWidth: width, clientHeight: height } = this.canvas;
		this.placed = place(context, model, plot.layout, { width, height }, theme.font, this.zoom);
		const colours = plot.traces
			.map((_, i) => seriesColour(theme, i))
			.filter((_, i) => !this.hidden.has(i));
		drawPlane(context, model, plot.layout, this.placed, theme, colours);
		const drawn = Number(this.canvas.dataset.frames ?? 0) + 1;
		this.canvas.dataset.frames = String(drawn);
	}

	remove(): void {
		this.root.remove();
	}

	private drawLegend({ traces, layout }: Plot, theme: Theme): void {
		const named = traces.filter((trace) => textOr(trace.name, "") !== "");
		const isAsked = layout.showlegend;
		const isShown = isAsked === true || (isAsked === undefined && named.length > 1);
		this.legend.replaceChildren();
		this.legend.hidden = !isShown || named.length === 0;
		if (this.legend.hidden) return;
		for (const [i, trace] of traces.entries()) {
			const name = textOr(trace.name, "");
			if (!name || trace.showlegend === false) continue;
			const swatch = element("span", "nbviz-window-swatch");
			swatch.style.background = swatchColour(trace, seriesColour(theme, i));
			const isShown = !this.hidden.has(i);
			const button = element(
				"button",
				"nbviz-window-name",
				{ type: "button", "aria-pressed": String(isShown) },
				swatch,
				shortTex(name),
			);
			button.addEventListener("click", () => {
				if (isShown) this.hidden.add(i);
				else this.hidden.delete(i);
				if (this.plot) this.take(this.plot);
				this.draw(theme);
			});
			this.legend.append(button);
		}
	}

	private zoomTo(zoom: Zoom | undefined): void {
		this.zoom = zoom;
		if (this.theme) this.draw(this.theme);
	}

	private at(event: PointerEvent): { x: number; y: number } {
		const { left, top } = this.canvas.getBoundingClientRect();
		return { x: event.clientX - left, y: event.clientY - top };
	}

	private down(event: PointerEvent): void {
		if (event.button !== 0) return;
		this.from = this.at(event);
		this.canvas.setPointerCapture(event.pointerId);
	}

	private moved(event: PointerEvent): void {
		const at = this.at(event);
		const { from } = this;
		if (!from) {
			this.point(at);
			return;
		}
		this.point(undefined);
		const { style } = this.band;
		this.band.hidden = !isDrag(from, at);
		style.left = `${Math.min(from.x, at.x)}px`;
		style.top = `${Math.min(from.y, at.y)}px`;
		style.width = `${Math.abs(from.x - at.x)}px`;
		style.height = `${Math.abs(from.y - at.y)}px`;
	}

	private up(event: PointerEvent): void {
		const { from, placed } = this;
		this.from = undefined;
		this.band.hidden = true;
		const at = this.at(event);
		if (!from || !placed || !isDrag(from, at)) return;
		const range = (a: number, b: number) => ({ min: Math.min(a, b), max: Math.max(a, b) });
		const { x, y } = placed;
		this.zoomTo({
			x: range(x.value(from.x), x.value(at.x)),
			y: range(y.value(from.y), y.value(at.y)),
		});
	}

	private point(at: { x: number; y: number } | undefined): void {
		const { model, placed, plot } = this;
		const pointed = at && model && placed && plot ? nearest(model, placed, at) : undefined;
		this.tip.hidden = !pointed;
		if (!pointed) return;
		this.tip.textContent = pointed.text;
		const isLeft = pointed.x > this.canvas.clientWidth / 2;
		this.tip.style.left = isLeft ? "" : `${pointed.x + 12}px`;
		this.tip.style.right = isLeft ? `${this.canvas.clientWidth - pointed.x + 12}px` : "";
		this.tip.style.top = `${Math.max(0, pointed.y - 14)}px`;
	}
}

/** What is nearest to a place, within reach. */
export function nearest(
	model: PlaneModel,
	placed: Omit<Placed, "xLabels">,
	at: { x: number; y: number },
): Pointed | undefined {
	let found: Pointed | undefined;
	let least = REACH;
	const name = (value: number, names: readonly string[]) => names[value] ?? formatNumber(value);
	const look = (x: number, y: number, say: () => string) => {
		const distance = Math.hypot(x - at.x, y - at.y);
		if (distance < least) [least, found] = [distance, { x, y, text: say() }];
	};
	const { area } = placed;
	const isInside = at.x >= area.left && at.x <= area.right && at.y >= area.top;
	if (!isInside || at.y > area.bottom) return undefined;
	for (const one of model.series) {
		const y = one.isSecond && placed.second ? placed.second : placed.y;
		if (one.kind === "grid") {
			const column = Math.round(placed.x.value(at.x));
			const row = Math.round(placed.y.value(at.y));
			const { rows, columns, values } = one.grid;
			if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
			const value = formatNumber(values[row * columns + column] ?? Number.NaN);
			const [x, z] = [name(column, model.xNames), name(row, model.yNames)];
			return { ...at, text: `${x}, ${z}: ${value}` };
		}
		if (one.kind === "box") {
			const { lower, median, upper, from, to } = one.box;
			const range = `${formatNumber(from)} to ${formatNumber(to)}`;
			const inside = `${formatNumber(lower)} to ${formatNumber(upper)}`;
			const said = `${one.name}\nmedian ${formatNumber(median)}\nquartiles ${inside}\nwhiskers ${range}`;
			const x = placed.x.pixel(one.at);
			const isOn = Math.abs(at.x - x) < Math.abs(placed.x.pixel(one.at + 0.3) - x);
			if (isOn) return { ...at, text: said };
			continue;
		}
		const title = model.series.length > 1 && one.name ? `${shortTex(one.name)}\n` : "";
		for (let i = 0; i < one.y.length; i += 1) {
			const [vx, vy] = [one.x[i] ?? Number.NaN, one.y[i] ?? Number.NaN];
			const text = one.kind === "points" && one.texts[i] ? `${one.texts[i]}\n` : "";
			const values = () => `${name(vx, model.xNames)}, ${name(vy, model.yNames)}`;
			if (one.kind === "points") {
				look(placed.x.pixel(vx), y.pixel(vy), () => title + text + values());
				continue;
			}
			const [left, right] = [vx + one.from * one.step, vx + one.to * one.step];
			const base = one.base[i] ?? 0;
			const [top, foot] = [y.pixel(base + vy), y.pixel(base)];
			const isOn =
				at.x >= placed.x.pixel(left) &&
				at.x <= placed.x.pixel(right) &&
				at.y >= Math.min(top, foot) - 4 &&
				at.y <= Math.max(top, foot) + 4;
			if (isOn) return { x: at.x, y: at.y, text: title + values() };
		}
	}
	return found;
}

function isDrag(from: { x: number; y: number }, to: { x: number; y: number }): boolean {
	return Math.abs(from.x - to.x) > LEAST_DRAG && Math.abs(from.y - to.y) > LEAST_DRAG;
}

function swatchColour(trace: Plot["traces"][number], otherwise: string): string {
	const line = trace.line as { color?: unknown } | undefined;
	const marker = trace.marker as { color?: unknown } | undefined;
	const own = line?.color ?? marker?.color;
	if (typeof own === "string") return own;
	const first = Array.isArray(own) && new Set(own).size === 1 ? own[0] : undefined;
	return typeof first === "string" ? first : otherwise;
}

/** The plot in words, for those who do not see it. */
export function described({ title }: Plot, { series }: PlaneModel): string {
	const parts = series.map((one: Series) => {
		const name = one.name ? `${one.name}: ` : "";
		if (one.kind === "box") return `${name}box, median ${formatNumber(one.box.median)}`;
		if (one.kind === "grid") {
			const range = `${formatNumber(one.low)} to ${formatNumber(one.high)}`;
			return `${name}${one.isContour ? "contours" : "heatmap"} of ${one.grid.rows} × ${one.grid.columns} numbers, ${range}`;
		}
		const last = one.y.at(-1);
		const kind = one.kind === "bars" ? "bars" : one.hasLine ? "line" : "points";
		const end = last === undefined ? "" : `, the last ${formatNumber(last)}`;
		return `${name}${kind}, ${one.y.length} values${end}`;
	});
	return `${title ? `${title}. ` : ""}${parts.join("; ") || "no traces"}.`;
}
