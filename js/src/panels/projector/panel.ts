// The projector: one embedding of a run at the step that all panels show, its colours, search,
// selection and nearest points.
import { readColour } from "../../charts/space/colours";
import type { LayoutChanged, Method } from "../../protocol/index.gen";
import { placeAt } from "../../session/item-index";
import type { Context } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { type ShownStep, shownStepOf } from "../../session/shown-step";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { counted, formatCount, formatPercent } from "../../ui/format";
import { readTheme } from "../../ui/theme";
import { PointCloud } from "./cloud";
import { Controls } from "./controls";
import { LayoutWork, METHOD_NAMES } from "./layout-work";
import { EmbeddingLoader, type Labels, labelText, type Overview } from "./loader";
import { asBits, type Legend, legendOf, search, writeLooks } from "./looks";
import { type Neighbours, picture, Side } from "./side";
import { layoutKey, projectorState } from "./state";

const NEIGHBOURS = 10;
const TIP_LABELS = 6;
const HINT = "drag to turn, Shift + drag to move, click it to zoom by the wheel";

/** Draws the panel. Returns a function that removes it. */
export function mountProjector(host: HTMLElement, context: Context): () => void {
	const panel = new ProjectorPanel(host, context);
	return () => panel.remove();
}

class ProjectorPanel {
	private readonly root: HTMLElement;
	private readonly cloud: PointCloud;
	private readonly controls: Controls;
	private readonly side: Side;
	private readonly tip = element("div", "nbviz-tip nbviz-projector-tip", { role: "status" });
	private readonly line = element("p", "nbviz-projector-line", { role: "status" });
	private readonly work: LayoutWork;
	private readonly empty = element("p", "nbviz-empty");
	private readonly stage = element("div", "nbviz-projector-stage");
	private readonly frame = element("div", "nbviz-projector-frame");
	private readonly shownStep: ShownStep;
	private readonly updateRuns: () => void;
	private readonly cleanups: (() => void)[];
	private readonly loaders = new Map<string, EmbeddingLoader>();
	private loader: EmbeddingLoader | undefined;
	private run: RunState | undefined;
	private tag = "";
	private dims: 2 | 3 = 3;
	private method: Method = "pca";
	/** Undefined until one is chosen: the first that gives colours. */
	private column: number | undefined;
	private metric: "cosine" | "euclidean" = "cosine";
	private overview: Overview | undefined;
	/** What is drawn, and what is being fetched to be drawn. */
	private drawn = "";
	private wanted = "";
	private isBusy = false;
	/** How often what is shown was forgotten, for what is on its way meanwhile. */
	private forgotten = 0;
	private labels: Labels | undefined;
	private legend: Legend = { colours: [], categories: [], range: undefined };
	private hidden = new Set<number>();
	private selected = new Set<number>();
	private found: Set<number> | undefined;
	private chosen = -1;
	private nearest: Neighbours | string | undefined;
	private searchText = "";

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, context, "Projector", "nbviz-projector");
		this.root = root;
		this.shownStep = shownStepOf(context);
		const { picker, update } = runPicker(context);
		this.updateRuns = update;
		this.recall();
		this.cloud = new PointCloud(
			{
				pointAt: (point, at) => this.pointAt(point, at),
				choose: (point) => this.choose(point),
				lassoed: (points, adds) => this.select(points, adds),
				escape: () => this.clear(),
				image: (point) => this.overview && this.loader?.image(this.overview, point),
				fetchImages: (points) => this.fetchImages(points),
			},
			"Embedding",
		);
		this.controls = new Controls(
			{
				chooseTag: (tag) => {
					this.tag = tag;
					this.column = undefined;
					this.chosenAnew();
				},
				chooseDims: (dims) => {
					this.dims = dims;
					this.chosenAnew();
				},
				chooseMethod: (method) => {
					this.method = method;
					this.chosenAnew();
				},
				chooseColour: (column) => {
					this.column = column;
					this.hidden.clear();
					this.remember();
					void this.recolour();
				},
				search: (text) => void this.search(text),
				selectFound: () => {
					if (this.found?.size) this.select(this.found, false);
				},
				setLasso: (isOn) => {
					this.cloud.view.isLasso = isOn;
					this.cloud.view.root.dataset.lasso = String(isOn);
				},
				setImages: (isOn) => {
					this.cloud.showsImages = isOn;
					this.cloud.view.draw();
				},
				reset: () => this.cloud.view.reset(),
			},
			this.dims,
			this.method,
		);
		this.side = new Side({
			toggle: (category, alone) => this.toggle(category, alone),
			clearSelection: () => this.select([], false),
			selectedPoints: () => this.selectedPoints(),
			choose: (point) => this.choose(point),
			setMetric: (metric) => {
				this.metric = metric;
				this.choose(this.chosen);
			},
		});
		this.work = new LayoutWork(context.asker);
		this.tip.hidden = true;
		tools.append(picker, ...this.controls.parts);
		this.frame.append(this.cloud.view.root, this.tip);
		this.stage.append(
			element("div", "nbviz-projector-main", {}, this.frame, this.work.root, this.line),
		);
		this.stage.append(this.side.root);
		body.append(this.stage, this.empty);
		const resizes = new ResizeObserver(() => this.cloud.view.draw());
		resizes.observe(this.frame);
		this.cleanups = [
			() => resizes.disconnect(),
			selectionOf(context).subscribe(() => this.update()),
			this.shownStep.subscribe(() => this.update()),
			context.onTheme(() => void this.recolour()),
			context.store.subscribe((topics) => {
				if (topics.has("runs") || topics.has("projector")) this.update();
			}),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.cloud.view.remove();
		this.root.remove();
	}

	// ---------------------------------------------------------------- what is shown

	private recall(): void {
		const { tag, dims, method, column } = this.context.viewState.read("projector");
		if (typeof tag === "string") this.tag = tag;
		if (dims === 2 || dims === 3) this.dims = dims;
		if (method === "pca" || method === "tsne" || method === "umap") this.method = method;
		if (typeof column === "number") this.column = column;
	}

	private remember(): void {
		const { tag, dims, method, column } = this;
		this.context.viewState.write("projector", { tag, dims, method, column });
	}

	private chosenAnew(): void {
		this.remember();
		this.work.fail("");
		this.update();
	}

	private get entry() {
		return this.run && projectorState.of(this.run).entries.get(this.tag);
	}

	/** The step whose embedding is shown. */
	private get step(): number | undefined {
		const steps = this.entry?.steps;
		return steps?.[Math.max(0, placeAt(steps, this.shownStep.step))];
	}

	private get layout(): LayoutChanged | undefined {
		const { run, tag, step, method, dims } = this;
		if (!run || step === undefined) return undefined;
		return projectorState.of(run).layouts.get(layoutKey({ tag, step, method, dims }));
	}

	private update(): void {
		this.updateRuns();
		const { run } = selectionOf(this.context);
		const tags = run ? [...projectorState.of(run).entries.keys()] : [];
		const isOther = run?.run_id !== this.run?.run_id;
		this.run = run;
		if (!tags.includes(this.tag)) this.tag = tags[0] ?? "";
		this.stage.hidden = tags.length === 0;
		this.empty.hidden = tags.length > 0;
		this.empty.textContent = run ? "This run has no embeddings." : "";
		const name = JSON.stringify([run?.run_id, this.tag]);
		const loader =
			this.loaders.get(name) ??
			new EmbeddingLoader(this.context.asker, run?.run_id ?? "", this.tag);
		this.loaders.set(name, loader);
		if (loader !== this.loader || isOther) {
			this.loader = loader;
			this.forget();
		}
		this.list(tags);
		const { step, method, dims } = this;
		const wanted =
			run && step !== undefined
				? { run_id: run.run_id, tag: this.tag, step, method, dims }
				: undefined;
		this.work.show(wanted, method, this.layout);
		void this.load();
	}

	/** Drops what was of another embedding. */
	private forget(): void {
		this.forgotten += 1;
		this.overview = undefined;
		this.labels = undefined;
		this.hidden.clear();
		this.selected.clear();
		this.found = undefined;
		this.chosen = -1;
		this.nearest = undefined;
		this.drawn = "";
		this.side.showSelection(0, "");
		this.side.showPoint(undefined, undefined);
	}

	private list(tags = this.run ? [...projectorState.of(this.run).entries.keys()] : []): void {
		const columns = this.overview?.columns.map(({ name }) => name) ?? [];
		this.controls.list(tags, this.tag, columns, this.colourColumn, this.overview?.images !== "");
	}

	private get colourColumn(): number {
		const columns = this.overview?.columns ?? [];
		if (this.column !== undefined && this.column < columns.length) return this.column;
		return columns.findIndex(({ column_kind }) => column_kind !== "text");
	}

	/** Fetches what is to be shown; what is wanted meanwhile comes next. */
	private async load(): Promise<void> {
		const { entry, step, loader, dims, method } = this;
		if (!entry || step === undefined || !loader) return;
		const isNewest = step === entry.steps.at(-1);
		const number = isNewest ? entry.revision : 0;
		const revision = method === "pca" ? number : (this.layout?.revision ?? 0);
		const wanted = JSON.stringify([loader.run_id, entry.tag, step, number, dims, method, revision]);
		this.wanted = wanted;
		if (this.isBusy || wanted === this.drawn) return;
		this.isBusy = true;
		// A snapshot that comes meanwhile has all forgotten, and the same wanted again.
		const { forgotten } = this;
		const isCurrent = () => this.wanted === wanted && this.forgotten === forgotten;
		try {
			const overview = await loader.overview(step, number);
			if (this.forgotten !== forgotten) return;
			const isOther = this.overview?.points !== overview.points;
			if (isOther && this.overview) this.clear();
			this.overview = overview;
			this.list();
			// Without a layout of this step the principal components say where points are.
			const hasLayout = method === "pca" || revision > 0 || !this.context.asker.isLive;
			const key = { step, method: hasLayout ? method : "pca", dims, revision } as const;
			const positions = await loader
				.place(key, overview.points, isCurrent, (share) => this.sayComing(overview, share))
				.catch((error: unknown) => {
					if (this.context.asker.isLive || method === "pca") throw error;
					this.work.fail(`${METHOD_NAMES[method]} was not worked out before this page was saved.`);
					return loader.place(
						{ ...key, method: "pca" },
						overview.points,
						() => true,
						() => undefined,
					);
				});
			if (!positions || !isCurrent()) return;
			const isFirst = this.drawn === "";
			this.drawn = wanted;
			this.cloud.show(positions, dims, overview.points, !isFirst);
			await this.recolour();
			if (this.chosen >= 0) this.choose(this.chosen);
			this.say();
		} catch (error) {
			if (this.forgotten !== forgotten) return;
			this.drawn = wanted;
			this.line.textContent = error instanceof Error ? error.message : String(error);
		} finally {
			this.isBusy = false;
			if (!isCurrent() && this.wanted !== this.drawn) void this.load();
		}
	}

	private sayComing({ points }: Overview, share: number): void {
		if (share < 1)
			this.line.textContent = `${formatCount(points * share)} of ${formatCount(points)} points came …`;
	}

	private say(): void {
		const { overview, method, dims } = this;
		if (!overview) return;
		const { step, points, points_logged, points_without_place, kept_dims, variance } = overview;
		const isSample = points < points_logged;
		const count = isSample
			? `a sample of ${formatCount(points)} of ${formatCount(points_logged)} points`
			: counted(points, "point");
		const shares = variance.slice(0, dims).map(formatPercent).join(" + ");
		const isPlain = method === "pca" || !this.layout?.revision;
		const parts = [
			`Step ${formatCount(step)}`,
			`${count} of ${counted(overview.dims_logged, "dimension")}`,
			...(kept_dims < overview.dims_logged
				? [`neighbours and layouts from ${kept_dims} principal components`]
				: []),
			...(isPlain ? [`PCA, ${shares} of the variance`] : [METHOD_NAMES[method]]),
			...(points_without_place > 0
				? [`${formatCount(points_without_place)} with NaN or ∞ left out`]
				: []),
		];
		const text = parts.join(" · ");
		this.line.textContent = text;
		const selected = this.selected.size > 0 ? `, ${formatCount(this.selected.size)} selected` : "";
		const { canvas } = this.cloud.view;
		canvas.setAttribute("aria-label", `Embedding ${this.tag}: ${text}${selected}; ${HINT}`);
		this.root.dataset.step = String(step);
		this.root.dataset.points = String(points);
		this.root.dataset.method = isPlain ? "pca" : method;
	}

	// ---------------------------------------------------------------- colours, search, selection

	private async recolour(): Promise<void> {
		const { overview, loader, context } = this;
		if (!overview || !loader) return;
		const theme = readTheme(context.root);
		const column = this.colourColumn;
		this.list();
		const labels =
			column < 0 || overview.columns[column]?.column_kind === "text"
				? undefined
				: await loader.labels(overview, column);
		if (overview !== this.overview) return;
		if (labels?.column.content !== this.labels?.column.content) this.hidden.clear();
		this.labels = labels;
		this.legend = legendOf(labels, readColour(theme.accent, theme.isDark), theme.isDark);
		this.side.showLegend(labels?.column.name ?? "", this.legend, this.hidden);
		this.mark();
	}

	/** Draws again with what is hidden, found and selected. */
	private mark(): void {
		const { hidden, found, selected } = this;
		const marks = { hidden, found, selected };
		const hasDim = writeLooks(this.cloud.looks, this.labels, this.legend, marks);
		this.cloud.colour(this.legend.colours, hasDim, readTheme(this.context.root));
		this.say();
	}

	private toggle(category: number, alone: boolean): void {
		const { hidden } = this;
		const all = this.legend.categories.length;
		if (alone) {
			const isAlone = hidden.size === all - 1 && !hidden.has(category);
			hidden.clear();
			for (let i = 0; i < all && !isAlone; i += 1) if (i !== category) hidden.add(i);
		} else if (!hidden.delete(category)) hidden.add(category);
		this.side.showLegend(this.labels?.column.name ?? "", this.legend, hidden);
		this.mark();
	}

	private async search(text: string): Promise<void> {
		this.searchText = text;
		const { overview, loader } = this;
		if (!overview || !loader) return;
		if (text.trim() === "") this.found = undefined;
		else {
			const all = await Promise.all(overview.columns.map((_, i) => loader.labels(overview, i)));
			if (this.searchText !== text || overview !== this.overview) return;
			this.found = search(all, text, overview.points);
		}
		this.controls.showFound(this.found?.size);
		this.mark();
	}

	private select(points: Iterable<number>, adds: boolean): void {
		const { overview, run } = this;
		if (!overview || !run) return;
		this.selected = new Set([...(adds ? this.selected : []), ...points]);
		this.mark();
		const { isLive } = this.context.asker;
		const code = isLive ? `run.projector_selection(${JSON.stringify(this.tag)})` : "";
		this.side.showSelection(this.selected.size, code);
		if (!isLive) return;
		const selected = asBits(this.selected, overview.points);
		this.context.asker
			.ask({ kind: "select_points", run_id: run.run_id, tag: this.tag, selected })
			.catch((error: unknown) => {
				this.line.textContent = error instanceof Error ? error.message : String(error);
			});
	}

	private selectedPoints(): number[] {
		return [...this.selected].map((point) => this.logged(point)).sort((a, b) => a - b);
	}

	/** The number of a point among those that were logged. */
	private logged(point: number): number {
		return this.overview?.chosen?.[point] ?? point;
	}

	private clear(): void {
		if (this.chosen >= 0) this.choose(-1);
		else if (this.selected.size > 0) this.select([], false);
	}

	// ---------------------------------------------------------------- one point

	private pointAt(point: number, at: { x: number; y: number } | undefined): void {
		this.tip.hidden = point < 0 || !at;
		if (point < 0 || !at) return;
		const { overview, loader } = this;
		const show = (rows: readonly (readonly [string, string])[]) => {
			const image = overview && loader?.image(overview, point);
			this.tip.replaceChildren(
				...(image ? [picture(image, 72)] : []),
				element(
					"div",
					"",
					{},
					element("div", "nbviz-projector-number", {}, `#${this.logged(point)}`),
					...rows
						.slice(0, TIP_LABELS)
						.map(([name, text]) =>
							element("div", "", {}, `${name === "label" ? "" : `${name}: `}${text}`),
						),
				),
			);
		};
		show(this.textsOf(point));
		this.tip.dataset.point = String(this.logged(point));
		const { offsetWidth, offsetHeight } = this.tip;
		const left = Math.min(at.x + 12, this.frame.clientWidth - offsetWidth - 4);
		this.tip.style.left = `${Math.max(0, left)}px`;
		const below = at.y + 14;
		const isBelow = below + offsetHeight < this.frame.clientHeight;
		this.tip.style.top = `${isBelow ? below : Math.max(0, at.y - offsetHeight - 10)}px`;
		if (!overview || !loader) return;
		const isHere = loader.image(overview, point) !== undefined || overview.images === "";
		Promise.all([this.allTextsOf(point), isHere || loader.fetchImages(overview, [point])]).then(
			([rows]) => {
				if (this.tip.dataset.point === String(this.logged(point))) show(rows);
			},
			() => undefined,
		);
	}

	/** The labels of a point, of the columns that have come. */
	private textsOf(point: number): (readonly [string, string])[] {
		const { labels } = this;
		return labels ? [[labels.column.name, labelText(labels, point)]] : [];
	}

	private async allTextsOf(point: number): Promise<(readonly [string, string])[]> {
		const { overview, loader } = this;
		if (!overview || !loader) return [];
		const all = await Promise.all(overview.columns.map((_, i) => loader.labels(overview, i)));
		return all.map((labels) => [labels.column.name, labelText(labels, point)] as const);
	}

	private choose(point: number): void {
		this.chosen = point;
		this.nearest = undefined;
		this.cloud.ringed = point < 0 ? [] : [point];
		this.cloud.view.draw();
		if (point < 0) this.side.showPoint(undefined, undefined);
		else void this.showChosen(point);
	}

	private async showChosen(point: number): Promise<void> {
		const { overview, loader } = this;
		if (!overview || !loader) return;
		const isStill = () => this.chosen === point && this.overview === overview;
		try {
			const labels = await this.allTextsOf(point);
			await loader.fetchImages(overview, [point]);
			if (!isStill()) return;
			const words = () => ({
				point,
				number: this.logged(point),
				labels,
				image: loader.image(overview, point),
			});
			this.side.showPoint(words(), undefined);
			this.nearest = await this.neighboursOf(point, overview, loader);
			if (isStill()) this.side.showPoint(words(), this.nearest);
		} catch (error) {
			this.line.textContent = error instanceof Error ? error.message : String(error);
		}
	}

	private async neighboursOf(
		point: number,
		overview: Overview,
		loader: EmbeddingLoader,
	): Promise<Neighbours | string> {
		const { asker } = this.context;
		if (!asker.isLive) return "Nearest points are found where the run's kernel is there.";
		const { run_id, tag } = loader;
		const { metric } = this;
		const answer = await asker.ask({
			kind: "send_neighbours",
			run_id,
			tag,
			step: overview.step,
			point,
			count: NEIGHBOURS,
			metric,
		});
		if (this.chosen === point) {
			this.cloud.ringed = [point, ...answer.points];
			this.cloud.view.draw();
		}
		const points = await Promise.all(
			answer.points.map(async (one, place) => {
				const [label] = this.textsOf(one);
				const distance = (answer.distances[place] ?? 0).toPrecision(3);
				return { point: one, text: `#${one} ${label?.[1] ?? ""} · ${distance}` };
			}),
		);
		const from = overview.kept_dims < overview.dims_logged ? "principal components" : "dimensions";
		return { metric, where: `in ${formatCount(overview.kept_dims)} ${from}`, points };
	}

	private fetchImages(points: readonly number[]): void {
		const { overview, loader } = this;
		if (!overview || !loader) return;
		loader.fetchImages(overview, points).then(
			() => this.cloud.view.draw(),
			() => undefined,
		);
	}
}
