// A line chart on a canvas: uPlot gives axes, grid, crosshair and the drag; lines are drawn by Plotter.
import uPlot from "uplot";
import type { Theme } from "../ui/theme";
import { type Range, tickLabels, timeLabels, type XKind, xTicks, yTicks } from "./axis";
import { followPan, wheelRange } from "./gestures";
import type { Area } from "./marks";
import { CanvasPen } from "./pen";
import { type Plot, Plotter } from "./plot";

const LABEL_SIZE = 11;
/** The same for all charts, so that their plots line up in a grid. */
const Y_AXIS_WIDTH = 46;
const X_AXIS_HEIGHT = 24;
const PADDING = { top: 8, right: 10 };
const X_TICK_SPACE = 62;
const Y_TICK_SPACE = 30;
const SMALLEST = 60;

/** What a reader does with a chart. */
export interface LineChartListener {
	/** The pointer is over `x`, or has left. */
	hover(x: number | undefined): void;
	/** Show another range; `y` undefined leaves it as it is. */
	zoom(x: Range, y: Range | undefined): void;
	reset(): void;
}

/** A point of a trace under the crosshair. */
export interface Dot {
	readonly x: number;
	readonly y: number;
	readonly color: string;
}

export class LineChart {
	private chart: uPlot | undefined;
	private readonly plotter = new Plotter();
	private readonly dots: HTMLElement[] = [];
	private readonly crosshair = overlay("nbviz-chart-crosshair");
	/** What lies over the canvas while the crosshair is shown. */
	private readonly layer = overlay("nbviz-chart-layer");
	private plot: Plot | undefined;
	private y: Range = { min: 0, max: 1 };
	private xKind: XKind = "step";
	private theme: Theme | undefined;
	private isLog = false;
	private isHovered = false;
	private endPan: (() => void) | undefined;

	constructor(
		private readonly host: HTMLElement,
		private readonly listener: LineChartListener,
	) {}

	/** Draws `plot` as large as `width` × `height` CSS pixels; too small a box stays empty. */
	draw(plot: Plot, xKind: XKind, theme: Theme, width: number, height: number): void {
		if (width < SMALLEST || height < SMALLEST) return;
		this.plot = plot;
		const isOtherAxis = this.xKind !== xKind;
		this.xKind = xKind;
		this.theme = theme;
		if (this.chart && this.isLog !== plot.isLog) this.discard();
		this.isLog = plot.isLog;
		this.chart ??= this.create(width, height);
		const { chart } = this;
		if (chart.width !== width || chart.height !== height) chart.setSize({ width, height });
		this.y = this.plotter.measure(plot, chart.bbox.width, uPlot.pxRatio);
		chart.batch(() => {
			chart.setScale("x", { ...plot.x });
			chart.setScale("y", { ...this.y });
			chart.redraw(false, isOtherAxis);
		});
	}

	/** Puts the crosshair at `x` and `dots` on the lines; undefined takes them away. */
	showCursor(x: number | undefined, dots: readonly Dot[]): void {
		const { chart } = this;
		if (!chart) return;
		if (x === undefined) {
			// Most frames have no crosshair; measuring the plot for them would cost a layout each.
			this.layer.hidden = true;
			return;
		}
		this.layer.hidden = false;
		const width = chart.over.clientWidth;
		const at = chart.valToPos(x, "x");
		this.crosshair.hidden = at < 0 || at > width;
		this.crosshair.style.transform = `translateX(${at}px)`;
		for (const [i, dot] of dots.entries()) {
			const { style } = this.dotAt(i);
			const left = chart.valToPos(dot.x, "x");
			const top = chart.valToPos(dot.y, "y");
			const inside = left >= 0 && left <= width && top >= 0 && top <= chart.over.clientHeight;
			style.display = inside ? "" : "none";
			style.transform = `translate(${left}px, ${top}px)`;
			style.background = dot.color;
		}
		for (const dot of this.dots.slice(dots.length)) dot.style.display = "none";
	}

	/** CSS pixels from the left edge of the host to `x`. */
	leftOf(x: number): number {
		return this.chart ? this.chart.valToPos(x, "x") + this.chart.over.offsetLeft : 0;
	}

	/** The inside's size in CSS pixels. */
	get inside(): { width: number; height: number } {
		const over = this.chart?.over;
		return { width: over?.clientWidth ?? 0, height: over?.clientHeight ?? 0 };
	}

	/** True if the log scale has no place for some of the values in sight. */
	get leavesOut(): boolean {
		return this.plotter.leavesOut;
	}

	destroy(): void {
		this.endPan?.();
		this.discard();
	}

	private dotAt(index: number): HTMLElement {
		const known = this.dots[index];
		if (known) return known;
		const made = overlay("nbviz-chart-dot");
		this.dots[index] = made;
		this.layer.append(made);
		return made;
	}

	private discard(): void {
		this.chart?.destroy();
		this.chart = undefined;
		this.isHovered = false;
	}

