// One chart of the curves panel: title, legend, plot, readout, and the same as a table.
import { MARGIN, type XAxis } from "../../../charts/lines/axes";
import type { Range } from "../../../charts/lines/axis";
import { scaled } from "../../../charts/lines/gestures";
import { LineChart } from "../../../charts/lines/line";
import type { Plot } from "../../../charts/lines/plot";
import { stepBeside, type Trace, xOfStep } from "../../../charts/lines/trace";
import { type Reading, readAt, summarize } from "../../../charts/readout";
import { element } from "../../../ui/element";
import { formatClock, formatCount } from "../../../ui/format";
import { panelIcon } from "../../../ui/panel-icons";
import type { Theme } from "../../../ui/theme";
import type { View } from "../chart-curves";
import type { Look } from "../looks";
import { type ChartState, chartMenu, type ExportFormat } from "./chart-menu";
import { dragOnto } from "./drag-onto";
import { Legend, type LegendEntry } from "./legend";
import { curvesTable } from "./table";
import { CurvesTooltip } from "./tooltip";

/** How often what is only read, not watched, is written anew. */
const WORDS_MS = 1000;
/** How often the last values beside the names change: faster than that they cannot be read. */
const VALUES_MS = 100;
const EVENT_REACH_PX = 5;
const HANDLE_HELP = "Drag it onto another chart to draw both as one; click for options";
const KEYS_HELP =
	"Left and right arrows move the cursor, Enter shows its step in all panels, End the newest, + and − zoom, 0 resets.";

/** What a chart asks of its panel. */
export interface ChartActions {
	/** The step under the pointer or the keyboard's cursor. */
	point(step: number | undefined): void;
	zoom(x: Range): void;
	reset(): void;
	/** Show a step in all panels, undefined the newest. */
	showStep(step: number | undefined): void;
	toggle(keys: readonly string[]): void;
	isolate(title: string, keys: readonly string[]): void;
	enlarge(title: string): void;
	/** The pointer is over a line's name, or has left it. */
	pointRun(run_id: string | undefined): void;
	save(title: string, format: ExportFormat): void;
	/** The size, the values' range or the table changed: draw again. */
	redraw(): void;
	/** What is pointed at, with the steps of extremes as exactly as they are known. */
	refine(title: string, readings: readonly Reading[]): readonly Reading[];
	/** What its menu shows. */
	state(title: string): ChartState;
	/** Looks as is chosen for it alone; undefined has it look as all others. */
	look(title: string, look: Look | undefined): void;
	togglePin(title: string): void;
	/** Draw its lines in another chart. */
	join(title: string, onto: string): void;
	takeApart(title: string): void;
}

/** What a chart draws in a frame. `plot.traces` are the lines that are shown. */
export interface ChartFrame {
	readonly plot: Omit<Plot, "y">;
	readonly legend: readonly LegendEntry[];
	readonly nanCount: number;
	readonly view: View;
	readonly theme: Theme;
}

export class ChartCard {
	readonly root: HTMLElement;
	/** True while its points lie so far from the other charts' that it has an x range of its own. */
	isApart = false;
	/** The x range that the reader chose for this chart alone. */
	x: Range | undefined;
	/** The range of values that the reader chose; undefined follows the data. */
	y: Range | undefined;
	plot: Plot | undefined;
	/** What it shows of its x axis. */
	xAxis: XAxis = "titled";
	private readonly handle = element("button", "nbviz-chart-handle", {
		type: "button",
		title: HANDLE_HELP,
		"data-lm-suppress-shortcuts": "true",
	});
	private readonly pin = element("span", "nbviz-chart-pin", { title: "Pinned", hidden: "" });
	private readonly box = element("div", "nbviz-plot", {
		role: "img",
		tabindex: "0",
		"data-lm-suppress-shortcuts": "true",
		"aria-description": KEYS_HELP,
	});
	private readonly table = element("div", "nbviz-chart-table", { hidden: "" });
	private readonly badge = element("span", "nbviz-chart-badge", { hidden: "" });
	private readonly enlargeButton = iconButton("expand", "Enlarge");
	private readonly legend: Legend;
	private readonly tip = new CurvesTooltip();
	private readonly chart: LineChart;
	private readonly closeMenu: () => void;
	private readonly resizes: ResizeObserver;
	private frame: ChartFrame | undefined;
	private newest: number | undefined;
	private marked: number | undefined;
	private noted = "0 false false";
	private pointed: number | undefined;
	private isPointedHere = false;
	/** CSS pixels from the plot's top edge to the pointer; undefined for the keyboard's cursor. */
	private pointedTop: number | undefined;
	private wordsAt = Number.NEGATIVE_INFINITY;
	private valuesAt = Number.NEGATIVE_INFINITY;
	private valuesTimer: ReturnType<typeof setTimeout> | undefined;
	private valuesOf = "";
	private size = { width: 0, height: 0 };

