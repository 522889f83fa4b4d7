// The run table and its plots: sort, filter, group, compare, and choose what the charts show.
import { download } from "../../charts/export";
import { setRunGroups } from "../../charts/run-groups";
import type { Context, Mount } from "../../session/panel";
import { MOST_SHOWN, type RunState } from "../../session/run";
import { selectionOf } from "../../session/selection";
import { type ShownRuns, shownRunsOf } from "../../session/shown-runs";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { readTheme } from "../../ui/theme";
import { asAtFirst, mainTags, type RunsChoices, readRunsChoices } from "./choices";
import { RunsControls } from "./controls";
import { tableCsv } from "./csv";
import { runGroups } from "./grouping";
import { stylePalette } from "./menus";
import { type Shown, shownBy } from "./model";
import { ParallelPlot } from "./parallel";
import type { PlotContent } from "./plot-surface";
import { ScatterPlot } from "./scatter";
import { SelectionBar } from "./selection-bar";
import { RunsTable } from "./table";

/** Under this name its choices are remembered. */
const STATE_NAME = "runs";
const TOPICS: readonly string[] = ["runs", "progress", "values"];
/** How often the table follows runs that train. */
const UPDATE_MS = 500;

export const mountRuns: Mount = (host, context) => {
	const panel = new RunsPanel(host, context);
	return () => panel.remove();
};

class RunsPanel {
	private readonly root: HTMLElement;
	private readonly table: RunsTable;
	private readonly controls: RunsControls;
	private readonly parallel: ParallelPlot;
	private readonly scatter: ScatterPlot;
	private readonly plots = element("div", "nbviz-runs-plots", { hidden: "" });
	private readonly notice = element("p", "nbviz-runs-notice", { role: "status", hidden: "" });
	private readonly bar: SelectionBar;
	private readonly palette = element("div", "nbviz-runs-popup nbviz-runs-styles", { hidden: "" });
	private readonly choices: RunsChoices;
	private readonly shownRuns: ShownRuns;
	private readonly selected = new Set<string>();
	private readonly cleanups: (() => void)[];
	private lastSelected: string | undefined;
	/** The run that was chosen as baseline, of several of one name. */
	private baselineId: string | undefined;
	/** Runs that were looked at for a name that one of theirs was given before. */
	private readonly named = new Set<string>();
	private brushed: ReadonlySet<string> | undefined;
	private shown: Shown | undefined;
	private grouped = "";
	private timer: ReturnType<typeof setTimeout> | undefined;
	private updatedAt = Number.NEGATIVE_INFINITY;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		this.choices = readRunsChoices(context.viewState.read(STATE_NAME));
		this.shownRuns = shownRunsOf(context);
		const { root, tools, body } = card(host, context, "Runs", "nbviz-runs", () => this.update());
		this.root = root;
		this.controls = new RunsControls(this.choices, {
			changed: () => this.changed(),
			plotChanged: () => {
				this.brushed = undefined;
				this.parallel.clear();
				this.scatter.clear();
				this.changed();
			},
			save: () => this.save(),
			reset: () => this.reset(),
		});
		tools.append(this.controls.tools);
		this.table = new RunsTable({
			sort: (column) => this.sort(column),
			choose: (run) => selectionOf(context).choose(run.run_id),
			select: (run, isRange) => this.select(run, isRange),
			toggle: (runs, isShown) => this.shownRuns.show(runs, isShown),
			rename: (run, name) => this.rename(run, name),
			fold: (group, isFolded) => {
				this.choices.folded[group.name] = isFolded;
				this.changed();
			},
			restyle: (run, beside) => this.restyle(run, beside),
			point: (run) => this.shownRuns.point(run?.run_id),
		});
		const listener = {
			brush: (ids: ReadonlySet<string> | undefined) => {
				this.brushed = ids;
				this.update();
			},
			point: (id: string | undefined) => this.shownRuns.point(id),
		};
		this.parallel = new ParallelPlot(listener);
		this.scatter = new ScatterPlot(listener);
		this.bar = new SelectionBar({
			show: (only) => this.showSelected(only),
			hide: () => this.shownRuns.show(this.selectedRuns(), false),
			baseline: () => {
				const [run] = this.selectedRuns();
				this.baselineId = run?.run_id;
				this.choices.baseline = run?.name ?? "";
				this.changed();
			},
			keep: () => {
				const [run] = this.selectedRuns();
				if (run) void this.keep(run);
			},
			clear: () => {
				this.selected.clear();
				this.update();
			},
			clearBaseline: () => {
				this.baselineId = undefined;
				this.choices.baseline = "";
				this.changed();
			},
			clearBrush: () => {
				this.brushed = undefined;
				this.parallel.clear();
				this.scatter.clear();
				this.update();
			},
			showFirst: () => this.showFirst(),
		});
		this.plots.append(this.controls.axes, this.parallel.root, this.scatter.root);
		body.append(
			this.controls.filterRow,
			this.plots,
			this.notice,
			this.bar.root,
			this.table.root,
			this.palette,
		);
		const resized = new ResizeObserver(() => this.drawPlots());
		resized.observe(this.plots);
		document.addEventListener("pointerdown", this.closePalette, true);
		this.cleanups = [
			() => resized.disconnect(),
			() => document.removeEventListener("pointerdown", this.closePalette, true),
			() => clearTimeout(this.timer),
			() => setRunGroups(context.root, undefined),
			selectionOf(context).subscribe(() => this.update()),
			this.shownRuns.subscribe((isPointed) => {
				if (isPointed) this.point();
				else this.update();
			}),
			context.onTheme(() => this.drawPlots()),
			context.store.subscribe((topics) => {
				if (TOPICS.some((topic) => topics.has(topic))) this.updateSoon();
			}),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.controls.remove();
		this.table.remove();
		this.root.remove();
	}

