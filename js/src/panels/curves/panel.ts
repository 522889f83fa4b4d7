// The curves panel: a chart for each group of tags, all with one x range, one crosshair, one strip.
import type { Reading } from "../../charts/readout";
import { runGroupsOf } from "../../charts/run-groups";
import { isFaultCount } from "../../charts/tag-groups";
import { tagMatcher } from "../../charts/tags";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { shownRunsOf } from "../../session/shown-runs";
import { shownStepOf } from "../../session/shown-step";
import type { RunTopic, Topics } from "../../session/store";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { ChartCard } from "./chart/chart-card";
import type { ChartState, ExportFormat } from "./chart/chart-menu";
import { TOOLTIP_ROWS } from "./chart/tooltip";
import { ChartCards } from "./chart-cards";
import { chartCurves, type View } from "./chart-curves";
import { type CurvesChoices, keptChoices, readChoices } from "./choices";
import { CurvesControls } from "./controls";
import { CurvesDrawing } from "./drawing";
import { EarlierRun } from "./earlier";
import { Extremes } from "./extremes";
import { ChartFit } from "./fit";
import { CurvesGroups } from "./groups";
import { Joining } from "./joining";
import { ChartLooks } from "./looks";
import { CurvesSaver } from "./save";
import { type CurvesTopic, curvesState } from "./state";

/** Under this name its choices are remembered. */
const STATE_NAME = "curves";
/** What is remembered of single charts, also by the next view in the same place. */
const LOOKS = "looks";
const DRAWN_TOPICS: readonly (CurvesTopic | RunTopic)[] = [
	"points",
	"epochs",
	"events",
	"series",
	"runs",
];

export const mountCurves: Mount = (host, context) => {
	const panel = new CurvesPanel(host, context);
	return () => panel.destroy();
};