	constructor(
		readonly title: string,
		private readonly actions: ChartActions,
	) {
		this.legend = new Legend(title, {
			toggle: (keys) => actions.toggle(keys),
			isolate: (keys) => actions.isolate(title, keys),
			point: (run_id) => actions.pointRun(run_id),
		});
		this.chart = new LineChart(this.box, {
			hover: (x, top) => this.hover(x, top),
			zoom: (x, y) => {
				this.y = y ?? this.y;
				actions.zoom(x);
			},
			reset: () => actions.reset(),
			moveMark: (x) => this.moveMark(x),
		});
		const options = chartMenu(title, {
			state: () => actions.state(title),
			setLook: (look) => actions.look(title, look),
			clearLook: () => actions.look(title, undefined),
			togglePin: () => actions.togglePin(title),
			joinOnto: (onto) => actions.join(title, onto),
			takeApart: () => actions.takeApart(title),
			save: (format) => actions.save(title, format),
		});
		this.closeMenu = options.close;
		this.pin.append(panelIcon("pin"));
		const tabular = iconButton("table", "Show as table");
		tabular.setAttribute("aria-pressed", "false");
		tabular.addEventListener("click", () => {
			this.table.hidden = !this.table.hidden;
			tabular.setAttribute("aria-pressed", String(!this.table.hidden));
			this.wordsAt = Number.NEGATIVE_INFINITY;
			actions.redraw();
		});
		this.enlargeButton.addEventListener("click", () => actions.enlarge(title));
		this.root = element(
			"figure",
			"nbviz-chart",
			{ "data-chart": title },
			element(
				"header",
				"nbviz-chart-header",
				{},
				this.pin,
				element("h4", "nbviz-chart-title", {}, this.handle),
				this.legend.beside,
				this.badge,
				element("span", "nbviz-chart-tools", {}, tabular, options.root, this.enlargeButton),
			),
			this.legend.root,
			element("div", "nbviz-plot-host", {}, this.box, this.tip.root),
			this.table,
		);
		this.show(title, false);
		this.handle.addEventListener("click", () => options.button.click());
		this.handle.addEventListener("keydown", (event) => this.handleKey(event));
		dragOnto(this.handle, this.root, (onto) => actions.join(title, onto));
		this.box.addEventListener("keydown", (event) => this.key(event));
		this.box.addEventListener("blur", () => actions.point(undefined));
		this.resizes = new ResizeObserver(([entry]) => {
			if (!entry) return;
			const { width, height } = entry.contentRect;
			const before = this.size;
			this.size = { width: Math.floor(width), height: Math.floor(height) };
			if (before.width !== this.size.width || before.height !== this.size.height) actions.redraw();
		});
		this.resizes.observe(this.box);
	}

	/** Shows what it is called, and whether it is pinned. */
	show(name: string, isPinned: boolean): void {
		if (this.handle.textContent !== name) this.handle.textContent = name;
		this.pin.hidden = !isPinned;
	}

	setEnlarged(isEnlarged: boolean): void {
		this.root.dataset.enlarged = String(isEnlarged);
		this.enlargeButton.setAttribute("aria-pressed", String(isEnlarged));
	}

	/** Shows what its lines are called: where there are names, they take room beside the plot. */
	showNames(legend: readonly LegendEntry[]): void {
		this.legend.update(legend);
		this.root.dataset.named = String(!this.legend.root.hidden);
	}

	draw(frame: ChartFrame): void {
		this.frame = frame;
		this.plot = { ...frame.plot, y: this.y };
		if (this.size.width === 0) {
			const { clientWidth: width, clientHeight: height } = this.box;
			this.size = { width, height };
		}
		const { width, height } = this.size;
		this.root.dataset.axis = this.xAxis;
		this.root.dataset.compared = String(frame.legend.some(({ style }) => style !== undefined));
		this.chart.draw(this.plot, frame.view.xKind, frame.theme, width, height, this.xAxis);
		this.note(frame);
		this.placeNames(frame.plot.traces);
		this.readOut();
		const now = performance.now();
		if (now - this.wordsAt < WORDS_MS) return;
		this.wordsAt = now;
		this.box.setAttribute(
			"aria-label",
			summarize(this.handle.textContent ?? this.title, frame.plot.traces),
		);
		if (!this.table.hidden) {
			this.table.replaceChildren(curvesTable(this.title, frame.plot.traces, frame.plot.x));
		}
	}

	/** Has lines stand out, by their keys; undefined ends that. */
	emphasise(keys: ReadonlySet<string> | undefined): void {
		this.chart.emphasise(keys);
	}