	private get runs(): RunState[] {
		return [...this.context.store.runs.values()];
	}

	/** Runs that train change more often a second than can be read. */
	private updateSoon(): void {
		if (this.timer !== undefined) return;
		const wait = Math.max(0, this.updatedAt + UPDATE_MS - performance.now());
		this.timer = setTimeout(() => {
			this.timer = undefined;
			this.update();
		}, wait);
	}

	private update(): void {
		this.updatedAt = performance.now();
		const { choices, context, shownRuns } = this;
		const runs = this.runs;
		this.applyNames(runs);
		this.applyStyles(runs);
		const shown = shownBy(runs, choices, this.brushed);
		this.shown = shown;
		this.group(shown);
		shownRuns.narrow(shown.isNarrowed ? shown.runs.map(({ run_id }) => run_id) : undefined);
		const baseline =
			context.store.runs.get(this.baselineId ?? "") ??
			(choices.baseline ? runs.find(({ name }) => name === choices.baseline) : undefined);
		const isShown = (run: RunState) => shownRuns.isShown(run);
		this.table.update({
			rows: shown.rows,
			columns: shown.columns,
			sorting: choices.sorting,
			selected: this.selected,
			chosen: selectionOf(context).run?.run_id,
			baseline,
			isShown,
		});
		const count = shown.runs.length;
		const unknown = shown.unknown.map((name) => `“${name}”`).join(", ");
		this.notice.textContent = unknown ? `No column is called ${unknown}.` : "";
		if (count === 0 && !unknown) this.notice.textContent = "No run passes the filter.";
		this.notice.hidden = this.notice.textContent === "";
		this.bar.update({
			selected: this.selectedRuns(),
			baseline,
			isBrushed: this.brushed !== undefined,
			found: count,
			all: runs.length,
			drawn: runs.filter(isShown).length,
		});
		this.controls.update(shown);
		this.drawPlots();
	}

	private changed(): void {
		this.context.viewState.write(STATE_NAME, { ...this.choices });
		this.update();
	}

	/** Has the charts draw a mean and a band for each group. */
	private group({ groups }: Shown): void {
		const key = groups
			? groups.map(({ name, runs }) => `${name}: ${runs.map(({ run_id }) => run_id)}`).join("\n")
			: "";
		if (key === this.grouped) return;
		this.grouped = key;
		setRunGroups(this.context.root, groups && runGroups(groups));
		this.shownRuns.changed();
	}

	private sort(id: string): void {
		const column = this.shown?.all.find((one) => one.id === id);
		const { sorting } = this.choices;
		const first = column?.isLargestFirst ?? false;
		const isSame = sorting?.column === id;
		// A third click goes back to the order in which runs came.
		if (isSame && sorting.isDescending !== first) this.choices.sorting = undefined;
		else this.choices.sorting = { column: id, isDescending: isSame ? !first : first };
		this.changed();
	}

	private select(run: RunState, isRange: boolean): void {
		const { runs = [] } = this.shown ?? {};
		const places = [this.lastSelected, run.run_id].map((id) =>
			runs.findIndex((one) => one.run_id === id),
		);
		const [from = -1, to = -1] = places;
		if (isRange && from >= 0) {
			for (const one of runs.slice(Math.min(from, to), Math.max(from, to) + 1)) {
				this.selected.add(one.run_id);
			}
		} else if (!this.selected.delete(run.run_id)) this.selected.add(run.run_id);
		this.lastSelected = run.run_id;
		this.update();
	}

	private selectedRuns(): RunState[] {
		return this.runs.filter(({ run_id }) => this.selected.has(run_id));
	}

	private showSelected(only: boolean): void {
		const chosen = this.selectedRuns();
		if (only) {
			const others = this.runs.filter(({ run_id }) => !this.selected.has(run_id));
			this.shownRuns.show(others, false);
		}
		this.shownRuns.show(chosen, true);
	}

	/** Shows the first rows, as they are sorted now, and no others. */
	private showFirst(): void {
		const first = this.shown?.runs.slice(0, MOST_SHOWN) ?? [];
		const ids = new Set(first.map(({ run_id }) => run_id));
		this.shownRuns.show(
			this.runs.filter(({ run_id }) => !ids.has(run_id)),
			false,
		);
		this.shownRuns.show(first, true);
	}

