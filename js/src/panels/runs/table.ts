// The table itself: a head that stays, and as many rows as are in sight.
import { lineSample } from "../../charts/run-style";
import type { RunState } from "../../session/run";
import { runColor } from "../../session/selection";
import { showChildren } from "../../ui/children";
import { element } from "../../ui/element";
import { formatCount, formatNumber } from "../../ui/format";
import type { Column } from "./columns";
import { eye } from "./eye";
import { meanOf, type RunGroup } from "./rows";

const ROW = 28;
/** Rows drawn above and below those in sight. */
const MORE = 4;
const [LEAST_WIDTH, MOST_WIDTH, LEAST_NAME, MOST_NAME] = [44, 190, 84, 240];
const CHARACTER = 6.6;
/** Rows whose texts decide how wide a column is. */
const MEASURED = 60;
const LONGEST_TITLE = 8;

/** A run, or the head of a group. */
export type Row =
	| { readonly run: RunState }
	| { readonly group: RunGroup; readonly place: number; readonly isFolded: boolean };

/** What the table shows. */
export interface TableContent {
	readonly rows: readonly Row[];
	readonly columns: readonly Column[];
	readonly sorting: { readonly column: string; readonly isDescending: boolean } | undefined;
	readonly selected: ReadonlySet<string>;
	/** The run that the toolbar steers. */
	readonly chosen: string | undefined;
	/** Others show their difference to it. */
	readonly baseline: RunState | undefined;
	isShown(run: RunState): boolean;
}

export interface TableListener {
	sort(column: string): void;
	choose(run: RunState): void;
	/** A click with Ctrl or ⌘ (`extend` undefined), or with Shift from the last one. */
	select(run: RunState, isRange: boolean): void;
	toggle(runs: readonly RunState[], isShown: boolean): void;
	rename(run: RunState, name: string): void;
	/** Folds a group's runs away, or shows them. */
	fold(group: RunGroup, isFolded: boolean): void;
	/** The swatch was clicked. */
	restyle(run: RunState, beside: HTMLElement): void;
	point(run: RunState | undefined): void;
}

export class RunsTable {
	readonly root = element("div", "nbviz-runs-grid", {
		role: "grid",
		tabindex: "0",
		"aria-label": "Runs",
		"aria-multiselectable": "true",
		"aria-description":
			"Arrows move, Enter steers the run from the toolbar, Space selects it, E hides or shows its curves, F2 renames it; left and right fold and unfold a group.",
		"data-lm-suppress-shortcuts": "true",
	});
	private readonly head = element("div", "nbviz-runs-head", { role: "row" });
	private readonly body = element("div", "nbviz-runs-rows", { role: "rowgroup" });
	private readonly drawn = new Map<string, { element: HTMLElement; content: string }>();
	private content: TableContent | undefined;
	private widths = "";
	private active = 0;
	private pointed: string | undefined;
	private editing: string | undefined;
	private frame = 0;
	private readonly resizes: ResizeObserver;

	constructor(private readonly listener: TableListener) {
		this.root.append(this.head, this.body);
		this.root.addEventListener("scroll", () => this.schedule());
		this.root.addEventListener("click", (event) => this.click(event));
		this.root.addEventListener("dblclick", (event) => {
			const run = this.runAt(event);
			const isName = (event.target as Element).closest(".nbviz-runs-name");
			if (run && isName) this.edit(run);
		});
		this.root.addEventListener("keydown", (event) => this.key(event));
		this.root.addEventListener("pointerover", (event) => this.listener.point(this.runAt(event)));
		this.root.addEventListener("pointerleave", () => this.listener.point(undefined));
		this.resizes = new ResizeObserver(() => this.schedule());
		this.resizes.observe(this.root);
	}

	remove(): void {
		cancelAnimationFrame(this.frame);
		this.resizes.disconnect();
		this.root.remove();
	}

	update(content: TableContent): void {
		this.content = content;
		const { rows, columns } = content;
		this.active = Math.min(this.active, Math.max(0, rows.length - 1));
		this.body.style.height = `${rows.length * ROW}px`;
		this.root.setAttribute("aria-rowcount", String(rows.length + 1));
		this.root.setAttribute("aria-colcount", String(columns.length));
		const widths = columns.map((column) => widthOf(column, content)).join(" ");
		if (widths !== this.widths) {
			this.widths = widths;
			this.root.style.setProperty("--columns", `16px 30px 22px ${widths}`);
		}
		this.drawHead();
		this.draw();
	}