	private placeNames(traces: readonly Trace[]): void {
		const { height } = this.chart.inside;
		const tops = new Map<string, number>();
		for (const [key, value] of traces.flatMap(lastValue)) {
			const top = this.chart.topOf(value);
			if (!Number.isNaN(top)) tops.set(key, MARGIN.top + Math.min(height, Math.max(0, top)));
		}
		this.legend.place(tops, this.size.height);
	}

	/** Says beside the title what the lines cannot show. */
	private note({ nanCount, view }: ChartFrame): void {
		const leavesOut = view.isLog && this.chart.leavesOut;
		const { clips } = this.chart;
		const key = `${nanCount} ${leavesOut} ${clips}`;
		if (key === this.noted) return;
		this.noted = key;
		const nan = nanCount > 0 ? `${formatCount(nanCount)} NaN` : "";
		const notes = [nan, leavesOut ? "values ≤ 0 not shown" : "", clips ? "clipped" : ""];
		const text = notes.filter(Boolean).join(", ");
		this.badge.hidden = text === "";
		this.badge.textContent = text;
		this.badge.dataset.mild = String(nan === "" && !leavesOut);
		this.badge.title = clips ? "Values outside of the middle 90 % lie beyond the edges" : "";
	}

	/** Shows the values at `step`, wherever the pointer is; undefined those at the mark, or the last. */
	showStep(step: number | undefined): void {
		this.pointed = step;
		this.readOut();
	}

	/**
	 * Marks the step that the time line stands at; undefined where it follows the newest. A run that can
	 * go back is at `newest`: then the mark can be dragged.
	 */
	markStep(step: number | undefined, newest?: number): void {
		const { plot } = this;
		this.root.dataset.marked = String(step ?? "");
		this.newest = newest;
		if (step !== this.marked) {
			this.marked = step;
			this.valuesAt = Number.NEGATIVE_INFINITY;
			this.readOut();
		}
		const at = step ?? newest;
		const x = plot && at !== undefined ? xOfStep(plot.traces, at) : undefined;
		this.chart.mark(x, newest !== undefined, step === undefined);
	}