	private create(width: number, height: number): uPlot {
		const chart = new uPlot(
			{
				width,
				height,
				padding: [PADDING.top, PADDING.right, 0, 0],
				legend: { show: false },
				series: [{}, { show: false }],
				scales: {
					x: { time: false, auto: false, min: 0, max: 1 },
					y: { auto: false, distr: this.isLog ? 3 : 1, min: 0.1, max: 1 },
				},
				axes: [this.xAxis(), this.yAxis()],
				cursor: {
					x: false,
					y: false,
					points: { show: false },
					drag: { x: true, y: true, uni: 24, dist: 5, setScale: false },
					bind: {
						mousedown: (_chart, _target, handler) => (event) => {
							if (event.button === 0 && event.shiftKey) this.startPan(event);
							else handler(event);
							return null;
						},
						dblclick: () => () => {
							this.listener.reset();
							return null;
						},
						mouseenter: (_chart, _target, handler) => (event) => {
							this.isHovered = true;
							return handler(event);
						},
						mouseleave: (_chart, _target, handler) => (event) => {
							this.isHovered = false;
							return handler(event);
						},
					},
				},
				hooks: {
					draw: [(drawn) => this.paint(drawn)],
					setSelect: [(drawn) => this.select(drawn)],
					setCursor: [
						({ cursor: { left = -10 }, posToVal }) =>
							this.listener.hover(left < 0 || !this.isHovered ? undefined : posToVal(left, "x")),
					],
				},
			},
			// Lines are not uPlot's; two points without a value keep its scales alive.
			[
				[0, 1],
				[null, null],
			],
			this.host,
		);
		this.layer.append(this.crosshair);
		chart.over.append(this.layer);
		chart.over.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
		return chart;
	}

	private xAxis(): uPlot.Axis {
		return {
			...this.axis(),
			size: X_AXIS_HEIGHT,
			splits: (chart, _axis, min, max) =>
				xTicks(
					this.xKind,
					{ min, max },
					(chart.width - Y_AXIS_WIDTH - PADDING.right) / X_TICK_SPACE,
				),
			values: (_chart, ticks) => xLabels(this.xKind, ticks),
		};
	}

	private yAxis(): uPlot.Axis {
		return {
			...this.axis(),
			size: Y_AXIS_WIDTH,
			splits: (chart, _axis, min, max) =>
				yTicks(
					{ min, max },
					(chart.height - X_AXIS_HEIGHT - PADDING.top) / Y_TICK_SPACE,
					this.isLog,
				),
			values: (_chart, ticks) => tickLabels(ticks, this.isLog),
		};
	}

	private axis(): uPlot.Axis {
		return {
			stroke: () => this.theme?.textSoft ?? "",
			font: `${LABEL_SIZE}px ${this.theme?.font ?? "sans-serif"}`,
			grid: { stroke: () => this.theme?.grid ?? "", width: 1 },
			ticks: { show: false },
			gap: 6,
			// Ticks are chosen to fit; uPlot's own rule for log axes would drop most labels.
			filter: (_chart, ticks) => ticks,
		};
	}

	private paint(chart: uPlot): void {
		const { plot, theme } = this;
		if (!plot || !theme) return;
		const { ctx, bbox } = chart;
		const area: Area = { ...bbox, ratio: uPlot.pxRatio };
		ctx.save();
		ctx.beginPath();
		// Half a dot's width more, so that the newest point is not cut in two.
		const bleed = 3 * area.ratio;
		ctx.rect(area.left - bleed, area.top, area.width + 2 * bleed, area.height);
		ctx.clip();
		this.plotter.draw(new CanvasPen(ctx), plot, this.y, area, theme);
		ctx.restore();
	}

	private select(chart: uPlot): void {
		const { left, top, width, height } = chart.select;
		if (width <= 0 && height <= 0) return;
		const { plot } = this;
		chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
		if (!plot) return;
		const all = {
			x: width >= chart.over.clientWidth - 1,
			y: height >= chart.over.clientHeight - 1,
		};
		const value = (px: number, scale: "x" | "y") => chart.posToVal(px, scale);
		this.listener.zoom(
			all.x ? plot.x : { min: value(left, "x"), max: value(left + width, "x") },
			all.y ? undefined : { min: value(top + height, "y"), max: value(top, "y") },
		);
	}

	private startPan(down: MouseEvent): void {
		const { chart, plot } = this;
		if (!chart || !plot) return;
		this.endPan?.();
		this.endPan = followPan(down, plot.x, chart.over.clientWidth, (range) =>
			this.listener.zoom(range, undefined),
		);
	}

	/** Alone the wheel scrolls the notebook. */
	private wheel(event: WheelEvent): void {
		const { chart, plot } = this;
		if (!chart || !plot) return;
		const left = event.clientX - chart.over.getBoundingClientRect().left;
		const center = chart.posToVal(left, "x");
		const range = wheelRange(event, plot.x, center, chart.over.clientWidth);
		if (!range) return;
		event.preventDefault();
		this.listener.zoom(range, undefined);
	}
}

/** Labels of the x axis. */
export function xLabels(kind: XKind, ticks: readonly number[]): string[] {
	return kind === "time" ? timeLabels(ticks) : tickLabels(ticks);
}

function overlay(className: string): HTMLElement {
	const made = document.createElement("div");
	made.className = className;
	return made;
}
