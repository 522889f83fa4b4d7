// Draws the charts in sight: the x range that they share, their lines, and the finer points of a zoom.
import type { Range } from "../../charts/lines/axis";
import type { Best } from "../../charts/lines/trace";
import type { ChartPicture } from "../../charts/svg";
import type { Context } from "../../session/panel";
import { selectionOf } from "../../session/selection";
import { shownRunsOf } from "../../session/shown-runs";
import { type ShownStep, shownStepOf } from "../../session/shown-step";
import { formatCount, formatNumber } from "../../ui/format";
import { readTheme, type Theme } from "../../ui/theme";
import type { ChartCard, ChartFrame } from "./chart/chart-card";
import type { ChartCards } from "./chart-cards";
import type { Curve, View } from "./chart-curves";
import type { CurvesChoices } from "./choices";
import { Details } from "./details";
import { extentOf, SharedRange, stepsIn } from "./ranges";
import { eventMarks, Tracer } from "./traces";

/** A chart whose points end before this share of the common x range has a range of its own. */
const OWN_RANGE_SHARE = 0.2;
/** Of the lines of the run that the cell made before. */
const EARLIER = 0.55;

export class CurvesDrawing {
	/** The lines of each chart by its title, of charts that are not there too. */
	lines: ReadonlyMap<string, readonly Curve[]> = new Map();
	readonly range: SharedRange;
	theme: Theme;
	private readonly shown;
	private readonly shownStep: ShownStep;
	private readonly tracer = new Tracer();
	private readonly details: Details;
	private frames = 0;
	private drawnVersions = 0;
	private scheduled = 0;
	private pointing = 0;

	constructor(
		/** Its data attributes say what was drawn, for tests and benchmarks. */
		private readonly root: HTMLElement,
		private readonly context: Context,
		private readonly choices: CurvesChoices,
		private readonly cards: ChartCards,
		/** How one chart is drawn, and what it is called. */
		private readonly viewOf: (title: string) => View,
		private readonly nameOf: (title: string) => string,
		/** Is called after each frame with whether a range was chosen. */
		private readonly drawn: (isZoomed: boolean) => void,
	) {
		this.range = new SharedRange(choices.view, choices.isFollowing);
		this.shown = shownRunsOf(context);
		this.shownStep = shownStepOf(context);
		this.theme = readTheme(context.root);
		this.details = new Details(context.asker, () => this.schedule());
		root.dataset.frames = "0";
	}

	destroy(): void {
		cancelAnimationFrame(this.scheduled);
		cancelAnimationFrame(this.pointing);
		this.details.stop();
	}