	/** Marks the row of the run that is pointed at, here or in a chart. */
	point(run_id: string | undefined): void {
		if (run_id === this.pointed) return;
		for (const id of [this.pointed, run_id]) {
			if (id) this.drawn.get(id)?.element.classList.toggle("nbviz-pointed", id === run_id);
		}
		this.pointed = run_id;
	}

	private schedule(): void {
		if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
	}

	private draw(): void {
		cancelAnimationFrame(this.frame);
		this.frame = 0;
		const { content } = this;
		// Hidden, or for a moment without its style sheets, it stays as it is.
		if (!content || this.root.clientHeight === 0) return;
		const first = Math.max(0, Math.floor(this.root.scrollTop / ROW) - MORE);
		const last = Math.ceil((this.root.scrollTop + this.root.clientHeight) / ROW) + MORE;
		const shown = new Set<string>();
		for (const [i, row] of content.rows.slice(first, last).entries()) {
			const id = idOf(row);
			shown.add(id);
			this.drawRow(id, row, first + i, content);
		}
		for (const [id, { element: row }] of this.drawn) {
			if (shown.has(id) || id === this.editing) continue;
			row.remove();
			this.drawn.delete(id);
		}
	}

	private drawRow(id: string, row: Row, index: number, content: TableContent): void {
		const known = this.drawn.get(id);
		const cells = "run" in row ? this.runCells(row.run, content) : groupCells(row.group, content);
		const isSelected = "run" in row && content.selected.has(row.run.run_id);
		const state = [
			id === content.chosen,
			isSelected,
			index === this.active,
			"run" in row ? content.isShown(row.run) : true,
			"run" in row
				? row.run.style
				: `${row.isFolded} ${row.group.runs.map((run) => content.isShown(run)).join()}`,
		].join(" ");
		const drawn = `${state}\n${this.widths}\n${cells.join("\n")}`;
		const line = known?.element ?? element("div", "nbviz-runs-row", { role: "row" });
		line.style.transform = `translateY(${index * ROW}px)`;
		line.setAttribute("aria-rowindex", String(index + 2));
		if (!known) this.body.append(line);
		if (known?.content === drawn || id === this.editing) return;
		this.drawn.set(id, { element: line, content: drawn });
		line.dataset.run = id;
		line.id = `${TABLE_ID}-${id}`;
		line.classList.toggle("nbviz-chosen", id === content.chosen);
		line.classList.toggle("nbviz-active", index === this.active);
		line.classList.toggle("nbviz-pointed", id === this.pointed);
		line.classList.toggle("nbviz-runs-group", !("run" in row));
		line.setAttribute("aria-selected", String(isSelected));
		if ("group" in row) line.setAttribute("aria-expanded", String(!row.isFolded));
		if (index === this.active) this.root.setAttribute("aria-activedescendant", line.id);
		const fixed = "run" in row ? runTools(row.run, isSelected, content) : groupTools(row, content);
		showChildren(line, [...fixed, ...cells.map((text, i) => cell(text, content.columns[i]))]);
	}

	private runCells(run: RunState, { columns, baseline }: TableContent): string[] {
		return columns.map((column) => {
			const value = column.of(run);
			if (baseline && baseline !== run && column.difference && typeof value === "number") {
				const theirs = column.of(baseline);
				if (typeof theirs === "number") return column.difference(value - theirs);
			}
			return column.text(value);
		});
	}

	private drawHead(): void {
		const { content } = this;
		if (!content) return;
		const runs = runsOf(content.rows);
		const all = runs.length > 0 && runs.every((run) => content.isShown(run));
		const heads = content.columns.map(({ id, title, isNumber }) => {
			const isSorted = content.sorting?.column === id;
			const direction = content.sorting?.isDescending ? "descending" : "ascending";
			const mark = content.sorting?.isDescending ? "▾" : "▴";
			const button = element(
				"button",
				"nbviz-runs-sort",
				{ type: "button", tabindex: "-1", title: `Sort by ${title}`, "data-sort": id },
				element("span", "nbviz-runs-title", {}, title),
				isSorted ? mark : "",
			);
			const name = `nbviz-runs-cell${isNumber ? " nbviz-runs-number" : ""}${id === "name" ? " nbviz-runs-name" : ""}`;
			const sort = isSorted ? direction : "none";
			return element("div", name, { role: "columnheader", "aria-sort": sort }, button);
		});
		const toggle = eye(all, all ? "Hide all of these" : "Show all of these");
		toggle.dataset.action = "all";
		showChildren(this.head, [
			element("div", "nbviz-runs-cell", { role: "columnheader" }),
			element("div", "nbviz-runs-cell", { role: "columnheader" }),
			element("div", "nbviz-runs-cell", { role: "columnheader" }, toggle),
			...heads,
		]);
	}

