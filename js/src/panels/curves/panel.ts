// The curves panel: a chart for each group of tags, all with one x range, one crosshair, one strip.
import { runGroupsOf } from "../../charts/run-groups";
import { isFaultCount } from "../../charts/tag-groups";
import { tagMatcher } from "../../charts/tags";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { shownRunsOf } from "../../session/shown-runs";
import type { RunTopic, Topics } from "../../session/store";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { ChartCard, type ExportFormat } from "./chart-card";
import { ChartCards } from "./chart-cards";
import { chartCurves } from "./chart-curves";
import { type CurvesChoices, keptChoices, readChoices } from "./choices";
import { CurvesControls } from "./controls";
import { CurvesDrawing } from "./drawing";
import { ChartFit } from "./fit";
import { CurvesGroups } from "./groups";
import { CurvesSaver } from "./save";
import { type CurvesTopic, curvesState } from "./state";

/** Under this name its choices are remembered. */
const STATE_NAME = "curves";
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
		});
		tools.append(this.controls.root);
		this.cards = new ChartCards(
			(title) => this.make(title),
			() => this.drawing.schedule(),
		);
		this.drawing = new CurvesDrawing(root, context, this.choices, this.cards, (isZoomed) =>
			this.fit(isZoomed),
		);
		this.saver = new CurvesSaver(context.asker, this.drawing, {
			waits: (progress) => this.controls.waits(progress),
			failed: (reason) => {
				this.notice.textContent = `Not saved: ${reason}`;
				this.notice.hidden = false;
			},
		});
		this.cleanups = [
			this.shown.subscribe((isPointed) => {
				if (isPointed) this.drawing.pointRun();
				else this.arrange();
			}),
			context.store.subscribe((topics) => this.update(topics)),
			context.onTheme(() => this.drawing.recolour()),
			context.pointedStep.subscribe(() => this.drawing.point()),
			() => this.fitting.stop(),
		];
		this.arrange();
	}

	destroy(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.saver.cancel();
		this.drawing.destroy();
		this.controls.destroy();
		this.cards.remove();
		this.root.remove();
	}

	private update(topics: Topics): void {
		const isGrouped = topics.has("points") && runGroupsOf(this.context.root);
		if (topics.has("series") || topics.has("runs") || isGrouped) this.arrange();
		if (topics.has("points")) this.foldZeros();
		if (DRAWN_TOPICS.some((topic) => topics.has(topic))) this.drawing.draw();
	}

	/** Makes and removes charts until they are those of the store, in order. */
	private arrange(): void {
		const lines = chartCurves(this.context, this.shown);
		this.drawing.lines = lines;
		const matches = tagMatcher(this.filter);
		this.found = [...lines].flatMap(([title, ours]) =>
			matches(title) || ours.some(({ series }) => matches(series.tag)) ? [title] : [],
		);
		const { found, filter } = this;
		const isCompact = this.context.arrangement === "compact";
		this.cards.arrange(this.groups.arrange(isCompact ? found.slice(0, 1) : found, filter));
		this.controls.found(filter === "" ? undefined : found.length, lines.size);
		this.empty.hidden = found.length > 0;
		const { asker, store } = this.context;
		const live = store.isFilled ? "No points yet. Press Start, or log a value with run.log()." : "";
		const waiting = asker.isLive ? live : "This run logged no values.";
		this.empty.textContent = lines.size > 0 ? `No tag matches “${this.filter}”.` : waiting;
		this.controls.root.hidden = lines.size === 0;
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
			toggle: (key) => {
				const { hidden } = this.choices.view;
				if (!hidden.delete(key)) hidden.add(key);
				this.chosen();
			},
			isolate: (of, key) => this.isolate(of, key),
			pointRun: (run_id) => this.shown.point(run_id),
			enlarge: (of) => {
				this.enlarged = this.enlarged === of ? undefined : of;
				for (const other of this.cards.all) other.setEnlarged(other.title === this.enlarged);
				this.remember();
			},
			save: (of, format) => this.save(of, format),
			redraw: () => this.drawing.schedule(),
		});
		chart.setEnlarged(title === this.enlarged);
		const { x, y } = this.choices.ranges.get(title) ?? {};
		chart.x = x;
		chart.y = y;
		return chart;
	}

	private chosen(): void {
		this.remember();
		this.drawing.schedule();
	}

	private remember(): void {
		const { view, ranges } = this.choices;
		for (const { title, x, y } of this.cards.all) ranges.set(title, { x, y });
		const { filter, enlarged } = this;
		const { isFollowing } = this.drawing.range;
		const { open } = this.groups;
		const kept = keptChoices({ view, filter, enlarged, isFollowing, open, ranges });
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

	private isolate(title: string, key: string): void {
		const { hidden } = this.choices.view;
		const others = (this.drawing.lines.get(title) ?? []).map((line) => line.key);
		const isAlone = others.every((other) => other === key || hidden.has(other));
		for (const other of others) {
			if (isAlone || other === key) hidden.delete(other);
			else hidden.add(other);
		}
		this.chosen();
	}

	/** Saves one chart, or all that pass the filter. */
	private save(title: string | undefined, format: ExportFormat): void {
		const [run] = this.context.store.runs.values();
		const name = title ?? run?.name ?? "curves";
		this.notice.hidden = true;
		const titles = title === undefined ? this.found : [title];
		void this.saver.save(name, format, titles, new Set(this.cards.titles));
	}
}