class CurvesPanel {
	private readonly root: HTMLElement;
	private readonly body: HTMLElement;
	private readonly empty = element("p", "nbviz-empty");
	private readonly notice = element("p", "nbviz-curves-notice", { role: "alert", hidden: "" });
	private readonly controls: CurvesControls;
	private readonly groups: CurvesGroups;
	private readonly fitting: ChartFit;
	private readonly drawing: CurvesDrawing;
	private readonly saver: CurvesSaver;
	private readonly cards: ChartCards;
	private readonly cleanups: (() => void)[];
	/** As they were when the view was last seen, before a reload. */
	private readonly choices: CurvesChoices;
	private readonly shown;
	private readonly joining: Joining;
	private readonly looks: ChartLooks;
	private readonly earlier: EarlierRun;
	private readonly extremes: Extremes;
	private filter: string;
	/** Titles of the charts that pass the filter, in order. */
	private found: readonly string[] = [];
	private enlarged: string | undefined;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		this.shown = shownRunsOf(context);
		this.choices = readChoices(context.viewState.read(STATE_NAME));
		const kept = context.viewState.read(LOOKS);
		this.joining = new Joining(context.charts, kept);
		this.looks = new ChartLooks(kept);
		const { view, filter, open, enlarged } = this.choices;
		this.filter = filter;
		this.enlarged = enlarged;
		this.groups = new CurvesGroups(open, () => {
			this.arrange();
			this.remember();
		});
		const { root, tools, body } = card(host, context, "Curves", "nbviz-curves", () => this.want());
		this.root = root;
		this.body = body;
		this.fitting = new ChartFit(host, this.groups.root, context.viewState);
		body.append(this.notice, this.groups.root, this.empty);
		this.controls = new CurvesControls(view, filter, {
			changed: () => this.changed(),
			filter: (text) => {
				this.filter = text.trim();
				this.arrange();
				this.remember();
			},
			reset: () => this.reset(),
			save: (format) => this.save(undefined, format),
			cancelSave: () => this.saver.cancel(),
			resize: (sizes) => this.fitting.resize(sizes),
			forgetCharts: () => {
				this.joining.reset();
				this.looks.reset();
				this.lookChanged();
			},
		});
		this.earlier = new EarlierRun(
			{
				keep: ({ run_id }) => {
					const failed = (error: unknown) => this.notify("Not kept", error);
					context.asker.ask({ kind: "keep_run", run_id }).catch(failed);
				},
				dismiss: ({ run_id }) => {
					this.choices.dismissed.add(run_id);
					this.remember();
					this.arrange();
				},
			},
			context.asker.isLive,
		);
		this.controls.root.prepend(this.earlier.root);
		tools.append(this.controls.root);
		this.cards = new ChartCards(
			(title) => this.make(title),
			() => this.drawing.schedule(),
		);
		this.drawing = new CurvesDrawing(
			root,
			context,
			this.choices,
			this.cards,
			(title) => this.viewOf(title),
			(title) => this.joining.nameOf(title),
			(isZoomed) => this.fit(isZoomed),
		);
		this.extremes = new Extremes(context.asker, () => this.drawing.schedule());
		this.saver = new CurvesSaver(context.asker, this.drawing, {
			waits: (progress) => this.controls.waits(progress),
			failed: (reason) => this.notify("Not saved", reason),
		});
		this.cleanups = [
			this.shown.subscribe((isPointed) => {
				if (isPointed) this.drawing.pointRun();
				else this.arrange();
			}),
			context.store.subscribe((topics) => this.update(topics)),
			context.onTheme(() => this.drawing.recolour()),
			context.pointedStep.subscribe(() => this.drawing.point()),
			shownStepOf(context).subscribe(() => this.drawing.mark()),
			() => this.fitting.stop(),
		];
		this.arrange();
		this.fitting.fit();
	}

	destroy(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.saver.cancel();
		this.drawing.destroy();
		this.controls.destroy();
		this.earlier.close();
		this.extremes.stop();
		this.cards.remove();
		this.root.remove();
	}

	private update(topics: Topics): void {
		const isGrouped = topics.has("points") && runGroupsOf(this.context.root);
		if (topics.has("series") || topics.has("runs") || isGrouped) this.arrange();
		if (topics.has("points")) this.foldZeros();
		if (topics.has("progress")) this.drawing.mark(); // a run that is paused has no new points
		if (DRAWN_TOPICS.some((topic) => topics.has(topic))) this.drawing.draw();
	}

	/** Makes and removes charts until they are those of the store, in order. */
	private arrange(): void {
		const lines = chartCurves(this.context, (run) => this.isDrawn(run), this.joining);
		this.drawing.lines = lines;
		const matches = tagMatcher(this.filter);
		this.found = [...lines].flatMap(([title, ours]) =>
			matches(title) || ours.some(({ series }) => matches(series.tag)) ? [title] : [],
		);
		const { found, filter } = this;
		const { pinned } = this.looks;
		// A pinned chart stays, whatever is looked for.
		const leading = [
			...pinned.filter((title) => lines.has(title)),
			...this.joining.named.filter((title) => found.includes(title) && !pinned.includes(title)),
		];
		const isCompact = this.context.arrangement === "compact";
		const [first] = leading.length > 0 ? leading : found;
		const places = isCompact
			? this.groups.arrange(first === undefined ? [] : [first], filter)
			: this.groups.arrange(found, filter, [...new Set(leading)]);
		this.cards.arrange(places);
		for (const chart of this.cards.all) {
			chart.show(this.joining.nameOf(chart.title), pinned.includes(chart.title));
		}
		this.controls.found(filter === "" ? undefined : found.length, lines.size);
		this.empty.hidden = found.length > 0 || leading.length > 0;
		const { asker, store } = this.context;
		const canStart = [...store.runs.values()].some(({ commands }) => commands.includes("start"));
		const hint = canStart ? " Press Start, or log a value with run.log()." : "";
		const live = store.isFilled ? `No points yet.${hint}` : "";
		const waiting = asker.isLive ? live : "This run logged no values.";
		this.empty.textContent = lines.size > 0 ? `No tag matches “${this.filter}”.` : waiting;
		this.controls.root.hidden = lines.size === 0;
		this.earlier.update(store, this.choices.dismissed);
		this.want();
		this.drawing.schedule();
	}

	/** Folds a watch's counts of NaN and infinities while there are none. */
	private foldZeros(): void {
		const isAllZero = ({ title }: ChartCard) => {
			const lines = this.drawing.lines.get(title) ?? [];
			return lines.every(({ series }) => series.length > 0 && series.isZero);
		};
		const counts = this.cards.all.filter(({ title }) => isFaultCount(title));
		this.groups.foldZeros(new Set(counts.filter(isAllZero).map(({ root }) => root)));
	}

	/** Asks for the points of the charts that are there, and of no others. */
	private want(): void {
		const titles = this.body.hidden ? [] : this.cards.titles;
		const lines = titles
			.flatMap((title) => this.drawing.lines.get(title) ?? [])
			.flatMap((line) => line.members ?? [line]);
		const numbers = new Map<RunState, number[]>();
		for (const { run, series } of lines) {
			numbers.set(run, [...(numbers.get(run) ?? []), series.number]);
		}
		const wants = [...numbers].map(([run, of]) => ({
			run,
			keys: of.sort((a, b) => a - b).map(String),
		}));
		this.context.wanted.set("curves", "curves", wants);
	}

	private make(title: string): ChartCard {
		const chart = new ChartCard(title, {
			point: (step) => this.context.pointedStep.set(step),
			zoom: (range) => {
				this.drawing.zoom(chart, range);
				this.chosen();
			},
			reset: () => this.reset(),
			showStep: (step) => shownStepOf(this.context).choose(step),
			toggle: (keys) => {
				const { hidden } = this.choices.view;
				const areHidden = keys.every((key) => hidden.has(key));
				for (const key of keys) {
					if (areHidden) hidden.delete(key);
					else hidden.add(key);
				}
				this.chosen();
			},
			isolate: (of, keys) => this.isolate(of, new Set(keys)),
			pointRun: (run_id) => this.shown.point(run_id),
			enlarge: (of) => {
				this.enlarged = this.enlarged === of ? undefined : of;
				for (const other of this.cards.all) other.setEnlarged(other.title === this.enlarged);
				this.remember();
			},
			save: (of, format) => this.save(of, format),
			redraw: () => {
				this.cards.moved();
				this.drawing.schedule();
			},
			refine: (of, readings) => this.refine(of, readings),
			state: (of) => this.stateOf(of),
			look: (of, look) => {
				this.looks.change(of, look);
				chart.y = undefined;
				this.rememberLooks();
				this.chosen();
			},
			togglePin: (of) => {
				this.looks.togglePin(of);
				this.lookChanged();
			},
			join: (of, onto) => {
				this.joining.join(of, onto);
				this.lookChanged();
			},
			takeApart: (of) => {
				this.joining.part(of);
				this.lookChanged();
			},
		});
		chart.setEnlarged(title === this.enlarged);
		const { x, y } = this.choices.ranges.get(title) ?? {};
		chart.x = x;
		chart.y = y;
		return chart;
	}

	/** How one chart is drawn: as all of them, but for what was chosen for it alone. */
	private viewOf(title: string): View {
		return { ...this.choices.view, ...this.looks.of(title) };
	}

	private stateOf(title: string): ChartState {
		const { isLog, ignoresOutliers, smoothing } = this.viewOf(title);
		return {
			isLog,
			ignoresOutliers,
			smoothing,
			hasOwnLook: Object.keys(this.looks.of(title)).length > 0,
			isPinned: this.looks.pinned.includes(title),
			isJoined: this.joining.isJoined(title),
			others: this.cards.titles
				.filter((other) => other !== title)
				.map((other) => [other, this.joining.nameOf(other)]),
		};
	}

	/** Other charts, or in another order. */
	private lookChanged(): void {
		this.rememberLooks();
		this.arrange();
	}

	private rememberLooks(): void {
		this.context.viewState.write(LOOKS, { ...this.joining.kept, ...this.looks.kept });
	}

	/** Has the extremes of the first readings made exact, as far as a tooltip shows them. */
	private refine(title: string, readings: readonly Reading[]): readonly Reading[] {
		const lines = new Map((this.drawing.lines.get(title) ?? []).map((line) => [line.key, line]));
		const first = readings.slice(0, TOOLTIP_ROWS).flatMap((reading) => {
			const line = lines.get(reading.key);
			return line ? [{ reading, line }] : [];
		});
		const exact = this.extremes.refine(
			first.map(({ line, reading }) => [line, reading.extreme] as const),
		);
		const refined = first.map(({ reading }, i) => ({ ...reading, extreme: exact[i] }));
		return [...refined, ...readings.slice(TOOLTIP_ROWS)];
	}

	/** Whether a run's lines are drawn. */
	private isDrawn(run: RunState): boolean {
		return run.is_earlier ? !this.choices.dismissed.has(run.run_id) : this.shown.isShown(run);
	}

	private notify(what: string, reason: unknown): void {
		this.notice.textContent = `${what}: ${reason instanceof Error ? reason.message : reason}`;
		this.notice.hidden = false;
	}

	private chosen(): void {
		this.remember();
		this.drawing.schedule();
	}

	private remember(): void {
		const { view, ranges, dismissed } = this.choices;
		for (const { title, x, y } of this.cards.all) ranges.set(title, { x, y });
		const { filter, enlarged } = this;
		const { isFollowing } = this.drawing.range;
		const { open } = this.groups;
		const kept = keptChoices({ view, filter, enlarged, isFollowing, open, ranges, dismissed });
		this.context.viewState.write(STATE_NAME, kept);
	}

	/** Fits the controls to what there is, and to whether a range was chosen. */
	private fit(isZoomed: boolean): void {
		const runs = [...this.context.store.runs.values()];
		const hasEpochs = runs.some((run) => run.epochs.length > 0);
		const tags = runs.reduce((most, run) => Math.max(most, curvesState.of(run).series.length), 0);
		this.controls.update(hasEpochs, tags, isZoomed);
	}

	private reset(): void {
		this.drawing.reset();
		this.changed();
	}

	/** Another axis or smoothing: a chosen range of values may not fit it any more. */
	private changed(): void {
		this.choices.ranges.clear();
		for (const chart of this.cards.all) chart.x = chart.y = undefined;
		this.chosen();
	}

	private isolate(title: string, keys: ReadonlySet<string>): void {
		const { hidden } = this.choices.view;
		const others = (this.drawing.lines.get(title) ?? []).map((line) => line.key);
		const isAlone = others.every((other) => keys.has(other) || hidden.has(other));
		for (const other of others) {
			if (isAlone || keys.has(other)) hidden.delete(other);
			else hidden.add(other);
		}
		this.chosen();
	}

	/** Saves one chart, or all that pass the filter. */
	private save(title: string | undefined, format: ExportFormat): void {
		const [run] = this.context.store.runs.values();
		const name = title === undefined ? (run?.name ?? "curves") : this.joining.nameOf(title);
		this.notice.hidden = true;
		const titles = title === undefined ? this.found : [title];
		void this.saver.save(name, format, titles, new Set(this.cards.titles));
	}
}
