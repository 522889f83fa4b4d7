// The curves panel: a chart for each group of tags, all with one x range, one crosshair, one strip.
import type { Range } from "../charts/axis";
import { tagMatcher } from "../charts/tags";
import type { Topic } from "../store";
import { readTheme, type Theme } from "../theme";
import { card } from "./card";
import { ChartCards } from "./curves-cards";
import { ChartCard, type ExportFormat } from "./curves-chart";
import { Details } from "./curves-detail";
import { CurvesGroups } from "./curves-groups";
import { type CurvesChoices, keptChoices, readChoices } from "./curves-memory";
import { extentOf, SharedRange, stepsIn } from "./curves-range";
import { saveCharts } from "./curves-save";
import { Strip } from "./curves-strip";
import { chartLines, eventMarks, type Line, Tracer } from "./curves-traces";
import { type Context, element, type Mount } from "./panel";

/** A chart whose points end before this share of the common x range has a range of its own. */
const OWN_RANGE_SHARE = 0.2;
/** Under this name its choices are remembered, and its series wanted. */
const MEMORY = "curves";
const DRAWN_TOPICS: readonly Topic[] = ["points", "events", "series", "runs"];

export const mountCurves: Mount = (host, context) => {
	const panel = new CurvesPanel(host, context);
	return () => panel.destroy();
};

