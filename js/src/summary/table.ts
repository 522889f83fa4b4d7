// A model's summary as a tree table: headings sort it, rows open and close, arrow keys go about in it.

import type { SummaryTable } from "../protocol/index.gen";
import { card } from "../ui/card";
import { element } from "../ui/element";
import { icon } from "../ui/icons";
import { panelIcon } from "../ui/panel-icons";
import { segmentedControl } from "../ui/segmented-control";
import { passingViewState } from "../ui/view-state";
import { NAMES, SummaryRows } from "./rows";

const FILTER_FROM = 12;

export class SummaryPanel {
	private readonly rows: SummaryRows;
	private readonly made = new Map<number, HTMLTableRowElement>();
	private readonly body = element("tbody");
	private readonly heads: HTMLTableCellElement[];
	private readonly none = element("p", "nbviz-empty", { role: "status" });
	/** The row that the Tab key leads to. */
	private current = 0;

	constructor(
		host: HTMLElement,
		private readonly table: SummaryTable,
	) {
		this.rows = new SummaryRows(table);
		const { tools, body, root } = card(
			host,
			{ viewState: passingViewState() },
			"Summary",
			"nbviz-summary",
		);
		root
			.querySelector("h3")
			?.append(element("span", "nbviz-summary-title", { title: table.title }, table.title));
		tools.append(...this.tools());
		this.heads = [NAMES, ...table.columns.keys()].map((column) => this.heading(column));
		const grid = element(
			"table",
			"nbviz-summary-table",
			{ role: "treegrid", "aria-label": table.title },
			element("thead", "", {}, element("tr", "", {}, ...this.heads)),
			this.body,
		);
		grid.addEventListener("keydown", (event) => {
			if (this.press(event)) event.preventDefault();
		});
		const totals = table.totals.map(total);
		body.append(
			element("div", "nbviz-summary-frame", {}, grid, this.none),
			element("div", "nbviz-summary-totals", {}, ...totals),
		);
		this.draw();
	}

	private tools(): HTMLElement[] {
		const filter = element("input", "nbviz-input", {
			type: "search",
			placeholder: "Filter modules",
			"aria-label": "Filter modules by name or class",
			spellcheck: "false",
		});
		filter.addEventListener("input", () => {
			this.rows.filter = filter.value;
			this.draw();
		});
		filter.hidden = this.table.names.length <= FILTER_FROM;
		const all = (text: string, open: boolean) => {
			const made = element("button", "nbviz-button nbviz-button-small", { type: "button" }, text);
			made.addEventListener("click", () => {
				this.rows.open.clear();
				for (const row of open ? this.rows.blocks : [0]) this.rows.open.add(row);
				this.draw();
			});
			return made;
		};
		const folding = [all("Open all", true), all("Close all", false)];
		const form = segmentedControl(
			"Form of the table",
			{ Tree: "tree", List: "list" },
			"tree",
			(chosen) => {
				this.rows.isFlat = chosen === "list";
				for (const button of folding) button.hidden = this.rows.isFlat;
				this.made.clear();
				this.draw();
			},
		);
		return [filter, ...folding, form];
	}

	private heading(column: number): HTMLTableCellElement {
		const text = column === NAMES ? "Module" : (this.table.columns[column]?.heading ?? "");
		const button = element(
			"button",
			"nbviz-summary-sorter",
			{ type: "button", title: `Sort by ${text.toLowerCase()}` },
			text,
			panelIcon("down"),
		);
		button.addEventListener("click", () => {
			this.rows.sortBy(column);
			this.draw();
		});
		return element("th", this.classOf(column), { scope: "col" }, button);
	}

	private classOf(column: number): string {
		if (column === NAMES) return "nbviz-summary-name";
		return this.table.columns[column]?.is_amount ? "nbviz-summary-amount" : "";
	}

	/** Shows the rows as they are sorted, opened and filtered. */
	private draw(): void {
		const { sorting } = this.rows;
		for (const [place, head] of this.heads.entries()) {
			const isSorted = sorting?.column === place - 1;
			const order = sorting?.isDescending ? "descending" : "ascending";
			head.setAttribute("aria-sort", isSorted ? order : "none");
		}
		const shown = this.rows.shown();
		if (!shown.includes(this.current)) this.current = shown[0] ?? 0;
		const hadFocus = this.body.contains(document.activeElement);
		this.body.replaceChildren(...shown.map((row) => this.rowOf(row)));
		if (hadFocus) this.made.get(this.current)?.focus({ preventScroll: true });
		const isEmpty = this.rows.filter.trim() !== "" && shown.length < 2;
		this.none.textContent = isEmpty ? `No module contains “${this.rows.filter.trim()}”.` : "";
		this.none.hidden = !isEmpty;
	}