	private rowAt(event: Event): Row | undefined {
		const id = (event.target as Element).closest<HTMLElement>("[data-run]")?.dataset.run;
		return id === undefined ? undefined : this.content?.rows.find((row) => idOf(row) === id);
	}

	private runAt(event: Event): RunState | undefined {
		const row = this.rowAt(event);
		return row && "run" in row ? row.run : undefined;
	}

	private click(event: MouseEvent): void {
		const { content } = this;
		const target = event.target as Element;
		if (!content || target.closest("input[type=text]")) return;
		const sort = target.closest<HTMLElement>("[data-sort]")?.dataset.sort;
		if (sort !== undefined) {
			this.listener.sort(sort);
			return;
		}
		const action = target.closest<HTMLElement>("[data-action]");
		const row = this.rowAt(event);
		if (action?.dataset.action === "all") {
			const runs = runsOf(content.rows);
			this.listener.toggle(runs, !runs.every((run) => content.isShown(run)));
			return;
		}
		if (!row) return;
		this.active = content.rows.indexOf(row);
		if ("group" in row) {
			const { runs } = row.group;
			if (action) this.listener.toggle(runs, !runs.some((run) => content.isShown(run)));
			else this.listener.fold(row.group, !row.isFolded);
			return;
		}
		const { run } = row;
		if (action?.dataset.action === "eye") this.listener.toggle([run], !content.isShown(run));
		else if (action?.dataset.action === "style") this.listener.restyle(run, action);
		else if (action?.dataset.action === "select") this.listener.select(run, event.shiftKey);
		else if (event.ctrlKey || event.metaKey || event.shiftKey) {
			this.listener.select(run, event.shiftKey);
		} else this.listener.choose(run);
	}

	private key(event: KeyboardEvent): void {
		const { content } = this;
		if (!content || event.target !== this.root || event.ctrlKey || event.metaKey || event.altKey) {
			return;
		}
		const { rows } = content;
		const row = rows[this.active];
		const run = row && "run" in row ? row.run : undefined;
		const page = Math.max(1, Math.floor(this.root.clientHeight / ROW) - 2);
		const moves: Record<string, number> = {
			ArrowDown: 1,
			ArrowUp: -1,
			PageDown: page,
			PageUp: -page,
			Home: -rows.length,
			End: rows.length,
		};
		const by = moves[event.key];
		if (by !== undefined) this.moveTo(this.active + by);
		else if (row && "group" in row && FOLDS[event.key] !== undefined) {
			this.listener.fold(row.group, FOLDS[event.key] === true);
		} else if (event.key === "Enter" && run) this.listener.choose(run);
		else if (event.key === " " && run) this.listener.select(run, event.shiftKey);
		else if (event.key === "F2" && run) this.edit(run);
		else if (event.key.toLowerCase() === "e" && row) {
			const runs = "run" in row ? [row.run] : row.group.runs;
			this.listener.toggle(runs, !runs.some((one) => content.isShown(one)));
		} else return;
		event.preventDefault();
		event.stopPropagation();
	}

	private moveTo(index: number): void {
		const { content, root } = this;
		if (!content) return;
		this.active = Math.min(content.rows.length - 1, Math.max(0, index));
		const top = this.active * ROW;
		const room = root.clientHeight - this.head.clientHeight - ROW;
		if (top < root.scrollTop) root.scrollTop = top;
		else if (top > root.scrollTop + room) root.scrollTop = top - room;
		const row = content.rows[this.active];
		this.listener.point(row && "run" in row ? row.run : undefined);
		this.draw();
	}

	/** Puts a field in the place of a run's name. */
	private edit(run: RunState): void {
		const place = this.drawn.get(run.run_id)?.element.querySelector(".nbviz-runs-name");
		if (!place) return;
		const field = element("input", "nbviz-input nbviz-runs-field", {
			type: "text",
			"aria-label": `Name of ${run.name}`,
			maxlength: "200",
		});
		field.value = run.name;
		this.editing = run.run_id;
		place.replaceChildren(field);
		field.focus();
		field.select();
		let isOver = false;
		const end = (isKept: boolean) => {
			if (isOver) return;
			isOver = true;
			const name = field.value.trim();
			this.editing = undefined;
			const known = this.drawn.get(run.run_id);
			if (known) known.content = "";
			if (isKept && name !== "" && name !== run.name) this.listener.rename(run, name);
			this.draw();
		};
		field.addEventListener("blur", () => end(true));
		field.addEventListener("keydown", (event) => {
			event.stopPropagation();
			if (event.key !== "Enter" && event.key !== "Escape") return;
			end(event.key === "Enter");
			this.root.focus();
		});
	}
}