	private reset(): void {
		asAtFirst(this.choices);
		this.baselineId = undefined;
		this.brushed = undefined;
		this.selected.clear();
		this.parallel.clear();
		this.scatter.clear();
		this.controls.show();
		this.shownRuns.reset();
		this.context.store.mark("runs");
		this.changed();
	}

	/** Gives runs that are back, after a reload or when their cell ran again, the names they were given. */
	private applyNames(runs: readonly RunState[]): void {
		for (const { run_id, name } of runs) {
			if (this.named.has(run_id)) continue;
			this.named.add(run_id);
			const given = this.choices.names[name];
			if (given !== undefined && this.context.asker.isLive) void this.askToRename(run_id, given);
		}
	}

	private rename(run: RunState, name: string): void {
		const before = run.name;
		this.askToRename(run.run_id, name).then((isDone) => {
			if (!isDone) return;
			const { names, styles } = this.choices;
			const [first = before] = Object.entries(names).find(([, to]) => to === before) ?? [];
			if (first === name) delete names[first];
			else names[first] = name;
			const style = styles[before];
			if (style !== undefined) styles[name] = style;
			if (this.choices.baseline === before) this.choices.baseline = name;
			this.changed();
		});
	}

	/** Returns whether the kernel did. */
	private async askToRename(run_id: string, name: string): Promise<boolean> {
		try {
			await this.context.asker.ask({ kind: "rename_run", run_id, name });
			return true;
		} catch (error: unknown) {
			const reason = error instanceof Error ? error.message : String(error);
			this.notice.textContent = `Not renamed: ${reason}`;
			this.notice.hidden = false;
			return false;
		}
	}

	private async keep({ run_id }: RunState): Promise<void> {
		const { asker } = this.context;
		try {
			await asker.ask({ kind: "control", run_id, name: "keep", arguments: {} });
			this.selected.clear();
			this.update();
		} catch (error: unknown) {
			const reason = error instanceof Error ? error.message : String(error);
			this.notice.textContent = `Not kept: ${reason}`;
			this.notice.hidden = false;
		}
	}

	private restyle(run: RunState, beside: HTMLElement): void {
		const { palette } = this;
		palette.replaceChildren(
			stylePalette(run.style, (style) => {
				palette.hidden = true;
				this.choices.styles[run.name] = style;
				this.applyStyles(this.runs);
				this.changed();
				this.context.store.mark("runs");
				this.shownRuns.changed();
			}),
		);
		palette.hidden = false;
		const at = beside.getBoundingClientRect();
		const body = palette.offsetParent?.getBoundingClientRect();
		palette.style.top = `${at.bottom - (body?.top ?? 0)}px`;
		palette.style.left = `${at.left - (body?.left ?? 0)}px`;
	}

	private applyStyles(runs: readonly RunState[]): void {
		for (const run of runs) run.style = this.choices.styles[run.name] ?? run.index;
	}

	private readonly closePalette = (event: Event): void => {
		if (!event.composedPath().includes(this.palette)) this.palette.hidden = true;
	};

	private point(): void {
		this.table.point(this.shownRuns.pointed);
		this.drawPlots();
	}

	private drawPlots(): void {
		const { choices, shown } = this;
		this.plots.hidden = choices.plot === "none";
		if (choices.plot === "none" || !shown) return;
		this.parallel.root.hidden = choices.plot !== "parallel";
		this.scatter.root.hidden = choices.plot !== "scatter";
		this.controls.axes.hidden = choices.plot !== "scatter";
		// What a brush leaves out stays to be seen, faint.
		const base = this.brushed ? shownBy(this.runs, choices, undefined).runs : shown.runs;
		const content: Omit<PlotContent, "columns"> = {
			runs: base.map((run) => ({ run, isShown: this.shownRuns.isShown(run) })),
			theme: readTheme(this.context.root),
			pointed: this.shownRuns.pointed,
		};
		if (choices.plot === "parallel") {
			this.parallel.draw({ ...content, columns: parallelColumns(shown) });
		} else {
			const [x, y] = this.controls.scatterColumns(shown);
			this.scatter.draw({ ...content, columns: [x, y].filter((column) => column !== undefined) });
		}
	}

	private save(): void {
		const { shown } = this;
		if (shown) download(tableCsv(shown.columns, shown.runs), "runs.csv", "text/csv");
	}
}

/** Hyper-parameters first, then the values that they led to. */
function parallelColumns({ columns, all }: Shown): Shown["columns"] {
	const axes = columns.filter(({ kind }) => kind === "parameter").slice(0, 7);
	const values = columns.filter(({ kind }) => kind === "value").slice(0, 2);
	const [metric] = mainTags(all);
	const fallback = all.filter(({ id }) => id === `best:${metric}`);
	return [...axes, ...(values.length > 0 ? values.reverse() : fallback)];
}