	/** Draws in the next frame; the store's own frame may come first. */
	schedule(): void {
		if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.draw());
	}

	recolour(): void {
		this.theme = readTheme(this.context.root);
		this.schedule();
	}

	draw(): void {
		cancelAnimationFrame(this.scheduled);
		this.scheduled = 0;
		const { view } = this.choices;
		const all = this.extent(this.all);
		const range = this.range.now(all);
		let versions = 0;
		let lastStep = 0;
		const drawn: Curve[] = [];
		const frames: [ChartCard, ChartFrame][] = [];
		for (const [title, lines] of this.lines) {
			for (const { series } of lines) {
				versions += series.version;
				lastStep = Math.max(lastStep, series.last?.step ?? 0);
			}
			const chart = this.cards.get(title);
			if (!chart || !this.cards.isInSight(chart)) continue;
			const own = this.extent(lines);
			chart.isApart = isApart(own, all);
			frames.push([chart, this.frame(title, lines, chart.isApart ? (chart.x ?? own) : range)]);
			drawn.push(...lines.filter(({ key }) => !view.hidden.has(key)));
		}
		for (const [chart, { legend }] of frames) chart.showNames(legend);
		this.cards.shareNames();
		this.cards.shareAxes();
		for (const [chart, frame] of frames) chart.draw(frame);
		this.mark();
		this.emphasise();
		if (view.zoom) {
			// Finer points of a mean would be those of one of its runs.
			const single = drawn.filter(({ members }) => !members);
			const steps = stepsIn(range, single, this.tracer, view);
			if (steps) this.details.want(single, steps);
		}
		this.drawn(Boolean(view.zoom || this.cards.all.some((chart) => chart.x ?? chart.y)));
		// A snapshot's series begin to count their versions anew.
		const isSame =
			versions === this.drawnVersions && String(lastStep) === this.root.dataset.lastStep;
		if (drawn.length === 0 || isSame) return;
		this.drawnVersions = versions;
		this.frames += 1;
		this.root.dataset.frames = String(this.frames);
		this.root.dataset.lastStep = String(lastStep);
	}

	/** Has the lines of the run that is pointed at stand out, in the next frame. */
	pointRun(): void {
		if (this.pointing !== 0) return;
		this.pointing = requestAnimationFrame(() => {
			this.pointing = 0;
			this.emphasise();
		});
	}

	private emphasise(): void {
		for (const [title, lines] of this.lines) {
			const chart = this.cards.get(title);
			if (chart && this.cards.isInSight(chart)) chart.emphasise(this.keysOfPointed(lines));
		}
	}

	/** Shows the values at the shared cursor. */
	point(): void {
		const { step } = this.context.pointedStep;
		for (const chart of this.cards.all) {
			if (this.cards.isInSight(chart)) chart.showStep(step);
		}
	}

	/** Marks the step that the time line stands at. */
	mark(): void {
		const { going_back, progress } = selectionOf(this.context).run ?? {};
		const newest = going_back && !going_back.refused ? progress?.step : undefined;
		for (const chart of this.cards.all) {
			if (this.cards.isInSight(chart)) chart.markStep(this.shownStep.chosen, newest || undefined);
		}
	}

	zoom(chart: ChartCard, range: Range): void {
		if (chart.isApart) chart.x = range;
		else this.range.zoom(range, this.extent(this.all));
	}

	/** Shows everything again. */
	reset(): void {
		this.choices.view.zoom = undefined;
		this.details.stop();
	}

	/** Charts as they look on the page, those that are not there too. */
	pictures(charts: ReadonlyMap<string, readonly Curve[]>): ChartPicture[] {
		const { ranges, view } = this.choices;
		const all = this.extent([...this.all, ...[...charts.values()].flat()]);
		const range = this.range.now(all);
		return [...charts].map(([title, lines]) => {
			const chosen = this.cards.get(title) ?? ranges.get(title);
			const own = this.extent(lines);
			const x = isApart(own, all) ? (chosen?.x ?? own) : range;
			const { plot } = this.frame(title, lines, x);
			return { title: this.nameOf(title), plot: { ...plot, y: chosen?.y }, xKind: view.xKind };
		});
	}

	private get all(): Curve[] {
		return [...this.lines.values()].flat();
	}

	private extent(lines: readonly Curve[]): Range {
		const runs = [...this.context.store.runs.values()];
		const expected = Math.max(0, ...runs.map(({ progress }) => progress?.total_steps ?? 0));
		return extentOf(lines, this.tracer, this.choices.view, expected);
	}

	/** Of a chart's lines; undefined where the run that is pointed at has none in it. */
	private keysOfPointed(lines: readonly Curve[]): ReadonlySet<string> | undefined {
		const { pointed } = this.shown;
		if (pointed === undefined) return undefined;
		const found = lines.filter((line) =>
			(line.members ?? [line]).some(({ run }) => run.run_id === pointed),
		);
		return found.length > 0 ? new Set(found.map(({ key }) => key)) : undefined;
	}

	private frame(title: string, lines: readonly Curve[], x: Range): ChartFrame {
		const { theme, tracer, details } = this;
		const view = this.viewOf(title);
		const shown = lines.filter(({ key }) => !view.hidden.has(key));
		const points = Math.max(0, ...lines.map(({ series }) => series.pointCount));
		const oneOfEachRun = new Map(
			shown.filter(({ isEarlier }) => !isEarlier).map((line) => [line.run, line]),
		);
		const traces = shown.map((line) => tracer.trace(line, points, view, details, theme));
		const best = new Map(traces.map((trace) => [trace.key, trace.best]));
		return {
			view,
			theme,
			plot: {
				traces: traces.map((trace, i) => ({
					...trace,
					alpha: shown[i]?.isEarlier ? EARLIER : 1,
				})),
				events: view.hidesMarks
					? []
					: [...oneOfEachRun.values()].flatMap((line) =>
							eventMarks(line, view, tracer.x(line, view)),
						),
				x,
				isLog: view.isLog,
				ignoresOutliers: view.ignoresOutliers,
			},
			legend: lines
				.filter(({ isEarlier }) => !isEarlier)
				.map(({ key, name, part, color, isDashed, isStyled, run, members }) => ({
					key,
					style: isStyled ? color : undefined,
					run_id: run.run_id,
					// Of a group, the name of its mean.
					run: members ? (name.split(" · ")[0] ?? name) : run.name,
					name,
					part,
					color: theme.series[color % theme.series.length] ?? theme.text,
					isDashed,
					isShown: !view.hidden.has(key),
					best: bestText(best.get(key)),
				})),
			nanCount: lines.reduce(
				(sum, { series, isEarlier }) => sum + (isEarlier ? 0 : series.nanCount),
				0,
			),
		};
	}
}

function bestText(best: Best | undefined): string {
	return best ? `Best ${formatNumber(best.value)} at step ${formatCount(best.step)}` : "";
}

function isApart(own: Range, all: Range): boolean {
	return own.max < OWN_RANGE_SHARE * all.max;
}
