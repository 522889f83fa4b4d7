// A table of any number of rows, of which only those in sight are in the page.
import { showChildren } from "./children";
import { element } from "./element";

/** Rows drawn above and below those in sight. */
const MORE = 6;

export interface RowsOptions {
	/** In CSS pixels; all rows are alike. */
	readonly rowHeight: number;
	/** What a screen reader calls the table. */
	readonly label: string;
	/** Widths of the columns, as CSS grid has them, and how wide all of them are at the least. */
	readonly columns: string;
	readonly least: number;
	/** The cells of a row; what a click on one does depends on the row's number alone. */
	cells(index: number): readonly Node[];
	/** Rows came into sight: from the first one to before the last. */
	seen?(first: number, last: number): void;
}

export class VirtualRows {
	readonly root: HTMLElement;
	/** The row above all others, which stays in sight. */
	readonly head = element("div", "nbviz-rows-head", { role: "row" });
	private readonly body = element("div", "nbviz-rows-body", { role: "rowgroup" });
	private readonly drawn = new Map<number, HTMLElement>();
	private readonly resizes: ResizeObserver;
	private count = 0;
	private frame = 0;

	constructor(private readonly options: RowsOptions) {
		this.root = element(
			"div",
			"nbviz-rows",
			{
				role: "table",
				tabindex: "0",
				"aria-label": options.label,
				"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
			},
			this.head,
			this.body,
		);
		this.root.style.setProperty("--row-columns", options.columns);
		this.root.style.setProperty("--row-least", `${options.least}px`);
		this.root.style.setProperty("--row-height", `${options.rowHeight}px`);
		this.root.addEventListener("scroll", () => this.schedule());
		this.resizes = new ResizeObserver(() => this.schedule());
		this.resizes.observe(this.root);
	}

	/** Draws anew, with so many rows. */
	update(count: number): void {
		this.count = count;
		this.root.setAttribute("aria-rowcount", String(count + 1));
		this.body.style.height = `${count * this.options.rowHeight}px`;
		for (const [i, row] of this.drawn) {
			if (i < count) {
				this.fill(row, i);
				continue;
			}
			row.remove();
			this.drawn.delete(i);
		}
		this.draw();
	}

	/** Draws rows again whose cells have changed. */
	redraw(first: number, last: number): void {
		for (let i = first; i < last; i += 1) {
			const row = this.drawn.get(i);
			if (row) this.fill(row, i);
		}
	}

	scrollToTop(): void {
		this.root.scrollTop = 0;
	}

	remove(): void {
		cancelAnimationFrame(this.frame);
		this.resizes.disconnect();
		this.root.remove();
	}

	private schedule(): void {
		if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
	}

	private draw(): void {
		cancelAnimationFrame(this.frame);
		this.frame = 0;
		const { rowHeight } = this.options;
		const { scrollTop, clientHeight } = this.root;
		// Hidden, or for a moment without its style sheets, it stays as it is.
		if (clientHeight === 0 && this.drawn.size > 0) return;
		const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MORE);
		const last = Math.min(this.count, Math.ceil((scrollTop + clientHeight) / rowHeight) + MORE);
		for (const [i, row] of this.drawn) {
			if (i >= first && i < last) continue;
			row.remove();
			this.drawn.delete(i);
		}
		for (let i = first; i < last; i += 1) {
			if (this.drawn.has(i)) continue;
			const row = element("div", "nbviz-rows-row", { role: "row", "aria-rowindex": String(i + 2) });
			row.style.transform = `translateY(${i * rowHeight}px)`;
			row.dataset.row = String(i);
			this.fill(row, i);
			this.drawn.set(i, row);
			this.body.append(row);
		}
		this.options.seen?.(first, last);
	}

	private fill(row: HTMLElement, index: number): void {
		showChildren(row, this.options.cells(index));
	}
}

/** A cell of a row, with a text. */
export function textCell(text: string, isNumber = false): HTMLElement {
	const name = `nbviz-rows-cell${isNumber ? " nbviz-rows-number" : ""}`;
	return element("div", name, { role: "cell" }, text);
}

/** The head of a column that is sorted by a click. `order` is undefined where it is not sorted by it. */
export function sortHead(
	title: string,
	isNumber: boolean,
	order: "ascending" | "descending" | undefined,
	sort: () => void,
): HTMLElement {
	const mark = order === undefined ? "" : order === "descending" ? " ▾" : " ▴";
	const button = element(
		"button",
		"nbviz-rows-sort",
		{ type: "button", title: `Sort by ${title}` },
		title,
		mark,
	);
	button.addEventListener("click", sort);
	const name = `nbviz-rows-cell${isNumber ? " nbviz-rows-number" : ""}`;
	return element("div", name, { role: "columnheader", "aria-sort": order ?? "none" }, button);
}