class CurvesPanel {
	private readonly root: HTMLElement;
	private readonly body: HTMLElement;
	private readonly empty = element("p", "nbviz-empty");
	private readonly notice = element("p", "nbviz-curves-notice", { role: "alert", hidden: "" });
	private readonly strip: Strip;
	private readonly groups: CurvesGroups;
	private readonly range: SharedRange;
	private readonly tracer = new Tracer();
	private readonly details: Details;
	private readonly cards: ChartCards;
	private readonly ways: (() => void)[];
	/** As they were when the view was last seen, before a reload. */
	private readonly choices: CurvesChoices;
	private lines = new Map<string, Line[]>();
	private theme: Theme;
	private filter: string;
	private enlarged: string | undefined;
	private frames = 0;
	private drawnVersions = 0;
	private scheduled = 0;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		this.choices = readChoices(context.memory.read(MEMORY));
		const { view, filter, open, enlarged, isFollowing } = this.choices;
		this.filter = filter;
		this.enlarged = enlarged;
		this.range = new SharedRange(view, isFollowing);
		this.groups = new CurvesGroups(open, () => {
			this.arrange();
			this.remember();
		});
		const { root, tools, body } = card(host, context, "Curves", "nbviz-curves", () => this.watch());
		this.root = root;
		this.body = body;
		body.append(this.notice, this.groups.root, this.empty);
		this.theme = readTheme(context.root);
		this.details = new Details(context.asker, () => this.schedule());
		this.strip = new Strip(view, filter, {
			changed: () => this.changed(),
			filter: (text) => {
				this.filter = text.trim();
				this.arrange();
				this.remember();
			},
			reset: () => this.reset(),
			save: (format) => this.save(undefined, format),
		});
		tools.append(this.strip.root);
		this.cards = new ChartCards(
			(title) => this.make(title),
			() => this.schedule(),
		);
		this.ways = [
			context.store.subscribe((topics) => this.update(topics)),
			context.onTheme(() => {
				this.theme = readTheme(context.root);
				this.schedule();
			}),
			context.cursor.subscribe(() => this.point()),
		];
		root.dataset.frames = "0";
		this.arrange();
	}

	destroy(): void {
		for (const leave of this.ways) leave();
		cancelAnimationFrame(this.scheduled);
		this.details.stop();
		this.strip.destroy();
		this.cards.remove();
		this.root.remove();
	}

	private update(topics: ReadonlySet<Topic>): void {
		if (topics.has("series") || topics.has("runs")) this.arrange();
		if (DRAWN_TOPICS.some((topic) => topics.has(topic))) this.draw();
	}

	/** Makes and removes charts until they are those of the store, in order. */
	private arrange(): void {
		this.lines = chartLines(this.context.store);
		const matches = tagMatcher(this.filter);
		const found = [...this.lines].flatMap(([title, lines]) =>
			matches(title) || lines.some(({ series }) => matches(series.tag)) ? [title] : [],
		);
		this.cards.arrange(this.groups.arrange(found, this.filter));
		this.strip.found(this.filter === "" ? undefined : found.length, this.lines.size);
		this.empty.hidden = found.length > 0;
		const waiting = this.context.asker.isLive
			? "No points yet. Press Start, or log a value with run.log()."
			: "This run logged no values.";
		this.empty.textContent = this.lines.size > 0 ? `No tag matches “${this.filter}”.` : waiting;
		this.strip.root.hidden = this.lines.size === 0;
		this.watch();
		this.schedule();
	}

	/** Asks for the points of the charts that are there, and of no others. */
	private watch(): void {
		const titles = this.body.hidden ? [] : this.cards.titles;
		this.context.watch.want(
			MEMORY,
			titles.flatMap((title) => this.lines.get(title) ?? []),
		);
	}

	private make(title: string): ChartCard {
		const chart = new ChartCard(title, {
			point: (step) => this.context.cursor.set(step),
			zoom: (range) => {
				if (chart.isApart) chart.x = range;
				else this.range.zoom(range, this.extent([...this.lines.values()].flat()));
				this.chosen();
			},
			reset: () => this.reset(),
			toggle: (key) => {
				const { hidden } = this.choices.view;
				if (!hidden.delete(key)) hidden.add(key);
				this.chosen();
			},
			isolate: (of, key) => this.isolate(of, key),
			enlarge: (of) => {
				this.enlarged = this.enlarged === of ? undefined : of;
				for (const other of this.cards.all) other.setEnlarged(other.title === this.enlarged);
				this.remember();
			},
			save: (of, format) => this.save(of, format),
			redraw: () => this.schedule(),
		});
		chart.setEnlarged(title === this.enlarged);
		const { x, y } = this.choices.ranges.get(title) ?? {};
		chart.x = x;
		chart.y = y;
		return chart;
	}

	private chosen(): void {
		this.remember();
		this.schedule();
	}

	private remember(): void {
		const { view, ranges } = this.choices;
		for (const { title, x, y } of this.cards.all) ranges.set(title, { x, y });
		const { filter, enlarged } = this;
		const { isFollowing } = this.range;
		const { open } = this.groups;
		const kept = keptChoices({ view, filter, enlarged, isFollowing, open, ranges });
		this.context.memory.write(MEMORY, kept);
	}

	/** Draws in the next frame; the store's own frame may come first. */
	private schedule(): void {
		if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.draw());
	}

	private draw(): void {
		cancelAnimationFrame(this.scheduled);
		this.scheduled = 0;
		const { view } = this.choices;
		const all = this.extent([...this.lines.values()].flat());
		const range = this.range.now(all);
		let versions = 0;
		let lastStep = 0;
		const drawn: Line[] = [];
		for (const [title, lines] of this.lines) {
			for (const { series } of lines) {
				versions += series.version;
				lastStep = Math.max(lastStep, series.last?.step ?? 0);
			}
			const chart = this.cards.get(title);
			if (!chart || !this.cards.isInSight(chart)) continue;
			const own = this.extent(lines);
			chart.isApart = own.max < OWN_RANGE_SHARE * all.max;
			this.drawChart(chart, lines, chart.isApart ? (chart.x ?? own) : range);
			drawn.push(...lines.filter(({ key }) => !view.hidden.has(key)));
		}
		if (view.zoom) {
			const steps = stepsIn(range, drawn, this.tracer, view);
			if (steps) this.details.want(drawn, steps);
		}
		const zoomed = view.zoom || this.cards.all.some((chart) => chart.x ?? chart.y);
		const runs = [...this.context.store.runs.values()];
		const hasEpochs = runs.some((run) => run.epochs.length > 0);
		const tags = runs.reduce((most, run) => Math.max(most, run.series.length), 0);
		this.strip.update(hasEpochs, tags, Boolean(zoomed));
		if (drawn.length === 0 || versions === this.drawnVersions) return;
		this.drawnVersions = versions;
		this.frames += 1;
		this.root.dataset.frames = String(this.frames);
		this.root.dataset.lastStep = String(lastStep);
	}

	private drawChart(chart: ChartCard, lines: readonly Line[], x: Range): void {
		const { theme } = this;
		const { view } = this.choices;
		const shown = lines.filter(({ key }) => !view.hidden.has(key));
		const points = Math.max(0, ...lines.map(({ series }) => series.pointCount));
		const oneOfEachRun = new Map(shown.map((line) => [line.run, line]));
		chart.draw({
			view,
			theme,
			plot: {
				traces: shown.map((line) => this.tracer.trace(line, points, view, this.details, theme)),
				events: [...oneOfEachRun.values()].flatMap((line) =>
					eventMarks(line, view, this.tracer.x(line, view)),
				),
				x,
				isLog: view.isLog,
				ignoresOutliers: view.ignoresOutliers,
			},
			legend: lines.map(({ key, name, color, isDashed }) => ({
				key,
				name,
				color: theme.series[color % theme.series.length] ?? theme.text,
				isDashed,
				isShown: !view.hidden.has(key),
			})),
			nanCount: lines.reduce((sum, { series }) => sum + series.nanCount, 0),
		});
	}

	private reset(): void {
		this.choices.view.zoom = undefined;
		this.details.stop();
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
		const others = (this.lines.get(title) ?? []).map((line) => line.key);
		const isAlone = others.every((other) => other === key || hidden.has(other));
		for (const other of others) {
			if (isAlone || other === key) hidden.delete(other);
			else hidden.add(other);
		}
		this.chosen();
	}

	private point(): void {
		const { step } = this.context.cursor;
		for (const chart of this.cards.all) {
			if (this.cards.isInSight(chart)) chart.showStep(step);
		}
	}

	private extent(lines: readonly Line[]): Range {
		return extentOf(lines, this.tracer, this.choices.view);
	}

	private save(title: string | undefined, format: ExportFormat): void {
		const titles = title === undefined ? this.cards.titles : [title];
		const charts = titles.flatMap((name) => {
			const plot = this.cards.get(name)?.plot;
			return plot ? [{ title: name, plot, xKind: this.choices.view.xKind }] : [];
		});
		const lines = titles.flatMap((name) => this.lines.get(name) ?? []);
		const [run] = this.context.store.runs.values();
		const name = title ?? run?.name ?? "curves";
		saveCharts(name, format, charts, lines, this.theme).catch((error: Error) => {
			this.notice.textContent = `Not saved: ${error.message}`;
			this.notice.hidden = false;
		});
	}
}
