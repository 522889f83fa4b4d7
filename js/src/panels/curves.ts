// The curves panel: a chart for each group of tags, all with one x range, one crosshair, one strip.
import type { Range } from "../charts/axis";
import type { Topic } from "../store";
import { readTheme, type Theme } from "../theme";
import { card } from "./card";
import { ChartCard, type ExportFormat } from "./curves-chart";
import { Details } from "./curves-detail";
import { CurvesGroups } from "./curves-groups";
import { extentOf, SharedRange, stepsIn } from "./curves-range";
import { saveCharts } from "./curves-save";
import { Strip } from "./curves-strip";
import { chartLines, eventMarks, type Line, Tracer, type View } from "./curves-traces";
import { type Context, element, type Mount } from "./panel";

/** A chart whose points end before this share of the common x range has a range of its own. */
const OWN_RANGE_SHARE = 0.2;
const DRAWN_TOPICS: readonly Topic[] = ["points", "events", "series", "runs"];

export const mountCurves: Mount = (host, context) => {
	const panel = new CurvesPanel(host, context);
	return () => panel.destroy();
};

class CurvesPanel {
	private readonly view: View = {
		smoothing: 0,
		xKind: "step",
		isLog: false,
		ignoresOutliers: false,
		zoom: undefined,
		hidden: new Set(),
	};
	private readonly root: HTMLElement;
	private readonly grid = element("div", "nbviz-chart-grid");
	private readonly groups = new CurvesGroups(() => this.arrange());
	private readonly empty = element("p", "nbviz-empty");
	private readonly strip: Strip;
	private readonly notice = element("p", "nbviz-curves-notice", { role: "alert", hidden: "" });
	private readonly range = new SharedRange(this.view);
	private readonly tracer = new Tracer();
	private readonly details: Details;
	private readonly cards = new Map<string, ChartCard>();
	private readonly onScreen = new Set<Element>();
	private readonly screen: IntersectionObserver;
	private readonly ways: (() => void)[];
	private lines = new Map<string, Line[]>();
	private theme: Theme;
	private filter = "";
	private enlarged: string | undefined;
	private frames = 0;
	private drawnVersions = 0;
	private scheduled = 0;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, "Curves", "nbviz-curves");
		this.root = root;
		body.append(this.notice, this.grid, this.groups.root, this.empty);
		this.theme = readTheme(context.root);
		this.details = new Details(context.asker, () => this.schedule());
		this.strip = new Strip(this.view, {
			changed: () => this.changed(),
			filter: (text) => {
				this.filter = text.trim().toLowerCase();
				this.arrange();
			},
			reset: () => this.reset(),
			save: (format) => this.save(undefined, format),
		});
		tools.append(this.strip.root);
		this.screen = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "200px" });
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
		this.screen.disconnect();
		this.strip.destroy();
		for (const chart of this.cards.values()) chart.destroy();
		this.root.remove();
	}

	private update(topics: ReadonlySet<Topic>): void {
		if (topics.has("series") || topics.has("runs")) this.arrange();
		if (DRAWN_TOPICS.some((topic) => topics.has(topic))) this.draw();
	}

	/** Makes and removes charts until they are those of the store, in order. */
	private arrange(): void {
		this.lines = chartLines(this.context.store);
		const found = [...this.lines.keys()].filter((title) => this.matches(title));
		const places = this.groups.arrange(found, this.grid, this.filter !== "");
		const wanted = new Set([...places.values()].flat());
		for (const [title, chart] of this.cards) {
			if (wanted.has(title)) continue;
			this.screen.unobserve(chart.root);
			this.onScreen.delete(chart.root);
			chart.destroy();
			this.cards.delete(title);
		}
		for (const [grid, titles] of places) {
			for (const [i, title] of titles.entries()) {
				const { root } = this.cards.get(title) ?? this.add(title);
				if (grid.children[i] !== root) grid.insertBefore(root, grid.children[i] ?? null);
			}
			grid.dataset.count = String(titles.length);
		}
		this.empty.hidden = found.length > 0;
		const waiting = this.context.asker.isLive
			? "No points yet. Press Start, or log a value with run.log()."
			: "This run logged no values.";
		this.empty.textContent = this.lines.size > 0 ? `No tag contains “${this.filter}”.` : waiting;
		this.strip.root.hidden = this.lines.size === 0;
		this.schedule();
	}

	private matches(title: string): boolean {
		if (title.toLowerCase().includes(this.filter)) return true;
		const lines = this.lines.get(title) ?? [];
		return lines.some(({ series }) => series.tag.toLowerCase().includes(this.filter));
	}

	private add(title: string): ChartCard {
		const chart = new ChartCard(title, {
			point: (step) => this.context.cursor.set(step),
			zoom: (range) => {
				if (chart.isApart) chart.x = range;
				else this.range.zoom(range, this.extent([...this.lines.values()].flat()));
				this.schedule();
			},
			reset: () => this.reset(),
			toggle: (key) => {
				if (!this.view.hidden.delete(key)) this.view.hidden.add(key);
				this.schedule();
			},
			isolate: (of, key) => this.isolate(of, key),
			enlarge: (of) => {
				this.enlarged = this.enlarged === of ? undefined : of;
				for (const [name, other] of this.cards) other.setEnlarged(name === this.enlarged);
			},
			save: (of, format) => this.save(of, format),
			redraw: () => this.schedule(),
		});
		this.cards.set(title, chart);
		chart.setEnlarged(title === this.enlarged);
		this.screen.observe(chart.root);
		return chart;
	}

	private see(entries: readonly IntersectionObserverEntry[]): void {
		for (const { target, isIntersecting } of entries) {
			if (isIntersecting) this.onScreen.add(target);
			else this.onScreen.delete(target);
		}
		this.schedule();
	}

	/** Draws in the next frame; the store's own frame may come first. */
	private schedule(): void {
		if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.draw());
	}

	private draw(): void {
		cancelAnimationFrame(this.scheduled);
		this.scheduled = 0;
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
			if (!chart || !this.onScreen.has(chart.root)) continue;
			const own = this.extent(lines);
			chart.isApart = own.max < OWN_RANGE_SHARE * all.max;
			this.drawChart(chart, lines, chart.isApart ? (chart.x ?? own) : range);
			drawn.push(...lines.filter(({ key }) => !this.view.hidden.has(key)));
		}
		if (this.view.zoom) {
			const steps = stepsIn(range, drawn, this.tracer, this.view);
			if (steps) this.details.want(drawn, steps);
		}
		const zoomed = this.view.zoom || [...this.cards.values()].some((chart) => chart.x ?? chart.y);
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
		const { view, theme } = this;
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
		this.view.zoom = undefined;
		for (const chart of this.cards.values()) chart.x = chart.y = undefined;
		this.details.stop();
		this.schedule();
	}

	/** Another axis or smoothing: a chosen range of values may not fit it any more. */
	private changed(): void {
		for (const chart of this.cards.values()) chart.x = chart.y = undefined;
		this.schedule();
	}

	private isolate(title: string, key: string): void {
		const { hidden } = this.view;
		const others = (this.lines.get(title) ?? []).map((line) => line.key);
		const isAlone = others.every((other) => other === key || hidden.has(other));
		for (const other of others) {
			if (isAlone || other === key) hidden.delete(other);
			else hidden.add(other);
		}
		this.schedule();
	}

	private point(): void {
		const { step } = this.context.cursor;
		for (const chart of this.cards.values()) {
			if (this.onScreen.has(chart.root)) chart.showStep(step);
		}
	}

	private extent(lines: readonly Line[]): Range {
		return extentOf(lines, this.tracer, this.view);
	}

	private save(title: string | undefined, format: ExportFormat): void {
		const titles = title === undefined ? [...this.cards.keys()] : [title];
		const charts = titles.flatMap((name) => {
			const plot = this.cards.get(name)?.plot;
			return plot ? [{ title: name, plot, xKind: this.view.xKind }] : [];
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
