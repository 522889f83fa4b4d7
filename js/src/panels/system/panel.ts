// What a run uses of its machine: a small chart for each kind of measure, all over the same time.
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { readTheme, type Theme } from "../../ui/theme";
import { SystemChart } from "./chart";
import { stepAt, timeOf } from "./pointed";
import { systemState } from "./state";

export const mountSystem: Mount = (host, context) => {
	const panel = new SystemPanel(host, context);
	return () => panel.remove();
};

class SystemPanel {
	private readonly root: HTMLElement;
	private readonly grid = element("div", "nbviz-system-grid");
	private readonly empty = element("p", "nbviz-empty", {}, "No sample of this run.");
	private readonly charts = new Map<string, SystemChart>();
	private readonly updateRuns: () => void;
	private readonly cleanups: (() => void)[];
	private theme: Theme;
	private run: RunState | undefined;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, context, "System", "nbviz-system");
		this.root = root;
		this.theme = readTheme(context.root);
		const { picker, update } = runPicker(context);
		this.updateRuns = update;
		tools.append(picker);
		body.append(this.grid, this.empty);
		const resized = new ResizeObserver(() => this.draw());
		resized.observe(this.grid);
		this.cleanups = [
			() => resized.disconnect(),
			selectionOf(context).subscribe(() => this.update()),
			context.pointedStep.subscribe(() => this.point()),
			context.onTheme(() => {
				this.theme = readTheme(context.root);
				this.draw();
			}),
			context.store.subscribe((topics) => {
				if (topics.has("runs") || topics.has("system")) this.update();
			}),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.clear();
		this.root.remove();
	}

	private clear(): void {
		for (const chart of this.charts.values()) chart.remove();
		this.charts.clear();
	}

	private update(): void {
		this.updateRuns();
		const { run } = selectionOf(this.context);
		if (run !== this.run) this.clear();
		this.run = run;
		const measures = run ? systemState.of(run).measures : [];
		this.empty.hidden = measures.length > 0;
		for (const { chart } of measures) {
			if (this.charts.has(chart)) continue;
			const made = new SystemChart(chart, (seconds) => this.hover(seconds));
			this.charts.set(chart, made);
			this.grid.append(made.root);
		}
		this.draw();
	}

	private draw(): void {
		// A folded card has no size, and draws when it is opened.
		if (!this.run || this.grid.clientWidth === 0) return;
		const { measures, series } = systemState.of(this.run);
		const seconds = Math.max(1, ...series.map(({ last }) => last?.wallTime ?? 0));
		for (const [title, chart] of this.charts) {
			const lines = measures.flatMap((measure, i) => {
				const one = series[i];
				return measure.chart === title && one ? [{ measure, series: one }] : [];
			});
			chart.draw(lines, seconds, this.theme);
		}
		this.point();
	}

	/** The pointer is at a time: all charts of the view show the step that was done then. */
	private hover(seconds: number | undefined): void {
		const first = this.run && systemState.of(this.run).series[0];
		this.context.pointedStep.set(
			first && seconds !== undefined ? stepAt(first, seconds) : undefined,
		);
	}

	private point(): void {
		const first = this.run && systemState.of(this.run).series[0];
		const { step } = this.context.pointedStep;
		const seconds = first && step !== undefined ? timeOf(first, step) : undefined;
		for (const chart of this.charts.values()) chart.point(seconds, this.theme);
	}
}