	/** A row's element, made when it is first shown. */
	private rowOf(row: number): HTMLTableRowElement {
		const made = this.made.get(row) ?? this.make(row);
		this.made.set(row, made);
		const isBlock = !this.rows.isFlat && (this.rows.children[row]?.length ?? 0) > 0;
		if (isBlock) made.setAttribute("aria-expanded", String(this.rows.isOpen(row)));
		made.tabIndex = row === this.current ? 0 : -1;
		return made;
	}

	private make(row: number): HTMLTableRowElement {
		const depth = this.rows.depth(row);
		const details = this.table.details[row] ?? "";
		const isBlock = !this.rows.isFlat && (this.rows.children[row]?.length ?? 0) > 0;
		const name = element(
			"th",
			"nbviz-summary-name",
			{ scope: "row", style: `--depth:${depth}` },
			element("span", "nbviz-summary-mark", {}, ...(isBlock ? [icon("chevron")] : [])),
			element("b", "", {}, this.rows.name(row)),
			...(details ? [element("span", "nbviz-summary-details", {}, details)] : []),
		);
		const cells = this.table.columns.map(({ cells, values, is_amount }, column) => {
			const [own, whole] = [values[row] ?? 0, values[0] ?? 0];
			const share = is_amount && whole > 0 ? Math.min(1, own / whole) : 0;
			const style = share > 0 ? { style: `--share:${(100 * share).toFixed(1)}%` } : {};
			return element("td", this.classOf(column), style, cells[row] ?? "");
		});
		const made = element("tr", "", { "aria-level": String(depth + 1) }, name, ...cells);
		// JupyterLab moves between cells by arrows.
		made.setAttribute("data-lm-suppress-shortcuts", "true");
		made.addEventListener("focus", () => this.stand(row));
		made.addEventListener("click", () => made.focus({ preventScroll: true }));
		if (isBlock) {
			name.classList.add("nbviz-summary-block");
			name.addEventListener("click", () => this.toggle(row));
		}
		return made;
	}

	private toggle(row: number, open = !this.rows.open.has(row)): void {
		if (this.rows.isFlat || (this.rows.children[row]?.length ?? 0) === 0) return;
		if (open) this.rows.open.add(row);
		else this.rows.open.delete(row);
		this.draw();
	}

	private stand(row: number): void {
		const before = this.made.get(this.current);
		if (before) before.tabIndex = -1;
		this.current = row;
		const now = this.made.get(row);
		if (now) now.tabIndex = 0;
	}

	private press({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
		const isRow = target instanceof Element && target.parentElement === this.body;
		if (!isRow || ctrlKey || metaKey || altKey) return false;
		const row = this.current;
		const shown = this.rows.shown();
		const place = shown.indexOf(row);
		const isBlock = !this.rows.isFlat && (this.rows.children[row]?.length ?? 0) > 0;
		if (key === "ArrowDown") this.goTo(shown[place + 1]);
		else if (key === "ArrowUp") this.goTo(shown[place - 1]);
		else if (key === "Home") this.goTo(shown[0]);
		else if (key === "End") this.goTo(shown.at(-1));
		else if (key === "Enter" || key === " ") this.toggle(row);
		else if (key === "ArrowRight" && isBlock && !this.rows.isOpen(row)) this.toggle(row, true);
		else if (key === "ArrowRight" && isBlock) this.goTo(shown[place + 1]);
		else if (key === "ArrowLeft" && isBlock && this.rows.open.has(row)) this.toggle(row, false);
		else if (key === "ArrowLeft" && !this.rows.isFlat) this.goTo(this.rows.parents[row]);
		else return false;
		return true;
	}

	private goTo(row: number | undefined): void {
		if (row !== undefined) this.made.get(row)?.focus();
	}
}

/** A line below the table; its first word stands apart from what it says, as in the text. */
function total(line: string): HTMLElement {
	const [, name, said] = /^(\S+) {2,}(.*)$/.exec(line) ?? [];
	if (name === undefined || said === undefined) return element("div", "", {}, line);
	return element("div", "", {}, element("b", "", {}, name), said);
}