const TABLE_ID = "nbviz-runs-row";
const FOLDS: Readonly<Record<string, boolean>> = { ArrowLeft: true, ArrowRight: false };

/** All runs of rows, those that are folded away too. */
function runsOf(rows: readonly Row[]): RunState[] {
	const groups = rows.flatMap((row) => ("group" in row ? row.group.runs : []));
	return groups.length > 0 ? groups : rows.flatMap((row) => ("run" in row ? [row.run] : []));
}

function idOf(row: Row): string {
	return "run" in row ? row.run.run_id : `group ${row.group.name}`;
}

function runTools(run: RunState, isSelected: boolean, content: TableContent): HTMLElement[] {
	const box = element("input", "nbviz-runs-select", {
		type: "checkbox",
		tabindex: "-1",
		"data-action": "select",
		"aria-label": `Select ${run.name}`,
	});
	box.checked = isSelected;
	const swatch = element(
		"button",
		"nbviz-runs-swatch",
		{
			type: "button",
			tabindex: "-1",
			"data-action": "style",
			title: "Colour and dashes",
			"aria-label": `Colour of ${run.name}`,
		},
		lineSample(run.style),
	);
	swatch.style.color = run.is_earlier ? "var(--nbviz-text-soft)" : runColor(run); // as on the charts
	const isShown = content.isShown(run);
	const toggle = eye(isShown, isShown ? `Hide ${run.name}` : `Show ${run.name}`);
	return [box, swatch, toggle].map((tool) =>
		element("div", "nbviz-runs-cell", { role: "gridcell" }, tool),
	);
}

function groupTools(
	{ group, place, isFolded }: { group: RunGroup; place: number; isFolded: boolean },
	content: TableContent,
): HTMLElement[] {
	const isShown = group.runs.some((run) => content.isShown(run));
	const sample = element("span", "nbviz-runs-swatch", {}, lineSample(place));
	sample.style.color = `var(--nbviz-series-${(place % 8) + 1})`;
	const toggle = eye(isShown, isShown ? `Hide ${group.name}` : `Show ${group.name}`);
	const fold = element("span", "nbviz-runs-fold", { "aria-hidden": "true" }, isFolded ? "▸" : "▾");
	return [fold, sample, toggle].map((tool) =>
		element("div", "nbviz-runs-cell", { role: "gridcell" }, tool),
	);
}

function groupCells(group: RunGroup, { columns }: TableContent): string[] {
	return columns.map((column) => {
		if (column.id === "name") return `${group.name} (${formatCount(group.runs.length)})`;
		if (column.kind !== "value") return "";
		const found = meanOf(column, group.runs);
		if (!found) return "";
		const spread = found.count > 1 ? ` ± ${formatNumber(found.deviation, 2)}` : "";
		return `${column.text(found.mean)}${spread}`;
	});
}

function cell(text: string, column: Column | undefined): HTMLElement {
	const names = ["nbviz-runs-cell"];
	if (column?.isNumber) names.push("nbviz-runs-number");
	if (column?.id === "name") names.push("nbviz-runs-name");
	const made = element("div", names.join(" "), { role: "gridcell" }, text);
	if (text.length > 16) made.title = text;
	return made;
}

function widthOf(column: Column, { rows, baseline }: TableContent): string {
	// A head that is cut is there in full as its tooltip.
	let most = Math.min(column.title.length, LONGEST_TITLE) + 2;
	for (const row of rows.slice(0, MEASURED)) {
		const isGroup = !("run" in row);
		if (isGroup && column.id !== "name" && column.kind !== "value") continue;
		const text = isGroup ? row.group.name : column.text(column.of(row.run));
		const more = isGroup ? 7 : 0;
		most = Math.max(most, text.length + more + (baseline && column.difference ? 1 : 0));
	}
	const limit = column.id === "name" ? MOST_NAME : MOST_WIDTH;
	const width = Math.min(limit, Math.max(LEAST_WIDTH, Math.ceil(most * CHARACTER + 14)));
	return column.id === "name"
		? `minmax(${Math.min(width, LEAST_NAME)}px, ${width}px)`
		: `${width}px`;
}