	private moveMark(x: number): void {
		const { plot, frame, newest = 0 } = this;
		if (!plot || !frame) return;
		const readings = readAt(plot.traces, x, plot.x, this.pixel(plot.x));
		const near = readings.sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0]?.step;
		// Of steps any one can be gone back to, those too that no point stands for.
		const step = frame.view.xKind === "step" ? Math.max(0, Math.round(x)) : near;
		if (step !== undefined) this.actions.showStep(step >= newest ? undefined : step);
	}

	destroy(): void {
		this.closeMenu();
		clearTimeout(this.valuesTimer);
		this.resizes.disconnect();
		this.chart.destroy();
		this.root.remove();
	}

	private readOut(): void {
		const { frame, plot } = this;
		if (!frame || !plot) return;
		const { traces } = plot;
		const at = this.pointed === undefined ? undefined : xOfStep(traces, this.pointed);
		if (at === undefined || this.pointed === undefined) {
			this.chart.showCursor(undefined, []);
			this.showLastValues(plot, frame);
			this.tip.hide();
			return;
		}
		this.valuesAt = Number.NEGATIVE_INFINITY;
		const readings = readAt(traces, at, plot.x, this.pixel(plot.x));
		const shown = (reading: Reading) => reading.smoothed ?? reading.value;
		this.legend.show(new Map(readings.map((reading) => [reading.key, shown(reading)])));
		const dots = readings.filter((reading) => drawable(shown(reading), plot.isLog));
		this.chart.showCursor(
			at,
			dots.map((reading) => ({ x: reading.x, y: shown(reading), color: reading.color })),
		);
		if (this.isPointedHere) {
			const { width } = this.chart.inside;
			const reach = (EVENT_REACH_PX / Math.max(1, width)) * (plot.x.max - plot.x.min);
			const notes = plot.events.filter(
				({ x, kind }) => kind !== "validation" && Math.abs(x - at) <= reach,
			);
			const texts = [...new Set(notes.map(({ text }) => text))].slice(0, 4);
			const { xKind } = frame.view;
			const place =
				xKind === "step" ? "" : xKind === "epoch" ? `Epoch ${at.toFixed(2)}` : formatClock(at);
			this.tip.show(
				this.actions.refine(this.title, this.nearestFirst(readings, shown)),
				this.pointed,
				place,
				texts,
				this.chart.leftOf(at),
				this.size.width,
			);
		} else this.tip.hide();
	}

	/** In the order in which the lines lie below the pointer, nearest first. */
	private nearestFirst(
		readings: readonly Reading[],
		shown: (reading: Reading) => number,
	): readonly Reading[] {
		const { pointedTop } = this;
		if (pointedTop === undefined) return readings;
		const away = (reading: Reading) => {
			const distance = Math.abs(this.chart.topOf(shown(reading)) - pointedTop);
			return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
		};
		return [...readings].sort((a, b) => away(a) - away(b));
	}

	private pixel({ min, max }: Range): number {
		return (max - min) / Math.max(1, this.chart.inside.width);
	}

	private showLastValues({ traces, x }: Plot, { view }: ChartFrame): void {
		const marked = this.marked === undefined ? undefined : xOfStep(traces, this.marked);
		if (marked !== undefined) {
			const readings = readAt(traces, marked, x, this.pixel(x));
			this.legend.show(new Map(readings.map((one) => [one.key, one.smoothed ?? one.value])));
			return;
		}
		const now = performance.now();
		const wait = this.valuesAt + VALUES_MS - now;
		const shown = traces.flatMap((trace) => (trace.columns.length > 0 ? [trace.key] : []));
		const valuesOf = `${view.smoothing} ${shown.join(" ")}`;
		if (wait > 0 && valuesOf === this.valuesOf) {
			this.valuesTimer ??= setTimeout(() => {
				this.valuesTimer = undefined;
				this.readOut();
			}, wait);
			return;
		}
		this.valuesAt = now;
		this.valuesOf = valuesOf;
		this.legend.show(new Map(traces.flatMap(lastValue)));
	}

	private hover(x: number | undefined, top: number): void {
		const { plot } = this;
		this.isPointedHere = x !== undefined;
		this.pointedTop = top;
		const near =
			x === undefined || !plot ? undefined : readAt(plot.traces, x, plot.x, this.pixel(plot.x));
		const best = near?.reduce<Reading | undefined>(
			(nearest, reading) =>
				nearest && Math.abs(nearest.x - (x ?? 0)) <= Math.abs(reading.x - (x ?? 0))
					? nearest
					: reading,
			undefined,
		);
		this.actions.point(best?.step);
	}

	/** What a drag does, by keys: the neighbour is the one that it would be dropped on. */
	private handleKey(event: KeyboardEvent): void {
		const { key, shiftKey } = event;
		const by = key === "ArrowRight" || key === "ArrowDown" ? 1 : 0;
		const back = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 0;
		if (key === "Backspace") this.actions.takeApart(this.title);
		else if (shiftKey && by + back !== 0) {
			const beside = by ? this.root.nextElementSibling : this.root.previousElementSibling;
			const onto = (beside as HTMLElement | null)?.dataset.chart;
			if (onto !== undefined) this.actions.join(this.title, onto);
		} else return;
		event.preventDefault();
		event.stopPropagation();
	}

	private key(event: KeyboardEvent): void {
		const { plot } = this;
		if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
		const { min, max } = plot.x;
		const middle = (min + max) / 2;
		const here =
			(this.pointed === undefined ? undefined : xOfStep(plot.traces, this.pointed)) ?? max;
		const scaleBy = (factor: number) => {
			const center = here >= min && here <= max ? here : middle;
			this.actions.zoom(scaled(plot.x, center, factor));
		};
		const pixel = this.pixel(plot.x);
		const move = (direction: number) => {
			this.isPointedHere = true;
			this.pointedTop = undefined;
			const step = stepBeside(plot.traces, here, direction * (event.shiftKey ? 40 : 4) * pixel);
			if (step !== undefined) this.actions.point(step);
		};
		if (event.key === "ArrowLeft") move(-1);
		else if (event.key === "ArrowRight") move(1);
		else if (event.key === "+" || event.key === "=") scaleBy(0.5);
		else if (event.key === "-" || event.key === "−") scaleBy(2);
		else if (event.key === "0") this.actions.reset();
		else if (event.key === "Escape") this.actions.point(undefined);
		else if (event.key === "Enter" && this.pointed !== undefined) {
			this.actions.showStep(this.pointed);
		} else if (event.key === "End") this.actions.showStep(undefined);
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}

function iconButton(name: "expand" | "table", label: string): HTMLButtonElement {
	return element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-icon-button",
		{ type: "button", title: label, "aria-label": label },
		panelIcon(name),
	);
}

function lastValue(trace: Trace): [string, number][] {
	const end = trace.columns.length - 1;
	if (end < 0) return [];
	const mean = trace.smoothed?.[end] ?? trace.columns.mean[end] ?? Number.NaN;
	return [[trace.key, Number.isNaN(mean) ? (trace.columns.max[end] ?? mean) : mean]];
}

function drawable(value: number, isLog: boolean): boolean {
	return Number.isFinite(value) && (!isLog || value > 0);
}
